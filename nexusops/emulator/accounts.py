"""Directory users as both services see them: found, written with what changed, and the addresses that they hold."""

from __future__ import annotations

from datetime import datetime

from nexusops.emulator.book import Book, Object
from nexusops.emulator.wire import Call, not_found

LISTS = ("businessPhones", "otherMails", "proxyAddresses", "assignedLicenses", "imAddresses")
REMOVED, GONE, EVERYTHING = "@removed", "@gone", "*"


def find_user(call: Call, key: str) -> Object:
    """By object id or user principal name; 404 for a soft-deleted one, and for one that is not replicated yet."""
    book = call.book
    user = book.get("user", key.lower())
    if user is None:
        user = next(iter(book.find("user", "userPrincipalName", key)), None)
    if user is None or user.get("deletedDateTime") or not visible(call, "user", user["id"]):
        raise not_found(key)
    return user


def visible(call: Call, kind: str, object_id: str) -> bool:
    """Whether an object is to be seen yet (replication lag, provisioning of mailboxes)."""
    statement = "SELECT reads, until FROM waiting WHERE kind = ? AND id = ?"
    row = call.book.db.execute(statement, (kind, object_id)).fetchone()
    return row is None or not _early(call, kind, object_id, row[0], row[1])


def hidden(call: Call, kind: str) -> set[str]:
    """The ids that a list must not show yet."""
    waiting = call.book.waiting(kind)
    return {i for i, (reads, until) in waiting.items() if _early(call, kind, i, reads, until)}


def _early(call: Call, kind: str, object_id: str, reads: int, until: str | None) -> bool:
    if reads > 0:
        call.unseen.add((kind, object_id))
        return True
    return until is not None and call.book.now() < datetime.fromisoformat(until)


def put_user(book: Book, user: Object, before: Object | None = None, *, mark: str | None = None) -> None:
    """Writes a user, and notes for delta which properties changed (``mark``: that all did, or that it was removed)."""
    names = (
        {mark} if mark else {name for name in {*user, *(before or {})} if (before or {}).get(name) != user.get(name)}
    )
    book.put("user", user["id"], user, deleted=user.get("deletedDateTime"))
    if names:
        book.note_change(user["id"], names)


def smtp_of(addresses: list[str]) -> list[str]:
    """The SMTP addresses of a list of ``TYPE:value``, without their type."""
    return [value for kind, _, value in (a.partition(":") for a in addresses) if kind.lower() == "smtp"]


def primary_of(addresses: list[str]) -> str | None:
    return next((a[5:] for a in addresses if a.startswith("SMTP:")), None)


def hold_addresses(book: Book, user: Object) -> None:
    """Reserves the user's addresses; its user principal name too, while it is not soft-deleted."""
    names = smtp_of(user["proxyAddresses"])
    if not user.get("deletedDateTime"):
        names.append(user["userPrincipalName"])
    book.hold(user["id"], names)


def taken(book: Book, address: str, own_id: str = "") -> bool:
    return book.holder(address) not in (None, own_id)


def accepted(book: Book, domain: str) -> bool:
    """Whether mail for a domain is accepted: it is verified, or beneath an accepted suffix."""
    domain = domain.lower()
    if any(domain == suffix or domain.endswith("." + suffix) for suffix in book.setting("suffixes")):
        return True
    found = book.get("domain", domain)
    return found is not None and bool(found["isVerified"])
