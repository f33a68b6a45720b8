"""A unit as its local IT staff see it: addresses in its domain, what winds down, its own mailboxes (rules.md 4b)."""

from __future__ import annotations

import difflib

from nexusops.model.ids import UnitId
from nexusops.model.units import Unit
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.report.unit import Held, UnitShown


def units_like(ports: Ports, wanted: str) -> list[Unit]:
    """Units of that domain, or with that in their name; else those of nearly that unit_id."""
    units = accepted_tables(ports, only=()).slice((), {}).units
    small = wanted.lower()
    found = [unit for unit in units.values() if unit.domain == small or small in unit.name.lower()]
    return found or [units[UnitId(near)] for near in difflib.get_close_matches(wanted.upper(), units)]


def unit_named(ports: Ports, wanted: str) -> Unit | None:
    """The unit of this unit_id or mail domain; None, too, where no snapshot was accepted yet."""
    if ports.store.accepted() is None:
        return None
    units = accepted_tables(ports, only=()).slice((), {}).units.values()
    return next((unit for unit in units if wanted in (unit.unit_id, unit.unit_id.lower(), unit.domain)), None)


def unit_of(ports: Ports, unit_id: str) -> UnitShown | None:
    """None: the last accepted snapshot has no such unit. Raises Refused where there is no snapshot."""
    snapshot = accepted_tables(ports, only=()).slice((), ports.services)
    unit = snapshot.units.get(UnitId(unit_id))
    if unit is None:
        return None
    rows = list(ports.store.addresses_of_unit(unit.unit_id, unit.domain))
    boxes = tuple(ports.store.boxes_of_units({unit.unit_id}))
    people = {row.person_id for row in rows if row.person_id} | {box.owner_person_id for box in boxes}
    states = ports.store.owners({one for one in people if one})
    owners = {state.person_id: state.username for state in states}
    seen = ports.store.ledger((), ()).domains.get(unit.domain) if unit.domain else None
    domain = snapshot.domains.get(unit.domain) if unit.domain else None
    return UnitShown(
        unit=unit,
        domain=domain,
        domain_state=seen.state if seen is not None else domain.state.value if domain is not None else None,
        addresses=tuple(Held(row=row, owner=owners.get(row.person_id) if row.person_id else None) for row in rows),
        boxes=boxes,
        owners={person_id: username or person_id for person_id, username in owners.items()},
        staff=tuple(sorted(staff.staff_id for staff in snapshot.staff if staff.unit_id == unit.unit_id)),
    )
