"""``state export`` and ``state journal``: all that is remembered, and all that was done (interface.md 5, 9)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import UsageError


@click.group()
def state() -> None:
    """What nexusops remembers: the ledger, its notices, findings and runs."""


@state.command()
@options.format_option()
@click.pass_obj
def export(call: Call, form: str) -> int:
    """The whole state as one document."""
    from nexusops import wiring
    from nexusops.codec import state_bytes

    with wiring.opened(call.folder) as site:
        parts = site.ports.store.export()
        if form == "json":
            for some in state_bytes(parts):
                click.echo(some, nl=False)
            return 0
        told = [(name, sum(1 for _ in value) if isinstance(value, Iterator) else value) for name, value in parts]
    single, tables = dict(told[:3]), told[3:]
    click.echo(f"serial {single['serial']}, last run {single['at'] or 'none'}")
    for name, rows in tables:
        click.echo(f"{name.replace('_', ' '):<16} {rows}")
    return 0


@state.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv"]),
    default="json",
    show_default=True,
    help="JSON Lines, or CSV.",
)
@click.option("--out", type=options.WRITTEN, metavar="FILE", help="A new file for its owner. [stdout]")
@click.pass_obj
def journal(call: Call, form: str, out: Path | None) -> int:
    """Every row of the journal, for keeping: JSON Lines or CSV, with the hashes of the chain."""
    from nexusops import wiring
    from nexusops.report.journal import journal_lines

    with wiring.opened(call.folder) as site:
        lines = journal_lines(site.ports.store.journal(), form)
        if out is None:
            for line in lines:
                click.echo(line, nl=False)
            return 0
        try:
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            raise UsageError(
                f"The journal cannot be written to {out}: {error.strerror}.",
                next_step="Name with --out a file that is not there yet, in a folder that you may write to.",
            ) from error
    return 0
