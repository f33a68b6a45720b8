"""``undo``: the inverse of a run, shown or carried out."""

from __future__ import annotations

from datetime import datetime

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.cli.plan import FORMATS


@click.command()
@click.argument("run_id", metavar="RUN")
@options.format_option(*FORMATS)
@options.at_option
@click.option("--apply", "applies", is_flag=True, help="Carry it out; without it the plan is only shown.")
@options.accept_options
@click.pass_obj
def undo(
    call: Call,
    run_id: str,
    form: str,
    at: datetime,
    applies: bool,
    accept: dict[str, int],
    approve: str | None,
    actor: str,
    reason: str,
) -> int:
    """Show what would undo RUN (its id, or how it begins); with --apply, do it under the same guards.

    Showing it ends with 0, whatever a guard would say; with --apply it ends as `run` does. What cannot be undone
    stands among the findings, with the reason. What was undone is not done again until the registration rows behind it
    change.

    Example: nexusops undo 3f2a --apply --reason "wrong feed, ticket 4711"
    """
    from nexusops import wiring
    from nexusops.cli.act import measuring, told_outcome
    from nexusops.cli.plan import told
    from nexusops.cli.printing import print_plan
    from nexusops.cli.progress import followed
    from nexusops.pipeline.stopping import Mandate, StoppedPlan
    from nexusops.pipeline.undo import plan_undo
    from nexusops.pipeline.undo import undo as carry_out_undo
    from nexusops.pipeline.whom import whom_of

    mandate = Mandate(command="undo", actor=actor, reason=reason, at=at, accept=accept, approve=approve)
    with wiring.opened(call.folder) as site:
        if not applies:
            made = plan_undo(site.ports, run_id, mandate)
            print_plan(made, form, None if form == "json" else whom_of(made, site.ports.store))
            return 0
        with measuring(site, at, "undo") as ending:
            try:
                with followed(site.ports) as ports:
                    outcome = carry_out_undo(ports, run_id, mandate)
            except StoppedPlan as stopped:
                return ending.end(told(stopped.plan, site.ports, form=form, out=None))
            return ending.end(told_outcome(outcome, "json" if form == "json" else "text", at))
