"""``snapshot check`` and ``snapshot diff``: registration snapshots, looked at for themselves (rules.md 3)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import SnapshotRefused

if TYPE_CHECKING:
    from nexusops.ports import SnapshotTables


@click.group()
def snapshot() -> None:
    """Registration snapshots: a manifest and one table a file."""


@snapshot.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@options.format_option()
@click.pass_obj
def check(call: Call, folder: Path, form: str) -> int:
    """Is this snapshot consistent in itself? Ends with 3, and one line a defect, where it is not."""
    from nexusops import wiring
    from nexusops.plan.people.faults import faults_of
    from nexusops.report.snapshot import checked_json, checked_text, refused_json, refused_text

    if not (call.folder / "nexusops.toml").exists():
        click.echo(f"There is no configuration at {call.folder}, so it is looked at as Oxford's.", err=True)
        click.echo("Next: Name your own site with --config DIR, if it is another's.", err=True)
    try:
        tables = wiring.snapshot_of(folder, call.folder)
    except SnapshotRefused as refused:
        told = refused_json if form == "json" else refused_text
        click.echo(told(refused.defects), nl=False)
        again = f"Have the registration export repaired, then check it again: `nexusops snapshot check {folder}`."
        there = (folder / "manifest.json").exists()
        click.echo(
            f"Next: {again if there else 'Name the folder in which manifest.json and the tables lie.'}", err=True
        )
        return refused.exit_code
    record, findings = tables.record, faults_of(tables.slice(None, {}), wiring.policy_of(call.folder))
    click.echo((checked_json if form == "json" else checked_text)(record, findings), nl=False)
    return 0


@snapshot.command()
@click.argument("earlier", metavar="A", type=click.Path(path_type=Path))
@click.argument("later", metavar="B", type=click.Path(path_type=Path))
@options.format_option()
@click.pass_obj
def diff(call: Call, earlier: Path, later: Path, form: str) -> int:
    """What changed from A to B: rows by table, and the people concerned."""
    from nexusops.registration.difference import compare
    from nexusops.report.snapshot import difference_json, difference_text

    before, after = _read(call, earlier), _read(call, later)
    difference = compare(before, after)
    click.echo((difference_json if form == "json" else difference_text)(difference), nl=False)
    return 0


def _read(call: Call, folder: Path) -> SnapshotTables:
    """One of the two, its folder named where it is refused."""
    from nexusops import wiring

    try:
        return wiring.snapshot_of(folder, call.folder)
    except SnapshotRefused as refused:
        defects = [replace(one, message=f"{folder}: {one.message}") for one in refused.defects]
        raise SnapshotRefused(
            defects, next_step=f"`nexusops snapshot check {folder}` checks it by itself."
        ) from refused
