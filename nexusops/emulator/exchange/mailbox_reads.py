"""Get-Mailbox, Get-CASMailbox, Get-Recipient, Get-User."""

from __future__ import annotations

from collections.abc import Callable

from nexusops.emulator.book import Object
from nexusops.emulator.exchange import opath
from nexusops.emulator.exchange.errors import object_not_found
from nexusops.emulator.exchange.paging import Rows, Window, cut
from nexusops.emulator.exchange.parameters import Parameters, listed
from nexusops.emulator.exchange.recipients import Pair, filtered, find_mailbox, other_recipient, page_of_mailboxes
from nexusops.emulator.exchange.scopes import row_of
from nexusops.emulator.wire import Call, Refusal

Show = Callable[[Object, Object], Object]


def get_mailbox(call: Call, given: Parameters, window: Window) -> Rows:
    """Without an Identity: all mailboxes (5.1)."""
    return _mailboxes(call, given, window, row_of)


def get_cas_mailbox(call: Call, given: Parameters, window: Window) -> Rows:
    return _mailboxes(call, given, window, _cas_row)


def _cas_row(user: Object, mailbox: Object) -> Object:
    return {
        "Identity": mailbox["Name"],
        "Name": mailbox["Name"],
        "Guid": mailbox["Guid"],
        "ExternalDirectoryObjectId": user["id"],
        "DisplayName": mailbox["DisplayName"],
        "PrimarySmtpAddress": row_of(user, mailbox)["PrimarySmtpAddress"],
        "EmailAddresses": mailbox["EmailAddresses"],
        **mailbox["_cas"],
    }


def _mailboxes(call: Call, given: Parameters, window: Window, show: Show) -> Rows:
    deleted = bool(given.get("SoftDeletedMailbox"))
    if given.get("Identity"):
        return Rows([show(*find_mailbox(call, given["Identity"], soft_deleted=deleted))])
    if given.get("InactiveMailboxOnly") or given.get("PublicFolder") or given.get("GroupMailbox"):
        return Rows([])
    kinds = {kind.strip().lower() for item in listed(given.get("RecipientTypeDetails")) for kind in item.split(",")}
    text = given.get("Filter") or (f"Name -like '{given['Anr']}*'" if given.get("Anr") else None)
    if text is None and not kinds:
        pairs = page_of_mailboxes(call, soft_deleted=deleted, after=window.after, count=window.count + 1)
        more = len(pairs) > window.count
        pairs = pairs[: window.count]
        return Rows([show(*pair) for pair in pairs], pairs[-1][0]["id"] if more else None)
    if text:
        found = filtered(call, text, soft_deleted=deleted)
    else:
        found = page_of_mailboxes(call, soft_deleted=deleted, after="", count=-1)
    chosen = [pair for pair in found if not kinds or pair[1]["RecipientTypeDetails"].lower() in kinds]
    return cut([show(*pair) for pair in chosen], window, "ExternalDirectoryObjectId")


def get_recipient(call: Call, given: Parameters, window: Window) -> Rows:
    """Mailboxes, contacts and groups: the whole check whether an address is used, but for soft-deleted ones (4.1)."""
    if given.get("Identity"):
        other = other_recipient(call.book, given["Identity"])
        if other is not None:
            return Rows([_public(other)])
        return Rows([_recipient_row(*find_mailbox(call, given["Identity"]))])
    rows = [_recipient_row(*pair) for pair in _live(call)] + [_public(o) for o in call.book.page("recipient")]
    kinds = {kind.lower() for kind in listed(given.get("RecipientTypeDetails"))}
    if kinds:
        rows = [row for row in rows if row["RecipientTypeDetails"].lower() in kinds]
    if given.get("Filter"):
        rows = [row for row in rows if opath.parse(given["Filter"]).test(row)]
    return cut(rows, window, "Guid")


def _public(other: Object) -> Object:
    return {name: value for name, value in other.items() if not name.startswith("_")}


def _live(call: Call) -> list[Pair]:
    return page_of_mailboxes(call, soft_deleted=False, after="", count=-1)


def _recipient_row(user: Object, mailbox: Object) -> Object:
    row = row_of(user, mailbox)
    names = (
        "Identity", "Name", "Alias", "DisplayName", "Guid", "ExternalDirectoryObjectId", "PrimarySmtpAddress",
        "EmailAddresses", "RecipientType", "RecipientTypeDetails", "HiddenFromAddressListsEnabled", "IsDirSynced",
        "WhenMailboxCreated", *(f"CustomAttribute{n}" for n in range(1, 16)),
    )  # fmt: skip
    return {name: row[name] for name in names}


def get_user(call: Call, given: Parameters, window: Window) -> Rows:
    """Directory users as Exchange sees them, with and without a mailbox."""
    if given.get("Identity"):
        return Rows([_user_row(call, _user(call, given["Identity"]))])
    rows = [_user_row(call, user) for user in call.book.page("user")]
    if given.get("Filter"):
        rows = [row for row in rows if opath.parse(given["Filter"]).test(row)]
    return cut(rows, window, "ExternalDirectoryObjectId")


def _user(call: Call, identity: str) -> Object:
    user = call.book.get("user", identity.lower())
    if user is None:
        user = next(iter(call.book.find("user", "userPrincipalName", identity)), None)
    if user is None or user.get("deletedDateTime"):
        try:
            return find_mailbox(call, identity)[0]
        except Refusal:
            raise object_not_found(identity) from None
    return user


def _user_row(call: Call, user: Object) -> Object:
    mailbox = call.book.get("mailbox", user["id"])
    return {
        "Identity": mailbox["Name"] if mailbox else user["mailNickname"],
        "Name": mailbox["Name"] if mailbox else user["mailNickname"],
        "Guid": mailbox["Guid"] if mailbox else user["id"],
        "ExternalDirectoryObjectId": user["id"],
        "UserPrincipalName": user["userPrincipalName"],
        "DisplayName": user["displayName"],
        "FirstName": user.get("givenName") or "",
        "LastName": user.get("surname") or "",
        "RecipientType": "UserMailbox" if mailbox else "User",
        "RecipientTypeDetails": mailbox["RecipientTypeDetails"] if mailbox else "User",
        "AccountDisabled": not user["accountEnabled"],
        "IsDirSynced": bool(user.get("onPremisesSyncEnabled")),
        "PreviousRecipientTypeDetails": None,
    }
