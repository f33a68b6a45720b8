"""Today's plan: searched and filtered, approved by its digest, and carried out (D28)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlencode

from nexusops.console.acting import Act, Work
from nexusops.console.answers import Answer, Asked, Page, Redirect
from nexusops.console.belonging import units_of_planned
from nexusops.console.private import without_addresses_outside
from nexusops.console.refusals import refusal_page
from nexusops.console.roles import Right
from nexusops.errors import NexusopsError, Refused, StalePlan
from nexusops.model.changes import Kind
from nexusops.model.frozen import frozen
from nexusops.model.health import LockOwner
from nexusops.model.ids import PersonId
from nexusops.model.journal import Approval, RunRecord, approvers_of
from nexusops.model.plan import Plan
from nexusops.pipeline.act import apply_plan, resume
from nexusops.pipeline.fitting import RUNNING
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.outcome import Outcome
from nexusops.pipeline.whom import names_of
from nexusops.report.view import Row, affected, cost, groups_of

A_PAGE = 100
AGAIN = 3
"""Seconds."""


@frozen
class Filter:
    """What a plan is narrowed to; '' is no limit."""

    words: str = ""
    kind: str = ""
    unit: str = ""
    person: str = ""

    def fits(self, row: Row) -> bool:
        text = f"{row.kind} {row.target} {row.effect} {row.who} {row.reason}".casefold()
        return (
            self.kind in ("", row.kind)
            and (not self.unit or self.unit in row.units)
            and self.person.casefold() in f"{row.who} {row.target}".casefold()
            and all(word in text for word in self.words.casefold().split())
        )


@frozen
class Sheet:
    """One screen of a long list. ``earlier`` and ``later`` are queries of the neighbouring ones, or None."""

    rows: Sequence[Row]
    first: int
    total: int
    earlier: str | None
    later: str | None


def plan_page(asked: Asked) -> Answer:
    """The plan of this hour; where none can be made, why, and what to do."""
    try:
        plan = asked.shelf.plan(asked.site.ports, asked.at)
    except NexusopsError as trouble:
        return Page(template="no_plan", title="Today's plan", here="plan", values={"trouble": trouble})
    whole = asked.viewer.everywhere(Right.SEE_PLAN)
    rows = _rows(asked, plan)
    store = asked.site.ports.store
    chosen = Filter(**{name: asked.query.get(name, "").strip() for name in ("words", "kind", "unit", "person")})
    kinds = Counter(row.kind for row in rows)
    sheet = _sheet([row for row in rows if chosen.fits(row)], asked)
    return Page(
        template="plan",
        title="Today's plan",
        here="plan",
        values={
            "plan": plan,
            "whole": whole,
            "total": len(rows),
            "destructive": sum(row.destructive for row in rows),
            "sheet": sheet,
            "known": {state.person_id for state in store.owners({PersonId(row.why.subject) for row in sheet.rows})},
            "chosen": chosen,
            "kinds": [(kind, kinds[kind]) for kind in Kind if kind in kinds],
            "units": sorted({unit for row in rows for unit in row.units}),
            "cost": cost(plan.estimate),
            "done": asked.query.get("done", ""),
            "work": asked.works.under_way if asked.viewer.may(Right.SEE_RUNS) else None,
            "interrupted": _interrupted(asked) if asked.viewer.may(Right.CARRY_OUT) else None,
            **(_guard(asked, plan) if whole else {}),
        },
    )


def _interrupted(asked: Asked) -> RunRecord | None:
    """The last run, where it began and nobody goes on with it."""
    last = next(iter(asked.site.ports.store.latest_runs(1)), None)
    if last is None or last.result != RUNNING or asked.works.under_way is not None:
        return None
    held = asked.site.ports.store.lock_held()
    return last if held is None or held.owner is LockOwner.DEAD else None


def plan_again(asked: Asked) -> Answer:
    asked.shelf.plan(asked.site.ports, asked.at, anew=True)
    return Redirect(to="/?done=planned")


def approve(asked: Asked) -> Answer:
    """One row for exactly this plan (D28); the guard counts the people."""
    plan, reason = _as_read(asked), asked.reason()
    store = asked.site.ports.store
    people = approvers_of(store.approvals(plan.digest))
    if asked.viewer.username in people:
        enough = len(people) >= asked.site.ports.guard.approvers
        rest = (
            "It can be carried out: the plan's page offers it." if enough else "Another person must approve it as well."
        )
        raise Refused("You have approved this plan already.", next_step=rest)
    store.approve(Approval(digest=plan.digest, actor=asked.viewer.username, at=asked.at, reason=reason))
    return Redirect(to="/?done=approved")


def carry_out(asked: Asked) -> Answer:
    """Exactly the plan that was read, as ``nexusops apply`` does it; what that raises at once is raised here."""
    plan, reason = _as_read(asked), asked.reason()
    actor = asked.viewer.username

    def act(ports: Ports) -> Outcome:
        return apply_plan(ports, plan, at=asked.at, actor=actor, reason=f"{reason} (console)")

    return _begun(asked, "apply", act)


def finish(asked: Asked) -> Answer:
    """What an interrupted run left, as ``nexusops resume`` does it."""
    actor = asked.viewer.username
    return _begun(asked, "resume", lambda ports: resume(ports, at=asked.at, actor=actor, reason="console"))


def _begun(asked: Asked, command: str, act: Act) -> Answer:
    """In the background; where it ends while the browser waits, the run's page comes at once."""
    works = asked.works
    work = Work(command=command, actor=asked.viewer.username, at=asked.at)
    outcome = works.begin(asked.site.configuration.folder, work, act).result(works.patience)
    return Redirect(to="/carrying-out") if outcome is None else Redirect(to=_end_of(outcome))


def carrying_out_page(asked: Asked) -> Answer:
    """How far it has come; looked at again by itself until its end, unless somebody would rather not."""
    work, still = asked.works.last, bool(asked.query.get("still"))
    under_way = asked.works.under_way is not None
    if work is not None and not under_way and work.trouble is None and work.outcome is not None:
        return Redirect(to=_end_of(work.outcome))
    trouble = refusal_page(work.trouble) if work is not None and work.trouble is not None else None
    return Page(
        template="carrying_out",
        title="Carrying out" if under_way else "Nothing is being carried out",
        here="plan",
        values={"work": work, "under_way": under_way, "still": still, "trouble": trouble},
        again=AGAIN if under_way and not still else 0,
    )


def _end_of(outcome: Outcome) -> str:
    run_id = outcome.run_id or outcome.resumed
    return f"/runs/{run_id}?done=carried-out" if run_id else "/"


def _as_read(asked: Asked) -> Plan:
    """The plan made anew; raises StalePlan where it is not the one that was read."""
    plan = asked.shelf.plan(asked.site.ports, asked.at, anew=True)
    if plan.digest != asked.form.get("digest"):
        raise StalePlan(
            "The plan has changed since you read it. Nothing was done.",
            next_step="Read the plan as it is now, and decide again.",
        )
    return plan


def _rows(asked: Asked, plan: Plan) -> list[Row]:
    """Every change that this viewer may see, destructive kinds first."""
    ports = asked.site.ports
    if not asked.viewer.everywhere(Right.SEE_PLAN):
        plan = without_addresses_outside(plan, ports.site)
    people = sorted({PersonId(one.change.why.subject) for one in plan.changes})
    units = units_of_planned(ports, plan, people)
    names = names_of(ports.store.owners(people), plan)
    rows = (row for group in groups_of(plan, units, names) for row in group.rows)
    return [row for row in rows if asked.viewer.may_in(Right.SEE_PLAN, row.units)]


def _sheet(rows: Sequence[Row], asked: Asked) -> Sheet:
    given = {name: value for name, value in asked.query.items() if name not in ("done", "from")}
    first = min(asked.start(), max(len(rows) - 1, 0)) // A_PAGE * A_PAGE

    def at(start: int) -> str:
        return "?" + urlencode({**given, "from": start})

    return Sheet(
        rows=rows[first : first + A_PAGE],
        first=first,
        total=len(rows),
        earlier=at(first - A_PAGE) if first else None,
        later=at(first + A_PAGE) if first + A_PAGE < len(rows) else None,
    )


def _guard(asked: Asked, plan: Plan) -> dict[str, object]:
    ports = asked.site.ports
    approvals = ports.store.approvals(plan.digest)
    people = approvers_of(approvals)
    needed = max(1, ports.guard.approvers) if plan.guard.tripped else 0
    units = units_of_planned(ports, plan, {PersonId(one.change.why.subject) for one in plan.changes})
    return {
        "tripped": [(name, affected(plan, name, units)) for name in plan.guard.tripped],
        "approvals": approvals,
        "needed": needed,
        "missing": max(0, needed - len(people)),
        "approved_by_me": asked.viewer.username in people,
        "may_approve": asked.viewer.may(Right.APPROVE),
        "may_carry_out": asked.viewer.may(Right.CARRY_OUT),
    }
