"""Who is affected: an hour costs what changed, not what exists (architecture.md, Driven by diffs)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date

from nexusops.model.findings import boxes_in, people_in
from nexusops.model.ids import Address, Domain, PersonId, domain_of
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.services import ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.inputs import Deciding
from nexusops.pipeline.periods import named_like
from nexusops.plan.boxes.roles import roles_of, words_of_roles
from nexusops.plan.domains import ending_domains
from nexusops.ports import SnapshotTables
from nexusops.rules.routing import MAILBOX


@dataclass(frozen=True, slots=True)
class Affected:
    """The people and boxes to be judged. ``everyone``: all there are, then both sets are complete."""

    people: frozenset[PersonId]
    boxes: frozenset[str]
    everyone: bool


def affected(ports: Deciding, tables: SnapshotTables, today: date, *, full: bool) -> Affected:
    """People whose rows changed, whose timers are due, or whose work is unfinished; everybody after a change of
    policy.
    """
    store = ports.store
    last = store.accepted()
    policy_hash, services_hash = store.hashes()
    if full or last is None or policy_hash != ports.policy_hash:
        return Affected(
            people=tables.people() | store.known_people(),
            boxes=_all_boxes(ports, tables),
            everyone=True,
        )
    due = store.due(today)
    people, boxes = people_in(due), boxes_in(due)
    if (last.sha256, last.as_of) != (tables.record.sha256, tables.record.as_of):
        # The same tables an hour later may still let a row take effect that had waited (R60).
        previous = ports.registration.unpack(store.tables(last.sha256))
        people |= tables.changed(previous)
        changed_domains = tables.changed_domains(previous)
        people |= store.people_of_domains(changed_domains)
        if changed_domains:  # of a unit that has gone, too
            boxes |= _services_of(changed_domains, tables, ports) | _services_of(changed_domains, previous, ports)
        people |= store.people_of_addresses(tables.changed_addresses(previous))
        staff = tables.changed_staff(previous) if ports.services else frozenset()
        boxes |= {name for name, request in ports.services.items() if request.requester in staff}
        changed_boxes = tables.changed_boxes(previous)
        boxes |= changed_boxes
        people |= _called_so(changed_boxes, (tables, previous), ports)
        people |= _inward(tables)
    if services_hash != ports.services_hash:
        boxes |= {*ports.services, *ports.faulty_services}
        boxes |= store.known_boxes() - _registered(tables, ports.services)
        people |= _called_so(ports.services.keys(), (tables,), ports)
    boxes |= hanging_on(people, boxes, tables, ports)
    return Affected(people=frozenset(people), boxes=frozenset(boxes), everyone=False)


def _called_so(roles: Collection[str], tables: Iterable[SnapshotTables], ports: Deciding) -> frozenset[PersonId]:
    """People whose name is that of one of these roles, now or before, if it is run together (R23)."""
    smalls = [one.slice((), ports.services) for one in tables] if roles else []
    named = (role for small in smalls for role in roles_of(small) if role[1] in roles)
    words = words_of_roles(named).keys()
    return ports.store.people_run_together(words) if words else frozenset()


def _inward(tables: SnapshotTables) -> set[PersonId]:
    """People whose outside route leads back to us: whether in a circle depends on others too (D35). They are few."""
    small = tables.slice((), {})
    return {
        route.person_id
        for route in small.external_routes.values()
        if route.person_id is not None
        and route.destination is not None
        and (route.destination.startswith(MAILBOX) or domain_of(Address(route.destination)) in small.domains)
    }


def _all_boxes(ports: Deciding, tables: SnapshotTables) -> frozenset[str]:
    registered = _registered(tables, ports.services)
    return frozenset({*registered, *ports.services, *ports.faulty_services, *ports.store.known_boxes()})


def _registered(tables: SnapshotTables, services: Mapping[str, ServiceRequest]) -> set[str]:
    small = tables.slice((), services)
    return {*small.nonpersonal_mailboxes, *small.nonpersonal_addresses, *small.frozen_boxes}


def _services_of(domains: Collection[Domain], tables: SnapshotTables, ports: Deciding) -> set[str]:
    """Requests whose service domain, or address, hangs on one of these, or would (2.4)."""
    if not domains or not ports.services:
        return set()
    units = tables.slice((), {}).units
    names = {name: units.get(request.unit_id) for name, request in ports.services.items()}
    wanting = {name for name, unit in names.items() if unit is not None and unit.domain in domains}
    return wanting | ports.store.services_in(domains)


def hanging_on(people: Set[PersonId], boxes: Set[str], tables: SnapshotTables, ports: Deciding) -> set[str]:
    """Boxes whose owner is affected (D31) or whose domain winds down, and the addresses that go with them."""
    small = tables.slice((), ports.services)
    ending = ending_domains(small)
    found = _of_owners(people, small, ports) | _of_domains(ending, small, tables, ports)
    if ports.boxes is not None:
        found, ending = found & ports.boxes, frozenset()
    found |= _attached(boxes | found, ending, small)
    named = {Address(name) for name in boxes | found if "@" in name}
    held = (row for row in named_like(ports.store, named) if row.address in named)
    keys = {row.mailbox_key for row in held if row.live and row.mailbox_key is not None}
    owners = {box.name for box in ports.store.reached(frozenset(), keys) if box.kind is not MailboxKind.PERSONAL}
    found |= {name for name in owners if name is not None}  # of an address that is a mailbox's own (3.10)
    found |= _attached(boxes | found, ending, small)
    return found | _standing_on({name for name in boxes | found if "@" not in name}, small, ports)


def _of_owners(people: Set[PersonId], small: Snapshot, ports: Deciding) -> set[str]:
    """What these people own, by registration or in the ledger, and the requests that are theirs (D31)."""
    found = {row.mailbox_id for row in small.nonpersonal_mailboxes.values() if row.owner_person_id in people}
    staff = {row.staff_id for row in small.staff if row.person_id in people}
    found |= {
        name
        for name, request in ports.services.items()
        if request.owner_person_id in people or request.requester in staff
    }
    return found | ports.store.boxes_owned_by(people)


def _of_domains(ending: Set[Domain], small: Snapshot, tables: SnapshotTables, ports: Deciding) -> set[str]:
    """Boxes and addresses that end with these domains."""
    boxes = small.nonpersonal_mailboxes.values()
    found = {row.mailbox_id for row in boxes if row.address is not None and domain_of(row.address) in ending}
    found |= {str(address) for address in small.nonpersonal_addresses if domain_of(address) in ending}
    return found | _services_of(ending, tables, ports)


def _standing_on(boxes: Set[str], small: Snapshot, ports: Deciding) -> set[str]:
    """Addresses that stand on these boxes and have no row any more, as an undo may keep them: they end with the box."""
    if not boxes:
        return set()
    ledger = ports.store.ledger((), boxes)
    rows = {str(row.address) for row in ledger.allocations.values() if row.live}
    return rows - {box.sender for box in ledger.mailboxes.values()} - small.nonpersonal_addresses.keys()


def _attached(boxes: Set[str], ending: Set[Domain], small: Snapshot) -> set[str]:
    """Addresses that go with these boxes, or with these in a foreign domain, of which there may be few (D36); and the
    boxes that addresses are attached to: an address is judged beside its mailbox only.
    """
    abroad = {row.domain for row in small.domains.values() if row.zone == "foreign"}
    found: set[str] = set()
    while True:
        known = boxes | found
        foreign = {domain_of(Address(name)) for name in known if "@" in name} & abroad
        more: set[str] = set()
        for alias in small.nonpersonal_addresses.values():
            if alias.address in known or alias.mailbox_id in known or domain_of(alias.address) in ending | foreign:
                more |= {alias.address, alias.mailbox_id or alias.address}
        if more <= known:
            return found
        found |= more
