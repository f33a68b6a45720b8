"""Which units people belong to: what unit IT may see of a plan, of findings, of a search."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from nexusops.model.ids import PersonId, UnitId
from nexusops.model.plan import Plan
from nexusops.model.snapshot import PersonRecord
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.ports import SnapshotTables


def units_of_planned(ports: Ports, plan: Plan, people: Collection[PersonId]) -> dict[PersonId, tuple[UnitId, ...]]:
    """The units of a plan's subjects: people's places, or, of those who have none yet, their current affiliations; the
    unit that filed a request.
    """
    found = _units(
        ports, people, plan.today, lambda _: ports.registration.unpack(ports.store.tables(plan.snapshot_sha256))
    )
    requests = {PersonId(name): (request.unit_id,) for name, request in ports.services.items()}
    return {**requests, **found}


def units_of_people(ports: Ports, people: Collection[PersonId], today: date) -> dict[PersonId, tuple[UnitId, ...]]:
    """People's places, or, of those who have none (the frozen, those who wait for a username), their affiliations of
    today in the last accepted snapshot.
    """
    return _units(ports, people, today, lambda new: accepted_tables(ports, only=new))


def _units(
    ports: Ports,
    people: Collection[PersonId],
    today: date,
    tables_of: Callable[[Collection[PersonId]], SnapshotTables],
) -> dict[PersonId, tuple[UnitId, ...]]:
    found = dict(ports.store.units_of(people))
    new = [person_id for person_id in people if not found.get(person_id)]
    if new:
        for person_id, record in tables_of(new).slice(new, {}).people.items():
            if units := affiliated(record, today):
                found[person_id] = units
    return found


def affiliated(record: PersonRecord, today: date) -> tuple[UnitId, ...]:
    """The units that somebody is affiliated to today."""
    return tuple(row.unit_id for row in record.affiliations if row.current(today))
