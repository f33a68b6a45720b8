"""Mailboxes: how one comes to be, what Get-Mailbox shows, and the cmdlets that change one (tenant-api.md 4.6-4.10, 5).

A mailbox is a part of its directory user. ``emailAddresses`` are ``TYPE:value``; exactly one is ``SMTP:``, the primary.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.cmdlets import Parameters, failed, not_accepted, object_exists, object_not_found, proxy_exists
from nexusops.emulator.users import accepted
from nexusops.emulator.wire import Call

CAS = (
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
NO_OP = "The command completed successfully but no settings of '{}' have been modified."


def make_mailbox(book: Book, call: Call, user: Object) -> Object:
    """The mailbox that a licence brings: the UPN as primary address, mailNickname as alias."""
    upn = user["userPrincipalName"]
    mailbox = _fresh(user["mailNickname"], user["displayName"], "UserMailbox", [f"SMTP:{upn}"], call.now)
    mailbox["readsUntilThere"] = book.setting("mailbox_delay") or 0
    return _synced(book, {**user, "mailbox": mailbox})


def _fresh(alias: str, display: str, kind: str, addresses: list[str], now: str) -> Object:
    return {
        "guid": new_id(),
        "exchangeGuid": new_id(),
        "name": alias,
        "alias": alias,
        "displayName": display,
        "type": kind,
        "emailAddresses": addresses,
        "forwardingSmtpAddress": None,
        "forwardingAddress": None,
        "deliverToMailboxAndForward": False,
        "hidden": False,
        "created": now,
        "cas": dict.fromkeys(CAS, True) | {"SmtpClientAuthenticationDisabled": None},
        "settings": {},
    }


def _synced(book: Book, user: Object) -> Object:
    """Exchange writes through to the directory: proxyAddresses and mail follow, and the address table with them."""
    mailbox = user["mailbox"]
    smtp = frozenset(a[5:].lower() for a in mailbox["emailAddresses"] if a[:5].lower() == "smtp:")
    for address in smtp:
        if book.holder(address) not in (None, user["id"]):
            raise proxy_exists(f"SMTP:{address}", _display(book, address))
    book.hold(user["id"], smtp)
    user["proxyAddresses"] = list(mailbox["emailAddresses"])
    user["mail"] = primary_of(mailbox)
    return user


def _display(book: Book, address: str) -> str:
    holder = book.get(book.holder(address) or "")
    return str(holder["displayName"]) if holder else address


def primary_of(mailbox: Object) -> str:
    return next(str(a).partition(":")[2] for a in mailbox["emailAddresses"] if a.startswith("SMTP:"))


def find_mailbox(book: Book, identity: str, *, soft_deleted: bool = False) -> Object:
    """By guid, ExternalDirectoryObjectId, UPN, alias, name or any smtp address (5.1); raises
    ManagementObjectNotFound.
    """
    for user in _identified(book, identity):
        if user.get("mailbox") and bool(user.get("deletedDateTime")) is soft_deleted:
            return _there(book, user, identity)
    raise object_not_found(identity)


def _identified(book: Book, identity: str) -> Iterator[Object]:
    wanted = identity.strip().lower()
    if "@" in wanted:
        yield from (user for user in book.find("upn", wanted))
        holder = book.get(book.holder(wanted) or "")
        if holder is not None:
            yield holder
        return
    yield from book.find("guid", wanted)
    found = book.get(wanted)
    if found is not None:
        yield found
    yield from book.find("name", wanted)


def _there(book: Book, user: Object, identity: str) -> Object:
    """Exchange makes a mailbox some time after the licence; until then it is not found."""
    left = user["mailbox"].get("readsUntilThere", 0)
    if left > 0:
        user["mailbox"]["readsUntilThere"] = left - 1
        book.put(user)
        raise object_not_found(identity)
    return user


def row(user: Object) -> Object:
    """What Get-Mailbox shows."""
    box = user["mailbox"]
    return {
        "Guid": box["guid"],
        "ExchangeGuid": box["exchangeGuid"],
        "ExternalDirectoryObjectId": user["id"],
        "Identity": box["name"],
        "Name": box["name"],
        "Alias": box["alias"],
        "DisplayName": box["displayName"],
        "UserPrincipalName": user.get("originalUserPrincipalName") or user["userPrincipalName"],
        "PrimarySmtpAddress": primary_of(box),
        "WindowsEmailAddress": primary_of(box),
        "EmailAddresses": box["emailAddresses"],
        "EmailAddressPolicyEnabled": False,
        "ForwardingAddress": box["forwardingAddress"],
        "ForwardingSmtpAddress": box["forwardingSmtpAddress"],
        "DeliverToMailboxAndForward": box["deliverToMailboxAndForward"],
        "HiddenFromAddressListsEnabled": box["hidden"],
        "RecipientTypeDetails": box["type"],
        "IsDirSynced": bool(user.get("onPremisesSyncEnabled")),
        "AccountDisabled": not user.get("accountEnabled"),
        "LitigationHoldEnabled": box["settings"].get("LitigationHoldEnabled", False),
        "InPlaceHolds": box["settings"].get("InPlaceHolds", []),
        "IsMailboxEnabled": True,
        "IsSoftDeletedByRemove": bool(user.get("deletedDateTime")),
        "SKUAssigned": bool(user.get("assignedLicenses")),
        "WhenMailboxCreated": box["created"],
        "WhenSoftDeleted": user.get("deletedDateTime"),
        **{f"CustomAttribute{n}": box["settings"].get(f"CustomAttribute{n}", "") for n in range(1, 16)},
    }


_FILTER = re.compile(r"^\s*\(?\s*(\w+)\s+-eq\s+'((?:[^']|'')*)'\s*\)?\s*$", re.IGNORECASE)


def get_mailbox(book: Book, _call: Call, given: Parameters) -> list[Object]:
    deleted = bool(given.get("SoftDeletedMailbox"))
    if given.get("Identity"):
        return [row(find_mailbox(book, given["Identity"], soft_deleted=deleted))]
    if given.get("Filter"):
        return [row(user) for user in _filtered(book, given["Filter"]) if bool(user.get("deletedDateTime")) is deleted]
    kinds = given.get("RecipientTypeDetails")
    wanted = {kind.lower() for kind in kinds} if kinds else None
    return [
        row(user)
        for user in book.each("user", deleted=deleted)
        if user.get("mailbox")
        and user["mailbox"].get("readsUntilThere", 0) == 0
        and (wanted is None or user["mailbox"]["type"].lower() in wanted)
    ]


def _filtered(book: Book, text: str) -> list[Object]:
    """``Property -eq 'value'`` joined by -or, for the properties that identify a mailbox."""
    found: dict[str, Object] = {}
    for term in re.split(r"\s+-or\s+", text, flags=re.IGNORECASE):
        match = _FILTER.match(term)
        if match is None:
            raise failed(
                "Microsoft.Exchange.Configuration.Tasks.ParameterTransformationException",
                f"Cannot bind parameter 'Filter': {term}",
            )
        value = match[2].replace("''", "'")
        value = re.sub(r"^smtp:", "", value, flags=re.IGNORECASE)
        for user in _identified(book, value):
            if user.get("mailbox") and user["mailbox"].get("readsUntilThere", 0) == 0:
                found[user["id"]] = user
    return list(found.values())


def new_mailbox(book: Book, call: Call, given: Parameters) -> list[Object]:
    """A shared mailbox; its linked account is a directory user of the same name (4.6)."""
    if not given.get("Shared"):
        raise failed(
            "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException",
            "Parameter set cannot be resolved using the specified named parameters: only -Shared is supported without a password.",
        )
    name = given["Name"]
    alias = given.get("Alias") or re.sub(r"[^A-Za-z0-9._-]", "", name)
    if any(user.get("mailbox") and not user.get("deletedDateTime") for user in book.find("name", name.lower())):
        raise object_exists(name)
    address = given.get("PrimarySmtpAddress") or f"{alias}@{(book.setting('domains') or [''])[0]}"
    domain = address.partition("@")[2]
    if not accepted(book, domain):
        raise not_accepted(domain)
    user: Object = {
        "id": new_id(),
        "kind": "user",
        "accountEnabled": True,
        "displayName": given.get("DisplayName") or name,
        "mailNickname": alias,
        "userPrincipalName": address
        if not book.find("upn", address.lower())
        else f"{alias}{uuid.uuid4().hex[:5]}@{domain}",
        "createdDateTime": call.now,
        "assignedLicenses": [],
        "businessPhones": [],
        "mailbox": _fresh(alias, given.get("DisplayName") or name, "SharedMailbox", [f"SMTP:{address}"], call.now),
    }
    user["mailbox"]["name"] = name
    book.put(_synced(book, user))
    return [row(user)]


_PLAIN = {
    "HiddenFromAddressListsEnabled": "hidden",
    "DeliverToMailboxAndForward": "deliverToMailboxAndForward",
    "DisplayName": "displayName",
    "Alias": "alias",
    "Name": "name",
}


def set_mailbox(book: Book, call: Call, given: Parameters) -> list[Object]:
    user = find_mailbox(book, given["Identity"])
    if user.get("onPremisesSyncEnabled"):
        name = next((key for key in given if key != "Identity"), "")
        raise failed(
            "System.InvalidOperationException",
            f"The operation on mailbox \"{given['Identity']}\" failed because it's out of the current user's write scope. The action 'Set-Mailbox', '{name}', can't be performed on the object '{given['Identity']}' because the object is being synchronized from your on-premises organization. This action should be performed on the object in your on-premises organization.",
        )
    box = {**user["mailbox"], "settings": dict(user["mailbox"]["settings"])}
    for name, value in given.items():
        _set(book, box, name, value)
    if box == user["mailbox"]:
        call.headers["x-warning"] = NO_OP.format(given["Identity"])
        return []
    book.put(_synced(book, {**user, "mailbox": box, "displayName": box["displayName"]}))
    return []


def _set(book: Book, box: Object, name: str, value: Any) -> None:
    if name == "EmailAddresses":
        box["emailAddresses"] = _addresses(book, box["emailAddresses"], value)
    elif name == "WindowsEmailAddress":
        rest = [f"smtp:{a[5:]}" if a.startswith("SMTP:") else a for a in box["emailAddresses"]]
        rest = [a for a in rest if a.partition(":")[2].lower() != value.lower()]
        box["emailAddresses"] = _checked(book, [f"SMTP:{value}", *rest])
    elif name == "ForwardingSmtpAddress":
        box["forwardingSmtpAddress"] = None if value is None else "smtp:" + re.sub(r"^smtp:", "", value, flags=re.I)
    elif name == "ForwardingAddress":
        box["forwardingAddress"] = None if value is None else find_mailbox(book, value)["mailbox"]["name"]
    elif name == "Type":
        box["type"] = {"shared": "SharedMailbox", "regular": "UserMailbox", "room": "RoomMailbox"}.get(
            value.lower(), box["type"]
        )
    elif name in _PLAIN:
        box[_PLAIN[name]] = value
    elif name not in ("Identity", "Confirm", "Force"):
        box["settings"][name] = value


def _addresses(book: Book, present: list[str], value: Any) -> list[str]:
    """A list replaces; a hash table adds and removes (4.7). Without an SMTP: entry the first becomes the primary."""
    if isinstance(value, dict):
        gone = {a.lower() for a in _listed(value, "remove")}
        if any(a.startswith("SMTP:") and a.lower() in gone for a in present):
            raise failed(
                "Microsoft.Exchange.Management.RecipientTasks.RemovePrimarySmtpAddressException",
                "Can't remove the primary SMTP address. To change it, specify a new primary SMTP address.",
            )
        kept = [a for a in present if a.lower() not in gone]
        known = {a.lower() for a in kept}
        return _checked(book, kept + [a for a in _listed(value, "add") if a.lower() not in known])
    listed = [a if ":" in a else f"smtp:{a}" for a in value]
    if listed and not any(a.startswith("SMTP:") for a in listed):
        listed[0] = f"SMTP:{listed[0].partition(':')[2]}"
    return _checked(book, listed)


def _listed(value: dict[str, Any], key: str) -> list[str]:
    found: Any = next((v for k, v in value.items() if k.lower() == key), [])
    return [a if ":" in a else f"smtp:{a}" for a in ([found] if isinstance(found, str) else found)]


def _checked(book: Book, addresses: list[str]) -> list[str]:
    if sum(a.startswith("SMTP:") for a in addresses) != 1:
        raise failed(
            "Microsoft.Exchange.Data.Directory.MultiplePrimarySmtpException",
            "There are multiple primary SMTP addresses. You can specify only one.",
        )
    lowered = [a.lower() for a in addresses]
    if len(set(lowered)) != len(lowered):
        raise failed("System.ArgumentException", "The email address list contains duplicates.")
    if len(addresses) > 333:
        raise failed(
            "UnableToWriteToAadException",
            f"This request results in the user having {len(addresses)} proxy addresses. The maximum number of proxy addresses permitted is 333.",
        )
    for address in addresses:
        kind, _, rest = address.partition(":")
        if kind.lower() == "smtp" and not accepted(book, rest.partition("@")[2]):
            raise not_accepted(rest.partition("@")[2])
    return addresses


def remove_mailbox(book: Book, call: Call, given: Parameters) -> list[Object]:
    """Soft-deletes mailbox and user; -PermanentlyDelete only what is soft-deleted already."""
    if given.get("PermanentlyDelete"):
        book.erase(find_mailbox(book, given["Identity"], soft_deleted=True))
        return []
    from nexusops.emulator.users import delete_user

    delete_user(book, call, find_mailbox(book, given["Identity"])["id"])
    return []


def cas_row(user: Object) -> Object:
    box = user["mailbox"]
    return {"Identity": box["name"], "Guid": box["guid"], "ExternalDirectoryObjectId": user["id"], **box["cas"]}


def get_cas(book: Book, _call: Call, given: Parameters) -> list[Object]:
    if given.get("Identity"):
        return [cas_row(find_mailbox(book, given["Identity"]))]
    return [cas_row(user) for user in book.each("user") if user.get("mailbox")]


def set_cas(book: Book, call: Call, given: Parameters) -> list[Object]:
    user = find_mailbox(book, given["Identity"])
    cas = {**user["mailbox"]["cas"], **{k: v for k, v in given.items() if k not in ("Identity", "Confirm")}}
    if cas == user["mailbox"]["cas"]:
        call.headers["x-warning"] = NO_OP.format(given["Identity"])
        return []
    book.put({**user, "mailbox": {**user["mailbox"], "cas": cas}})
    return []


def get_recipient(book: Book, _call: Call, given: Parameters) -> list[Object]:
    if given.get("Identity"):
        user = find_mailbox(book, given["Identity"])
        return [{**row(user), "RecipientType": "UserMailbox"}]
    return [{**row(user), "RecipientType": "UserMailbox"} for user in book.each("user") if user.get("mailbox")]


def get_autoreply(book: Book, _call: Call, given: Parameters) -> list[Object]:
    user = find_mailbox(book, given["Identity"])
    reply = user["mailbox"]["settings"].get("autoReply", {})
    return [{"Identity": user["mailbox"]["name"], "AutoReplyState": "Disabled", "ExternalAudience": "All", **reply}]


def set_autoreply(book: Book, _call: Call, given: Parameters) -> list[Object]:
    user = find_mailbox(book, given["Identity"])
    reply = {k: v for k, v in given.items() if k not in ("Identity", "Confirm")}
    settings = {**user["mailbox"]["settings"], "autoReply": reply}
    book.put({**user, "mailbox": {**user["mailbox"], "settings": settings}})
    return []
