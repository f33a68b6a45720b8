"""``plan`` and ``show``: what would be done and why. Neither writes to the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.model.plan import Plan
    from nexusops.pipeline.inputs import Ports
    from nexusops.pipeline.whom import Whom

FORMATS = ("text", "json", "html", "csv", "md")
PENDING = 10


@click.command()
@options.jobs_argument
@options.format_option(*FORMATS)
@options.at_option
@options.snapshot_option
@options.refresh_option
@options.out_option
@click.option(
    "--policy", type=click.Path(path_type=Path), metavar="FILE", help="Who would be affected by this policy.toml."
)
@click.option("--until", type=options.Day(), metavar="DATE", help="With --policy: how far to look. [a year]")
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
    policy: Path | None,
    until: date | None,
    detailed_exitcode: bool,
) -> int:
    """Compute and print the planned changes: all, or those that the named JOBs may make. This is the dry run.

    Ends with 0; with 4 where a guard would stop the plan; with --detailed-exitcode, 10 where changes are pending. With
    --policy two looks ahead are compared instead, under the policy in force and under that file.

    Example: nexusops plan --out plan.json
    """
    from nexusops import wiring
    from nexusops.cli.progress import followed
    from nexusops.pipeline.decide import make_plan

    if policy is not None:
        if jobs or out is not None or detailed_exitcode:
            raise click.UsageError(
                "--policy compares two looks ahead: no JOB, --out or --detailed-exitcode goes with it."
            )
        return _other_policy(call, policy, form=form, at=at, snapshot=snapshot, until=until)
    if until is not None:
        raise click.UsageError("--until goes with --policy; `nexusops simulate --until DATE` looks ahead.")
    with wiring.opened(call.folder, snapshot=snapshot) as site:
        site.check_jobs(jobs)
        with followed(site.ports) as ports:
            made = make_plan(ports, at=at, jobs=jobs, refresh=refresh)
        return told(made, site.ports, form=form, out=out, detailed=detailed_exitcode)


def _other_policy(
    call: Call, policy: Path, *, form: str, at: datetime, snapshot: Path | None, until: date | None
) -> int:
    """`plan --policy`: the same time looked ahead twice, side by side. Nobody is touched, and the tenant not asked."""
    from nexusops import wiring
    from nexusops.cli.printing import look, steps_shown
    from nexusops.config import load
    from nexusops.model.dates import add_months, local_date
    from nexusops.pipeline.simulate.policies import compare_policies
    from nexusops.report.simulate_policy import comparison_written

    if form == "md":
        raise click.UsageError("--policy is printed as text, json, html or csv.")
    if until is not None:
        options.must_be_near(until, at)
    other = load(call.folder, policy_file=policy).policy
    with wiring.opened(call.folder, snapshot=snapshot) as site, steps_shown("Comparing") as step:
        tables = site.ports.registration.read() if snapshot is not None else None
        end = until or add_months(local_date(at, site.ports.policy.time.zone), 12)
        found = compare_policies(site.ports, other, at=at, until=end, tables=tables, progress=step)
    click.echo(comparison_written(found, form, look()), nl=False)
    return 0


@click.command()
@click.argument("planfile", type=click.Path(path_type=Path))
@options.format_option(*FORMATS)
@options.out_option
@click.pass_obj
def show(call: Call, planfile: Path, form: str, out: Path | None) -> int:
    """Print a saved plan.

    People stand there with their names and units where the site's state is at hand (--config); it is only read.
    """
    from nexusops import codec
    from nexusops.cli.printing import print_plan

    saved = codec.load_plan(planfile)
    if out is not None:
        codec.dump_plan(saved, out)
    print_plan(saved, form, None if form == "json" else _whom(call.folder, saved))
    return 0


def _whom(folder: Path, saved: Plan) -> Whom:
    """As the state of the plan's site has them; where there is none to ask, as the plan tells."""
    from nexusops.errors import NexusopsError
    from nexusops.pipeline.whom import whom_of
    from nexusops.wiring_state import looked_into

    try:
        with looked_into(folder, site=saved.site) as store:
            return whom_of(saved, store)
    except NexusopsError:  # a plan can be read anywhere
        return whom_of(saved, None)


def told(
    made: Plan,
    ports: Ports,
    *,
    form: str,
    out: Path | None,
    detailed: bool = False,
    beside: Mapping[str, list[str]] = MappingProxyType({}),
) -> int:
    """Prints a plan and chooses the exit code: a guard's 4 beats 10. ``out`` always gets the plan document, ``beside``
    is what JSON has with it.
    """
    from nexusops import codec
    from nexusops.cli.printing import print_plan
    from nexusops.model.journal import approvers_of
    from nexusops.pipeline.stopping import StoppedPlan
    from nexusops.pipeline.whom import whom_of
    from nexusops.report.errors import error_text

    if out is not None:
        codec.dump_plan(made, out)
    print_plan(made, form, None if form == "json" else whom_of(made, ports.store), beside)
    if made.guard.tripped:
        approvers = approvers_of(ports.store.approvals(made.digest))
        stopped = StoppedPlan(made, approvers, ports.guard.approvers)
        click.echo(error_text(stopped), err=True, nl=False)
        return stopped.exit_code
    return PENDING if detailed and made.changes else 0
