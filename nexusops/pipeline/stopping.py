"""In whose name a plan is carried out, and whether a guard stops it before the first write (D28)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from nexusops.errors import GuardStopped, StalePlan
from nexusops.model.frozen import frozen
from nexusops.model.journal import Approval, RunRecord, approvers_of
from nexusops.model.plan import Plan
from nexusops.pipeline.fitting import sealed
from nexusops.pipeline.inputs import Ports
from nexusops.plan.guard import FIRST_OF_ALL, NO_HISTORY, TAKEN_OVER


@frozen
class Mandate:
    """In whose name, why, and which limits are lifted."""

    command: str
    actor: str
    reason: str
    at: datetime
    accept: Mapping[str, int]
    approve: str | None = None
    guarded: bool = True
    builds_routing: bool = True
    """False: mail follows at the next run (D41)."""
    partial: bool = False
    """For a few alone: whom a changed policy or request touches is still for the next run to find."""


def must_pass(ports: Ports, plan: Plan, mandate: Mandate, record: RunRecord) -> None:
    """D28: approved is exactly this plan, once; anything else that is over a limit stops before the first write."""
    if mandate.approve is not None:
        _approve(ports, plan, mandate, mandate.approve)
    approvers = approvers_of(ports.store.approvals(plan.digest))
    if plan.guard.tripped and len(approvers) < max(1, ports.guard.approvers):
        # The serial stays as it is, so that this very digest can still be approved.
        ports.store.begin(replace(record, result="stopped"))
        raise StoppedPlan(sealed(ports.store, plan), approvers, ports.guard.approvers)


def as_approved(ports: Ports, plan: Plan, approve: str | None, actor: str) -> Plan:
    """The plan with its limits lifted, where this approval would be the last that it needs; it is not kept. Raises
    StalePlan where it is another plan's.
    """
    if approve is None:
        return plan
    _must_be(ports, plan, approve)
    approval = Approval(digest=approve, actor=actor, at=plan.at, reason="")
    if len(approvers_of([*ports.store.approvals(approve), approval])) < ports.guard.approvers:
        return plan
    lifted = tuple(sorted((*plan.guard.accepted, *plan.guard.tripped)))
    return replace(plan, guard=replace(plan.guard, tripped=(), accepted=lifted))


def _must_be(ports: Ports, plan: Plan, approve: str) -> None:
    if approve != plan.digest:
        done = any(run.digest == approve and run.result != "stopped" for run in ports.store.runs())
        begun = " has been carried out already" if done else f" is {approve}"
        message = f"The plan that was approved{begun}, and the plan now is {plan.digest}."
        raise StalePlan(message, next_step="Read the plan as it is now (`nexusops plan`), and approve that digest.")


def _approve(ports: Ports, plan: Plan, mandate: Mandate, approve: str) -> None:
    """For exactly this plan. The same person twice is one person."""
    _must_be(ports, plan, approve)
    if mandate.actor not in {approval.actor for approval in ports.store.approvals(plan.digest)}:
        approval = Approval(digest=plan.digest, actor=mandate.actor, at=mandate.at, reason=mandate.reason)
        ports.store.approve(approval)


class StoppedPlan(GuardStopped):
    """The guard's refusal, with the plan that it stopped."""

    def __init__(self, plan: Plan, approvers: Collection[str] = (), needed: int = 1) -> None:
        self.plan, self.approvers, self.needed = plan, approvers, needed
        over = "; ".join(
            f"{name}: {plan.guard.counts[name]} planned, the limit is {plan.guard.limits[name]}"
            for name in plan.guard.tripped
        )
        if len(approvers) >= max(1, needed):
            whose = ", ".join(sorted(approvers))
            super().__init__(
                f"A guard stops such a plan before the first write. {over}. It is approved by {whose}.",
                next_step="`nexusops run` with this snapshot, or `nexusops apply` with the saved plan, carries it out.",
            )
            return
        whose = f" It is approved by {', '.join(sorted(approvers))}; {needed} people must approve it." * bool(approvers)
        by_another = " by somebody else, with `--actor`" if approvers else ""
        if TAKEN_OVER in plan.guard.tripped:
            over += f". {NO_HISTORY.format(plan.guard.counts[TAKEN_OVER])}"
        read = f"{FIRST_OF_ALL} If not" if TAKEN_OVER in plan.guard.tripped else "Read the plan. To lift the limits"
        lifts = f"use `{plan.guard.lifts}`;"
        if needed > 1:
            lifts = f"{needed} people must approve it, and no `--accept` does:"
        super().__init__(
            f"A guard stopped the plan before the first write. {over}.{whose}",
            next_step=f"{read} {lifts} for just this plan `--approve {plan.digest}`{by_another}.",
        )
