"""Steps that end a mailbox and bring it back (R42, R43; tenant-api.md 4.9)."""

from __future__ import annotations

from typing import Any

from nexusops.model.changes import DeleteMailbox, OnMailbox, RestoreMailbox
from nexusops.model.journal import Step, StepOutcome
from nexusops.model.mailboxes import MailboxKind
from nexusops.tenant.acting import Site, aside, done, person_of, waiting
from nexusops.tenant.cmdlets import MailboxRow
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.licensing import licensed


async def delete(site: Site, step: Step, change: DeleteMailbox) -> StepOutcome:
    """The user goes with its licence, so that the mailbox stays restorable (4.9)."""
    user = await site.user(change.mailbox)
    if user is None:
        return done(step, message="it was gone already")
    row = await site.exchange.mailbox(user.id)
    if row is not None and row.held:
        return aside(step, "needs a human: the mailbox is on hold")

    async def look() -> bool:
        return await site.graph.user(user.id) is None

    synced = bool(user.on_premises_sync_enabled)
    await site.write(lambda: site.graph.send("DELETE", f"/users/{user.id}"), look, synced=synced)
    addresses = sorted(row.smtp) if row is not None else []
    before: dict[str, Any] = {"user_id": user.id, "addresses": list(addresses)}
    return done(step, before, {"deleted": True}, user_id=user.id)


async def restore(site: Site, step: Step, change: RestoreMailbox) -> StepOutcome:
    """The directory user comes back, and the mailbox with it; the tenant keeps both for thirty days (4.9)."""
    user_id = change.mailbox.user_id or await deleted_id(site, change.mailbox)
    if user_id is None:
        return aside(step, "needs a human: the deleted user's id is not known")
    if await site.graph.user(user_id) is not None:
        return done(step, message="it was there already", user_id=user_id)

    async def look() -> bool:
        return await site.graph.user(user_id) is not None

    path = f"/directory/deletedItems/{user_id}/restore"
    try:
        await site.write(lambda: site.graph.send("POST", path, {}), look)
    except TenantFault as fault:
        if fault.fault is not FaultClass.NOT_FOUND:
            raise
        return aside(step, "the tenant has purged it since it was looked at; the next run makes a new, empty mailbox")
    missing = await _licence_lost(site, change, user_id)
    row: MailboxRow | None = None

    async def shown() -> bool:
        nonlocal row
        row = await site.exchange.mailbox(user_id)
        return row is not None

    if not await site.until(shown) and not missing:
        return waiting(step, "Exchange does not show the restored mailbox yet", user_id=user_id)
    guid = row.guid if row is not None else None
    return done(step, {"deleted": True}, {"deleted": False}, user_id=user_id, exchange_guid=guid, message=missing)


async def _licence_lost(site: Site, change: RestoreMailbox, user_id: str) -> str:
    """A user comes back with licences only if the stock allows it (4.9): assigned again, or told."""
    user = await site.graph.user(user_id)
    if change.mailbox.kind is not MailboxKind.PERSONAL or user is None or user.skus:
        return ""
    try:
        await licensed(site, user)
    except TenantFault as fault:
        if fault.fault is not FaultClass.NO_LICENCE:
            raise
        return f"restored without a licence, so the mailbox ends within 30 days: {fault.message}"
    return ""


async def deleted_id(site: Site, on: OnMailbox) -> str | None:
    """The deleted user that carries the person's employeeId, where there is exactly one."""
    if on.kind is not MailboxKind.PERSONAL:
        return None
    person = person_of(on)
    found = [user.id for user in await site.graph.deleted_users() if user.employee_id == person]
    return found[0] if len(found) == 1 else None
