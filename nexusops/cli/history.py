"""``history``: the runs, and what one of them did; ``notices due`` and ``overdue``: what has a day."""

from __future__ import annotations

from datetime import date, datetime

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS, Refused


@click.command()
@click.argument("run", required=False)
@click.option("--last", type=click.IntRange(min=1), default=24, show_default=True, help="How many runs to list.")
@click.option("--on", "on", type=options.Day(), metavar="DATE", help="All runs of this day, not only the latest.")
@options.format_option()
@click.pass_obj
def history(call: Call, run: str | None, last: int, on: date | None, form: str) -> int:
    """The latest runs, or those of a day; or what RUN did, named by the first letters of its id.

    Example: nexusops history --on 2025-10-02
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.audit.rows import approvals_of
    from nexusops.pipeline.explain.history import did, mailbox_names
    from nexusops.report import audit as told

    with wiring.opened(call.folder) as site:
        store = site.ports.store
        if run is None:
            runs = store.latest_runs(last) if on is None else store.runs_on(on, site.ports.policy.time.zone)
            click.echo(told.runs_json(runs) if form == "json" else told.runs_text(runs, on, look()), nl=False)
            return 0
        named = store.run_named(run)
        if len(named) != 1:
            found = "No run has" if not named else "More than one run has"
            raise Refused(f"{found} an id that begins with {run!r}.", next_step="See `nexusops history`.")
        rows = list(store.journal(run_id=named[0].run_id))
        names = mailbox_names(site.ports, rows)
        approvals = approvals_of(site.ports, named[0])
    if form == "json":
        click.echo(told.run_json(named[0], rows, approvals), nl=False)
    else:
        done = [did(row.entry, names) for row in rows]
        click.echo(told.run_text(named[0], rows, done, approvals, look()), nl=False)
    return 0


@click.group()
def notices() -> None:
    """Messages to people: what is owed to whom, and when; and what was sent."""


@notices.command()
@click.option("--until", type=options.Day(), metavar="DATE", help="Also what falls due by then. [today]")
@options.format_option()
@options.at_option
@click.pass_obj
def due(call: Call, until: date | None, form: str, at: datetime) -> int:
    """Notices that are owed: to whom, about which addresses, and the day that they announce.

    Of every kind, as long as the registration data stay as they are.

    Example: nexusops notices due --until 2026-01-31
    """
    if until is not None:
        options.must_be_near(until, at)
    from nexusops import wiring
    from nexusops.cli.printing import look, steps_shown
    from nexusops.model.dates import local_date
    from nexusops.pipeline.audit.notices import notices_due
    from nexusops.report import due as told

    with wiring.opened(call.folder) as site, steps_shown("Looking ahead") as progress:
        end = until or local_date(at, site.ports.policy.time.zone)
        rows = notices_due(site.ports, at=at, until=end, progress=progress)
    click.echo(told.notices_json(rows) if form == "json" else told.notices_text(rows, look()), nl=False)
    return 0


@notices.command()
@click.argument("subject")
@options.format_option()
@click.pass_obj
def sent(call: Call, subject: str, form: str) -> int:
    """What was sent to somebody, or about an address, and when.

    SUBJECT: a username, person_id, address or mailbox. The oldest comes first.

    Example: nexusops notices sent bray0039
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.audit.notices import notices_sent
    from nexusops.report import due as told

    with wiring.opened(call.folder) as site:
        rows = notices_sent(site.ports, subject)
    click.echo(told.sent_json(rows) if form == "json" else told.sent_text(rows, look()), nl=False)
    return 0


@click.command()
@options.format_option()
@options.at_option
@click.pass_obj
def overdue(call: Call, form: str, at: datetime) -> int:
    """What should have ended by now and has not: how many days late, and what it waits for. Ends with 6 if anything is.

    Example: nexusops overdue
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.model.dates import local_date
    from nexusops.pipeline.audit.due import overdue as found
    from nexusops.report import due as told

    with wiring.opened(call.folder) as site:
        rows = found(site.ports, local_date(at, site.ports.policy.time.zone))
    click.echo(told.overdue_json(rows) if form == "json" else told.overdue_text(rows, look()), nl=False)
    return FINDINGS if rows else 0
