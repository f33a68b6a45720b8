"""Steps that change a mailbox: addresses, sender, forward, disabled or not (tenant-api.md 4.5, 4.7-4.9)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nexusops.model.changes import (
    AddAddress,
    ClearForward,
    DisableMailbox,
    EnableMailbox,
    RemoveAddress,
    SetForward,
    SetSender,
)
from nexusops.model.ids import alike
from nexusops.model.journal import JsonObject, Step, StepOutcome
from nexusops.model.steps import BLOCK, HIDE, NOTE, PROTOCOLS, REPLY, REPLY_BEFORE, REVOKE_SESSIONS, UNBLOCK
from nexusops.tenant.acting import Site, aside, done, neither
from nexusops.tenant.cmdlets import MailboxRow
from nexusops.tenant.directory import Revoked, User
from nexusops.tenant.exchange import hash_table
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.making import SHARED
from nexusops.tenant.replying import answer_with, closed, reply_of

MOST_ADDRESSES = 300
PROTOCOL_FLAGS = (
    "ActiveSyncEnabled",
    "EwsEnabled",
    "ImapEnabled",
    "MacOutlookEnabled",
    "MAPIEnabled",
    "OneWinNativeOutlookEnabled",
    "OutlookMobileEnabled",
    "OWAEnabled",
    "OWAforDevicesEnabled",
    "PopEnabled",
)


def _addresses(row: MailboxRow) -> JsonObject:
    return {"addresses": list(row.email_addresses)}


async def add_address(site: Site, step: Step, change: AddAddress) -> StepOutcome:
    row = await site.mailbox(change.mailbox)
    if change.address in row.smtp:
        return done(step, _addresses(row), _addresses(row))
    if len(row.email_addresses) >= MOST_ADDRESSES:
        return aside(step, f"needs a human: the mailbox has {len(row.email_addresses)} addresses already")
    return await _proxies(site, step, row, hash_table(Add=[f"smtp:{change.address}"]), add=change.address)


async def remove_address(site: Site, step: Step, change: RemoveAddress) -> StepOutcome:
    row = await site.mailbox(change.mailbox)
    if change.address not in row.smtp:
        return done(step, _addresses(row), _addresses(row))
    if change.address == row.primary:
        return aside(step, f"{change.address} is still the sender; it cannot be removed before that has moved")
    return await _proxies(site, step, row, hash_table(Remove=[f"smtp:{change.address}"]), remove=change.address)


async def _proxies(
    site: Site, step: Step, row: MailboxRow, value: Any, *, add: str | None = None, remove: str | None = None
) -> StepOutcome:
    last = row

    async def look() -> bool:
        nonlocal last
        last = await site.exchange.mailbox(row.guid) or last
        return (add is None or add in last.smtp) and (remove is None or remove not in last.smtp)

    await site.write(
        lambda: site.exchange.invoke("Set-Mailbox", Identity=row.guid, EmailAddresses=value),
        look,
        synced=row.is_dir_synced,
    )
    return done(step, _addresses(row), _addresses(last))


async def set_sender(site: Site, step: Step, change: SetSender) -> StepOutcome:
    """The whole list, the new one as SMTP:, the old as smtp: unless it leaves, everything of other kinds kept (4.7)."""
    row = await site.mailbox(change.mailbox)
    if row.primary == change.becomes:
        return done(step, _addresses(row), _addresses(row))
    if change.was is not None and row.primary != change.was:
        return aside(step, neither("the sender", row.primary, change.was, change.becomes), _addresses(row))
    kept = [a for a in row.email_addresses if a[5:].lower() != change.becomes or a[:5].lower() != "smtp:"]
    leaving = {change.was} if change.leaves and change.was is not None else set()
    kept = [a for a in kept if a[5:].lower() not in leaving or a[:5].lower() != "smtp:"]
    listed = [f"SMTP:{change.becomes}", *(f"smtp:{a[5:]}" if a.startswith("SMTP:") else a for a in kept)]
    # The account of a shared mailbox is named as it sends: products ask for it by that, and the old one becomes free.
    named = {"MicrosoftOnlineServicesID": change.becomes} if row.recipient_type_details == SHARED else {}
    last = row

    async def look() -> bool:
        nonlocal last
        last = await site.exchange.mailbox(row.guid) or last
        return last.primary == change.becomes

    await site.write(
        lambda: site.exchange.invoke("Set-Mailbox", Identity=row.guid, EmailAddresses=listed, **named),
        look,
        synced=row.is_dir_synced,
    )
    if row.smtp - last.smtp - leaving:
        lost = ", ".join(sorted(row.smtp - last.smtp - leaving))
        raise TenantFault(FaultClass.TRANSIENT, f"addresses were lost with the change of sender: {lost}")
    return done(step, _addresses(row), _addresses(last))


async def set_forward(site: Site, step: Step, change: SetForward | ClearForward) -> StepOutcome:
    """All three values every time: where both targets are set, the smtp one is ignored (4.8)."""
    wanted = change.becomes if isinstance(change, SetForward) else None
    row = await site.mailbox(change.mailbox)
    if alike(row.forward, wanted):
        return done(step, {"forward": row.forward}, {"forward": row.forward})
    if not alike(row.forward, change.was):
        return aside(step, neither("the forward", row.forward, change.was, wanted), {"forward": row.forward})

    async def write() -> None:
        await site.exchange.invoke(
            "Set-Mailbox",
            Identity=row.guid,
            ForwardingSmtpAddress=f"smtp:{wanted}" if wanted else None,
            ForwardingAddress=None,
            DeliverToMailboxAndForward=False,
        )

    async def look() -> bool:
        now = await site.exchange.mailbox(row.guid)
        return now is not None and alike(now.forward, wanted)

    await site.write(write, look, synced=row.is_dir_synced)
    return done(step, {"forward": row.forward}, {"forward": wanted})


async def disable(site: Site, step: Step, change: DisableMailbox) -> StepOutcome:
    """Everything that an enabling brings back exactly: sign-in, sessions, protocols, address lists (4.9)."""
    if step.name == NOTE:
        return await _noted(site, step, change)
    if step.name == BLOCK:
        return await _blocked(site, step, change)
    if step.name == REVOKE_SESSIONS:
        await _signed_out(site, change)
        return done(step)
    if step.name == PROTOCOLS:
        return await _protocols(site, step, change, dict.fromkeys(PROTOCOL_FLAGS, False))
    if step.name == REPLY:
        return await answer_with(site, step, change, closed(change.reply or ""))
    assert step.name == HIDE  # noqa: S101 - steps_of knows no other
    return await _hidden(site, step, change, hidden=True)


async def _blocked(site: Site, step: Step, change: DisableMailbox) -> StepOutcome:
    """No sign-in from now on. A compromised account that only its own directory can block is at least signed out."""
    try:
        return await _sign_in(site, step, change, allowed=False)
    except TenantFault as fault:
        if fault.fault is not FaultClass.WRONG_AUTHORITY or change.why.rule != "R45":
            raise
        await _signed_out(site, change)
        raise TenantFault(fault.fault, f"{fault.message}; its sessions are revoked") from fault


async def _signed_out(site: Site, change: DisableMailbox) -> None:
    """Nothing shows it afterwards: the answer is all there is, and a page of something in between is none (4.5)."""
    user = await _user(site, change)
    await site.graph.fetch(f"/users/{user.id}/revokeSignInSessions", Revoked, post={})


async def _noted(site: Site, step: Step, change: DisableMailbox) -> StepOutcome:
    """All that the next steps will alter, so that it is known even where one of them is interrupted."""
    user, row = await site.user(change.mailbox), await site.mailbox(change.mailbox)
    before = await _flags(site, row.guid)
    before["hidden"] = row.hidden_from_address_lists_enabled
    if user is not None:
        before["accountEnabled"] = bool(user.account_enabled)
    if change.reply is not None:
        before[REPLY_BEFORE] = asdict(await reply_of(site, row.guid))
    return done(step, before, before, exchange_guid=row.guid)


async def enable(site: Site, step: Step, change: EnableMailbox) -> StepOutcome:
    """Exactly what was before the disabling, as far as the change names it (12, 5)."""
    before = change.restore
    if step.name == REPLY and change.reply is not None:
        return await answer_with(site, step, change, change.reply)
    if step.name == PROTOCOLS:
        return await _protocols(site, step, change, {name: before.get(name, True) for name in PROTOCOL_FLAGS})
    if step.name == UNBLOCK:
        return await _sign_in(site, step, change, allowed=before.get("accountEnabled", True))
    return await _hidden(site, step, change, hidden=before.get("hidden", False))


async def _user(site: Site, change: DisableMailbox | EnableMailbox) -> User:
    user = await site.user(change.mailbox)
    if user is None:
        raise TenantFault(FaultClass.NOT_FOUND, f"there is no directory user for {change.mailbox.name}")
    return user


async def _sign_in(site: Site, step: Step, change: DisableMailbox | EnableMailbox, *, allowed: bool) -> StepOutcome:
    user = await _user(site, change)
    before: JsonObject = {"accountEnabled": bool(user.account_enabled)}
    if user.account_enabled is allowed:
        return done(step, before, before, user_id=user.id)

    async def look() -> bool:
        now = await site.graph.user(user.id)
        return now is not None and now.account_enabled is allowed

    await site.write(
        lambda: site.graph.write("PATCH", f"/users/{user.id}", {"accountEnabled": allowed}),
        look,
        synced=bool(user.on_premises_sync_enabled),
    )
    return done(step, before, {"accountEnabled": allowed}, user_id=user.id)


async def _protocols(
    site: Site, step: Step, change: DisableMailbox | EnableMailbox, wanted: dict[str, Any]
) -> StepOutcome:
    guid = (await site.mailbox(change.mailbox)).guid

    async def look() -> bool:
        return (await _flags(site, guid)).items() <= wanted.items()

    before = await _flags(site, guid)
    if not before.items() <= wanted.items():
        await site.write(lambda: site.exchange.invoke("Set-CASMailbox", Identity=guid, **wanted), look)
    return done(step, before, dict(wanted.items()), exchange_guid=guid)


async def _flags(site: Site, guid: str) -> JsonObject:
    """The protocols of a mailbox; what this tenant does not know of cannot be compared."""
    rows = await site.exchange.looked("Get-CASMailbox", Identity=guid)
    if len(rows) != 1:
        raise TenantFault(FaultClass.BUG, f"Exchange answered with {len(rows)} rows for one mailbox")
    return {name: rows[0][name] for name in PROTOCOL_FLAGS if name in rows[0]}


async def _hidden(site: Site, step: Step, change: DisableMailbox | EnableMailbox, *, hidden: bool) -> StepOutcome:
    row = await site.mailbox(change.mailbox)
    before: JsonObject = {"hidden": row.hidden_from_address_lists_enabled}
    await site.hide(row, hidden=hidden)
    return done(step, before, {"hidden": hidden}, exchange_guid=row.guid)
