"""Graph beside users: licence stock, organisation, domains, mail, mailbox settings (tenant-api.md 4.4, 4.14-4.16)."""

from __future__ import annotations

import re
from typing import Any

from nexusops.emulator.access import scoped_roles
from nexusops.emulator.book import Book, Object
from nexusops.emulator.users import accepted, consumed, find_user
from nexusops.emulator.wire import Answer, Call, bad_request, not_found, refused

_ADDRESS = re.compile(r"^[^@\s]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")


def subscribed_skus(book: Book, call: Call) -> Answer:
    value = [
        {
            "id": f"{book.setting('tenant_id')}_{sku['skuId']}",
            "skuId": sku["skuId"],
            "skuPartNumber": sku["skuPartNumber"],
            "capabilityStatus": "Enabled",
            "appliesTo": "User",
            "consumedUnits": consumed(book, sku["skuId"]),
            "prepaidUnits": {"enabled": sku["enabled"], "suspended": 0, "warning": 0, "lockedOut": 0},
            "servicePlans": sku["plans"],
        }
        for sku in book.setting("skus")
    ]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#subscribedSkus", "value": value})


def organisation(book: Book, call: Call) -> Answer:
    domains = [
        {"name": name, "isDefault": number == 0, "isInitial": number == 0, "type": "Managed", "capabilities": "Email"}
        for number, name in enumerate(book.setting("domains") or [])
    ]
    found = {"id": book.setting("tenant_id"), "displayName": "Embedded tenant", "verifiedDomains": domains}
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#organization", "value": [found]})


def _domain(name: str, verified: bool) -> Object:
    return {
        "id": name,
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": True,
        "isVerified": verified,
        "supportedServices": ["Email"] if verified else [],
    }


def _domains(book: Book) -> dict[str, Object]:
    verified = {name: _domain(name, True) for name in book.setting("domains") or []}
    return verified | {name: _domain(name, False) for name in book.setting("unverified") or []}


def list_domains(book: Book, call: Call) -> Answer:
    value = list(_domains(book).values())
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#domains", "value": value})


def _found(book: Book, name: str) -> Object:
    found = _domains(book).get(name.lower())
    if found is None:
        raise not_found(name)
    return found


def get_domain(book: Book, _call: Call, name: str) -> Answer:
    return Answer(200, _found(book, name))


def add_domain(book: Book, call: Call) -> Answer:
    body = call.body
    if not isinstance(body, dict) or set(body) - {"id", "@odata.type"} or not isinstance(body.get("id"), str):
        raise bad_request("Only the id can be specified when a domain is created.")
    name = body["id"].lower()
    if name in _domains(book):
        raise bad_request(f"Domain {name} already exists.")
    # A subdomain of a verified domain is verified with it.
    key = "domains" if accepted(book, name) else "unverified"
    book.set(key, [*(book.setting(key) or []), name])
    return Answer(201, _domains(book)[name])


def verification_records(book: Book, _call: Call, name: str) -> Answer:
    _found(book, name)
    value = [
        {
            "@odata.type": "#microsoft.graph.domainDnsTxtRecord",
            "id": "aceff52c-06a5-447f-ac5f-256ad243cc5c",
            "isOptional": False,
            "label": name,
            "recordType": "Txt",
            "supportedService": "Email",
            "ttl": 3600,
            "text": "MS=ms12345678",
        }
    ]
    return Answer(200, {"value": value})


def service_records(book: Book, _call: Call, name: str) -> Answer:
    _found(book, name)
    shared = {"isOptional": False, "label": name, "supportedService": "Email", "ttl": 3600}
    mx = {"@odata.type": "#microsoft.graph.domainDnsMxRecord", "id": "1", "recordType": "Mx", "preference": 0, **shared}
    txt = {"@odata.type": "#microsoft.graph.domainDnsTxtRecord", "id": "2", "recordType": "Txt", **shared}
    target = name.replace(".", "-") + ".mail.protection.outlook.com"
    spf = "v=spf1 include:spf.protection.outlook.com -all"
    return Answer(200, {"value": [{**mx, "mailExchange": target}, {**txt, "text": spf}]})


def verify_domain(book: Book, _call: Call, name: str) -> Answer:
    _found(book, name)
    book.set("unverified", [d for d in book.setting("unverified") or [] if d != name])
    if name not in (book.setting("domains") or []):
        book.set("domains", [*(book.setting("domains") or []), name])
    return Answer(200, _domains(book)[name])


def send_mail(book: Book, call: Call, key: str) -> Answer:
    """202 and no body: accepted, not delivered (4.14). Only headers beginning with x- may be given."""
    sender = _mailbox_of(book, call, key, "Mail.Send", "Application Mail.Send")
    body = call.body
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict) or not isinstance(message.get("toRecipients"), list):
        raise refused(400, "ErrorInvalidRequest", "The message is not valid.")
    for recipient in message["toRecipients"]:
        address = recipient.get("emailAddress", {}).get("address", "")
        if not _ADDRESS.match(address):
            text = f"At least one recipient is not valid., Recipient '{address}' is not resolved. All recipients must be resolved before a message can be submitted."
            raise refused(400, "ErrorInvalidRecipients", text)
    for header in message.get("internetMessageHeaders") or []:
        if not str(header.get("name", "")).lower().startswith("x-"):
            raise refused(
                400,
                "InvalidInternetMessageHeader",
                f"The internet message header name '{header.get('name')}' should start with 'x-' or 'X-'.",
            )
    sent = {"from": sender["userPrincipalName"], "at": call.now, "message": message}
    book.note("mail", {**sent, "saveToSentItems": body.get("saveToSentItems", True)})
    return Answer(202)


def _mailbox_of(book: Book, call: Call, key: str, permission: str, role: str) -> Object:
    """The mailbox, if the application may use it: tenant-wide by consent, or within an RBAC scope."""
    user = find_user(book, key) if "@" not in key else _by_address(book, key)
    if not user.get("mailbox") or user["mailbox"].get("readsUntilThere"):
        text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        raise refused(404, "MailboxNotEnabledForRESTAPI", text)
    if permission not in call.roles and role not in scoped_roles(book, call.app, user):
        raise refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    return user


def _by_address(book: Book, address: str) -> Object:
    holder = book.holder(address)
    found = book.get(holder) if holder else None
    if found is None or found.get("deletedDateTime"):
        return find_user(book, address)
    return found


def get_mailbox_settings(book: Book, call: Call, key: str) -> Answer:
    user = _mailbox_of(book, call, key, "MailboxSettings.Read", "Application MailboxSettings.Read")
    return Answer(200, _settings(user))


def _settings(user: Object) -> dict[str, Any]:
    purpose = "shared" if user["mailbox"]["type"] == "SharedMailbox" else "user"
    usual = {"status": "disabled", "externalAudience": "all", "internalReplyMessage": "", "externalReplyMessage": ""}
    reply = user["mailbox"]["settings"].get("automaticRepliesSetting", {})
    return {"userPurpose": purpose, "timeZone": "GMT Standard Time", "automaticRepliesSetting": {**usual, **reply}}


def set_mailbox_settings(book: Book, call: Call, key: str) -> Answer:
    user = _mailbox_of(book, call, key, "MailboxSettings.ReadWrite", "Application MailboxSettings.ReadWrite")
    body = call.body or {}
    reply = body.get("automaticRepliesSetting")
    if reply is not None:
        if reply.get("status") not in (None, "disabled", "alwaysEnabled", "scheduled"):
            raise bad_request("Invalid value for status.")
        settings = {**user["mailbox"]["settings"], "automaticRepliesSetting": reply}
        user = {**user, "mailbox": {**user["mailbox"], "settings": settings}}
        book.put(user)
    return Answer(200, _settings(user))
