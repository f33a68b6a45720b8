"""Which units the people of a plan belong to: what unit IT may see of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from nexusops.model.ids import PersonId, UnitId
from nexusops.model.plan import Plan
from nexusops.model.snapshot import PersonRecord
from nexusops.pipeline import Ports


def units_of_planned(ports: Ports, plan: Plan, people: Collection[PersonId]) -> dict[PersonId, tuple[UnitId, ...]]:
    """The units of a plan's subjects: people's places, or, of those who have none yet, their current affiliations; the
    unit that filed a request.
    """
    found = dict(ports.store.units_of(people))
    new = [person_id for person_id in people if not found.get(person_id)]
    if new:
        tables = ports.registration.unpack(ports.store.tables(plan.snapshot_sha256))
        for person_id, record in tables.slice(new, {}).people.items():
            if units := affiliated(record, plan.today):
                found[person_id] = units
    requests = {PersonId(name): (request.unit_id,) for name, request in ports.services.items()}
    return {**requests, **found}


def affiliated(record: PersonRecord, today: date) -> tuple[UnitId, ...]:
    """The units that somebody is affiliated to today."""
    return tuple(row.unit_id for row in record.affiliations if row.current(today))
