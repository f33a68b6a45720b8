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
    from nexusops.cli.printing import look
    from nexusops.report.jobs import jobs_json, jobs_text

    found = wiring.jobs().values()
    click.echo(jobs_json(found) if form == "json" else jobs_text(found, look()), nl=False)
    return 0
