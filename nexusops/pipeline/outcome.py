"""What became of a run: its outcome, its result in a word, and what it found while acting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from nexusops.apply.executor import Tally
from nexusops.errors import PartlyDone
from nexusops.model.changes import Kind, SendNotice, kind_of, target_of
from nexusops.model.findings import Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.pace import MAIL, MAIL_A_RUN
from nexusops.model.plan import Plan, Planned
from nexusops.plan.arrange import scope_of
from nexusops.report.applied import Applied, Undone


@frozen
class Outcome:
    """What a run did. ``run_id`` None: there was nothing to resume, and so no run."""

    run_id: str | None
    plan: Plan | None
    done: int = 0
    waiting: tuple[tuple[Planned, str], ...] = ()
    set_aside: tuple[tuple[Planned, str], ...] = ()
    failed: tuple[tuple[Planned, str], ...] = ()
    handed_over: tuple[tuple[Planned, str], ...] = ()
    unreachable: bool = False
    """A service answered nobody, so that nothing more was asked of it in this run."""
    resumed: str | None = None
    """The run that had been interrupted, and was finished first."""

    @property
    def exit_code(self) -> int:
        return PartlyDone.exit_code if self.set_aside or self.failed else 0

    @property
    def result(self) -> str:
        return _result(whole=not (self.set_aside or self.failed), some=bool(self.done or self.waiting))


def result_of(tally: Tally) -> str:
    return _result(whole=not (tally.set_aside or tally.failed), some=bool(tally.done or tally.waiting))


def _result(*, whole: bool, some: bool) -> str:
    if not whole:
        return "partial"
    return "applied" if some else "nothing"


def told(outcome: Outcome, at: datetime) -> Applied:
    """An outcome as it is shown."""
    plan = outcome.plan
    undone = {one.id for one, _ in (*outcome.waiting, *outcome.set_aside, *outcome.failed)}
    done = (one.change for one in plan.changes if one.id not in undone) if plan is not None else ()
    return Applied(
        run_id=outcome.run_id,
        at=at,
        result=outcome.result,
        digest=plan.digest if plan is not None else None,
        done=Counter(kind_of(change).value for change in done),
        waiting=_undone(outcome.waiting),
        set_aside=_undone(outcome.set_aside),
        failed=_undone(outcome.failed),
        handed_over=_undone(outcome.handed_over),
        findings=plan.findings if plan is not None else (),
        resumed=outcome.resumed,
        unreachable=outcome.unreachable,
    )


def _undone(changes: Iterable[tuple[Planned, str]]) -> tuple[Undone, ...]:
    return tuple(
        Undone(
            id=one.id,
            kind=kind_of(one.change),
            target=target_of(one.change),
            subject=one.change.why.subject,
            message=message,
        )
        for one, message in changes
    )


def said_of(outcome: Outcome, kind: Kind, name: str, state: str) -> str:
    """That a mailbox is so now; or that it is not, and why, where a change of this kind was left out."""
    left = (*outcome.failed, *outcome.set_aside, *outcome.waiting)
    reasons = dict.fromkeys(reason.rstrip(".") for planned, reason in left if kind_of(planned.change) is kind)
    if not reasons:
        return f"{name} is {state}"
    return f"{name} is NOT {state} in the tenant, or only in part ({'; '.join(reasons)}), and every run tries again"


def waits(planned: Planned) -> str:
    """What a change that waits is waiting for."""
    notice = isinstance(planned.change, SendNotice)
    return "its turn comes with a later run" if notice else "accepted; the tenant has not finished"


def findings_of(tally: Tally) -> tuple[Finding, ...]:
    """What the run itself found: mailboxes and notices still to come, and changes that were set aside."""
    waiting = [
        Finding(
            code="AWAITING_MAILBOX",
            subject=planned.change.why.subject,
            message="the mailbox has been asked for, and Exchange has not made it yet; later runs go on",
            severity=Severity.INFO,
            scope=scope_of(planned.change),
        )
        for planned in tally.waiting
        if kind_of(planned.change).value == "CreateMailbox"
    ]
    aside = [
        Finding(
            code="SET_ASIDE",
            subject=planned.change.why.subject,
            message=f"{kind_of(planned.change)} of {target_of(planned.change)}: {reason}",
            scope=scope_of(planned.change),
        )
        for planned, reason in (*tally.set_aside, *tally.failed)
    ]
    notices = sum(isinstance(planned.change, SendNotice) for planned in tally.waiting)
    later = f"{notices} notices go out with later runs: one mailbox sends {MAIL} a minute, and one run {MAIL_A_RUN}"
    owed = Finding(code="NOTICES_WAIT", subject="notices", message=later, severity=Severity.INFO)
    return (*waiting, *aside, owed) if notices else (*waiting, *aside)
