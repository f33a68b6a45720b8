"""What the journal keeps of the guard: limits that were lifted, and plans that were approved, by whom and why (D28)."""

from __future__ import annotations

from datetime import datetime

from nexusops.model.journal import Acceptance, Approval, Entry, Phase

GUARD = "guard"
"""What a journal row is about that tells of a limit that was lifted."""
APPROVAL = "approval"
"""What a journal row is about that tells of a plan that was approved."""


def lifted(acceptance: Acceptance, name: str) -> Entry:
    """Who lifted which limit, and by how much."""
    accepted, limit = acceptance.lifted[name]
    return Entry(
        at=acceptance.at,
        run_id=acceptance.run.run_id,
        phase=Phase.DONE,
        actor=acceptance.actor,
        rule="D28",
        object=f"{GUARD}:{name}",
        step="accept",
        before={"limit": limit},
        after={"accepted": accepted},
        reason=acceptance.reason or None,
    )


def approved(approval: Approval) -> Entry:
    """Of no run: it may be carried out by a later one, or by none."""
    return _approval(approval.at, "", approval.actor, approval.digest, "approve", approval.reason)


def used(acceptance: Acceptance) -> Entry:
    """An approval is for one run, and this is the one."""
    run = acceptance.run
    return _approval(acceptance.at, run.run_id, acceptance.actor, run.digest, "use", acceptance.reason)


def _approval(at: datetime, run_id: str, actor: str, digest: str | None, step: str, reason: str) -> Entry:
    return Entry(
        at=at,
        run_id=run_id,
        phase=Phase.DONE,
        actor=actor,
        rule="D28",
        object=f"{APPROVAL}:{digest}",
        step=step,
        after={"digest": digest},
        reason=reason or None,
    )
