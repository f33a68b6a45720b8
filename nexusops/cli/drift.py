"""``drift``: where the tenant differs from the ledger (interface.md 3)."""

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
def drift(call: Call, form: str, at: datetime) -> int:
    """Compare the whole tenant with the ledger. Ends with 6 where they differ; nothing is repaired by this.

    Example: nexusops drift --format json
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.drift import drift as compared
    from nexusops.report.drift import drift_json, drift_text

    with wiring.opened(call.folder) as site:
        seen = compared(site.ports, at=at)
    click.echo(drift_json(seen) if form == "json" else drift_text(seen, look()), nl=False)
    return FINDINGS if seen.differences else 0
