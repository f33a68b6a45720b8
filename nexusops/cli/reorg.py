"""``reorg``: what a merge, split or renaming of units will do, before it does (rules.md 4d)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import Refused


@click.group()
def reorg() -> None:
    """Merges, splits and renamings of units: which there are, and what one will do to whom."""


@reorg.command("list")
@options.format_option("text", "json")
@options.at_option
@options.snapshot_option
@click.pass_obj
def list_(call: Call, form: str, at: datetime, snapshot: Path | None) -> int:
    """The reorganisations of the last accepted snapshot, or of --snapshot, with their days.

    Example: nexusops reorg list
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.reorg import reorgs
    from nexusops.report.reorg import reorgs_written

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        tables = site.ports.registration.read() if snapshot is not None else None
        found = reorgs(site.ports, at, tables)
    click.echo(reorgs_written(found, form, look()), nl=False)
    return 0


@reorg.command()
@click.argument("reorg_id", metavar="REORG_ID")
@options.format_option("text", "json", "csv")
@options.at_option
@options.snapshot_option
@click.pass_obj
def plan(call: Call, reorg_id: str, form: str, at: datetime, snapshot: Path | None) -> int:
    """Who gets which address on the day of a reorganisation, who gets a number, what winds down until when, how many
    are told, and whether a guard will stop the run. Changes nothing.

    With --snapshot it may be one that no run has seen yet.

    Example: nexusops reorg plan LIFE-2026
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.reorg import plan_reorg, reorgs
    from nexusops.report.reorg import reorg_plan_written

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        tables = site.ports.registration.read() if snapshot is not None else None
        known = {one.reorg_id: one for one in reorgs(site.ports, at, tables)}
        if reorg_id not in known:
            raise Refused(
                f"There is no reorganisation {reorg_id!r} in the snapshot.",
                next_step=f"There {'are' if known else 'is'} {', '.join(known) or 'none'}: `nexusops reorg list`; "
                "--snapshot DIR looks at another export.",
            )
        found = plan_reorg(site.ports, known[reorg_id], at, tables)
    click.echo(reorg_plan_written(found, form, look()), nl=False)
    return 0
