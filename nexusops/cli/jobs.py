"""``jobs list``: what each job may change, and what it needs for that."""

from __future__ import annotations

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
    for row in rows:
        click.echo(f"{row['name']}\n    {row['sentence']}")
        click.echo(f"    changes:   {', '.join(row['kinds'])}")
        click.echo(f"    Graph:     {', '.join(row['graph']) or 'nothing'}")
        click.echo(f"    Exchange:  {', '.join(row['exchange']) or 'nothing'}")
        click.echo(f"    schedule:  {row['schedule']}\n")
    return 0
