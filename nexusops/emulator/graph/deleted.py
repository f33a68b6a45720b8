"""Soft-deletion: 30 days in the recycle bin, addresses reserved, restored with the mailbox (tenant-api.md 4.9)."""

from __future__ import annotations

from nexusops.emulator import mailboxes
from nexusops.emulator.accounts import EVERYTHING, REMOVED, find_user, hold_addresses, put_user
from nexusops.emulator.book import Object
from nexusops.emulator.graph import odata, properties
from nexusops.emulator.graph.licences import take_stock
from nexusops.emulator.graph.users import page_of_users, show
from nexusops.emulator.wire import Answer, Call, Refusal, bad_request, conflict, denied, not_found


def delete_user(call: Call, key: str) -> Answer:
    """``DELETE /users/{id}``: 204."""
    user = find_user(call, key)
    if user.get("_privileged"):
        raise denied()
    soft_delete(call, user)
    return Answer(204)


def soft_delete(call: Call, user: Object) -> None:
    """The licence goes back to stock; the UPN is prefixed with the id, so that it is free."""
    take_stock(call.book, {licence["skuId"] for licence in user["assignedLicenses"]}, set())
    upn = user["userPrincipalName"]
    mangled = user["id"].replace("-", "") + upn
    gone = {**user, "deletedDateTime": call.stamp, "userPrincipalName": mangled, "_upn": upn}
    put_user(call.book, gone, mark=REMOVED)
    mailboxes.follow(call.book, gone)
    hold_addresses(call.book, gone)


def list_deleted(call: Call) -> Answer:
    """``GET /directory/deletedItems/microsoft.graph.user``."""
    return Answer(200, page_of_users(call, "/directory/deletedItems/microsoft.graph.user", deleted=True))


def _find(call: Call, key: str) -> Object:
    user = call.book.get("user", key.lower())
    if user is None or not user.get("deletedDateTime"):
        raise not_found(key)
    return user


def get_deleted(call: Call, key: str) -> Answer:
    """``GET /directory/deletedItems/{id}``."""
    names = odata.select_of(call, "user", properties.KNOWN, (*properties.DEFAULT, "deletedDateTime"))
    head = {"@odata.context": odata.context(call, "directoryObjects/$entity"), "@odata.type": "#microsoft.graph.user"}
    return Answer(200, {**head, **show(call, _find(call, key), names)})


def restore_user(call: Call, key: str) -> Answer:
    """``POST /directory/deletedItems/{id}/restore``: 200; 404 after 30 days; 400 where the name is another's now."""
    user = _find(call, key)
    if user.get("_privileged"):
        raise denied()
    upn = user["_upn"]
    if call.book.find("user", "userPrincipalName", upn):
        raise conflict("userPrincipalName")
    if call.book.holder(upn) not in (None, user["id"]):
        raise conflict("proxyAddresses")
    back = {name: value for name, value in user.items() if name not in ("deletedDateTime", "_upn")}
    back["userPrincipalName"] = upn
    try:
        take_stock(call.book, set(), {licence["skuId"] for licence in user["assignedLicenses"]})
    except Refusal:
        back["assignedLicenses"] = []
    put_user(call.book, back, mark=EVERYTHING)
    mailboxes.follow(call.book, back)
    hold_addresses(call.book, back)
    mailboxes.delay(call, back["id"])
    head = {"@odata.context": odata.context(call, "directoryObjects/$entity"), "@odata.type": "#microsoft.graph.user"}
    return Answer(200, {**head, **show(call, back, list(properties.DEFAULT))})


def erase_deleted(call: Call, key: str) -> Answer:
    """``DELETE /directory/deletedItems/{id}``: of a user only by a signed-in administrator, never by an app (0)."""
    _find(call, key)
    raise denied()


def refuse_listing_all(_call: Call) -> Answer:
    raise bad_request("The type of the directory objects must be named: /directory/deletedItems/microsoft.graph.user.")
