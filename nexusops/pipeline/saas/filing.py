"""What somebody writes into a request, as registration knows it: people know names, files want ids."""

from __future__ import annotations

from typing import Any

from nexusops.errors import UsageError
from nexusops.pipeline.explain.unit import unit_named, units_like
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.nearby import person_named

FEW = 5


def as_registered(ports: Ports, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` by the keys of the file: a unit also by its domain or in small letters, an owner also by username.

    Raises UsageError for a unit that the last accepted snapshot does not have.
    """
    owner = str(values["owner_person_id"]).strip()
    return {
        **values,
        "unit_id": _unit_id(ports, str(values["unit_id"]).strip()),
        "requester": str(values["requester"]).strip().lower(),
        "owner_person_id": person_named(ports.store, owner),
    }


def _unit_id(ports: Ports, wanted: str) -> str:
    unit = unit_named(ports, wanted.lower())
    if unit is not None or ports.store.accepted() is None:
        return unit.unit_id if unit is not None else wanted
    near = ", ".join(f"{one.unit_id} ({one.name})" for one in units_like(ports, wanted)[:FEW])
    raise UsageError(
        f"There is no unit {wanted!r} in the last accepted snapshot.",
        next_step=f"It may be {near}: name it with --unit."
        if near
        else "Name yours by its unit_id with --unit; `nexusops explain USERNAME` says which units somebody is in.",
    )
