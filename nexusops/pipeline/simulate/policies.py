"""``plan --policy``: who would be affected by another number or choice, without touching anybody."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from datetime import date, datetime
from itertools import zip_longest

from nexusops.model.changes import kind_of, target_of
from nexusops.model.forecast import Forecast
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.model.whatif import Altered, Comparison, Shift
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.simulate.days import Progress, simulate
from nexusops.ports import SnapshotTables

_Dated = tuple[date, Planned]
_Key = tuple[str, str, str]


def compare_policies(
    ports: Ports,
    other: Policy,
    *,
    at: datetime,
    until: date,
    tables: SnapshotTables | None,
    progress: Progress,
) -> Comparison:
    """Looks ahead under both policies, from the same state and snapshot, and pairs what they would do."""
    tables = tables or accepted_tables(ports)
    now = simulate(ports, at=at, until=until, tables=tables, progress=progress)
    then = simulate(replace(ports, policy=other), at=at, until=until, tables=tables, progress=progress)
    return Comparison(now=now, then=then, altered=_altered(ports.policy, other), shifts=_shifts(now, then))


def _altered(now: Policy, then: Policy) -> tuple[Altered, ...]:
    found = []
    for section in fields(now):
        one, other = getattr(now, section.name), getattr(then, section.name)
        for key in fields(one):
            was, becomes = getattr(one, key.name), getattr(other, key.name)
            if was != becomes:
                found.append(Altered(key=f"{section.name}.{key.name}", now=was, then=becomes))
    return tuple(found)


def _shifts(now: Forecast, then: Forecast) -> tuple[Shift, ...]:
    """The n-th change of a kind to a target under one policy is the n-th of it under the other."""
    before, after = _dated(now), _dated(then)
    found: list[Shift] = []
    for subject, kind, target in sorted({*before, *after}):
        key = (subject, kind, target)
        for one, other in zip_longest(before.get(key, ()), after.get(key, ())):
            if one is None or other is None or one[0] != other[0]:
                why = (other or one)[1].change.why
                found.append(
                    Shift(
                        subject=subject,
                        kind=kind,
                        target=target,
                        now=one[0] if one else None,
                        then=other[0] if other else None,
                        rule=why.rule,
                        because=why.because,
                    )
                )
    return tuple(found)


def _dated(forecast: Forecast) -> dict[_Key, list[_Dated]]:
    found: dict[_Key, list[_Dated]] = defaultdict(list)
    for happening in forecast.happenings:
        for planned in happening.changes:
            change = planned.change
            found[change.why.subject, kind_of(change).value, target_of(change)].append((happening.on, planned))
    return found
