"""The state as it would be: kept in memory over the store, which is only read.

With them the very line that carries out an hour shows what a year would bring, or what another policy would do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dates import earliest, next_day
from nexusops.model.findings import Finding, box_scope, boxes_in, people_in, person_scope
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId
from nexusops.model.journal import JournalRow, LedgerRow, RowChange, SnapshotRecord
from nexusops.model.ledger import Ledger, PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState
from nexusops.model.routing import LiveAddress
from nexusops.model.rows import TABLES, key_of
from nexusops.model.services import Service
from nexusops.model.slicing import keyed, slice_of
from nexusops.pipeline.simulate.rows import Rows
from nexusops.ports import Memory

_UNLICENSED = frozenset({MailboxState.DELETED, MailboxState.PURGED})


class Imagined:
    """The Memory of a run that never happens. ``until``: whose dates come up by then is read ahead, all at once.

    ``only``: the scopes (person:ID, box:NAME) that are looked at, and what they bring along; None: everybody. What all
    the mailboxes count is asked for only with everybody.
    """

    def __init__(self, store: Memory, until: date, only: Collection[str] | None = None) -> None:
        self._store = store
        self._rows = Rows()
        self._accepted = store.accepted()
        self._hashes = store.hashes()
        self._serial = store.serial()
        self._only = only
        self.idle = 0
        """Runs since something was done."""
        unfinished = set(store.due(date.min))
        self._unfinished = unfinished if only is None else unfinished & set(only)
        self._due: dict[date, dict[object, str]] = {}
        self._due_of: dict[object, date] = {}
        self._people: set[PersonId] = set()
        self._boxes: set[str] = set()
        self._whole = False
        self._usernames: dict[str, PersonId] = {}
        self._sliced: tuple[object, Ledger] | None = None
        self._asked: dict[str, set[Any]] = {}
        self.live, self.licensed = (store.live_mailboxes(), store.licences()) if only is None else (0, 0)
        scopes = store.due(until) if only is None else only
        self._know(people_in(scopes), boxes_in(scopes))

    # What a decision reads.

    def serial(self) -> int:
        return self._serial

    def accepted(self) -> SnapshotRecord | None:
        return self._accepted

    def tables(self, sha256: str) -> Mapping[str, bytes]:
        return self._store.tables(sha256)

    def hashes(self) -> tuple[str, str]:
        return self._hashes

    def journal(self, objects: Collection[str] | None = None, *, run_id: str | None = None) -> Iterator[JournalRow]:
        return self._store.journal(objects, run_id=run_id)

    def due(self, today: date) -> frozenset[str]:
        return frozenset(self._unfinished.union(*(due.values() for day, due in self._due.items() if day <= today)))

    def unfinished(self) -> frozenset[str]:
        return frozenset(self._unfinished)

    def known_people(self) -> frozenset[PersonId]:
        return self._store.known_people() | {row.person_id for row in self._rows.find(PersonState, "", None)}

    def known_boxes(self) -> frozenset[str]:
        mine = (box for box in self._rows.find(Mailbox, "", None) if box.kind is not MailboxKind.PERSONAL)
        asked = {row.request_id for row in self._rows.find(Service, "", None)}
        return self._store.known_boxes() | {box.name for box in mine if box.name} | asked

    def boxes_owned_by(self, people: Collection[PersonId]) -> frozenset[str]:
        if fresh := self._unasked("owned", people):
            self._know((), self._store.boxes_owned_by(fresh))
        mine = self._rows.find(Mailbox, "owner_person_id", people)
        asked = {row.request_id for row in self._rows.find(Service, "owner_person_id", people)}
        return frozenset(asked | {box.name for box in mine if box.name and box.person_id is None})

    def services_of(self, domains: Collection[Domain]) -> Sequence[Service]:
        if fresh := self._unasked("service domains", domains):
            self._learn(self._store.services_of(fresh))
        return [row for row in self._rows.find(Service, "", None) if row.domain in domains]

    def services_in(self, domains: Collection[Domain]) -> frozenset[str]:
        if fresh := self._unasked("services in", domains):
            self._know((), self._store.services_in(fresh))
        return frozenset(row.request_id for row in self._rows.find(Service, "", None) if row.home in domains)

    def domain_ends(self, domains: Collection[Domain]) -> Mapping[Domain, date]:
        if fresh := self._unasked("ends", domains):
            self._know(self._store.people_of_domains(fresh), ())
        rows = [row for row in self._rows.find(Allocation, "domain", domains) if row.live]
        owners = {row.person_id for row in rows if row.person_id is not None}
        boxes = {box.key: box.delete_on for box in self._rows.find(Mailbox, "person_id", owners)}
        found: dict[Domain, date] = {}
        for row in rows:
            if row.kind is AddressKind.PERSONAL:
                ends = earliest(row.delete_on, boxes.get(row.mailbox_key) if row.mailbox_key else None)
                found[row.domain] = max(found.get(row.domain, date.min), ends or date.max)
        return found

    def people_of_domains(self, domains: Collection[Domain]) -> frozenset[PersonId]:
        return self._store.people_of_domains(domains)

    def people_run_together(self, words: Collection[Address]) -> frozenset[PersonId]:
        return self._store.people_run_together(words)

    def people_of_addresses(self, addresses: Collection[Address]) -> frozenset[PersonId]:
        return self._store.people_of_addresses(addresses)

    def ledger(self, people: Collection[PersonId] | None, boxes: Collection[str] | None) -> Ledger:
        if people is None and boxes is None:
            return self._everything()
        asked = frozenset(people or ()), frozenset(boxes or ())
        if self._sliced is None or self._sliced[0] != asked:  # the tenant, too, is made of this very slice
            self._know(*asked)
            self._sliced = asked, slice_of(self._rows.find, self.serial(), *asked)
        return self._sliced[1]

    def holders(self, names: Collection[tuple[Domain, str]]) -> Sequence[Allocation]:
        if fresh := self._unasked("name", names):
            self._learn(self._store.holders(fresh))
        found = {(row.address, row.period): row for domain, base in names for row in self._rows.named(domain, base)}
        return list(found.values())

    def owners(self, people: Collection[PersonId]) -> Sequence[PersonState]:
        unknown = [person for person in people if person not in self._people]
        if fresh := self._unasked("owner", unknown):
            self._learn(self._store.owners(fresh))
        return list(self._rows.find(PersonState, "person_id", people))

    def usernames(self, names: Collection[str]) -> Mapping[str, PersonId]:
        if fresh := self._unasked("user", names):
            self._usernames |= self._store.usernames(fresh)
        now = {row.username: row.person_id for row in self._rows.find(PersonState, "username", names) if row.username}
        return {
            name: self._usernames.get(name) or now[name] for name in names if name in self._usernames or name in now
        }

    def live_mailboxes(self) -> int:
        return self.live

    def licences(self) -> int:
        return self.licensed

    def findings(self, _but_not: Collection[str] | None) -> Sequence[Finding]:
        """None: what is found on a day is told on that day."""
        return ()

    def reached(self, names: Collection[str], keys: Collection[MailboxKey]) -> Sequence[Mailbox]:
        fresh, unseen = self._unasked("box", names), self._unasked("key", keys)
        if fresh or unseen:
            self._learn(self._store.reached(fresh, unseen))
        rows = (*self._rows.find(Mailbox, "name", names), *self._rows.find(Mailbox, "key", keys))
        return list({box.key: box for box in rows}.values())

    def routed(self, wanted: Collection[Address]) -> Mapping[Address, Address]:
        return self._store.routed(wanted)

    def moved_addresses(
        self, states: Collection[AddressState], fallback_domain: str, also: Collection[Address]
    ) -> tuple[Sequence[LiveAddress], Sequence[Address]]:
        return self._store.moved_addresses(states, fallback_domain, also)

    # What the imagined run leaves behind.

    def next_due(self, after: date, *, waiting: bool) -> date | None:
        """The next day, later than this one, on which something is due. What waits from earlier is tried on it, and, if
        ``waiting``, is due tomorrow.
        """
        tomorrow = next_day(after)
        return min(
            (max(day, tomorrow) for day, due in self._due.items() if due and (waiting or day > after)), default=None
        )

    def overdue(self, today: date) -> bool:
        """Whether somebody's date is reached, work left unfinished aside."""
        return any(due for day, due in self._due.items() if day <= today)

    def coming(self) -> frozenset[PersonId]:
        """Everybody whose date comes up in the period, or whose work is unfinished."""
        dated = (scope for due in self._due.values() for scope in due.values())
        return frozenset(people_in({*dated, *self._unfinished}))

    def accept(self, record: SnapshotRecord, hashes: tuple[str, str]) -> None:
        self._accepted, self._hashes = record, hashes

    def take(self, changes: Iterable[RowChange]) -> None:
        """Ledger rows that became others."""
        self._sliced = None
        for change in changes:
            if change.after is not None:
                self._count(self._rows.put(change.after), change.after)
                self._mind(change.after)
            elif change.before is not None:
                self._rows.remove(change.before)

    def leave(self, judged: Collection[str] | None, unfinished: Collection[str]) -> None:
        """What must be looked at again whatever the data say, in place of what was said of those judged."""
        self._unfinished = set(unfinished) | (self._unfinished - set(judged) if judged is not None else set())

    # How it comes to know.

    def _everything(self) -> Ledger:
        if not self._whole:
            whole = self._store.ledger(None, None)
            self._learn(row for table in sorted(set(TABLES.values())) for row in getattr(whole, table).values())
            self._whole = True
        tables: dict[str, Any] = {name: keyed(self._rows.find(kind, "", None)) for kind, name in TABLES.items()}
        return Ledger(serial=self.serial(), **tables)

    def _know(self, people: Collection[PersonId], boxes: Collection[str]) -> None:
        """Reads what is not known yet of these people and boxes."""
        if self._whole:
            return
        unknown, unseen = set(people) - self._people, set(boxes) - self._boxes
        if unknown or unseen or "domains" not in self._asked:
            part = self._store.ledger(unknown, unseen)
            self._learn(row for table in sorted(set(TABLES.values())) for row in getattr(part, table).values())
            self._people |= unknown
            self._boxes |= unseen
            self._asked.setdefault("domains", set())

    def _unasked(self, what: str, values: Collection[Any]) -> set[Any]:
        """Of these, what the store has not been asked for yet."""
        if self._whole and what != "user":
            return set()
        known = self._asked.setdefault(what, set())
        fresh = set(values) - known
        known |= fresh
        return fresh

    def _learn(self, rows: Iterable[LedgerRow]) -> None:
        for row in self._rows.learn(rows):
            self._mind(row)

    def _mind(self, row: LedgerRow) -> None:
        """Notes when somebody has to be looked at again."""
        scope, day = _deadline(row)
        if scope is None or (self._only is not None and scope.startswith("person:") and scope not in self._only):
            return
        dated = (type(row), key_of(row))
        before = self._due_of.pop(dated, None)
        if before is not None:
            del self._due[before][dated]
        if day is not None:
            self._due_of[dated] = day
            self._due.setdefault(day, {})[dated] = scope

    def _count(self, before: LedgerRow | None, after: LedgerRow) -> None:
        if isinstance(after, Mailbox):
            was = before if isinstance(before, Mailbox) else None
            self.live += int(after.live) - int(was is not None and was.live)
            self.licensed += int(_licensed(after)) - int(was is not None and _licensed(was))


def _deadline(row: LedgerRow) -> tuple[str | None, date | None]:
    """Whose date a row carries (the scope that is judged then), and the date."""
    if isinstance(row, PersonState):
        return person_scope(row.person_id), row.due_on
    if isinstance(row, Mailbox) and row.kind is not MailboxKind.PERSONAL and row.name:
        return box_scope(row.name), row.next_date
    if isinstance(row, Service):
        return box_scope(row.request_id), row.due_on
    if isinstance(row, Allocation) and row.person_id is None and row.mailbox_key is None:
        return box_scope(row.address), row.delete_on if row.live else None
    return None, None


def _licensed(box: Mailbox) -> bool:
    return box.kind is MailboxKind.PERSONAL and box.state not in _UNLICENSED
