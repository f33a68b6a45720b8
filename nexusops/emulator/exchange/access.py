"""Mailbox and recipient permissions: FullAccess and SendAs (tenant-api.md 4.11)."""

from __future__ import annotations

from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.exchange.errors import failed, object_not_found
from nexusops.emulator.exchange.paging import Rows, Window, cut
from nexusops.emulator.exchange.parameters import Parameters, listed
from nexusops.emulator.exchange.recipients import find_mailbox, recipient_name
from nexusops.emulator.wire import Call, Refusal

_SELF = "NT AUTHORITY\\SELF"


def trustee_of(call: Call, identity: str) -> str:
    """How Exchange writes who holds a right: a service principal's object id, else the recipient's name."""
    for what in ("ObjectId", "AppId", "DisplayName"):
        for pointer in call.book.find("exchangePrincipal", what, identity):
            return str(pointer["ObjectId"])
    if identity.upper() == _SELF:
        return _SELF
    try:
        return recipient_name(call, identity)
    except Refusal:
        text = f"User or group \"{identity}\" wasn't found. Please make sure you've typed it correctly."
        kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
        raise failed(kind, text, status=404, code="NotFound") from None


def _held(book: Book, mailbox: Object, kind: str) -> list[Object]:
    return [p for p in book.find("permission", "Mailbox", mailbox["Guid"]) if p["_kind"] == kind]


def _row(mailbox: Object, held: Object) -> Object:
    return {
        "Identity": mailbox["Name"],
        **{n: v for n, v in held.items() if not n.startswith("_") and n not in ("id", "Mailbox")},
    }


def _present(mailbox: Object, trustee: str) -> str:
    return (
        f'The appropriate access control entry is already present on the object "{mailbox["Name"]}" '
        f'for account "{trustee}".'
    )


def _absent(mailbox: Object, trustee: str) -> str:
    return (
        f'Can\'t remove the access control entry on the object "{mailbox["Name"]}" for account "{trustee}" '
        "because the ACE isn't present."
    )


def get_mailbox_permission(call: Call, given: Parameters, window: Window) -> Rows:
    _, mailbox = find_mailbox(call, given["Identity"])
    own = {
        "User": _SELF,
        "AccessRights": ["FullAccess", "ReadPermission"],
        "IsInherited": False,
        "Deny": False,
        "InheritanceType": "All",
    }
    rows = [_row(mailbox, held) for held in (own, *_held(call.book, mailbox, "mailbox"))]
    if given.get("User"):
        rows = [row for row in rows if row["User"].lower() == trustee_of(call, given["User"]).lower()]
    return cut(rows, window, "User")


def add_mailbox_permission(call: Call, given: Parameters, _window: Window) -> Rows:
    """One row: the entry as it is now. A right that is held already is a warning."""
    _, mailbox = find_mailbox(call, given["Identity"])
    trustee, rights = trustee_of(call, given["User"]), listed(given["AccessRights"])
    held = next((p for p in _held(call.book, mailbox, "mailbox") if p["User"].lower() == trustee.lower()), None)
    if held is not None and set(rights) <= set(held["AccessRights"]):
        call.warnings.append(_present(mailbox, trustee))
    entry = held or {
        "id": new_id(),
        "Mailbox": mailbox["Guid"],
        "_kind": "mailbox",
        "User": trustee,
        "AccessRights": [],
        "IsInherited": False,
        "Deny": bool(given.get("Deny")),
    }
    entry["AccessRights"] = sorted({*entry["AccessRights"], *rights})
    entry["InheritanceType"] = given.get("InheritanceType") or "All"
    call.book.put("permission", entry["id"], entry)
    return Rows([_row(mailbox, entry)])


def remove_mailbox_permission(call: Call, given: Parameters, _window: Window) -> Rows:
    """What is not there is a warning, not an error."""
    _, mailbox = find_mailbox(call, given["Identity"])
    if not given.get("User"):
        raise object_not_found("")
    trustee = trustee_of(call, given["User"])
    rights = {right.lower() for right in listed(given.get("AccessRights"))}
    for held in _held(call.book, mailbox, "mailbox"):
        if held["User"].lower() == trustee.lower():
            _take(call.book, held, rights)
            return Rows([])
    call.warnings.append(_absent(mailbox, trustee))
    return Rows([])


def _take(book: Book, held: Object, rights: set[str]) -> None:
    left = [right for right in held["AccessRights"] if rights and right.lower() not in rights]
    if left:
        book.put("permission", held["id"], {**held, "AccessRights": left})
    else:
        book.erase("permission", held["id"])


def get_recipient_permission(call: Call, given: Parameters, window: Window) -> Rows:
    if not given.get("Identity"):
        mailboxes = {m["Guid"]: m for m in call.book.page("mailbox")}
        rows = [
            _row(mailboxes[p["Mailbox"]], p)
            for p in call.book.page("permission")
            if p["_kind"] == "recipient" and p["Mailbox"] in mailboxes
        ]
    else:
        _, mailbox = find_mailbox(call, given["Identity"])
        own = {
            "Trustee": _SELF,
            "AccessControlType": "Allow",
            "AccessRights": ["SendAs"],
            "IsInherited": False,
            "InheritanceType": "None",
        }
        rows = [_row(mailbox, held) for held in (own, *_held(call.book, mailbox, "recipient"))]
    if given.get("Trustee"):
        rows = [row for row in rows if row["Trustee"].lower() == trustee_of(call, given["Trustee"]).lower()]
    return cut(rows, window, "Trustee")


def add_recipient_permission(call: Call, given: Parameters, _window: Window) -> Rows:
    """SendAs."""
    _, mailbox = find_mailbox(call, given["Identity"])
    trustee = trustee_of(call, given["Trustee"])
    held = next((p for p in _held(call.book, mailbox, "recipient") if p["Trustee"].lower() == trustee.lower()), None)
    if held is not None:
        call.warnings.append(_present(mailbox, trustee))
        return Rows([_row(mailbox, held)])
    entry = {
        "id": new_id(),
        "Mailbox": mailbox["Guid"],
        "_kind": "recipient",
        "Trustee": trustee,
        "AccessControlType": "Allow",
        "AccessRights": listed(given["AccessRights"]),
        "IsInherited": False,
        "InheritanceType": "None",
    }
    call.book.put("permission", entry["id"], entry)
    return Rows([_row(mailbox, entry)])


def remove_recipient_permission(call: Call, given: Parameters, _window: Window) -> Rows:
    _, mailbox = find_mailbox(call, given["Identity"])
    trustee = trustee_of(call, given["Trustee"])
    for held in _held(call.book, mailbox, "recipient"):
        if held["Trustee"].lower() == trustee.lower():
            call.book.erase("permission", held["id"])
            return Rows([])
    call.warnings.append(_absent(mailbox, trustee))
    return Rows([])
