"""A plan as Markdown (GitHub's tables), for a ticket or a merge request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from nexusops.codec import instant
from nexusops.model.plan import Plan
from nexusops.report.blocks import visible
from nexusops.report.text import next_step
from nexusops.report.view import (
    NOBODY,
    NOWHERE,
    Group,
    Names,
    Units,
    affected,
    cost,
    findings_of,
    groups_of,
    number_of,
    some,
)

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@]|:(?=//))")


def plan_markdown(plan: Plan, *, units: Units = NOWHERE, names: Names = NOBODY) -> str:
    """Head, guard, one table a kind (destructive kinds first), findings, estimate."""
    lines = [*_head(plan), *_guard(plan, units)]
    for group in groups_of(plan, units, names):
        lines += _group(group)
    lines += _findings(plan)
    if not plan.changes:
        lines += ["No changes.", ""]
    lines += [f"Estimate: {cost(plan.estimate)}", "", f"**Next:** {next_step(plan)}"]
    return "\n".join(lines) + "\n"


def literal(text: str) -> str:
    """Text in which no character is markup, on one line; an address does not become a link."""
    return _MARKS.sub(r"\\\1", visible(text))


def _head(plan: Plan) -> Iterator[str]:
    yield f"# Plan for {literal(plan.site)} on {plan.today}: {number_of(len(plan.changes), 'change')}"
    yield ""
    yield from _table(
        ("", ""),
        [
            ("At", instant(plan.at)),
            ("Snapshot", f"{instant(plan.snapshot_as_of)}, `{plan.snapshot_sha256[:12]}`"),
            ("Ledger serial", f"{plan.ledger_serial}"),
            ("Digest", f"`{plan.digest}`"),
        ],
    )


def _guard(plan: Plan, units: Units) -> Iterator[str]:
    guard = plan.guard
    if not guard.tripped:
        limits = ", ".join(
            f"{name} {guard.counts.get(name, 0)} of at most {most}" for name, most in guard.limits.items()
        )
        yield f"Guard: passes{' (' + limits + ')' if limits else ''}."
        yield ""
        return
    yield "**The guard stops this plan before the first write.**"
    yield ""
    for name in guard.tripped:
        count, limit = guard.counts.get(name, 0), guard.limits.get(name, 0)
        worst = ", ".join(f"{unit} {number}" for unit, number in affected(plan, name, units))
        most = f"; most affected: {worst}" if worst else ""
        lift = f". Lift it with `--accept {name}={count}`" if guard.approvers <= 1 else ""
        yield f"- {name}: {count} planned, limit {limit}{most}{lift}"
    if guard.approvers > 1:
        yield f"- {guard.approvers} people lift all limits, each with `--approve {plan.digest} --actor NAME`"
    else:
        yield f"- or lift all limits for exactly this plan with `--approve {plan.digest}`"
    yield ""


def _group(group: Group) -> Iterator[str]:
    """A table, with a column of units where any is known."""
    placed = any(row.units for row in group.rows)
    mark = "\u26a0 " if group.destructive else ""
    yield f"## {mark}{group.kind}: {group.size}{' (destructive)' if group.destructive else ''}"
    yield ""
    head = ("Target", "What becomes of it", "Subject", *(("Units",) if placed else ()), "Because")
    cells = (
        (row.target, row.effect, row.who, *((" ".join(row.units),) if placed else ()), row.reason) for row in group.rows
    )
    yield from _table(head, (tuple(map(literal, row)) for row in cells))


def _findings(plan: Plan) -> Iterator[str]:
    groups = findings_of(plan.findings)
    if not groups:
        return
    yield f"## Findings: {len(plan.findings)}"
    yield ""
    rows = (
        (
            literal(group.code),
            group.severity.value,
            f"{len(group.findings)}",
            literal(some([finding.subject for finding in group.findings])),
            literal(group.findings[0].message),
        )
        for group in groups
    )
    yield from _table(("Code", "Severity", "Number", "Subjects", "The first one says"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
