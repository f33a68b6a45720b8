"""``overdue``: what should have ended by now."""

from __future__ import annotations

from datetime import datetime

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS


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
