"""RBAC for Applications: which mailboxes an application may use (tenant-api.md 4.12), and how a mailbox is shown."""

from __future__ import annotations

from nexusops.emulator.accounts import primary_of
from nexusops.emulator.book import Book, Object
from nexusops.emulator.exchange import opath
from nexusops.emulator.mailboxes import exact
from nexusops.emulator.wire import Call


def row_of(user: Object, mailbox: Object) -> Object:
    """What Get-Mailbox shows."""
    primary = primary_of(mailbox["EmailAddresses"])
    deleted = user.get("deletedDateTime")
    shown = {name: value for name, value in mailbox.items() if not name.startswith("_")}
    shown |= {
        "Id": mailbox["Name"],
        "Identity": mailbox["Name"],
        "DistinguishedName": f"CN={mailbox['Name']},OU=nexusops.onmicrosoft.com,OU=Exchange Hosted Organizations",
        "ExternalDirectoryObjectId": user["id"],
        "UserPrincipalName": user.get("_upn") or user["userPrincipalName"],
        "WindowsLiveID": user.get("_upn") or user["userPrincipalName"],
        "MicrosoftOnlineServicesID": user.get("_upn") or user["userPrincipalName"],
        "PrimarySmtpAddress": primary,
        "WindowsEmailAddress": primary,
        "IsShared": mailbox["RecipientTypeDetails"] == "SharedMailbox",
        "IsDirSynced": bool(user.get("onPremisesSyncEnabled")),
        "IsMailboxEnabled": True,
        "AccountDisabled": not user["accountEnabled"],
        "SKUAssigned": bool(user["assignedLicenses"]) or None,
        "IsSoftDeletedByRemove": False,
        "IsSoftDeletedByDisable": False,
        "IsInactiveMailbox": False,
        "WhenSoftDeleted": exact(deleted) if deleted else None,
        "WhenCreated": exact(user["createdDateTime"]),
    }
    return shown


def app_may(call: Call, mailbox: Object, permission: str) -> bool:
    """Whether the calling app has a permission on a mailbox: consented in Entra for all, or by an assignment here."""
    if permission in call.roles:
        return True
    return any(
        in_scope(call.book, assignment, mailbox)
        for assignment in assignments_of(call.book, call.app_id, f"Application {permission}")
    )


def assignments_of(book: Book, app_id: str, role: str | None) -> list[Object]:
    """Management role assignments of the application with this client id."""
    found = []
    for pointer in book.find("exchangePrincipal", "AppId", app_id):
        held = book.find("roleAssignment", "App", pointer["ObjectId"])
        found += [a for a in held if role is None or a["Role"].lower() == role.lower()]
    return found


def in_scope(book: Book, assignment: Object, mailbox: Object) -> bool:
    scope = assignment["CustomResourceScope"]
    if scope is None:
        return True
    found = book.get("scope", scope.lower())
    return found is not None and opath.parse(found["RecipientFilter"]).test(mailbox)
