"""A unit as its local IT staff see it: addresses in its domain, what winds down, its own mailboxes (rules.md 4b)."""

from __future__ import annotations

from nexusops.model.ids import UnitId
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.report.unit import Held, UnitShown


def unit_of(ports: Ports, unit_id: str) -> UnitShown | None:
    """None: the last accepted snapshot has no such unit. Raises Refused where there is no snapshot."""
    snapshot = accepted_tables(ports, only=()).slice((), ports.services)
    unit = snapshot.units.get(UnitId(unit_id))
    if unit is None:
        return None
    rows = list(ports.store.addresses_of_unit(unit.unit_id, unit.domain))
    owners = {state.person_id: state for state in ports.store.owners({row.person_id for row in rows if row.person_id})}
    domain = snapshot.domains.get(unit.domain) if unit.domain else None
    return UnitShown(
        unit=unit,
        domain=domain,
        addresses=tuple(
            Held(row=row, owner=(owners[row.person_id].username if row.person_id in owners else None)) for row in rows
        ),
        boxes=tuple(ports.store.boxes_of_units({unit.unit_id})),
        staff=tuple(sorted(staff.staff_id for staff in snapshot.staff if staff.unit_id == unit.unit_id)),
    )
