"""What each job may change, and which permissions it needs, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nexusops.codec import to_text
from nexusops.job import Job
from nexusops.model.changes import Kind
from nexusops.model.journal import JsonValue
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written


def jobs_text(jobs: Iterable[Job], look: Look) -> str:
    blocks: list[Block] = []
    for job in jobs:
        cells = [
            ("changes:", ", ".join(_kinds(job))),
            ("Graph:", ", ".join(job.graph) or "nothing"),
            ("Exchange:", ", ".join(job.exchange) or "nothing"),
            ("schedule:", job.schedule),
        ]
        blocks += [Line(text=job.name, tone=Tone.TITLE), Line(text=job.sentence, indent=4)]
        blocks += [Table(rows=cells, indent=4), Line()]
    return written(blocks, look)


def jobs_json(jobs: Iterable[Job]) -> str:
    """``{"jobs": [{"name", "sentence", "kinds", "graph", "exchange", "schedule"}]}``"""
    rows: list[JsonValue] = [
        {
            "name": job.name,
            "sentence": job.sentence,
            "kinds": [*_kinds(job)],
            "graph": list(job.graph),
            "exchange": list(job.exchange),
            "schedule": job.schedule,
        }
        for job in jobs
    ]
    return to_text({"jobs": rows})


def _kinds(job: Job) -> Sequence[str]:
    """In the order of the closed set."""
    return [kind.value for kind in Kind if kind in job.kinds]
