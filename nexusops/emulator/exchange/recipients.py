"""Finding mailboxes and other recipients by what Exchange takes as an identity (tenant-api.md 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from nexusops.emulator.accounts import hidden, visible
from nexusops.emulator.book import Book, Object
from nexusops.emulator.exchange import opath
from nexusops.emulator.exchange.errors import ambiguous, object_not_found
from nexusops.emulator.exchange.scopes import row_of
from nexusops.emulator.wire import Call

Pair = tuple[Object, Object]
"""A user and its mailbox."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INDEXED = {
    "guid",
    "exchangeguid",
    "externaldirectoryobjectid",
    "emailaddresses",
    "primarysmtpaddress",
    "userprincipalname",
    "alias",
    "name",
}


def ids_of(book: Book, identity: str) -> set[str]:
    """The ids of the users that an identity may mean: guid, object id, UPN, alias, name or any SMTP address."""
    wanted = re.sub(r"^smtp:", "", identity.strip(), flags=re.IGNORECASE).lower()
    if _GUID.fullmatch(wanted):
        found = {wanted}
        for what in ("Guid", "ExchangeGuid"):
            found |= book.ids("mailbox", what, wanted)
        return found
    if "@" in wanted:
        holder = book.holder(wanted)
        return {holder} if holder else book.ids("user", "userPrincipalName", wanted)
    return book.ids("mailbox", "Name", wanted) or book.ids("mailbox", "Alias", wanted)


def find_mailbox(call: Call, identity: str, *, soft_deleted: bool = False) -> Pair:
    """One mailbox; raises ManagementObjectNotFound, also for one that is not provisioned yet, or the ambiguity."""
    pairs = [pair for pair in _pairs(call, sorted(ids_of(call.book, identity))) if _deleted(pair) is soft_deleted]
    if len(pairs) > 1:
        raise ambiguous(identity)
    if not pairs:
        raise object_not_found(identity)
    return pairs[0]


def _deleted(pair: Pair) -> bool:
    return bool(pair[0].get("deletedDateTime"))


def _pairs(call: Call, ids: list[str]) -> Iterator[Pair]:
    for object_id in ids:
        mailbox = call.book.get("mailbox", object_id)
        user = call.book.get("user", object_id) if mailbox is not None else None
        if mailbox is not None and user is not None and visible(call, "mailbox", object_id):
            yield user, mailbox


def page_of_mailboxes(call: Call, *, soft_deleted: bool, after: str, count: int) -> list[Pair]:
    """So many mailboxes in the order of their users' ids, beginning after one."""
    condition = "IS NOT NULL" if soft_deleted else "IS NULL"
    unseen = hidden(call, "mailbox")
    rows = call.book.db.execute(
        "SELECT u.body, m.body FROM object AS m JOIN object AS u ON u.kind = 'user' AND u.id = m.id"
        f" WHERE m.kind = 'mailbox' AND m.deleted {condition} AND m.id > ? ORDER BY m.id LIMIT ?",
        (after, count + len(unseen) if count > 0 else -1),
    ).fetchall()
    decode = msgspec.json.decode
    pairs = [(decode(row[0]), decode(row[1])) for row in rows]
    pairs = [pair for pair in pairs if pair[0]["id"] not in unseen]
    return pairs[:count] if count > 0 else pairs


def filtered(call: Call, text: str, *, soft_deleted: bool) -> list[Pair]:
    """The mailboxes that an OPATH filter holds for; by index where every alternative names what identifies one."""
    chosen = opath.parse(text)
    if chosen.keys is not None and all(name in _INDEXED for name, _ in chosen.keys):
        ids: set[str] = set()
        for _, value in chosen.keys:
            ids |= ids_of(call.book, value)
        pairs = list(_pairs(call, sorted(ids)))
    else:
        pairs = page_of_mailboxes(call, soft_deleted=soft_deleted, after="", count=-1)
    return [pair for pair in pairs if _deleted(pair) is soft_deleted and chosen.test(row_of(*pair))]


def recipient_name(call: Call, identity: str) -> str:
    """The name that Exchange keeps of a recipient it refers to; raises ManagementObjectNotFound."""
    other = other_recipient(call.book, identity)
    return str(other["Name"]) if other is not None else str(find_mailbox(call, identity)[1]["Name"])


def other_recipient(book: Book, identity: str) -> Object | None:
    """A recipient that is no mailbox (a contact or a group, made by ``POST /_emulator/recipients``)."""
    holder = book.holder(re.sub(r"^smtp:", "", identity, flags=re.IGNORECASE)) or identity.lower()
    return book.get("recipient", holder)


def named(book: Book, user_id: str) -> str:
    """How an error names the one who holds an address."""
    found = book.get("user", user_id) or book.get("recipient", user_id) or {}
    return str(found.get("displayName") or found.get("DisplayName") or user_id)
