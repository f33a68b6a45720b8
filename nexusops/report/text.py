"""A plan as text, so that a person can check 500 changes in two minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nexusops.codec import instant
from nexusops.model.findings import Finding, Severity
from nexusops.model.plan import Plan
from nexusops.plan.guard import DESTRUCTIVE, FIRST_OF_ALL, NO_HISTORY, TAKEN_OVER
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, pieces
from nexusops.report.view import (
    NOBODY,
    NOWHERE,
    Cluster,
    Group,
    Names,
    Units,
    affected,
    cost,
    counted,
    findings_of,
    groups_of,
    number_of,
    some,
)

TONES = {Severity.ALERT: Tone.DANGER, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.QUIET}


def plan_text(plan: Plan, *, units: Units = NOWHERE, names: Names = NOBODY, look: Look = PLAIN) -> str:
    """The whole plan. ``units`` and ``names`` are of people, by person_id; without them ids stand alone."""
    return "".join(plan_pieces(plan, units=units, names=names, look=look))


def plan_pieces(plan: Plan, *, units: Units, names: Names, look: Look) -> Iterator[str]:
    """The same piece by piece, as it is printed."""
    return pieces(_blocks(plan, units, names), look)


def _blocks(plan: Plan, units: Units, names: Names) -> Iterator[Block]:
    yield from _head(plan)
    yield from guard_blocks(plan, units)
    for group in groups_of(plan, units, names):
        yield from _group(group)
    yield from findings_blocks(plan.findings)
    yield Line()
    yield from _foot(plan)


def next_step(plan: Plan) -> str:
    """What to do after reading the plan."""
    if TAKEN_OVER in plan.guard.tripped:
        return FIRST_OF_ALL
    if plan.guard.tripped:
        return "Read the changes that the guard counts. If they are right, use one of the options above."
    if not plan.changes:
        found = {finding.severity for finding in plan.findings}
        if Severity.ALERT in found:
            return "Look at the alerts among the findings."
        waits = "What the findings name waits for somebody; a run has nothing to do."
        return waits if Severity.WARNING in found else "Nothing has to be done."
    if _undoes(plan):
        return "the same command with --apply carries it out."
    return "`nexusops plan --out FILE` saves the plan, `nexusops apply FILE` carries out exactly that."


def _undoes(plan: Plan) -> bool:
    """Whether it is the inverse of a run, which `nexusops undo` shows."""
    return bool(plan.changes) and plan.changes[0].change.why.rule == "undo"


def guard_blocks(plan: Plan, units: Units) -> Iterator[Block]:
    """Which limits stop the plan, whom it touches most, and how to lift them; or that the guard passes."""
    guard = plan.guard
    yield Line()
    for name in guard.accepted:
        lifted = f"{name}: {guard.counts.get(name, 0)} planned, limit {guard.limits.get(name, 0)}; lifted for this run"
        yield Line(text=f"Guard: {lifted}", tone=Tone.WARNING)
    if not guard.tripped:
        most = guard.limits.get(DESTRUCTIVE)
        of = f" (at most {most})" if most is not None else ""
        yield Line(text=f"Guard: passes. {DESTRUCTIVE} {guard.counts.get(DESTRUCTIVE, 0)}{of}", tone=Tone.GOOD)
        return
    yield Line(text="GUARD: this plan is stopped before the first write, notices included.", tone=Tone.DANGER)
    for name in guard.tripped:
        count, limit = guard.counts.get(name, 0), guard.limits.get(name, 0)
        yield Line(text=f"{name}: {count} planned, limit {limit}, {count - limit} too many", indent=2, tone=Tone.DANGER)
        if name == TAKEN_OVER:
            yield Line(text=f"{NO_HISTORY.format(count)}.", indent=4)
        worst = ", ".join(f"{unit} {number}" for unit, number in affected(plan, name, units))
        if worst:
            yield Line(text=f"most affected units: {worst}", indent=4)
    command = "`nexusops undo RUN --apply`" if _undoes(plan) else "`nexusops apply FILE` or to `nexusops run`"
    yield Line(text=f"To carry it out all the same, add to {command}:", indent=2)
    approve = f"--approve {plan.digest}"
    if guard.approvers > 1:
        yield Table(rows=[(f"{guard.approvers} people, each with --actor:", approve)], indent=4)
    else:
        yield Table(rows=[("exactly these numbers:", guard.lifts), ("or exactly this plan:", approve)], indent=4)


def findings_blocks(findings: Iterable[Finding]) -> Iterator[Block]:
    """Findings by code: how many, the first few subjects, and what the first one says."""
    groups = findings_of(findings)
    if not groups:
        return
    total = sum(len(group.findings) for group in groups)
    yield Line()
    yield Line(text=f"Findings: {total}", tone=Tone.TITLE)
    for group in groups:
        first = group.findings[0]
        subjects = some([finding.subject for finding in group.findings])
        tone = TONES[group.severity]
        yield Table(rows=[(group.code, group.severity.value, f"{len(group.findings)}", subjects)], tone=tone)
        also = "" if len(group.findings) == 1 else f"{first.subject}: "
        yield Line(text=f"{also}{first.message}", indent=4, tone=Tone.QUIET)


def _head(plan: Plan) -> Iterator[Block]:
    yield Line(text=f"Plan for {plan.site} on {plan.today}: {number_of(len(plan.changes), 'change')}", tone=Tone.TITLE)
    yield Table(
        rows=[
            ("at", instant(plan.at)),
            ("snapshot", f"{instant(plan.snapshot_as_of)}  {plan.snapshot_sha256[:12]}"),
            ("ledger", f"serial {plan.ledger_serial}"),
            ("digest", plan.digest),
            *([("counts", counted(plan.counts))] if plan.changes else []),
        ],
        tone=Tone.QUIET,
    )


def _group(group: Group) -> Iterator[Block]:
    yield Line()
    marked = "! " if group.destructive else ""
    tone = Tone.DANGER if group.destructive else Tone.TITLE
    yield Line(text=f"{marked}{group.kind}: {group.size}{' (destructive)' if group.destructive else ''}", tone=tone)
    for cluster in group.clusters:
        if cluster.shared is not None:
            yield Line(text=f"{cluster.shared}  ({len(cluster.rows)} times)", indent=2)
        yield _listed(cluster, tone)


def _listed(cluster: Cluster, tone: Tone) -> Table:
    """One line a change: mark and kind, target, what becomes of it, whom it concerns, its own reason."""
    first = cluster.rows[0]
    head = f"{'!' if first.destructive else ' '} {first.kind}"
    rows = [
        (
            head,
            row.target,
            row.effect,
            row.who + (f" ({' '.join(row.units)})" if row.units else ""),
            *(() if cluster.shared is not None else (row.reason,)),
        )
        for row in cluster.rows
    ]
    return Table(rows=rows, tone=tone if first.destructive else Tone.QUIET, indent=2)


def _foot(plan: Plan) -> Iterator[Block]:
    if not plan.changes:
        yield Line(text="No changes.", tone=Tone.GOOD)
    else:
        yield Line(text=f"Estimate: {cost(plan.estimate)}")
    yield Line(text=f"Next: {next_step(plan)}", tone=Tone.TITLE)
