"""What the steps have in common: which mailbox, look before writing, verify after, and settle what is unknown by
reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nexusops.model.changes import OnMailbox
from nexusops.model.ids import MailboxKey, PersonId, id_in
from nexusops.model.journal import JsonObject, Step, StepOutcome, StepResult
from nexusops.model.mailboxes import MailboxKind
from nexusops.tenant.cmdlets import MailboxRow
from nexusops.tenant.directory import Sku, User
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.graph import Graph
from nexusops.tenant.settings import TenantSettings

LOOKS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each look after a write: what was written may show a little later (tenant-api.md 8)."""


@dataclass(slots=True)
class Site:
    """The clients, and what a run has learnt of ids."""

    graph: Graph
    exchange: Exchange
    settings: TenantSettings
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    users: dict[MailboxKey, str] = field(default_factory=dict)
    guids: dict[MailboxKey, str] = field(default_factory=dict)
    skus: dict[str, Sku] = field(default_factory=dict)
    stock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever holds it asks for the licences that there are; the others wait for the answer."""
    fresh: dict[MailboxKey, User] = field(default_factory=dict)
    """The users that were created in this run, as made: the directory may need some seconds to show them (8)."""

    async def user(self, on: OnMailbox) -> User | None:
        """The directory user of a mailbox, by id; by employeeId, or through the mailbox, where it is not known yet."""
        known = on.user_id or self.users.get(on.key)
        if known is None and on.kind is not MailboxKind.PERSONAL:
            row = await self.exchange.mailbox(self.identity(on))
            return await self.graph.user(row.external_directory_object_id) if row is not None else None
        if known is not None:
            return await self.graph.user(known)
        user = await self.user_of(person_of(on))
        if user is not None:
            self.users[on.key] = user.id
        return user

    async def user_of(self, person_id: PersonId) -> User | None:
        """Who carries the employeeId. Raises TenantFault where several do, or only what is no user of a person's."""
        users = await self.graph.users_of([person_id])
        rows = await self.exchange.mailboxes([user.id for user in users]) if users else {}
        found = [user for user in users if user.id not in rows or rows[user.id].is_a_users]
        if len(found) > 1:
            raise TenantFault(FaultClass.CONFLICT, f"{len(found)} users carry the employeeId {person_id}")
        for row in rows.values() if not found else ():
            what = f"the account behind {row.name}, a {row.recipient_type_details}"
            raise TenantFault(FaultClass.CONFLICT, f"{what}, carries the employeeId {person_id}: remove it there")
        return found[0] if found else None

    async def new_user(self, on: OnMailbox) -> User | None:
        """The user of a mailbox; where it was only just created, as soon as it shows."""
        user: User | None = None

        async def look() -> bool:
            nonlocal user
            user = await self.user(on)
            return user is not None

        await (self.until(look) if on.key in self.fresh else look())
        return user

    def identity(self, on: OnMailbox) -> str:
        """What Exchange finds it by: the guid, else the user's id, else its name."""
        guid = on.exchange_guid or self.guids.get(on.key)
        return guid or on.user_id or self.users.get(on.key) or on.name

    async def mailbox(self, on: OnMailbox) -> MailboxRow:
        """The mailbox, or the fault of a missing one. A person's is joined on ids, never on a name (12, 1)."""
        if on.kind is MailboxKind.PERSONAL and self.identity(on) == on.name:
            user = await self.user(on)
            if user is None:
                raise TenantFault(FaultClass.NOT_FOUND, f"there is no directory user for {on.name}")
        row = await self.exchange.mailbox(self.identity(on))
        if row is None:
            raise TenantFault(FaultClass.NOT_FOUND, f"Exchange has no mailbox {on.name}")
        return row

    async def hide(self, row: MailboxRow, *, hidden: bool) -> None:
        """Out of the address lists, or back in them; nothing where it is so already."""
        if row.hidden_from_address_lists_enabled is hidden:
            return

        async def look() -> bool:
            now = await self.exchange.mailbox(row.guid)
            return now is not None and now.hidden_from_address_lists_enabled is hidden

        async def write() -> None:
            await self.exchange.invoke("Set-Mailbox", Identity=row.guid, HiddenFromAddressListsEnabled=hidden)

        await self.write(write, look, synced=row.is_dir_synced)

    async def until(self, look: Callable[[], Awaitable[bool]], pauses: Sequence[float] = LOOKS) -> bool:
        """Whether what was written shows, within some seconds."""
        for pause in pauses:
            if pause:
                await self.sleep(pause)
            if await look():
                return True
        return False

    async def write(
        self, write: Callable[[], Awaitable[Any]], look: Callable[[], Awaitable[bool]], *, synced: bool = False
    ) -> None:
        """Writes and verifies. A lost answer is settled by looking; only what did not happen is written again, once.

        What is ``synced`` from on premises is mastered there: it is not tried at all.
        """
        if synced:
            where = "change it there, or, if IsExchangeCloudManaged is set, in Exchange"
            raise TenantFault(FaultClass.WRONG_AUTHORITY, f"it is synchronised from on premises; {where}")
        for again in (True, False):
            try:
                await write()
            except TenantFault as fault:
                if fault.fault is not FaultClass.UNKNOWN_OUTCOME:
                    raise
                if await self.until(look):
                    return
                if not again:
                    raise
            else:
                break
        if not await self.until(look):
            raise TenantFault(FaultClass.TRANSIENT, "it was accepted, and does not show; the next run looks again")


def person_of(on: OnMailbox) -> PersonId:
    """Whose a personal mailbox is."""
    return PersonId(id_in(on.key))


def done(
    step: Step,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
    *,
    user_id: str | None = None,
    exchange_guid: str | None = None,
    message: str = "",
) -> StepOutcome:
    return StepOutcome(
        change_id=step.change_id,
        step=step.name,
        result=StepResult.DONE,
        before=before,
        after=after,
        user_id=user_id,
        exchange_guid=exchange_guid,
        message=message,
    )


def aside(step: Step, message: str, before: JsonObject | None = None) -> StepOutcome:
    return StepOutcome(
        change_id=step.change_id, step=step.name, result=StepResult.SET_ASIDE, before=before, message=message
    )


def waiting(step: Step, message: str, *, user_id: str | None = None) -> StepOutcome:
    return StepOutcome(
        change_id=step.change_id, step=step.name, result=StepResult.WAITING, message=message, user_id=user_id
    )


def failed(step: Step, fault: TenantFault, message: str = "") -> StepOutcome:
    return StepOutcome(
        change_id=step.change_id,
        step=step.name,
        result=StepResult.FAILED,
        message=message or fault.message,
        request_id=fault.request_id,
        unreachable=fault.fault is FaultClass.DOWN,
    )


def neither(what: str, found: object, was: object, becomes: object) -> str:
    """The sentence of a change that no longer fits: both values, and what was found."""
    return f"{what} is {found or 'empty'}; the plan expected {was or 'empty'} and wants {becomes or 'empty'}"
