"""``jobs list``: what each job may change, and what it needs for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from nexusops.cli import options


@click.group()
def jobs() -> None:
    """The jobs: declarations of which kinds of change may be carried out, with which permissions."""


@jobs.command("list")
@options.format_option()
def list_jobs(form: str) -> int:
    """What each job may change, and which permissions it needs."""
    from nexusops import wiring
    from nexusops.model.changes import Kind

    found = sorted(wiring.jobs().values(), key=lambda job: job.name)
    rows = [
        {
            "name": job.name,
            "sentence": job.sentence,
            "kinds": [kind.value for kind in Kind if kind in job.kinds],
            "graph": list(job.graph),
            "exchange": list(job.exchange),
            "schedule": job.schedule,
        }
        for job in found
    ]
    if form == "json":
        import json

        click.echo(json.dumps({"jobs": rows}, ensure_ascii=False, indent=2))
        return 0
    click.echo(_told(rows), nl=False)
    return 0


def _told(rows: Sequence[Mapping[str, Any]]) -> str:
    from nexusops.cli.printing import look
    from nexusops.report.blocks import Block, Line, Table, Tone, written

    blocks: list[Block] = []
    for row in rows:
        cells = [
            ("changes:", ", ".join(row["kinds"])),
            ("Graph:", ", ".join(row["graph"]) or "nothing"),
            ("Exchange:", ", ".join(row["exchange"]) or "nothing"),
            ("schedule:", row["schedule"]),
        ]
        blocks += [Line(text=row["name"], tone=Tone.TITLE), Line(text=row["sentence"], indent=4)]
        blocks += [Table(rows=cells, indent=4), Line()]
    return written(blocks, look())
