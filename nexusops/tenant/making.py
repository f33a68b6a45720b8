"""Steps that make, end and restore a mailbox (R2, R42; tenant-api.md 4.3-4.6, 4.9)."""

from __future__ import annotations

import secrets
from typing import Any

from nexusops.model.changes import CreateMailbox, DeleteMailbox, RestoreMailbox
from nexusops.model.journal import Step, StepOutcome
from nexusops.model.steps import LICENCE, MAILBOX, USER
from nexusops.tenant.acting import Site, aside, done, waiting
from nexusops.tenant.faults import ExchangeFault, FaultClass, GraphFault, TenantFault
from nexusops.tenant.graph import User


async def create_personal(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    if step.name == USER:
        return await _user(site, step, change)
    if step.name == LICENCE:
        return await _licence(site, step, change)
    assert step.name == MAILBOX  # noqa: S101 - steps_of knows no other
    user_id = site.users.get(change.mailbox.key) or change.mailbox.user_id
    row = await site.exchange.mailbox(user_id or change.user_principal_name)
    if row is None:
        return waiting(step, "Exchange has not made the mailbox yet", user_id=user_id)
    site.guids[change.mailbox.key] = row.guid
    return done(step, after={"exchange_guid": row.guid}, user_id=user_id, exchange_guid=row.guid)


async def _user(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    """A user that carries the person's employeeId is taken as it is; else one is created."""
    found = await site.graph.users_of([change.person_id]) if change.person_id else []
    if len(found) > 1:
        return aside(step, f"needs a human: {len(found)} users carry the employeeId {change.person_id}")
    if found:
        return _known(site, step, change, found[0], existed=True)
    if not site.settings.create_users:
        return aside(step, "no directory user carries the employeeId, and [tenant] create_users is false")
    try:
        content = await site.graph.send("POST", "/users", _new_user(site, change))
        import msgspec

        return _known(site, step, change, msgspec.json.decode(content, type=User), existed=False)
    except GraphFault as fault:
        if fault.fault not in (FaultClass.CONFLICT, FaultClass.UNKNOWN_OUTCOME):
            raise
        return await _settle_user(site, step, change, fault)


async def _settle_user(site: Site, step: Step, change: CreateMailbox, fault: GraphFault) -> StepOutcome:
    """The name is taken, or the answer was lost: is it our user?"""
    found = await site.graph.user(change.user_principal_name)
    if found is not None and found.employee_id == change.person_id:
        return _known(site, step, change, found, existed=False)
    if found is not None:
        return aside(step, f"needs a human: {change.user_principal_name} is another user ({found.id})")
    if fault.fault is FaultClass.CONFLICT:
        return aside(step, f"needs a human: {fault.message}")
    raise fault


def _known(site: Site, step: Step, change: CreateMailbox, user: User, *, existed: bool) -> StepOutcome:
    site.users[change.mailbox.key] = user.id
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
    user = await site.user(change.mailbox)
    if user is None:
        raise TenantFault(FaultClass.TRANSIENT, "the user does not show yet")
    sku_id = await _sku(site)
    if sku_id is None:
        return aside(step, f"the tenant has no licence {site.settings.licence_sku}; check [tenant] licence_sku")
    held = [licence.sku_id for licence in user.assigned_licenses]
    if sku_id in held:
        return done(step, {"licences": list(held)}, {"licences": list(held)}, user_id=user.id)

    async def write() -> None:
        body = {"addLicenses": [{"skuId": sku_id, "disabledPlans": []}], "removeLicenses": []}
        await site.graph.send("POST", f"/users/{user.id}/assignLicense", body)

    async def look() -> bool:
        now = await site.graph.user(user.id)
        return now is not None and any(licence.sku_id == sku_id for licence in now.assigned_licenses)

    await site.write(write, look)
    return done(step, {"licences": list(held)}, {"licences": [*held, sku_id]}, user_id=user.id)


async def _sku(site: Site) -> str | None:
    if not site.skus:
        site.skus.update({sku.sku_part_number: sku.sku_id for sku in await site.graph.skus()})
    return site.skus.get(site.settings.licence_sku)


async def create_shared(site: Site, step: Step, change: CreateMailbox) -> StepOutcome:
    name, on = change.mailbox.name, change.mailbox
    if step.name == MAILBOX:
        found = await site.exchange.mailbox(name)
        if found is None:
            found = await _new_shared(site, change)
        if found is None or found.primary != change.address:
            primary = found.primary if found else "none"
            return aside(step, f"needs a human: a mailbox {name} exists with the address {primary}")
        site.guids[on.key] = found.guid
        site.users[on.key] = found.external_directory_object_id
        after: dict[str, Any] = {"exchange_guid": found.guid, "address": found.primary}
        return done(step, None, after, user_id=found.external_directory_object_id, exchange_guid=found.guid)
    row = await site.mailbox(on)
    if not row.hidden_from_address_lists_enabled:
        await site.exchange.invoke("Set-Mailbox", Identity=row.guid, HiddenFromAddressListsEnabled=True)
    await _block_linked(site, row.external_directory_object_id)
    hidden: dict[str, Any] = {"hidden": row.hidden_from_address_lists_enabled}
    return done(step, hidden, {"hidden": True}, user_id=row.external_directory_object_id, exchange_guid=row.guid)


async def _new_shared(site: Site, change: CreateMailbox) -> Any:
    name = change.mailbox.name
    try:
        await site.exchange.invoke(
            "New-Mailbox",
            Shared=True,
            Name=name,
            Alias=name,
            DisplayName=change.display_name,
            PrimarySmtpAddress=change.address,
        )
    except ExchangeFault as fault:
        if fault.fault not in (FaultClass.CONFLICT, FaultClass.UNKNOWN_OUTCOME):
            raise
        found = await site.exchange.mailbox(name)
        if found is None:
            raise
        return found
    return await site.exchange.mailbox(name)


async def _block_linked(site: Site, user_id: str) -> None:
    """The account behind a shared mailbox could be enabled or given a password: blocked; it may not show yet (4.6)."""
    try:
        await site.graph.send("PATCH", f"/users/{user_id}", {"accountEnabled": False})
    except GraphFault as fault:
        if fault.fault is not FaultClass.NOT_FOUND:
            raise


async def delete(site: Site, step: Step, change: DeleteMailbox) -> StepOutcome:
    """The user goes with its licence, so that the mailbox stays restorable (4.9)."""
    user = await site.user(change.mailbox)
    if user is None:
        return done(step, message="it was gone already")
    row = await site.exchange.mailbox(user.id)
    if row is not None and row.litigation_hold_enabled:
        return aside(step, "needs a human: the mailbox is on hold")

    async def look() -> bool:
        return await site.graph.user(user.id) is None

    await site.write(lambda: site.graph.send("DELETE", f"/users/{user.id}"), look)
    addresses = sorted(row.smtp) if row is not None else []
    before: dict[str, Any] = {"user_id": user.id, "addresses": list(addresses)}
    return done(step, before, {"deleted": True}, user_id=user.id)


async def restore(site: Site, step: Step, change: RestoreMailbox) -> StepOutcome:
    user_id = change.mailbox.user_id or site.users.get(change.mailbox.key)
    if user_id is None:
        return aside(step, "needs a human: the deleted user's id is not known")
    if await site.graph.user(user_id) is not None:
        return done(step, message="it was there already", user_id=user_id)

    async def look() -> bool:
        return await site.graph.user(user_id) is not None

    path = f"/directory/deletedItems/{user_id}/restore"
    await site.write(lambda: site.graph.send("POST", path, {}), look)
    row = await site.exchange.mailbox(user_id)
    guid = row.guid if row is not None else None
    return done(step, {"deleted": True}, {"deleted": False}, user_id=user_id, exchange_guid=guid)
