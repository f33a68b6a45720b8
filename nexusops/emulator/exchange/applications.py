"""Applications in Exchange: pointers to service principals, scopes, role assignments (tenant-api.md 4.11, 4.12)."""

from __future__ import annotations

from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.exchange import opath
from nexusops.emulator.exchange.errors import failed, object_exists, object_not_found
from nexusops.emulator.exchange.paging import Rows, Window, cut
from nexusops.emulator.exchange.parameters import Parameters
from nexusops.emulator.exchange.recipients import find_mailbox
from nexusops.emulator.exchange.scopes import in_scope, row_of
from nexusops.emulator.wire import Call

ROLES = tuple(
    f"Application {name}"
    for name in (
        "Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read",
        "MailboxSettings.ReadWrite", "Calendars.Read", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite",
        "MailboxFolder.Read", "MailboxFolder.ReadWrite", "MailboxItem.Read", "EWS.AccessAsApp", "SMTP.SendAsApp",
    )
)  # fmt: skip
_ADMINISTRATION = (
    "Mail Recipients",
    "Mail Recipient Creation",
    "View-Only Recipients",
    "View-Only Configuration",
    "Organization Configuration",
    "Role Management",
)


def find_pointer(book: Book, identity: str) -> Object:
    """A service principal known to Exchange, by object id, client id or name."""
    for what in ("ObjectId", "AppId", "DisplayName"):
        for pointer in book.find("exchangePrincipal", what, identity):
            return pointer
    raise object_not_found(identity)


def _pointer_row(pointer: Object) -> Object:
    return {
        "Identity": pointer["ObjectId"],
        "Name": pointer["ObjectId"],
        **{n: v for n, v in pointer.items() if n != "id"},
    }


def get_service_principal(call: Call, given: Parameters, window: Window) -> Rows:
    if given.get("Identity"):
        return Rows([_pointer_row(find_pointer(call.book, given["Identity"]))])
    return cut([_pointer_row(pointer) for pointer in call.book.page("exchangePrincipal")], window, "ObjectId")


def new_service_principal(call: Call, given: Parameters, _window: Window) -> Rows:
    """A wrong object id is accepted here, and fails at logon (4.11)."""
    book = call.book
    if book.find("exchangePrincipal", "AppId", given["AppId"]) or book.find(
        "exchangePrincipal", "ObjectId", given["ObjectId"]
    ):
        raise object_exists("AppId", given["AppId"])
    known = next(iter(book.find("servicePrincipal", "appId", given["AppId"])), None)
    name = given.get("DisplayName") or (known["displayName"] if known else given["AppId"])
    pointer = {
        "id": new_id(),
        "AppId": given["AppId"].lower(),
        "ObjectId": given["ObjectId"].lower(),
        "DisplayName": name,
    }
    book.put("exchangePrincipal", pointer["id"], pointer)
    return Rows([_pointer_row(pointer)])


def set_service_principal(call: Call, given: Parameters, _window: Window) -> Rows:
    pointer = find_pointer(call.book, given["Identity"])
    call.book.put(
        "exchangePrincipal",
        pointer["id"],
        {**pointer, "DisplayName": given.get("DisplayName") or pointer["DisplayName"]},
    )
    return Rows([])


def remove_service_principal(call: Call, given: Parameters, _window: Window) -> Rows:
    pointer = find_pointer(call.book, given["Identity"])
    for assignment in call.book.find("roleAssignment", "App", pointer["ObjectId"]):
        call.book.erase("roleAssignment", assignment["id"])
    call.book.erase("exchangePrincipal", pointer["id"])
    return Rows([])


def _scope(book: Book, name: str) -> Object:
    found = book.get("scope", name.lower())
    if found is None:
        raise object_not_found(name)
    return found


def get_scope(call: Call, given: Parameters, window: Window) -> Rows:
    if given.get("Identity"):
        return Rows([_scope(call.book, given["Identity"])])
    return cut(list(call.book.page("scope")), window, "Name")


def new_scope(call: Call, given: Parameters, _window: Window) -> Rows:
    """The filter is read now, so that a wrong one is refused now."""
    name = given["Name"]
    if call.book.get("scope", name.lower()) is not None:
        raise object_exists("name", name)
    opath.parse(given["RecipientRestrictionFilter"])
    scope = {
        "Identity": name,
        "Name": name,
        "ScopeRestrictionType": "RecipientScope",
        "Exclusive": bool(given.get("Exclusive")),
        "RecipientRoot": given.get("RecipientRoot"),
        "RecipientFilter": given["RecipientRestrictionFilter"],
    }
    call.book.put("scope", name.lower(), scope)
    return Rows([scope])


def remove_scope(call: Call, given: Parameters, _window: Window) -> Rows:
    scope = _scope(call.book, given["Identity"])
    if any((a["CustomResourceScope"] or "").lower() == scope["Name"].lower() for a in call.book.page("roleAssignment")):
        text = f'The management scope "{scope["Name"]}" can\'t be removed: a role assignment uses it.'
        raise failed("System.InvalidOperationException", text)
    call.book.erase("scope", scope["Name"].lower())
    return Rows([])


def get_assignment(call: Call, given: Parameters, window: Window) -> Rows:
    rows = list(call.book.page("roleAssignment"))
    if given.get("Identity"):
        rows = [row for row in rows if row["Name"].lower() == given["Identity"].lower()]
        if not rows:
            raise object_not_found(given["Identity"])
    if given.get("RoleAssignee"):
        pointer = find_pointer(call.book, given["RoleAssignee"])
        rows = [row for row in rows if row["App"] == pointer["ObjectId"]]
    if given.get("Role"):
        rows = [row for row in rows if row["Role"].lower() == given["Role"].lower()]
    return cut([_assignment_row(row) for row in rows], window, "Name")


def _assignment_row(assignment: Object) -> Object:
    return {n: v for n, v in assignment.items() if n != "id"}


def new_assignment(call: Call, given: Parameters, _window: Window) -> Rows:
    """``-App`` with a role named "Application …", limited by ``-CustomResourceScope``."""
    pointer = find_pointer(call.book, given["App"])
    role = next((role for role in ROLES if role.lower() == given["Role"].lower()), None)
    if role is None:
        raise object_not_found(given["Role"])
    wanted = given.get("CustomResourceScope")
    scope = _scope(call.book, wanted)["Name"] if wanted else None
    name = given.get("Name") or f"{role}-{pointer['ObjectId']}"[:64]
    if call.book.find("roleAssignment", "Name", name):
        raise object_exists("name", name)
    assignment = {
        "id": new_id(),
        "Identity": name,
        "Name": name,
        "Role": role,
        "App": pointer["ObjectId"],
        "RoleAssignee": pointer["ObjectId"],
        "RoleAssigneeName": pointer["DisplayName"],
        "RoleAssigneeType": "ServicePrincipal",
        "CustomResourceScope": scope,
        "RecipientWriteScope": "CustomRecipientScope" if scope else "Organization",
        "Enabled": True,
    }
    call.book.put("roleAssignment", assignment["id"], assignment)
    return Rows([_assignment_row(assignment)])


def remove_assignment(call: Call, given: Parameters, _window: Window) -> Rows:
    found = call.book.find("roleAssignment", "Name", given["Identity"])
    if not found:
        raise object_not_found(given["Identity"])
    call.book.erase("roleAssignment", found[0]["id"])
    return Rows([])


def authorization_tested(call: Call, given: Parameters, _window: Window) -> Rows:
    """One row an assignment: InScope True or False of -Resource, "Not Run" without one."""
    pointer = find_pointer(call.book, given["Identity"])
    row = row_of(*find_mailbox(call, given["Resource"])) if given.get("Resource") else None
    rows = []
    for assignment in call.book.find("roleAssignment", "App", pointer["ObjectId"]):
        answer = "Not Run" if row is None else str(in_scope(call.book, assignment, row))
        rows.append(
            {
                "RoleName": assignment["Role"],
                "GrantedPermissions": assignment["Role"].removeprefix("Application "),
                "AllowedResourceScope": assignment["CustomResourceScope"] or "Organization",
                "ScopeType": "CustomRecipientScope" if assignment["CustomResourceScope"] else "None",
                "InScope": answer,
            }
        )
    return Rows(rows)


def get_role(_call: Call, given: Parameters, _window: Window) -> Rows:
    """The roles; with -Cmdlet, those that hold it (3.2)."""
    names = [*ROLES, *_ADMINISTRATION]
    if given.get("Identity"):
        names = [name for name in names if name.lower() == given["Identity"].lower()]
        if not names:
            raise object_not_found(given["Identity"])
    if given.get("Cmdlet"):
        noun = given["Cmdlet"].partition("-")[2]
        creation = given["Cmdlet"] in ("New-Mailbox", "Remove-Mailbox")
        names = (
            ["Mail Recipient Creation"]
            if creation
            else ["Mail Recipients"]
            if "Mailbox" in noun or "Recipient" in noun
            else ["Organization Configuration"]
        )
    return Rows(
        [{"Identity": name, "Name": name, "RoleType": name.replace(" ", "").replace(".", "")} for name in names]
    )
