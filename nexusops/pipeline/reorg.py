"""What a reorganisation will do, and to whom: its day, looked ahead at (R52, R53; rules.md 4d)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime

from nexusops.model.changes import AddAddress, Change, DeleteMailbox, SendNotice, SetSender, WindDownAddress
from nexusops.model.dates import add_months, local_date
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.forecast import Happening
from nexusops.model.ids import Address, PersonId, UnitId, local_of
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.inputs import Deciding, Ports, accepted_tables
from nexusops.pipeline.simulate.days import simulate
from nexusops.plan.arrange import scope_of
from nexusops.plan.guard import check
from nexusops.ports import SnapshotTables
from nexusops.report.reorg import Moved, Reorganised, ReorgPlan
from nexusops.rules.reorganising import unit_map

LATE = 3
"""Months by which late notices may move the end of a wind-down."""


def reorgs(ports: Deciding, at: datetime, tables: SnapshotTables | None = None) -> list[Reorganised]:
    """Those of the snapshot (None: the last accepted one), in the order of their days."""
    snapshot = (tables or accepted_tables(ports, only=())).slice((), {})
    today = local_date(at, ports.policy.time.zone)
    refused = unit_map(snapshot, ports.policy, today).findings
    names = dict.fromkeys(row.reorg_id for row in sorted(snapshot.reorgs, key=lambda row: row.effective_on))
    return [_reorganised(name, snapshot, today, [f.message for f in refused if f.subject == name]) for name in names]


def _reorganised(name: str, snapshot: Snapshot, today: date, refused: Iterable[str]) -> Reorganised:
    rows = tuple(row for row in snapshot.reorgs if row.reorg_id == name)
    sources = dict.fromkeys(row.source_unit for row in rows)
    return Reorganised(
        reorg_id=name,
        rows=rows,
        units=tuple(snapshot.units[source] for source in sources if source in snapshot.units),
        begun=min(row.effective_on for row in rows) <= today,
        refused=tuple(dict.fromkeys(refused)),
    )


def plan_reorg(ports: Ports, one: Reorganised, at: datetime, tables: SnapshotTables | None) -> ReorgPlan:
    """Its members and the mailboxes of its units, through the line, until the last of their old addresses has ended,
    with those of whatever else becomes part of the same units by then; but for these nobody new comes.
    """
    units = {unit.unit_id for unit in one.units}
    people = ports.store.people_of_units(units)
    mine = _scopes(ports, units)
    if one.begun or not mine:
        return ReorgPlan(
            reorganised=one, members=len(people), moved=(), notices=0, told_on=None, ending=(), guards=(), findings=()
        )
    tables = tables or accepted_tables(ports)
    scopes = _scopes(ports, units | _with_it(one, tables))
    until = add_months(one.on, max(row.months for row in one.rows) + LATE)
    forecast = simulate(ports, at=at, until=until, tables=tables, only=scopes, forced=scopes)
    happenings = [happening for happening in forecast.happenings if happening.on >= one.on]
    day = next((happening for happening in happenings if happening.on == one.on), None)
    states = {state.person_id: state for state in ports.store.owners(people)}
    moved = _moved(day, mine, states) if day is not None else ()
    if one.refused and not moved:
        happenings = []  # what else happens in that time is not of its doing (R53)
    told = list(_told(happenings, {address for each in moved for address in each.loses}))
    found = day.findings if day is not None else ()
    return ReorgPlan(
        reorganised=one,
        members=len(people),
        moved=moved,
        notices=len(told),
        told_on=min(told, default=None),
        ending=tuple(_ending(happenings, mine)),
        guards=tuple(guard for happening in happenings for guard in _guards(ports, happening, states)),
        findings=tuple(f"{f.code} {f.subject}: {f.message}" for f in found if f.scope in mine),
    )


def _scopes(ports: Ports, units: Collection[UnitId]) -> frozenset[str]:
    """The people who hold a place in these units, and the units' own mailboxes."""
    boxes = (box_scope(box.name) for box in ports.store.boxes_of_units(units) if box.name)
    return frozenset([*map(person_scope, ports.store.people_of_units(units)), *boxes])


def _with_it(one: Reorganised, tables: SnapshotTables) -> set[UnitId]:
    """Units that become part of the same ones by that day: their members may want the same names."""
    targets = {row.target_unit for row in one.rows}
    rows = tables.slice((), {}).reorgs
    return {row.source_unit for row in rows if row.target_unit in targets and row.effective_on <= one.on}


def _told(happenings: Iterable[Happening], losing: set[Address]) -> Iterator[date]:
    """The days of the notices about these addresses."""
    for happening in happenings:
        for planned in happening.changes:
            if isinstance(planned.change, SendNotice) and not losing.isdisjoint(planned.change.addresses):
                yield happening.on


def _ending(happenings: Iterable[Happening], mine: Collection[str]) -> Iterator[tuple[str, date]]:
    for happening in happenings:
        for planned in happening.changes:
            change = planned.change
            if not isinstance(change, DeleteMailbox) or change.mailbox.kind is MailboxKind.PERSONAL:
                continue
            if scope_of(change) in mine:
                yield change.mailbox.name, happening.on


def _guards(
    ports: Ports, happening: Happening, states: Mapping[PersonId, PersonState]
) -> Iterator[tuple[date, str, int]]:
    """Against the mailboxes that there are; the look ahead counts those that it looks at."""
    units = {str(person_id): state.served for person_id, state in states.items()}
    report = check(happening.changes, ports.guard, ports.store.live_mailboxes(), units, {})
    return ((happening.on, name, report.counts[name]) for name in report.tripped)


def _moved(day: Happening, mine: Collection[str], states: Mapping[PersonId, PersonState]) -> tuple[Moved, ...]:
    by_scope: dict[str, list[Change]] = {}
    for planned in day.changes:
        if (scope := scope_of(planned.change)) in mine:
            by_scope.setdefault(scope, []).append(planned.change)
    found = []
    for scope, changes in by_scope.items():
        subject = scope.partition(":")[2]
        state = states.get(PersonId(subject))
        gets = tuple(change.address for change in changes if isinstance(change, AddAddress))
        loses = [change for change in changes if isinstance(change, WindDownAddress)]
        base = state.base if state is not None else None
        if not (gets or loses):
            continue
        found.append(
            Moved(
                person_id=state.person_id if state is not None else None,
                name=(state.username or subject) if state is not None else subject,
                gets=gets,
                taken=tuple(address for address in gets if base is not None and local_of(address) != base),
                loses=tuple(change.address for change in loses),
                ends_on=max((change.delete_on for change in loses), default=None),
                sends_as=next((change.becomes for change in changes if isinstance(change, SetSender)), None),
            )
        )
    return tuple(sorted(found, key=lambda one: one.name))
