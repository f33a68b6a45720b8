"""``plan`` and ``show``: what would be done and why. Neither writes to the tenant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.model.plan import Plan
    from nexusops.ports import Store

FORMATS = ("text", "json", "html", "csv", "md")
PENDING = 10


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
    from nexusops import pipeline, wiring

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        site.check_jobs(jobs)
        made = pipeline.make_plan(site.ports, at=at, jobs=jobs, refresh=refresh)
        return told(made, site.ports.store, form=form, out=out, detailed=detailed_exitcode)


@click.command()
@click.argument("planfile", type=click.Path(path_type=Path))
@options.format_option(*FORMATS)
@options.out_option
def show(planfile: Path, form: str, out: Path | None) -> int:
    """Print a saved plan."""
    from nexusops import codec
    from nexusops.cli.printing import print_plan

    saved = codec.load_plan(planfile)
    if out is not None:
        codec.dump_plan(saved, out)
    print_plan(saved, form)
    return 0


def told(made: Plan, store: Store, *, form: str, out: Path | None, detailed: bool = False) -> int:
    """Prints a plan and chooses the exit code: a guard's 4 beats 10. ``out`` always gets the plan document."""
    from nexusops import codec
    from nexusops.cli.printing import print_plan
    from nexusops.pipeline.act import StoppedPlan
    from nexusops.report import error_text

    if out is not None:
        codec.dump_plan(made, out)
    print_plan(made, form, store)
    if made.guard.tripped:
        stopped = StoppedPlan(made)
        click.echo(error_text(stopped), err=True, nl=False)
        return stopped.exit_code
    return PENDING if detailed and made.changes else 0
