"""The licence for which Exchange gives a user a mailbox (R2; tenant-api.md 4.4)."""

from __future__ import annotations

from nexusops.tenant.acting import Site
from nexusops.tenant.directory import Sku, User
from nexusops.tenant.faults import FaultClass, TenantFault


async def licensed(site: Site, user: User) -> list[str]:
    """The user's licences (SKU ids) once the configured one is among them.

    Raises TenantFault: NO_LICENCE where the stock is empty, the tenant has no such licence, or the user's gives no
    mailbox, since somebody has switched that part of it off.
    """
    sku = await _sku(site)
    sku_id, held = sku.sku_id, user.skus
    for licence in user.assigned_licenses or ():
        if licence.sku_id == sku_id:
            _gives_a_mailbox(sku, set(licence.disabled_plans or ()))
            return held
    if not user.usage_location:
        await _located(site, user.id)

    async def write() -> None:
        body = {"addLicenses": [{"skuId": sku_id, "disabledPlans": []}], "removeLicenses": []}
        await site.graph.write("POST", f"/users/{user.id}/assignLicense", body)

    async def look() -> bool:
        now = await site.graph.user(user.id)
        return now is not None and sku_id in now.skus

    await site.write(write, look)
    return [*held, sku_id]


async def _located(site: Site, user_id: str) -> None:
    """A user that somebody else made may lack the usage location, without which no licence is given."""
    wanted = site.settings.usage_location

    async def look() -> bool:
        now = await site.graph.user(user_id)
        return now is not None and now.usage_location == wanted

    await site.write(lambda: site.graph.write("PATCH", f"/users/{user_id}", {"usageLocation": wanted}), look)


def _gives_a_mailbox(sku: Sku, off: set[str]) -> None:
    """Whether a licence that is held gives a mailbox: one of its plans does, by their names (UNSOURCED), and is on."""
    plans = {plan.service_plan_id: plan.service_plan_name for plan in sku.service_plans or () if plan.makes_mailboxes}
    if plans and plans.keys() <= off:
        names = ", ".join(sorted(plans.values()))
        message = (
            f"the user's {sku.sku_part_number} gives no mailbox, since {names} is switched off in it; switch it on"
        )
        raise TenantFault(FaultClass.NO_LICENCE, message)


async def _sku(site: Site) -> Sku:
    name = site.settings.licence_sku
    async with site.stock:
        if not site.skus:
            site.skus.update({sku.sku_part_number: sku for sku in await site.graph.skus()})
    if name not in site.skus:
        raise TenantFault(FaultClass.NO_LICENCE, f"the tenant has no licence {name}; check [tenant] licence_sku")
    return site.skus[name]
