"""``apply``, ``run`` and ``resume``: the commands that act."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.pipeline.outcome import Outcome
    from nexusops.telemetry import Ending
    from nexusops.wiring import Wired


@click.command()
@click.argument("planfile", type=click.Path(path_type=Path))
@options.format_option()
@options.at_option
@options.accept_options
@click.pass_obj
def apply(
    call: Call,
    planfile: Path,
    form: str,
    at: datetime,
    accept: dict[str, int],
    approve: str | None,
    actor: str,
    reason: str,
) -> int:
    """Carry out exactly the plan in PLANFILE.

    Ends with 7, and does nothing, where the plan no longer fits: another day, snapshot or state, or another digest than
    the one approved.
    """
    from nexusops import codec
    from nexusops.cli.progress import followed
    from nexusops.pipeline import act

    plan = codec.load_plan(planfile)
    with acting_on(call) as site, measuring(site, at, "apply") as ending:
        with followed(site.ports) as ports:
            outcome = act.apply_plan(ports, plan, at=at, accept=accept, approve=approve, actor=actor, reason=reason)
        return ending.end(told_outcome(outcome, form, at))


@click.command()
@options.jobs_argument
@options.format_option()
@options.at_option
@options.snapshot_option
@options.refresh_option
@options.out_option
@options.accept_options
@click.option("--dry-run", is_flag=True, help="The same as `plan`.")
@click.pass_obj
def run(
    call: Call,
    jobs: tuple[str, ...],
    form: str,
    at: datetime,
    snapshot: Path | None,
    refresh: str,
    out: Path | None,
    accept: dict[str, int],
    approve: str | None,
    actor: str,
    reason: str,
    dry_run: bool,
) -> int:
    """The scheduled form: finish what was interrupted, plan, check the guards, apply, send notices.

    Ends with 4, and changes nothing, where a guard stops the plan; with 5 where a part failed or was set aside.
    """
    from nexusops.cli.plan import told
    from nexusops.cli.progress import followed
    from nexusops.pipeline import act, decide
    from nexusops.pipeline.stopping import StoppedPlan, as_approved

    with acting_on(call, snapshot) as site:
        site.check_jobs(jobs)
        if dry_run:
            with followed(site.ports) as ports:
                made = decide.make_plan(ports, at=at, jobs=jobs, refresh=refresh, accept=accept)
                shown = as_approved(ports, made, approve, actor)
            return told(shown, site.ports, form=form, out=out)
        with measuring(site, at, "run") as ending:
            try:
                with followed(site.ports) as ports:
                    outcome = act.run(
                        ports,
                        at=at,
                        jobs=jobs,
                        refresh=refresh,
                        accept=accept,
                        approve=approve,
                        actor=actor,
                        reason=reason,
                    )
            except StoppedPlan as stopped:
                return ending.end(told(stopped.plan, site.ports, form=form, out=out))
            return ending.end(told_outcome(outcome, form, at, out))


@click.command()
@options.format_option()
@options.at_option
@options.actor_option
@click.pass_obj
def resume(call: Call, form: str, at: datetime, actor: str) -> int:
    """Finish an interrupted run; where there is none, say so."""
    from nexusops.cli.progress import followed
    from nexusops.pipeline import act

    with acting_on(call) as site, measuring(site, at, "resume") as ending:
        with followed(site.ports) as ports:
            outcome = act.resume(ports, at=at, actor=actor)
        return ending.end(told_outcome(outcome, form, at))


def acting_on(call: Call, snapshot: Path | None = None) -> AbstractContextManager[Wired]:
    """The site; that its state cannot be opened is left behind for monitoring."""
    from nexusops.telemetry import site_of

    return site_of(call.folder, _remarked, snapshot=snapshot)


def _remarked(text: str) -> None:
    click.echo(text, err=True)


def measuring(site: Wired, at: datetime, command: str) -> AbstractContextManager[Ending]:
    """Leaves the site's metrics behind, however the command ends."""
    from nexusops.telemetry import measured

    return measured(site, at, command, _remarked)


def told_outcome(outcome: Outcome, form: str, at: datetime, out: Path | None = None) -> int:
    """Prints what was done, and gives the exit code: 0, or 5 where a part failed or was set aside; that is said on
    stderr, too, since cron throws the answer away and mails the rest.
    """
    from nexusops import codec
    from nexusops.cli.printing import print_outcome

    if out is not None and outcome.plan is not None:
        codec.dump_plan(outcome.plan, out)
    print_outcome(outcome, form, at)
    remark_what_is_left(outcome)
    return outcome.exit_code


def remark_what_is_left(outcome: Outcome) -> None:
    from nexusops.report.view import number_of

    if outcome.exit_code:
        left = number_of(len(outcome.failed) + len(outcome.set_aside), "change")
        _remarked(f"Partly done: {left} failed or set aside, in the run {outcome.run_id}.")
        _remarked(f"Next: `nexusops history {outcome.run_id}` says why; the next run tries again.")
