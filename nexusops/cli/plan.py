"""``plan`` and ``show``: what would be done and why. Neither writes to the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.model.changes import Plan

FORMATS = ("text", "json", "html", "csv", "md")
STOPPED, PENDING = 4, 10


@click.command()
@options.jobs_argument
@options.format_option(*FORMATS)
@options.at_option
@options.snapshot_option
@options.refresh_option
@options.out_option
@click.option("--detailed-exitcode", is_flag=True, help="End with 10 where changes are pending.")
@click.pass_obj
def plan(
    call: Call,
    jobs: tuple[str, ...],
    form: str,
    at: datetime,
    snapshot: Path | None,
    refresh: str,
    out: Path | None,
    detailed_exitcode: bool,
) -> int:
    """Compute and print the planned changes: all, or those that the named JOBs may make. This is the dry run.

    Ends with 0; with 4 where a guard would stop the plan; with --detailed-exitcode, 10 where changes are pending.
    """
    made = planned(call, jobs=jobs, at=at, snapshot=snapshot, refresh=refresh)
    return told(made, form=form, out=out, detailed=detailed_exitcode)


@click.command()
@click.argument("planfile", type=click.Path(path_type=Path))
@options.format_option(*FORMATS)
@options.out_option
def show(planfile: Path, form: str, out: Path | None) -> int:
    """Print a saved plan."""
    from nexusops import codec

    print_plan(codec.load_plan(planfile), form=form, out=out)
    return 0


def planned(
    call: Call,
    *,
    jobs: tuple[str, ...],
    at: datetime,
    snapshot: Path | None,
    refresh: str,
    accept: Mapping[str, int] | None = None,
) -> Plan:
    """The plan of the configured site."""
    from nexusops import pipeline, wiring

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        site.check_jobs(jobs)
        return pipeline.make_plan(site.ports, at=at, jobs=jobs, refresh=refresh, accept=accept or {})


def told(made: Plan, *, form: str, out: Path | None, detailed: bool = False) -> int:
    """Prints a plan and chooses the exit code: a guard's 4 beats 10."""
    print_plan(made, form=form, out=out)
    if made.guard.tripped:
        click.echo(stopped_message(made), err=True)
        return STOPPED
    return PENDING if detailed and made.changes else 0


def stopped_message(made: Plan) -> str:
    """Which limits stop the plan, by how much, and what to do next (D28)."""
    over = [
        f"{name}: {made.guard.counts.get(name, 0)} planned, the limit is {made.guard.limits.get(name, 0)}"
        for name in made.guard.tripped
    ]
    lifted = " ".join(f"--accept {name}={made.guard.counts.get(name, 0)}" for name in made.guard.tripped)
    return (
        f"A guard stops this plan before the first write. {'; '.join(over)}.\n"
        f"Read the plan. If it is right, lift the limit for these numbers with `{lifted}`, "
        f"or for exactly this plan with `--approve {made.digest}`."
    )


def print_plan(made: Plan, *, form: str, out: Path | None) -> None:
    """The plan on stdout in the format asked for; ``out`` always gets the plan document."""
    from nexusops import codec, report

    if out is not None:
        codec.dump_plan(made, out)
    click.echo(report.rendered(made, form), nl=False)
