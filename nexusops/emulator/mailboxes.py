"""A mailbox's life, as both services bring it about: made, disconnected, soft-deleted, restored, purged.

A mailbox is an object of its own under the id of its user; its properties have Exchange's names.
"""

from __future__ import annotations

from datetime import timedelta

from nexusops.emulator.accounts import EVERYTHING, GONE, hold_addresses, primary_of, put_user, smtp_of, taken
from nexusops.emulator.birth import INITIAL_DOMAIN
from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.wire import INSTANT, Call

RETENTION = timedelta(days=30)
PROTOCOLS = (
    "ActiveSyncEnabled", "EwsEnabled", "ImapEnabled", "MacOutlookEnabled", "MAPIEnabled", "OneWinNativeOutlookEnabled",
    "OutlookMobileEnabled", "OWAEnabled", "OWAforDevicesEnabled", "PopEnabled", "UniversalOutlookEnabled",
)  # fmt: skip
_DEFAULTS: Object = {
    "EmailAddressPolicyEnabled": False,
    "ForwardingAddress": None,
    "ForwardingSmtpAddress": None,
    "DeliverToMailboxAndForward": False,
    "HiddenFromAddressListsEnabled": False,
    "RequireSenderAuthenticationEnabled": False,
    "MessageCopyForSentAsEnabled": False,
    "MessageCopyForSendOnBehalfEnabled": False,
    "AcceptMessagesOnlyFrom": [],
    "AcceptMessagesOnlyFromDLMembers": [],
    "AcceptMessagesOnlyFromSendersOrMembers": [],
    "RejectMessagesFrom": [],
    "GrantSendOnBehalfTo": [],
    "LitigationHoldEnabled": False,
    "LitigationHoldDuration": "Unlimited",
    "InPlaceHolds": [],
    "ComplianceTagHoldApplied": False,
    "RetentionHoldEnabled": False,
    "RetainDeletedItemsFor": "14.00:00:00",
    "RecipientLimits": "1000",
    "MaxSendSize": "35 MB (36,700,160 bytes)",
    "MaxReceiveSize": "36 MB (37,748,736 bytes)",
    "ProhibitSendQuota": "99 GB (106,300,440,576 bytes)",
    "MailboxPlan": None,
    "IsExchangeCloudManaged": False,
    "AuditEnabled": True,
    "SingleItemRecoveryEnabled": True,
}


def fresh(call: Call, name: str, alias: str, display: str, kind: str) -> Object:
    """A new mailbox of one RecipientTypeDetails, without addresses."""
    return {
        "Guid": new_id(),
        "ExchangeGuid": new_id(),
        "Name": name,
        "Alias": alias,
        "DisplayName": display,
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": kind,
        "EmailAddresses": [],
        **_DEFAULTS,
        **{f"CustomAttribute{n}": "" for n in range(1, 16)},
        "WhenMailboxCreated": exact(call.stamp),
        "_cas": {**dict.fromkeys(PROTOCOLS, True), "SmtpClientAuthenticationDisabled": None},
        "_autoReply": {
            "AutoReplyState": "Disabled",
            "ExternalAudience": "All",
            "InternalMessage": "",
            "ExternalMessage": "",
            "StartTime": None,
            "EndTime": None,
        },
    }


def exact(stamp: str) -> str:
    """An instant with the seven decimals that Exchange writes."""
    return stamp.replace("Z", ".0000000Z")


def with_routing_address(book: Book, mailbox: Object) -> Object:
    """Every mailbox has its alias at the tenant's first domain, beside the others."""
    present = {a.lower() for a in smtp_of(mailbox["EmailAddresses"])}
    alias, number = mailbox["Alias"], 0
    wanted = f"{alias}@{INITIAL_DOMAIN}"
    while taken(book, wanted) and wanted.lower() not in present:
        number += 1
        wanted = f"{alias}{number}@{INITIAL_DOMAIN}"
    if wanted.lower() not in present:
        mailbox["EmailAddresses"] = [*mailbox["EmailAddresses"], f"smtp:{wanted}"]
    return mailbox


def write(book: Book, user: Object, mailbox: Object, before: Object | None = None) -> Object:
    """Saves a mailbox; addresses and display name are written through to the directory. Returns the user."""
    book.put("mailbox", user["id"], mailbox, deleted=user.get("deletedDateTime"))
    addresses = mailbox["EmailAddresses"]
    after = {
        **user,
        "proxyAddresses": addresses,
        "mail": primary_of(addresses),
        "displayName": mailbox["DisplayName"],
        "showInAddressList": not mailbox["HiddenFromAddressListsEnabled"],
    }
    put_user(book, after, before if before is not None else user)
    if smtp_of(user["proxyAddresses"]) != smtp_of(addresses):
        hold_addresses(book, after)
    return after


def provision(call: Call, user: Object, before: Object) -> Object:
    """The mailbox that a licence brings: the UPN as primary address; within 30 days it is the earlier one."""
    book, upn = call.book, user["userPrincipalName"]
    mailbox = book.get("disconnected", user["id"])
    if mailbox is None:
        mailbox = fresh(call, user["mailNickname"], user["mailNickname"], user["displayName"], "UserMailbox")
        earlier = [f"smtp:{a}" for a in smtp_of(user["proxyAddresses"]) if a.lower() != upn.lower()]
        mailbox["EmailAddresses"] = [f"SMTP:{upn}", *earlier]
        with_routing_address(book, mailbox)
    book.erase("disconnected", user["id"])
    delay(call, user["id"])
    return write(book, user, mailbox, before)


def delay(call: Call, user_id: str) -> None:
    """What the directory does to a mailbox shows in Exchange later, where a fault says so."""
    reads, minutes = call.mailbox_delay
    if reads or minutes:
        call.used.add("mailbox_delay")
        until = call.book.now() + timedelta(minutes=minutes) if minutes else None
        call.book.wait("mailbox", user_id, reads, until.isoformat() if until else None)


def disconnect(book: Book, user: Object, stamp: str) -> None:
    """Without an Exchange plan the mailbox is gone at once, and its content kept for 30 days (4.9)."""
    mailbox = book.get("mailbox", user["id"])
    if mailbox is not None and mailbox["RecipientTypeDetails"] == "UserMailbox":
        book.erase("mailbox", user["id"])
        book.put("disconnected", user["id"], mailbox, deleted=stamp)


def follow(book: Book, user: Object) -> None:
    """The mailbox is soft-deleted and restored with its user."""
    mailbox = book.get("mailbox", user["id"])
    if mailbox is not None:
        book.put("mailbox", user["id"], mailbox, deleted=user.get("deletedDateTime"))


def purge(book: Book, user_id: str) -> None:
    """Gone for good: user, mailbox, what was granted on it; the addresses are free."""
    mailbox = book.get("mailbox", user_id)
    if mailbox is not None:
        for permission in book.find("permission", "Mailbox", mailbox["Guid"]):
            book.erase("permission", permission["id"])
    for kind in ("user", "mailbox", "disconnected"):
        book.erase(kind, user_id)
    book.hold(user_id, ())
    book.note_change(user_id, {GONE})


def purge_due(book: Book) -> None:
    """What was soft-deleted more than 30 days of directory time ago goes. Mailboxes on hold are kept (inactive)."""
    oldest = (book.now() - RETENTION).strftime(INSTANT)
    for user_id in book.deleted_before("user", oldest):
        mailbox = book.get("mailbox", user_id)
        if mailbox is None or not (mailbox["LitigationHoldEnabled"] or mailbox["InPlaceHolds"]):
            purge(book, user_id)
    for user_id in book.deleted_before("disconnected", oldest):
        book.erase("disconnected", user_id)
    for kind in ("application",):
        for object_id in book.deleted_before(kind, oldest):
            book.erase(kind, object_id)


def account(call: Call, name: str, alias: str, upn: str) -> Object:
    """The directory user behind a mailbox that Exchange makes by itself."""
    return {
        "id": new_id(),
        "accountEnabled": True,
        "displayName": name,
        "mailNickname": alias,
        "userPrincipalName": upn,
        "userType": "Member",
        "businessPhones": [],
        "otherMails": [],
        "proxyAddresses": [],
        "assignedLicenses": [],
        "imAddresses": [],
        "createdDateTime": call.stamp,
        "signInSessionsValidFromDateTime": call.stamp,
    }


def make_shared(call: Call, mailbox: Object, upn: str) -> Object:
    """Saves a mailbox without a licence, and its account. Addresses must be free. Returns the account."""
    with_routing_address(call.book, mailbox)
    user = account(call, mailbox["DisplayName"], mailbox["Alias"], upn)
    put_user(call.book, user, mark=EVERYTHING)
    hold_addresses(call.book, user)
    return write(call.book, user, mailbox)
