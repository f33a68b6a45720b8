"""``adopt``: first use on a tenant that already has mailboxes (interface.md 3)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be taken over.")
@options.format_option()
@options.at_option
@options.snapshot_option
@click.option("--new-snapshot", is_flag=True, help="Read the configured source anew. [the last accepted snapshot]")
@options.actor_option
@options.reason_option
@click.pass_obj
def adopt(
    call: Call,
    dry_run: bool,
    form: str,
    at: datetime,
    snapshot: Path | None,
    new_snapshot: bool,
    actor: str,
    reason: str,
) -> int:
    """Take over the mailboxes that the tenant already has: their addresses, senders and forwards, as they are.

    Mailboxes are matched to people by employeeId. Nothing is changed in the tenant, and repeating it is harmless.
    After a restored backup it takes over what was given since.

    Example: nexusops adopt --dry-run
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline import adopt as adoption
    from nexusops.report.adopted import adoption_json, adoption_text

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        fresh = new_snapshot or snapshot is not None
        found = adoption.adopt(site.ports, at=at, fresh=fresh, dry_run=dry_run, actor=actor, reason=reason)
    click.echo(adoption_json(found) if form == "json" else adoption_text(found, look()), nl=False)
    return 0
