"""Licences: assignment, stock, and the mailbox that an Exchange plan brings (tenant-api.md 4.4)."""

from __future__ import annotations

from typing import Any

from nexusops.emulator import mailboxes
from nexusops.emulator.accounts import find_user, put_user
from nexusops.emulator.book import Book, Object
from nexusops.emulator.graph import odata, properties
from nexusops.emulator.graph.users import show
from nexusops.emulator.wire import Answer, Call, bad_request

_PROPERTIES = (
    "accountId", "accountName", "appliesTo", "capabilityStatus", "consumedUnits", "id", "prepaidUnits", "servicePlans",
    "skuId", "skuPartNumber", "subscriptionIds",
)  # fmt: skip

_BESIDE = ("accountEnabled", "assignedLicenses", "city", "companyName")
"""What the answer of assignLicense shows beside the default properties (user-assignlicense.md)."""


def subscribed_skus(call: Call) -> Answer:
    """``GET /subscribedSkus``: left is ``prepaidUnits.enabled - consumedUnits``."""
    odata.check_options(call, {"$select"})
    names = odata.select_of(call, "subscribedSku", _PROPERTIES, _PROPERTIES)
    rows = [odata.shown(sku, names) for sku in call.book.page("sku")]
    return Answer(200, odata.listed(call, odata.selected(call, "subscribedSkus", names), rows))


def assign_licence(call: Call, key: str) -> Answer:
    """``POST /users/{id}/assignLicense``: both arrays must be there; 200 with the user. All or nothing."""
    book, before, body = call.book, find_user(call, key), call.body
    adds, removes = _wanted(body)
    held = {licence["skuId"]: licence for licence in before["assignedLicenses"]}
    for sku_id in removes:
        if sku_id not in held:
            raise bad_request(f"User does not have a corresponding license. Sku: {sku_id}")
        del held[sku_id]
    for wanted in adds:
        sku = _sku(book, wanted)
        if not before.get("usageLocation"):
            raise bad_request("License assignment cannot be done for user with invalid usage location.")
        held[sku["skuId"]] = {"skuId": sku["skuId"], "disabledPlans": wanted.get("disabledPlans") or []}
    take_stock(book, {licence["skuId"] for licence in before["assignedLicenses"]}, set(held))
    after = {**before, "assignedLicenses": [held[sku_id] for sku_id in sorted(held)]}
    after = _mailbox_follows(call, before, after)
    shown = show(call, after, [*properties.DEFAULT, *_BESIDE])
    shown["assignedPlans"] = _plans(book, after, call.stamp)
    return Answer(200, {"@odata.context": odata.context(call, "users/$entity"), **shown})


def _plans(book: Book, user: Object, stamp: str) -> list[Object]:
    """The service plans that the licences bring."""
    skus = [(licence, book.get("sku", licence["skuId"])) for licence in user["assignedLicenses"]]
    return [
        {
            "assignedDateTime": stamp,
            "capabilityStatus": "Deleted" if plan["servicePlanId"] in licence["disabledPlans"] else "Enabled",
            "service": "exchange"
            if plan["servicePlanName"].startswith("EXCHANGE")
            else "MicrosoftCommunicationsOnline",
            "servicePlanId": plan["servicePlanId"],
        }
        for licence, sku in skus
        for plan in (sku["servicePlans"] if sku else ())
    ]


def _wanted(body: Any) -> tuple[list[Object], list[str]]:
    if not isinstance(body, dict) or not all(isinstance(body.get(n), list) for n in ("addLicenses", "removeLicenses")):
        raise bad_request(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload. The missing "
            "parameters are: addLicenses, removeLicenses."
        )
    if unknown := set(body) - {"addLicenses", "removeLicenses"}:
        raise bad_request(
            f"The parameter '{min(unknown)}' in the request payload is not a valid parameter for the operation "
            "'assignLicense'."
        )
    for licence in body["addLicenses"]:
        if not isinstance(licence, dict) or not isinstance(licence.get("skuId"), str):
            raise bad_request("Cannot convert a primitive value to the expected type 'Edm.Guid'.")
        if unknown := {name for name in licence if "@odata" not in name} - {"skuId", "disabledPlans"}:
            raise bad_request(
                f"The property '{min(unknown)}' does not exist on type 'microsoft.graph.assignedLicense'."
            )
    return body["addLicenses"], body["removeLicenses"]


def _sku(book: Book, wanted: Object) -> Object:
    sku = book.get("sku", wanted["skuId"].lower())
    if sku is None:
        raise bad_request(f"License {wanted['skuId']} does not correspond to a valid company License.")
    plans = {plan["servicePlanId"] for plan in sku["servicePlans"]}
    for plan in wanted.get("disabledPlans") or ():
        if plan not in plans:
            raise bad_request(
                f"License assignment failed because service plan {plan} is not part of sku {sku['skuId']}."
            )
    return sku


def take_stock(book: Book, before: set[str], after: set[str]) -> None:
    """Counts units given back and taken; raises 400 where there are none left."""
    for sku_id in before ^ after:
        sku = book.get("sku", sku_id)
        if sku is None:
            continue
        sku["consumedUnits"] += 1 if sku_id in after else -1
        if sku["consumedUnits"] > sku["prepaidUnits"]["enabled"] and sku_id in after:
            raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")
        book.put("sku", sku_id, sku)


def has_exchange_plan(book: Book, user: Object) -> bool:
    for licence in user["assignedLicenses"]:
        sku = book.get("sku", licence["skuId"])
        for plan in sku["servicePlans"] if sku else ():
            if plan["servicePlanName"].startswith("EXCHANGE") and plan["servicePlanId"] not in licence["disabledPlans"]:
                return True
    return False


def _mailbox_follows(call: Call, before: Object, after: Object) -> Object:
    mailbox, entitled = call.book.get("mailbox", after["id"]), has_exchange_plan(call.book, after)
    if entitled and mailbox is None:
        return mailboxes.provision(call, after, before)
    if not entitled and mailbox is not None:
        mailboxes.disconnect(call.book, after, call.stamp)
    put_user(call.book, after, before)
    return after
