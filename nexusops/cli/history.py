"""``history``: the runs, and what one of them did."""

from __future__ import annotations

from datetime import date

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import Refused


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
