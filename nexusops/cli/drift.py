"""``drift``: where the tenant differs from the ledger (interface.md 3)."""

from __future__ import annotations

from datetime import datetime

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

FINDINGS = 6


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
    from nexusops.pipeline import drift as comparing
    from nexusops.report import drift_json, drift_text

    with wiring.opened(call.folder) as site:
        seen = comparing.drift(site.ports, at=at)
    found = seen.differences
    if form == "json":
        text = drift_json(seen.at, seen.site, seen.serial, seen.mailboxes, found)
    else:
        text = drift_text(seen.at, seen.site, seen.mailboxes, found, look())
    click.echo(text, nl=False)
    return FINDINGS if found else 0
