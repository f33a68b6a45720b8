"""What the steps have in common: which mailbox, look before writing, verify after, and settle what is unknown by
reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from nexusops.model.changes import OnMailbox
from nexusops.model.ids import MailboxKey, PersonId
from nexusops.model.journal import JsonObject, Step, StepOutcome, StepResult
from nexusops.model.mailboxes import MailboxKind
from nexusops.tenant.exchange import Exchange, MailboxRow
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.graph import Graph, User
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
    skus: dict[str, str] = field(default_factory=dict)

    async def user(self, on: OnMailbox) -> User | None:
        """The directory user of a mailbox, by id; by employeeId, or through the mailbox, where it is not known yet."""
        known = on.user_id or self.users.get(on.key)
        if known is None and on.kind is not MailboxKind.PERSONAL:
            row = await self.exchange.mailbox(self.identity(on))
            known = row.external_directory_object_id if row is not None else None
        if known is not None:
            return await self.graph.user(known)
        found = await self.graph.users_of([PersonId(on.key.split(":")[1])])
        return found[0] if len(found) == 1 else None

    def identity(self, on: OnMailbox) -> str:
        """What Exchange finds it by: the guid, else the user's id, else (of a box) its name."""
        guid = on.exchange_guid or self.guids.get(on.key)
        return guid or on.user_id or self.users.get(on.key) or on.name

    async def mailbox(self, on: OnMailbox) -> MailboxRow:
        row = await self.exchange.mailbox(self.identity(on))
        if row is None:
            raise TenantFault(FaultClass.NOT_FOUND, f"Exchange has no mailbox {on.name}")
        return row

    async def until(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Whether what was written shows, within some seconds."""
        for pause in LOOKS:
            if pause:
                await self.sleep(pause)
            if await look():
                return True
        return False

    async def write(self, write: Callable[[], Awaitable[Any]], look: Callable[[], Awaitable[bool]]) -> None:
        """Writes and verifies. A lost answer is settled by looking; only what did not happen is written again."""
        try:
            await write()
        except TenantFault as fault:
            if fault.fault is not FaultClass.UNKNOWN_OUTCOME:
                raise
            if await self.until(look):
                return
            await write()
        if not await self.until(look):
            raise TenantFault(FaultClass.TRANSIENT, "it was accepted, and does not show; the next run looks again")


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
    )


def neither(what: str, found: object, was: object, becomes: object) -> str:
    """The sentence of a change that no longer fits: both values, and what was found."""
    return f"{what} is {found or 'empty'}; the plan expected {was or 'empty'} and wants {becomes or 'empty'}"
