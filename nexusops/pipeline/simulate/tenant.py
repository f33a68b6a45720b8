"""The tenant as the ledger says it is, and a snapshot whose people are read once: what looking ahead goes by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from nexusops.model.addresses import Allocation
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.services import ServiceRequest
from nexusops.model.site import Site
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.model.tenant import Actual, ActualMailbox, Wanted
from nexusops.ports import Memory, SnapshotTables

_ABSENT = frozenset({MailboxState.PENDING, MailboxState.PURGED})


class Remembered:
    """A snapshot whose people are read once, however often they are asked about."""

    def __init__(self, tables: SnapshotTables) -> None:
        self._tables = tables
        self._people: dict[PersonId, PersonRecord] = {}
        self._asked: set[PersonId] = set()
        self.record = tables.record

    def slice(self, people: Collection[PersonId] | None, services: Mapping[str, ServiceRequest]) -> Snapshot:
        if people is None:
            return self._tables.slice(None, services)
        unknown = set(people) - self._asked
        small = self._tables.slice(unknown, services)
        self._people |= small.people
        self._asked |= unknown
        found = {person: self._people[person] for person in sorted(people) if person in self._people}
        return replace(small, people=found)

    def remember(self, record: PersonRecord) -> None:
        """A person's rows as they might be, in place of what the snapshot says."""
        self._people[record.person_id] = record
        self._asked.add(record.person_id)

    def people(self) -> frozenset[PersonId]:
        return self._tables.people()

    def changed(self, previous: SnapshotTables) -> frozenset[PersonId]:
        return self._tables.changed(previous)

    def changed_boxes(self, previous: SnapshotTables) -> frozenset[str]:
        return self._tables.changed_boxes(previous)

    def changed_domains(self, previous: SnapshotTables) -> frozenset[Domain]:
        return self._tables.changed_domains(previous)

    def changed_staff(self, previous: SnapshotTables) -> frozenset[str]:
        return self._tables.changed_staff(previous)

    def changed_addresses(self, previous: SnapshotTables) -> frozenset[Address]:
        return self._tables.changed_addresses(previous)

    def pack(self) -> Mapping[str, bytes]:
        return self._tables.pack()


class ImaginedTenant:
    """The tenant, if it is exactly as the ledger says: nothing is asked of the real one."""

    def __init__(self, memory: Memory, site: Site) -> None:
        self._memory = memory
        self._site = site

    def read(self, wanted: Wanted) -> Actual:
        whole = wanted.everything and not (wanted.people or wanted.boxes)
        ledger = self._memory.ledger(None if whole else set(wanted.people), None if whole else set(wanted.boxes))
        rows: dict[MailboxKey, list[Allocation]] = {}
        for row in ledger.allocations.values():
            if row.mailbox_key is not None:
                rows.setdefault(row.mailbox_key, []).append(row)
        latest: dict[str, Mailbox] = {}
        for box in sorted(ledger.mailboxes.values(), key=lambda box: box.generation):
            if box.name is not None:
                latest[box.name] = box
        there = [box for box in latest.values() if box.state not in _ABSENT]
        found = [_actual(box, rows.get(box.key, ()), self._site) for box in there]
        return Actual(
            people={row.person_id: row for row in found if row.person_id is not None},
            boxes={row.name: row for row in found if row.person_id is None},
        )


def _actual(box: Mailbox, rows: Iterable[Allocation], site: Site) -> ActualMailbox:
    """With its routing name, whatever else it has; a deleted mailbox still has the addresses that ended with it."""
    gone = box.state is MailboxState.DELETED
    name = box.name or ""
    routing_name = Address(f"{name}@{site.fallback_domain}")
    own = (row.address for row in rows if row.live or (gone and row.deleted_on == box.deleted_on))
    return ActualMailbox(
        user_id=box.user_id or box.key,
        user_principal_name=routing_name,
        person_id=box.person_id,
        name=name,
        exchange_guid=box.exchange_guid or box.key,
        enabled=box.person_id is not None and box.state is not MailboxState.DISABLED,
        primary=box.sender,
        addresses=frozenset({routing_name, *own}),
        forward=box.forward.to if box.forward is not None else None,
        shared=box.person_id is None,
        deleted=gone,
    )
