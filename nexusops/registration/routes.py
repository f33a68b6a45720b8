"""The tables of routes, and whose mail stays where it is because a row cannot be read or waits (rules.md 3.6; D29,
R60).
"""

from __future__ import annotations

from collections.abc import Mapping

from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, PersonId
from nexusops.model.units import ExternalRoute, Route
from nexusops.registration import layout as tables
from nexusops.registration.fields import is_address, meant
from nexusops.registration.layout import Layout
from nexusops.registration.rows import Reading, Row
from nexusops.registration.shelf import Shelf

STAYS = "mail for it goes where it went before"


@frozen
class RouteRows:
    """What can be read of routing and external_routes; ``held`` and ``unclaimed`` as in Snapshot."""

    routes: Mapping[Address, Route]
    external: Mapping[Address, ExternalRoute]
    held: frozenset[Address]
    unclaimed: Mapping[str, frozenset[str]]


def read_routes(reading: Reading) -> RouteRows:
    """Both tables of routes; what of them cannot be read, or does not count yet, is held (D29, R60)."""
    held: set[Address] = set()
    unclaimed: dict[str, set[str]] = {tables.ROUTING.name: set(), tables.EXTERNAL_ROUTES.name: set()}
    people = _people(reading.shelf)

    def hold(layout: Layout, row: Row) -> None:
        key = row.get("address") or ""
        if is_address(meant(key).lower()):
            held.add(Address(meant(key).lower()))
        if not is_address(key):
            person = row.get("person_id") if layout.person else None
            unclaimed[layout.name].add(person if person in people and person is not None else "")

    routes = {
        built.address: built
        for _, built in reading.sound(tables.ROUTING, _route, lambda row, _: hold(tables.ROUTING, row), STAYS)
    }
    external = {
        built.address: built
        for _, built in reading.sound(
            tables.EXTERNAL_ROUTES, _external, lambda row, _: hold(tables.EXTERNAL_ROUTES, row), STAYS
        )
    }
    held |= {route.address for route in external.values() if route.person_id not in people}
    held |= _waiting(reading.shelf)
    return RouteRows(
        routes=routes,
        external=external,
        held=frozenset(held),
        unclaimed={name: frozenset(found) for name, found in unclaimed.items()},
    )


def _people(shelf: Shelf) -> frozenset[str]:
    """Of those whom external_routes names, the ones that are in persons."""
    rows = shelf.rows(
        f"SELECT DISTINCT person_id FROM {shelf.schema}.external_routes"
        f" WHERE person_id IN (SELECT person_id FROM {shelf.schema}.persons)"
    )
    return frozenset(person for (person,) in rows)


def _waiting(shelf: Shelf) -> set[Address]:
    """R60: addresses of rows that came too late for this hour; what they replaced is in the snapshot no more."""
    own = shelf.schema
    late = (
        f"(SELECT address FROM {own}.raw_{layout.name} EXCEPT SELECT address FROM {own}.{layout.name})"
        for layout in (tables.ROUTING, tables.EXTERNAL_ROUTES)
    )
    return {Address(address) for (address,) in shelf.rows(" UNION ALL ".join(late)) if address is not None}


def _route(row: Row) -> Route:
    return Route(
        address=Address(row.address("address")),
        destination=row.destination("destination"),
        set_by=row.plain("set_by"),
        set_at=row.instant("set_at"),
    )


def _external(row: Row) -> ExternalRoute:
    person = row.plain("person_id") if row.get("person_id") else None
    return ExternalRoute(
        address=Address(row.address("address")),
        destination=row.destination("destination") if row.get("destination") else None,
        person_id=PersonId(person) if person else None,
        set_by=row.plain("set_by"),
        set_at=row.instant("set_at"),
    )
