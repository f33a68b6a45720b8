"""Reads of the tenant, joined on ids: employeeId is the person, ExternalDirectoryObjectId the user of a mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from nexusops.model.ids import Address, PersonId
from nexusops.model.tenant import Actual, ActualMailbox, Wanted
from nexusops.tenant.exchange import Exchange, MailboxRow
from nexusops.tenant.graph import Graph, User


class Reading:
    """All or nothing: a fault of any request is a fault of the whole read."""

    def __init__(self, graph: Graph, exchange: Exchange, licence_sku: str) -> None:
        self.graph = graph
        self.exchange = exchange
        self.licence_sku = licence_sku

    async def read(self, wanted: Wanted) -> Actual:
        if wanted.everything:
            return await self._everything()
        users = await self.graph.users_of(wanted.people) if wanted.people else []
        boxes = {name: guid or name for name, guid in wanted.boxes.items()}
        identities = [user.id for user in users]
        rows = await self.exchange.mailboxes([*identities, *boxes.values()])
        deleted = await self._deleted(wanted, users)
        people, ambiguous = _people([*users, *deleted], {user.id: rows.get(user.id) for user in users})
        found = {name: _box(rows[identity]) for name, identity in boxes.items() if identity in rows}
        left = await self._licences_left() if wanted.people else None
        return Actual(people=people, boxes=found, ambiguous=ambiguous, licences_left=left)

    async def _everything(self) -> Actual:
        listed, rows, deleted = await asyncio.gather(
            _collected(self.graph.users()), self.exchange.all_mailboxes(), _collected(self.graph.deleted_users())
        )
        by_user = {row.external_directory_object_id: row for row in rows}
        users = [user for user in listed if user.employee_id]
        gone = [user for user in deleted if user.employee_id]
        people, ambiguous = _people([*users, *gone], {user.id: by_user.get(user.id) for user in users})
        mine = {user.id for user in users}
        boxes = {row.name: _box(row) for user_id, row in by_user.items() if user_id not in mine}
        return Actual(people=people, boxes=boxes, ambiguous=ambiguous, licences_left=await self._licences_left())

    async def _deleted(self, wanted: Wanted, users: Iterable[User]) -> list[User]:
        """Soft-deleted users of people who were not found live, by the ids that we know."""
        live = {user.employee_id for user in users}
        ids = [user_id for person, user_id in wanted.people.items() if user_id is not None and person not in live]
        found = [await self.graph.deleted_user(user_id) for user_id in ids]
        return [user for user in found if user is not None]

    async def _licences_left(self) -> int | None:
        for sku in await self.graph.skus():
            if sku.sku_part_number == self.licence_sku:
                return sku.prepaid_units.enabled - sku.consumed_units
        return 0


async def _collected(users: object) -> list[User]:
    return [user async for user in users]  # type: ignore[attr-defined]


def _people(
    users: Iterable[User], rows: Mapping[str, MailboxRow | None]
) -> tuple[dict[PersonId, ActualMailbox], frozenset[PersonId]]:
    """People by employeeId. A live user goes before a soft-deleted one; two live ones are ambiguous."""
    found: dict[PersonId, ActualMailbox] = {}
    twice: set[PersonId] = set()
    for user in users:
        if not user.employee_id:
            continue
        person_id = PersonId(user.employee_id)
        known = found.get(person_id)
        mailbox = _person(user, rows.get(user.id))
        if known is None or known.deleted:
            found[person_id] = mailbox
        elif not mailbox.deleted:
            twice.add(person_id)
    return {p: m for p, m in found.items() if p not in twice}, frozenset(twice)


def _person(user: User, row: MailboxRow | None) -> ActualMailbox:
    deleted = user.deleted_date_time is not None
    return ActualMailbox(
        user_id=user.id,
        user_principal_name=user.user_principal_name,
        person_id=PersonId(user.employee_id or ""),
        name=user.mail_nickname or "",
        exchange_guid=row.guid if row is not None else None,
        enabled=bool(user.account_enabled),
        primary=Address(row.primary) if row is not None and row.primary else None,
        addresses=frozenset(Address(a) for a in row.smtp) if row is not None else frozenset(),
        forward=row.forward if row is not None else None,
        shared=row is not None and row.recipient_type_details == "SharedMailbox",
        deleted=deleted,
        synced=bool(user.on_premises_sync_enabled),
        held=row is not None and row.litigation_hold_enabled,
        licensed=bool(user.assigned_licenses),
    )


def _box(row: MailboxRow) -> ActualMailbox:
    return ActualMailbox(
        user_id=row.external_directory_object_id,
        user_principal_name=row.user_principal_name,
        person_id=None,
        name=row.name,
        exchange_guid=row.guid,
        enabled=False,
        primary=Address(row.primary) if row.primary else None,
        addresses=frozenset(Address(a) for a in row.smtp),
        forward=row.forward,
        shared=True,
        synced=row.is_dir_synced,
        held=row.litigation_hold_enabled,
    )
