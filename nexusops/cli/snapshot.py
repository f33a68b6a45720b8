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
    from nexusops.model.journal import JsonObject, JsonValue
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
    from nexusops.codec import instant
    from nexusops.plan.people.faults import faults_of

    if not (call.folder / "nexusops.toml").exists():
        click.echo(f"There is no configuration at {call.folder}, so it is looked at as Oxford's.", err=True)
        click.echo("Next: Name your own site with --config DIR, if it is another's.", err=True)
    try:
        tables = wiring.snapshot_of(folder, call.folder)
    except SnapshotRefused as refused:
        defects: list[JsonValue] = [{"code": one.code, "message": one.message} for one in refused.defects]
        lines = [f"{one.code}: {one.message}" for one in refused.defects]
        _print({"ok": False, "defects": defects}, form, lines)
        again = f"`nexusops snapshot check {folder}`"
        click.echo(f"Next: Have the registration export repaired, then check it again: {again}.", err=True)
        return refused.exit_code
    record, findings = tables.record, faults_of(tables.slice(None, {}), wiring.policy_of(call.folder))
    lines = [f"OK, as of {instant(record.as_of)}, {record.sha256[:12]}"]
    lines += [f"{name:<24} {rows}" for name, rows in sorted(record.rows.items())]
    lines += [f"{one.code}: {one.subject}: {one.message}" for one in findings]
    _print(
        {
            "ok": True,
            "as_of": instant(record.as_of),
            "sha256": record.sha256,
            "rows": dict(record.rows),
            "defects": [],
            "findings": [
                {"code": one.code, "subject": one.subject, "message": one.message, "severity": one.severity.value}
                for one in findings
            ],
        },
        form,
        lines,
    )
    return 0


@snapshot.command()
@click.argument("earlier", metavar="A", type=click.Path(path_type=Path))
@click.argument("later", metavar="B", type=click.Path(path_type=Path))
@options.format_option()
@click.pass_obj
def diff(call: Call, earlier: Path, later: Path, form: str) -> int:
    """What changed from A to B: rows by table, and the people concerned."""
    from nexusops.registration.difference import describe_difference

    before, after = _read(call, earlier), _read(call, later)
    document, lines = describe_difference(before, after)
    _print(document, form, lines)
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


def _print(document: JsonObject, form: str, lines: list[str]) -> None:
    if form == "json":
        from nexusops.codec import to_text

        click.echo(to_text(document), nl=False)
    else:
        from nexusops.report.blocks import visible

        click.echo("\n".join(map(visible, lines)))
