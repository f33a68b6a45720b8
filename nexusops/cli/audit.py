"""``audit``: what was done to a subject, by whom and why; and whether the journal is as it was written."""

from __future__ import annotations

from collections.abc import Sequence

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


@click.command()
@click.argument("subject")
@options.format_option()
@click.pass_obj
def audit(call: Call, subject: str, form: str) -> int:
    """Every journal row about SUBJECT: a username, person_id, address or mailbox. `audit verify` checks the hash chain.

    Example: nexusops audit mary.brown@balliol.ox.ac.uk
    """
    from nexusops import wiring

    with wiring.opened(call.folder) as site:
        if subject == "verify":
            return _verified(site.ports.store.verify(), form)
        from nexusops.pipeline import audit as journal

        rows = journal.rows_about(site.ports, subject)
        document = journal.document(subject, rows)
    if form == "json":
        import msgspec

        click.echo(msgspec.json.encode(document))
        return 0
    for row in rows:
        entry = row.entry
        what = f"{entry.phase.value} {entry.step or ''}".strip()
        click.echo(
            f"{row.seq:>8}  {entry.at:%Y-%m-%d %H:%M}  {entry.rule:4} {what:18} {entry.object}  by {entry.actor}"
        )
        if entry.reason:
            click.echo(f"{'':10}{entry.reason}")
    click.echo(f"{len(rows)} rows about {subject}.")
    return 0


def _verified(broken: Sequence[int], form: str) -> int:
    """0 where every row continues the chain, 6 with the rows that do not."""
    if form == "json":
        import msgspec

        click.echo(msgspec.json.encode({"broken": broken}))
    elif broken:
        click.echo(f"{len(broken)} journal rows do not continue the chain: {', '.join(map(str, broken[:20]))}")
        click.echo("Somebody edited, removed or reordered rows there: compare with a backup of the state.")
    else:
        click.echo("The journal is as it was written.")
    return 6 if broken else 0
