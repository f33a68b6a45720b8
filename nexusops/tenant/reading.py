"""Reads of the tenant, joined on ids: employeeId is the person, ExternalDirectoryObjectId the user of a mailbox."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from nexusops.model.ids import Address, PersonId
from nexusops.model.tenant import Actual, ActualMailbox, Wanted
from nexusops.tenant.cmdlets import MailboxRow
from nexusops.tenant.directory import User
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.graph import Graph
from nexusops.tenant.kept import Roll
from nexusops.tenant.signing import told_of


class Reading:
    """All or nothing: a fault of any request is a fault of the whole read. ``roll``: where all users come from."""

    def __init__(self, graph: Graph, exchange: Exchange, licence_sku: str, roll: Roll | None = None) -> None:
        self.graph = graph
        self.roll = roll
        self.exchange = exchange
        self.licence_sku = licence_sku

    async def read(self, wanted: Wanted) -> Actual:
        actual = await (self._everything if wanted.everything else self._some)(wanted)
        return replace(actual, signing=await told_of(self.exchange, wanted.signing)) if wanted.signing else actual

    async def _some(self, wanted: Wanted) -> Actual:
        users = await self.graph.users_of(wanted.people) if wanted.people else []
        boxes = {name: guid or name for name, guid in wanted.boxes.items()}
        identities = [user.id for user in users]
        rows = await self.exchange.mailboxes([*identities, *boxes.values()])
        live, misplaced = _told_apart(wanted, users, rows)
        deleted = await self._deleted(wanted, live)
        lost = [identity for identity in boxes.values() if identity not in rows]
        gone = await self.exchange.mailboxes([*(user.id for user in deleted), *lost], deleted=True)
        lying, more = _told_apart(wanted, deleted, gone)
        people, ambiguous = _people([*live, *lying], rows, gone)
        misplaced |= more
        found = {name: _box(rows[i], misplaced) for name, i in boxes.items() if i in rows}
        found |= {n: _box(gone[i], misplaced, deleted=True) for n, i in boxes.items() if i not in rows and i in gone}
        left = await self.graph.licences_left(self.licence_sku) if wanted.people else None
        carried = _carried(wanted, [*users, *await self._strayed(wanted, users)])
        return Actual(people=people, boxes=found, ambiguous=ambiguous, licences_left=left, carried=carried)

    async def _strayed(self, wanted: Wanted, users: Iterable[User]) -> list[User]:
        """Users whose ids we know, and that the employeeIds did not lead to: gone, or under another employeeId."""
        found = {user.id for user in users}
        known = [user_id for user_id in wanted.people.values() if user_id is not None and user_id not in found]
        return [user for user in [await self.graph.user(user_id) for user_id in known] if user is not None]

    async def _everything(self, wanted: Wanted) -> Actual:
        users_of_all = self.roll.users if self.roll is not None else self.graph.users
        listing, deleting = asyncio.ensure_future(users_of_all()), asyncio.ensure_future(self.graph.deleted_users())
        try:
            rows = await self.exchange.all_mailboxes()
            gone = await self.exchange.all_mailboxes(deleted=True)
            users, deleted = await listing, await deleting
        finally:
            # Where one fails, the others are for nothing.
            listing.cancel()
            deleting.cancel()
            await asyncio.gather(listing, deleting, return_exceptions=True)
        live, lost = _by_user(rows), _by_user(gone)
        theirs, misplaced = _told_apart(wanted, [*users, *deleted], {**lost, **live})
        people, ambiguous = _people(theirs, live, lost)
        mine = {user.id for user in theirs}
        boxes = {n: _box(row, misplaced, deleted=True) for n, row in _lone(wanted, gone, mine).items()}
        boxes |= {n: _box(row, misplaced) for n, row in _named(wanted, rows, mine)}
        left, carried = await self.graph.licences_left(self.licence_sku), _carried(wanted, users)
        return Actual(people=people, boxes=boxes, ambiguous=ambiguous, licences_left=left, carried=carried)

    async def _deleted(self, wanted: Wanted, users: Iterable[User]) -> list[User]:
        """Soft-deleted users of people who were not found live: by the ids that we know, else out of the whole list."""
        live = {user.employee_id for user in users}
        missing = {person: user_id for person, user_id in wanted.people.items() if person not in live}
        if None in missing.values():
            found: list[User | None] = list(await self.graph.deleted_users())
        else:
            found = [await self.graph.deleted_user(user_id) for user_id in missing.values() if user_id is not None]
        return [user for user in found if user is not None and user.employee_id in missing]


def _carried(wanted: Wanted, users: Iterable[User]) -> dict[str, str]:
    """Of the users that we know as somebody's, those that carry another employeeId by now."""
    known = {user_id: person_id for person_id, user_id in {**wanted.people, **wanted.known}.items() if user_id}
    return {
        user.id: user.employee_id or "" for user in users if known.get(user.id, user.employee_id) != user.employee_id
    }


def _by_user(rows: Iterable[MailboxRow]) -> dict[str, MailboxRow]:
    return {row.external_directory_object_id: row for row in rows}


def _named(wanted: Wanted, rows: Iterable[MailboxRow], mine: Collection[str]) -> list[tuple[str, MailboxRow]]:
    """Boxes by name; one whose guid we know by the name that we know it by, and after the others of that name."""
    names = {guid: name for name, guid in {**wanted.boxes, **wanted.known_boxes}.items() if guid}
    found = [(names.get(row.guid, row.name), row) for row in rows if row.external_directory_object_id not in mine]
    return sorted(found, key=lambda one: one[1].guid in names)


def _lone(wanted: Wanted, rows: Sequence[MailboxRow], mine: Collection[str]) -> dict[str, MailboxRow]:
    """Soft-deleted boxes by name. Of several of the same name nobody can say which one is meant."""
    counts = Counter(row.name for row in rows)
    return {name: row for name, row in _named(wanted, rows, mine) if counts[row.name] == 1}


def _told_apart(
    wanted: Wanted, users: Iterable[User], rows: Mapping[str, MailboxRow]
) -> tuple[list[User], dict[str, PersonId]]:
    """Users of people, and the accounts behind mailboxes of another kind that carry somebody's employeeId all the same,
    with that; one that we know as that person's is theirs, whatever somebody has made of its mailbox.
    """
    known = {user_id: person_id for person_id, user_id in {**wanted.people, **wanted.known}.items()}
    theirs: list[User] = []
    misplaced: dict[str, PersonId] = {}
    for user in users:
        if user.employee_id:
            row = rows.get(user.id)
            if row is None or row.is_a_users or known.get(user.id) == user.employee_id:
                theirs.append(user)
            else:
                misplaced[user.id] = PersonId(user.employee_id)
    return theirs, misplaced


def _people(
    users: Iterable[User], rows: Mapping[str, MailboxRow], gone: Mapping[str, MailboxRow]
) -> tuple[dict[PersonId, ActualMailbox], dict[PersonId, tuple[ActualMailbox, ...]]]:
    """People by employeeId. A live user goes before a soft-deleted one; two live ones are ambiguous."""
    found: dict[PersonId, ActualMailbox] = {}
    twice: dict[PersonId, tuple[ActualMailbox, ...]] = {}
    for user in users:
        person_id = PersonId(user.employee_id or "")
        known = found.get(person_id)
        deleted = user.deleted_date_time is not None
        mailbox = _person(user, (gone if deleted else rows).get(user.id), deleted=deleted)
        if known is None or known.deleted:
            found[person_id] = mailbox
        elif not mailbox.deleted:
            twice[person_id] = (*twice.get(person_id, (known,)), mailbox)
    return {p: m for p, m in found.items() if p not in twice}, twice


def _person(user: User, row: MailboxRow | None, *, deleted: bool) -> ActualMailbox:
    return ActualMailbox(
        user_id=user.id,
        user_principal_name=user.user_principal_name or "",
        person_id=PersonId(user.employee_id or ""),
        name=user.mail_nickname or "",
        exchange_guid=row.guid if row is not None else None,
        enabled=bool(user.account_enabled),
        primary=Address(row.primary) if row is not None and row.primary else None,
        addresses=frozenset(Address(a) for a in row.smtp) if row is not None else frozenset(),
        forward=row.forward if row is not None else None,
        shared=row is not None and row.recipient_type_details == "SharedMailbox",
        deleted=deleted,
        deleted_at=user.deleted_date_time,
        synced=bool(user.on_premises_sync_enabled),
        held=row is not None and row.held,
        licensed=bool(user.assigned_licenses),
        listed=row is not None and not row.hidden_from_address_lists_enabled,
    )


def _box(row: MailboxRow, misplaced: Mapping[str, PersonId], *, deleted: bool = False) -> ActualMailbox:
    return ActualMailbox(
        user_id=row.external_directory_object_id,
        user_principal_name=row.user_principal_name,
        person_id=misplaced.get(row.external_directory_object_id),
        name=row.name,
        exchange_guid=row.guid,
        enabled=False,
        primary=Address(row.primary) if row.primary else None,
        addresses=frozenset(Address(a) for a in row.smtp),
        forward=row.forward,
        shared=row.recipient_type_details == "SharedMailbox",
        deleted=deleted,
        synced=row.is_dir_synced,
        held=row.held,
        listed=not row.hidden_from_address_lists_enabled,
    )
