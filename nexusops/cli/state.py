"""``state export``: everything that nexusops remembers (interface.md 5)."""

from __future__ import annotations

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


@click.group()
def state() -> None:
    """What nexusops remembers: the ledger, its notices, findings and runs."""


@state.command()
@options.format_option()
@click.pass_obj
def export(call: Call, form: str) -> int:
    """The whole state as one document."""
    from nexusops import wiring

    with wiring.opened(call.folder) as site:
        document = site.ports.store.export()
    if form == "json":
        import msgspec

        click.echo(msgspec.json.encode(document))
        return 0
    click.echo(f"serial {document['serial']}, last run {document['at'] or 'none'}")
    for part, rows in document.items():
        if isinstance(rows, list):
            click.echo(f"{part.replace('_', ' '):<16} {len(rows)}")
    return 0
