"""Steps that make a mailbox (R2; tenant-api.md 4.3-4.6)."""

from __future__ import annotations

import secrets
from typing import Any

from nexusops.model.changes import CreateMailbox
from nexusops.model.journal import Step, StepOutcome
from nexusops.model.steps import LICENCE, MAILBOX, USER
from nexusops.tenant.acting import LOOKS, Site, aside, done, waiting
from nexusops.tenant.cmdlets import MailboxRow
from nexusops.tenant.directory import User
from nexusops.tenant.ending import deleted_id
from nexusops.tenant.exchange import hash_table
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.licensing import licensed

SHARED = "SharedMailbox"
UNSEEN = "the directory does not show the user yet"
LAG = (*LOOKS, 8.0, 16.0)
"""Seconds before each attempt on a user that was made a moment ago: it may be refused as unknown for so long (8)."""


async def create_personal(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    """The directory user, its licence, and the mailbox that Exchange makes of that: each a step."""
    if step.name == USER:
        return await _user(site, step, change)
    if step.name == LICENCE:
        return await _licence(site, step, change)
    assert step.name == MAILBOX  # noqa: S101 - steps_of knows no other
    user_id = site.users.get(change.mailbox.key)
    if user_id is None:
        user = await site.new_user(change.mailbox)
        user_id = user.id if user is not None else None
    row = await site.exchange.mailbox(user_id) if user_id is not None else None
    if row is None:
        return waiting(step, "Exchange has not made the mailbox yet", user_id=user_id)
    site.guids[change.mailbox.key] = row.guid
    return done(step, after={"exchange_guid": row.guid}, user_id=user_id, exchange_guid=row.guid)


async def _user(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    """A user that carries the person's employeeId is taken as it is; else one is created."""
    found = await site.user_of(change.person_id) if change.person_id else None
    if found is not None:
        return _known(site, step, change, found, existed=True)
    if not site.settings.create_users:
        return aside(step, "no directory user carries the employeeId, and [tenant] create_users is false")
    return await _create(site, step, change, again=True)


async def _create(site: Site, step: Step, change: CreateMailbox, *, again: bool) -> StepOutcome:
    body = _new_user(site, change)
    try:
        made = await site.graph.create_user(body)
        # Not everything is told back.
        return _known(site, step, change, User(id=made.id, usage_location=body["usageLocation"]), existed=False)
    except TenantFault as fault:
        if fault.fault not in (FaultClass.CONFLICT, FaultClass.UNKNOWN_OUTCOME):
            raise
        outcome = await _settled(site, step, change)
        if outcome is not None:
            return outcome
        if fault.fault is FaultClass.UNKNOWN_OUTCOME and again:
            return await _create(site, step, change, again=False)
        deleted = await deleted_id(site, change.mailbox) if fault.fault is FaultClass.CONFLICT else None
        if deleted is None:
            raise
        # Until it is purged its addresses are taken (4.9).
        return aside(step, f"needs a human: {change.person_id} has a deleted user ({deleted}); restore that one")


async def _settled(site: Site, step: Step, change: CreateMailbox) -> StepOutcome | None:
    """The name is taken, or the answer was lost: is it our user? None where no user shows (4.3)."""
    found: User | None = None

    async def look() -> bool:
        nonlocal found
        found = await site.graph.user(change.user_principal_name)
        return found is not None

    await site.until(look)
    if found is None:
        return None
    if found.employee_id == change.person_id:
        return _known(site, step, change, found, existed=False)
    return aside(step, f"needs a human: {change.user_principal_name} is another user ({found.id})")


def _known(site: Site, step: Step, change: CreateMailbox, user: User, *, existed: bool) -> StepOutcome:
    site.users[change.mailbox.key] = user.id
    if existed:
        site.fresh.pop(change.mailbox.key, None)
    else:
        site.fresh[change.mailbox.key] = user
    return done(step, {"existed": existed}, {"user_id": user.id}, user_id=user.id)


def _new_user(site: Site, change: CreateMailbox) -> dict[str, Any]:
    return {
        "accountEnabled": True,
        "displayName": change.display_name,
        "mailNickname": change.mailbox.name,
        "userPrincipalName": change.user_principal_name,
        "employeeId": change.person_id,
        "usageLocation": site.settings.usage_location,
        # Nobody signs in with it: single sign-on does. It is never kept.
        "passwordProfile": {"forceChangePasswordNextSignIn": True, "password": secrets.token_urlsafe(24) + "aA1!"},
    }


async def _licence(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    """A user just made is known, and is not looked for: where it can be read, it may not be known everywhere yet."""
    made = site.fresh.get(change.mailbox.key)
    if made is None:
        user = await site.user(change.mailbox)
        return waiting(step, UNSEEN) if user is None else await _licensed(site, step, user)
    outcome: StepOutcome | None = None

    async def try_it() -> bool:
        nonlocal outcome
        try:
            outcome = await _licensed(site, step, made)
        except TenantFault as fault:
            if fault.fault is not FaultClass.NOT_FOUND:
                raise
        return outcome is not None

    await site.until(try_it, LAG)
    return outcome or waiting(step, UNSEEN, user_id=made.id)


async def _licensed(site: Site, step: Step, user: User) -> StepOutcome:
    before = user.skus
    after = await licensed(site, user)
    return done(step, {"licences": list(before)}, {"licences": list(after)}, user_id=user.id)


async def create_shared(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    """The mailbox; then its account is blocked, it is hidden, and mail for its routing name reaches it."""
    name, on = change.mailbox.name, change.mailbox
    if step.name == MAILBOX:
        found = await site.exchange.mailbox(name) or await _new_shared(site, change)
        if found is None:
            return waiting(step, "Exchange does not show the new mailbox yet")
        if found.primary != change.address or found.recipient_type_details != SHARED:
            has = f"{found.recipient_type_details} with the address {found.primary or 'none'}"
            return aside(step, f"needs a human: {name} is a {has}; the plan wants a {SHARED} with {change.address}")
        site.guids[on.key] = found.guid
        site.users[on.key] = found.external_directory_object_id
        after: dict[str, Any] = {"exchange_guid": found.guid, "address": found.primary}
        return done(step, None, after, user_id=found.external_directory_object_id or None, exchange_guid=found.guid)
    row = await site.mailbox(on)
    if not await _block_linked(site, row.external_directory_object_id):
        return waiting(step, "the directory does not show the account behind the mailbox yet")
    # Last, since by this it is seen to be made.
    await _hide_and_route(site, row, routed := change.user_principal_name.lower(), change.address or "")
    hidden: dict[str, Any] = {"hidden": row.hidden_from_address_lists_enabled}
    return done(
        step,
        hidden,
        {"hidden": True, "routed": routed},
        user_id=row.external_directory_object_id or None,
        exchange_guid=row.guid,
    )


async def _new_shared(site: Site, change: CreateMailbox) -> MailboxRow | None:
    """Makes it, or takes the one that is there (a lost answer, an earlier run); None where it does not show yet."""
    name, found = change.mailbox.name, None

    async def look() -> bool:
        nonlocal found
        found = await site.exchange.mailbox(name)
        return found is not None

    async def write() -> None:
        await site.exchange.invoke(
            "New-Mailbox",
            Shared=True,
            Name=name,
            Alias=name,
            DisplayName=change.display_name,
            PrimarySmtpAddress=change.address,
        )

    try:
        await site.write(write, look)
    except TenantFault as fault:
        if fault.fault is FaultClass.CONFLICT and not await look():
            raise
        if fault.fault not in (FaultClass.CONFLICT, FaultClass.TRANSIENT):
            raise
    return found


async def _hide_and_route(site: Site, row: MailboxRow, routed: str, address: str) -> None:
    """Out of the address lists, and found under the name to which the hubs send its mail (R60). Its account is named as
    it sends: Graph's sendMail knows it by that name alone, and no source says which one New-Mailbox gives it.
    """

    async def look() -> bool:
        now = await site.exchange.mailbox(row.guid)
        return now is not None and routed in now.smtp and now.hidden_from_address_lists_enabled

    values: dict[str, Any] = {} if row.hidden_from_address_lists_enabled else {"HiddenFromAddressListsEnabled": True}
    if routed not in row.smtp:
        values["EmailAddresses"] = hash_table(Add=[f"smtp:{routed}"])
    if address and row.user_principal_name.lower() != address.lower():
        values["MicrosoftOnlineServicesID"] = address
    if values:
        await site.write(
            lambda: site.exchange.invoke("Set-Mailbox", Identity=row.guid, **values), look, synced=row.is_dir_synced
        )


async def _block_linked(site: Site, user_id: str) -> bool:
    """The account behind a shared mailbox could be enabled or given a password: blocked; False where it does not show
    within some seconds (4.6).
    """
    now: User | None = None

    async def shown() -> bool:
        nonlocal now
        now = await site.graph.user(user_id)
        return now is not None

    async def look() -> bool:
        return await shown() and now is not None and now.account_enabled is False

    if not await site.until(shown):
        return False
    if now is None or now.account_enabled is not False:
        await site.write(lambda: site.graph.write("PATCH", f"/users/{user_id}", {"accountEnabled": False}), look)
    return True
