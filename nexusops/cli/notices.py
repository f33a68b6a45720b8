"""``notices``: what is owed to whom, and when; and what was sent."""

from __future__ import annotations

from datetime import date, datetime

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


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
