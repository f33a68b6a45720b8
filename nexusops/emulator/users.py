"""Graph's users: list, read, create, change, license, delete, restore, delta (tenant-api.md 4.1-4.5, 4.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nexusops.emulator import odata, properties
from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.wire import Answer, Call, Refusal, bad_request, conflict, not_found, refused

INDEXED = {"id": "id", "employeeId": "employee", "userPrincipalName": "upn", "mailNickname": "name"}
_UPN = re.compile(r"^[A-Za-z0-9'.\-_!#^~]{1,64}@[a-z0-9.-]+$", re.IGNORECASE)


def list_users(book: Book, call: Call, *, deleted: bool = False) -> Answer:
    names = odata.select_of(call, properties.DEFAULT, properties.known)
    advanced = call.headers.get("consistencylevel") == "eventual" and call.query.get("$count") == "true"
    if call.query.get("$count") == "true" and call.headers.get("consistencylevel") != "eventual":
        raise bad_request("$count is not currently supported.")
    if "$skip" in call.query:
        raise bad_request("'$skip' is not supported by the service.")
    top, after = odata.top_of(call), odata.token_of(call)
    found = list(_matching(book, call, advanced, deleted, after, top + 1))
    body: dict[str, Any] = {"@odata.context": f"{call.base}/$metadata#users"}
    if advanced:
        body["@odata.count"] = sum(1 for _ in _matching(book, call, advanced, deleted, "", 10**9))
    if len(found) > top:
        found = found[:top]
        body["@odata.nextLink"] = odata.link(call, call.path, "$skiptoken", found[-1]["id"])
    body["value"] = [odata.selected(user, names) for user in found]
    return Answer(200, body)


def _matching(book: Book, call: Call, advanced: bool, deleted: bool, after: str, count: int) -> Iterator[Object]:
    """Users in the order of their ids, after one; by index where the filter is one equality."""
    text = call.query.get("$filter")
    if not text:
        yield from book.page("user", deleted=deleted, after=after, count=count)
        return
    test, equal = odata.filter_of(text, advanced=advanced)
    left = count
    for user in sorted(_candidates(book, equal, deleted), key=lambda user: user["id"]):
        if user["id"] > after and bool(user.get("deletedDateTime")) is deleted and test(user):
            yield user
            left -= 1
            if left == 0:
                return


def _candidates(book: Book, equal: dict[str, list[str]], deleted: bool) -> Iterator[Object]:
    for name, values in equal.items():
        if name == "proxyAddresses":
            ids = {book.holder(value.partition(":")[2]) for value in values}
            yield from (user for user in (book.get(i) for i in ids if i) if user is not None)
            return
        if name in INDEXED:
            for value in set(values):
                column = INDEXED[name]
                wanted = value if column in ("employee", "id") else value.lower()
                yield from (user for user in book.find(column, wanted) if user["kind"] == "user")
            return
    yield from book.each("user", deleted=deleted)


def find_user(book: Book, key: str) -> Object:
    """By object id or user principal name; soft-deleted ones do not exist here."""
    user = book.get(key) if "@" not in key else next(iter(book.find("upn", key.lower())), None)
    if user is None or user["kind"] != "user" or user.get("deletedDateTime"):
        raise not_found(key)
    return user


def get_user(book: Book, call: Call, key: str) -> Answer:
    names = odata.select_of(call, properties.DEFAULT, properties.known)
    body = {"@odata.context": f"{call.base}/$metadata#users/$entity", **odata.selected(find_user(book, key), names)}
    return Answer(200, body)


def create_user(book: Book, call: Call) -> Answer:
    body = properties.checked(call.body)
    missing = [name for name in properties.REQUIRED if body.get(name) in (None, "")]
    if missing:
        raise bad_request("A value is required for property '" + missing[0] + "' of resource 'User'.")
    profile = body.pop("passwordProfile")
    if not isinstance(profile.get("password"), str) or len(profile["password"]) < 8:
        raise bad_request("The specified password does not comply with password complexity requirements.")
    upn = body["userPrincipalName"]
    check_upn(book, upn)
    user: Object = {
        **dict.fromkeys((*properties.WRITABLE, *properties.READ_ONLY)),
        "businessPhones": [],
        "otherMails": [],
        "proxyAddresses": [],
        "assignedLicenses": [],
        **body,
        "id": new_id(),
        "kind": "user",
        "createdDateTime": call.now,
        "signInSessionsValidFromDateTime": call.now,
        "userType": body.get("userType") or "Member",
    }
    del user["passwordProfile"]
    book.put(user)
    return Answer(
        201,
        {"@odata.context": f"{call.base}/$metadata#users/$entity", **odata.selected(user, list(properties.DEFAULT))},
    )


def check_upn(book: Book, upn: str, own_id: str = "") -> None:
    if not _UPN.match(upn):
        raise bad_request("One or more properties contains invalid values.")
    if not accepted(book, upn.partition("@")[2]):
        message = "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization."
        raise bad_request(
            message, details=[{"code": "InvalidValue", "message": message, "target": "userPrincipalName"}]
        )
    if any(user["id"] != own_id for user in book.find("upn", upn.lower())):
        raise conflict("userPrincipalName")
    if book.holder(upn) not in (None, own_id):
        raise conflict("proxyAddresses")


def accepted(book: Book, domain: str) -> bool:
    """Whether a domain is one of the tenant's: named itself, or beneath an accepted suffix."""
    domain = domain.lower()
    return any(domain == known or domain.endswith("." + known) for known in book.setting("domains") or ())


def change_user(book: Book, call: Call, key: str) -> Answer:
    user = find_user(book, key)
    body = properties.checked(call.body)
    body.pop("passwordProfile", None)
    if "userPrincipalName" in body:
        check_upn(book, body["userPrincipalName"], user["id"])
    if user.get("onPremisesSyncEnabled") and set(body) & {
        "displayName",
        "mailNickname",
        "employeeId",
        "accountEnabled",
    }:
        raise bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
        )
    if user.get("privileged") and "accountEnabled" in body:
        raise refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    book.put({**user, **body})
    return Answer(204)


def assign_licence(book: Book, call: Call, key: str) -> Answer:
    """Both arrays must be there; stock and usage location are checked; an Exchange plan makes a mailbox (4.4)."""
    from nexusops.emulator.mailboxes import make_mailbox

    user, body = find_user(book, key), call.body
    if not isinstance(body, dict) or not all(
        isinstance(body.get(name), list) for name in ("addLicenses", "removeLicenses")
    ):
        raise bad_request("The parameters addLicenses and removeLicenses are required.")
    held = {licence["skuId"]: licence for licence in user["assignedLicenses"]}
    stock = {sku["skuId"]: sku for sku in book.setting("skus")}
    for sku_id in body["removeLicenses"]:
        if sku_id not in held:
            raise bad_request(f"User does not have a corresponding license. {sku_id}")
        del held[sku_id]
    for wanted in body["addLicenses"]:
        sku = stock.get(wanted.get("skuId"))
        if sku is None:
            raise bad_request(f"License {wanted.get('skuId')} does not correspond to a valid company License.")
        if not user.get("usageLocation"):
            raise bad_request("License assignment cannot be done for user with invalid usage location.")
        if sku["skuId"] not in held and consumed(book, sku["skuId"]) >= sku["enabled"]:
            raise bad_request(f"Subscription with SKU {sku['skuId']} does not have any available licenses.")
        held[sku["skuId"]] = {"skuId": sku["skuId"], "disabledPlans": wanted.get("disabledPlans", [])}
    _count(book, {licence["skuId"] for licence in user["assignedLicenses"]}, set(held))
    user = {**user, "assignedLicenses": list(held.values())}
    if held and not user.get("mailbox"):
        user = make_mailbox(book, call, user)
    book.put(user)
    return Answer(200, odata.selected(user, list(properties.DEFAULT)))


def consumed(book: Book, sku_id: str) -> int:
    return int((book.setting("consumed") or {}).get(sku_id, 0))


def _count(book: Book, before: set[str], after: set[str]) -> None:
    counts = book.setting("consumed") or {}
    for sku_id in after - before:
        counts[sku_id] = counts.get(sku_id, 0) + 1
    for sku_id in before - after:
        counts[sku_id] = counts.get(sku_id, 0) - 1
    book.set("consumed", counts)


def revoke_sessions(book: Book, call: Call, key: str) -> Answer:
    book.put({**find_user(book, key), "signInSessionsValidFromDateTime": call.now})
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#Edm.Boolean", "value": True})


def delete_user(book: Book, call: Call, key: str) -> Answer:
    """Soft-deleted: user and mailbox are restorable for 30 days, and keep their addresses reserved (4.9)."""
    user = find_user(book, key)
    if user.get("privileged"):
        raise refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    upn = user["userPrincipalName"]
    _count(book, {licence["skuId"] for licence in user["assignedLicenses"]}, set())
    book.put(
        {
            **user,
            "deletedDateTime": call.now,
            "userPrincipalName": user["id"].replace("-", "") + upn,
            "originalUserPrincipalName": upn,
        }
    )
    return Answer(204)


def find_deleted(book: Book, key: str) -> Object:
    user = book.get(key)
    if user is None or not user.get("deletedDateTime"):
        raise not_found(key)
    return user


def restore_user(book: Book, call: Call, key: str) -> Answer:
    user = find_deleted(book, key)
    upn = user.pop("originalUserPrincipalName")
    if book.find("upn", upn.lower()):
        raise conflict("userPrincipalName")
    _count(book, set(), {licence["skuId"] for licence in user["assignedLicenses"]})
    user = {**user, "deletedDateTime": None, "userPrincipalName": upn}
    book.put(user)
    body = {"@odata.type": "#microsoft.graph.user", **odata.selected(user, list(properties.DEFAULT))}
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#directoryObjects/$entity", **body})


def get_deleted(book: Book, call: Call, key: str) -> Answer:
    names = odata.select_of(call, (*properties.DEFAULT, "deletedDateTime"), properties.known)
    return Answer(200, {"@odata.type": "#microsoft.graph.user", **odata.selected(find_deleted(book, key), names)})


def delta(book: Book, call: Call) -> Answer:
    """Pages of what changed, the last with a deltaLink; an unknown or old token means to begin again (4.2)."""
    names = odata.select_of(call, properties.DEFAULT, properties.known)
    if any(option in call.query for option in ("$top", "$orderby", "$search", "$expand")):
        raise bad_request("The query option is not supported for delta.")
    if call.query.get("$deltatoken") == "latest":
        return Answer(200, {"value": [], "@odata.deltaLink": _delta_link(call, "$deltatoken", book.last_delta())})
    since = _since(book, call)
    changes = book.changed_since(since, 201)
    page, more = changes[:200], len(changes) > 200
    latest = {object_id: (seq, removed) for seq, object_id, removed in page}
    value = [entry for i, (_, removed) in latest.items() if (entry := _delta_entry(book, i, removed, names))]
    last = page[-1][0] if page else since
    name = "@odata.nextLink" if more else "@odata.deltaLink"
    return Answer(200, {"value": value, name: _delta_link(call, "$skiptoken" if more else "$deltatoken", last)})


def _since(book: Book, call: Call) -> int:
    text = odata.token_of(call) or odata.token_of(call, "$deltatoken")
    if text and (not text.isdigit() or int(text) > book.last_delta() or int(text) < (book.setting("delta_from") or 0)):
        location = f"{call.base}/users/delta?$deltatoken="
        body = {"error": {"code": "syncStateNotFound", "message": "The sync state generation is not found."}}
        raise Refusal(Answer(410, body, {"Location": location}))
    return int(text or 0)


def _delta_entry(book: Book, object_id: str, removed: str | None, names: list[str]) -> Object | None:
    found = book.get(object_id)
    if found is not None and found["kind"] != "user":
        return None
    if found is None or found.get("deletedDateTime"):
        return {"id": object_id, "@removed": {"reason": removed or "changed"}}
    return odata.selected(found, names)


def _delta_link(call: Call, name: str, seq: int) -> str:
    return odata.link(call, "/users/delta", name, str(seq))
