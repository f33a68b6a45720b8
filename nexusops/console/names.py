"""What people are called, and which units they belong to, for lists and for what unit IT may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from nexusops.model.changes import CreateMailbox
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.ledger import PersonState
from nexusops.model.plan import Plan
from nexusops.model.snapshot import PersonRecord
from nexusops.pipeline import Ports
from nexusops.pipeline.nearby import name_of


def names_of(states: Iterable[PersonState], plan: Plan | None = None) -> dict[str, str]:
    """Names by person_id; of people who are new in a plan, as the plan gives them."""
    new = (one.change for one in plan.changes) if plan is not None else ()
    names = {change.why.subject: change.display_name for change in new if isinstance(change, CreateMailbox)}
    return names | {state.person_id: name_of(state) for state in states if state.card_names}


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
