"""A plan arranged for reading: destructive kinds first, equal reasons together, findings by code, units by impact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from nexusops.model.changes import Change, Kind, Why, kind_of, target_of
from nexusops.model.findings import Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.plan import Estimate, Plan, Planned
from nexusops.plan.guard import DESTRUCTIVE, DESTRUCTIVE_KINDS
from nexusops.report.sentences import effect

Units = Mapping[PersonId, tuple[UnitId, ...]]
Names = Mapping[str, str]
NOWHERE: Units = MappingProxyType({})
NOBODY: Names = MappingProxyType({})
"""Without them ids stand alone."""
SHARED_BY = 3
"""A reason that this many changes of one kind have in common is printed once, above them."""
_WORST_FIRST = (Kind.DELETE_MAILBOX, Kind.REMOVE_ADDRESS, Kind.DISABLE_MAILBOX, Kind.WIND_DOWN_ADDRESS)
_ORDER = {kind: place for place, kind in enumerate([*_WORST_FIRST, *(k for k in Kind if k not in _WORST_FIRST)])}
_SEVERITIES = {Severity.ALERT: 0, Severity.WARNING: 1, Severity.INFO: 2}


@frozen
class Row:
    """One change as it is listed. ``who`` is the subject, with the name where it is known.

    What its columns say is worked out when one is printed: a plan may have hundreds of thousands.
    """

    planned: Planned
    who: str
    units: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.planned.id

    @property
    def kind(self) -> Kind:
        return kind_of(self.planned.change)

    @property
    def target(self) -> str:
        return target_of(self.planned.change)

    @property
    def effect(self) -> str:
        return effect(self.planned.change)

    @property
    def destructive(self) -> bool:
        return self.kind in DESTRUCTIVE_KINDS

    @property
    def why(self) -> Why:
        return self.planned.change.why

    @property
    def reason(self) -> str:
        return f"{self.why.rule}: {self.why.because}"


@frozen
class Cluster:
    """Changes of one kind. ``shared``: the reason that all of them have, or None where each has its own."""

    shared: str | None
    rows: tuple[Row, ...]


@frozen
class Group:
    """All changes of one kind, those with a common reason first, the largest such cluster at the top."""

    kind: Kind
    clusters: tuple[Cluster, ...]

    @property
    def destructive(self) -> bool:
        return self.kind in DESTRUCTIVE_KINDS

    @property
    def size(self) -> int:
        return sum(len(cluster.rows) for cluster in self.clusters)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for cluster in self.clusters for row in cluster.rows)


@frozen
class FindingGroup:
    code: str
    severity: Severity
    findings: tuple[Finding, ...]


def groups_of(plan: Plan, units: Units, names: Names) -> tuple[Group, ...]:
    """The changes by kind, destructive kinds first."""
    by_kind: dict[Kind, list[Row]] = {}
    known: dict[str, tuple[str, tuple[str, ...]]] = {}
    for planned in plan.changes:
        subject = planned.change.why.subject
        whose = known.get(subject)
        if whose is None:
            who = f"{subject} {names[subject]}" if names.get(subject) else subject
            whose = known[subject] = who, units.get(PersonId(subject), ())
        row = Row(planned=planned, who=whose[0], units=whose[1] or units_of(planned.change, {}))
        by_kind.setdefault(row.kind, []).append(row)
    return tuple(
        Group(kind=kind, clusters=_clusters(by_kind[kind])) for kind in sorted(by_kind, key=_ORDER.__getitem__)
    )


def findings_of(findings: Iterable[Finding]) -> tuple[FindingGroup, ...]:
    """Findings by code: alerts first, then the most frequent."""
    by_code: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in findings:
        by_code.setdefault((finding.severity, finding.code), []).append(finding)
    ordered = sorted(by_code.items(), key=lambda item: (_SEVERITIES[item[0][0]], -len(item[1]), item[0][1]))
    return tuple(
        FindingGroup(code=code, severity=severity, findings=tuple(found)) for (severity, code), found in ordered
    )


def units_of(change: Change, units: Units) -> tuple[str, ...]:
    """The units of the person, else the unit of the mailbox or notice, else the subject itself if it is a unit."""
    subject = change.why.subject
    found = units.get(PersonId(subject))
    if found:
        return found
    own = getattr(change, "unit_id", None)
    if own is not None:
        return (own,)
    is_unit = 2 <= len(subject) <= 8 and subject.isascii() and subject.isupper() and subject.isalnum()
    return (subject,) if is_unit else ()


def affected(plan: Plan, limit: str, units: Units, most: int = 10) -> tuple[tuple[str, int], ...]:
    """The units most affected by what a limit counts (``Destructive`` or a kind); none for a unit's own limit."""
    counted = DESTRUCTIVE_KINDS if limit == DESTRUCTIVE else {limit}
    numbers: Counter[str] = Counter()
    for planned in plan.changes:
        if kind_of(planned.change) in counted:
            numbers.update(units_of(planned.change, units))
    return tuple(sorted(numbers.items(), key=lambda item: (-item[1], item[0]))[:most])


class _Acted(Protocol):
    @property
    def actor(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


def by_whom(one: _Acted) -> str:
    """``by somebody: why``"""
    return f"by {one.actor}" + (f": {one.reason}" if one.reason else "")


def counted(counts: Mapping[str, int]) -> str:
    """``CreateMailbox 1, AddAddress 2``"""
    return ", ".join(f"{name} {number}" for name, number in counts.items())


def some(words: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more there are."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def number_of(number: int, noun: str) -> str:
    """``1 change``, ``2 changes``"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def cost(estimate: Estimate) -> str:
    """``2 Graph writes, 1 Exchange write, 1.1 seconds``"""
    graph, exchange = (
        number_of(estimate.graph_writes, "Graph write"),
        number_of(estimate.exchange_writes, "Exchange write"),
    )
    return f"{graph}, {exchange}, {duration(estimate.seconds)}"


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``1.1 seconds``, ``12 minutes``, ``2 h 5 min``."""
    return f"{seconds:.1f} seconds" if seconds < 90 else _minutes(seconds, "minutes")


def took(seconds: float) -> str:
    """The same in short: ``40 s``, ``12 min``, ``2 h 5 min``."""
    return f"{seconds:.0f} s" if seconds < 90 else _minutes(seconds, "min")


def _minutes(seconds: float, word: str) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} {word}" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _clusters(rows: Sequence[Row]) -> tuple[Cluster, ...]:
    by_reason: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_reason.setdefault((row.why.rule, row.why.because), []).append(row)
    shared = sorted((found for found in by_reason.values() if len(found) >= SHARED_BY), key=lambda found: -len(found))
    clusters = tuple(Cluster(shared=found[0].reason, rows=tuple(found)) for found in shared)
    if len(shared) == len(by_reason):
        return clusters
    single = tuple(row for row in rows if len(by_reason[row.why.rule, row.why.because]) < SHARED_BY)
    return (*clusters, Cluster(shared=None, rows=single))
