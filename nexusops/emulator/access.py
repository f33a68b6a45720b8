"""Exchange: who may use a mailbox, applications and their scopes, and the organisation's own settings (4.11, 4.12,
4.16).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.cmdlets import Parameters, failed, object_exists, object_not_found
from nexusops.emulator.mailboxes import find_mailbox, row
from nexusops.emulator.wire import Call


def _permissions(book: Book, given: Parameters, key: str) -> tuple[Object, list[Object]]:
    user = find_mailbox(book, given["Identity"])
    return user, list(user["mailbox"]["settings"].get(key, []))


def _keep(book: Book, user: Object, key: str, rows: list[Object]) -> None:
    settings = {**user["mailbox"]["settings"], key: rows}
    book.put({**user, "mailbox": {**user["mailbox"], "settings": settings}})


def _rights(given: Parameters) -> list[str]:
    rights = given.get("AccessRights") or []
    return [rights] if isinstance(rights, str) else list(rights)


def _grants(key: str, who: str) -> tuple[Callable[..., list[Object]], ...]:
    """Get-, Add- and Remove- of one kind of permission."""

    def get(book: Book, _call: Call, given: Parameters) -> list[Object]:
        return _permissions(book, given, key)[1]

    def add(book: Book, _call: Call, given: Parameters) -> list[Object]:
        user, rows = _permissions(book, given, key)
        entry = {"Identity": user["mailbox"]["name"], who: given[who], "AccessRights": _rights(given), "Deny": False}
        _keep(book, user, key, [*(r for r in rows if r[who].lower() != given[who].lower()), entry])
        return [entry]

    def remove(book: Book, _call: Call, given: Parameters) -> list[Object]:
        user, rows = _permissions(book, given, key)
        _keep(book, user, key, [r for r in rows if r[who].lower() != str(given.get(who, "")).lower()])
        return []

    return get, add, remove


def _listed(kind: str) -> Callable[[Book, Call, Parameters], list[Object]]:
    def get(book: Book, _call: Call, given: Parameters) -> list[Object]:
        rows = [found["row"] for found in book.each(kind)]
        if given.get("Identity"):
            return [_found(book, kind, given["Identity"])["row"]]
        assignee = given.get("RoleAssignee") or ""
        return [r for r in rows if not assignee or r.get("App", "").lower() == assignee.lower()]

    return get


def _removed(kind: str) -> Callable[[Book, Call, Parameters], list[Object]]:
    def remove(book: Book, _call: Call, given: Parameters) -> list[Object]:
        book.erase(_found(book, kind, given["Identity"]))
        return []

    return remove


def _found(book: Book, kind: str, identity: str) -> Object:
    for found in book.each(kind):
        if identity.lower() in {str(value).lower() for value in found["row"].values()}:
            return found
    raise object_not_found(identity)


def _made(book: Book, kind: str, name: str, values: Object) -> list[Object]:
    if any(found["row"].get("Name", "").lower() == name.lower() for found in book.each(kind)) and name:
        raise object_exists(name)
    made = {"Name": name, "Identity": name, "Guid": new_id(), **values}
    book.put({"id": made["Guid"], "kind": kind, "displayName": name, "row": made})
    return [made]


def new_service_principal(book: Book, _call: Call, given: Parameters) -> list[Object]:
    """A wrong object id is accepted, and only fails at log-on (4.11)."""
    values = {k: given.get(k) for k in ("AppId", "ObjectId", "DisplayName")}
    if any(found["row"]["AppId"].lower() == given["AppId"].lower() for found in book.each("exchangePrincipal")):
        raise object_exists(given["AppId"])
    return _made(book, "exchangePrincipal", given["ObjectId"], values)


def new_scope(book: Book, _call: Call, given: Parameters) -> list[Object]:
    return _made(book, "scope", given["Name"], {"RecipientFilter": given["RecipientRestrictionFilter"]})


def new_assignment(book: Book, _call: Call, given: Parameters) -> list[Object]:
    principal = _found(book, "exchangePrincipal", given["App"])["row"]
    if not str(given["Role"]).startswith("Application "):
        raise object_not_found(given["Role"])
    if given.get("CustomResourceScope"):
        _found(book, "scope", given["CustomResourceScope"])
    name = given.get("Name") or f"{given['Role']}-{principal['ObjectId']}"
    values = {
        "Role": given["Role"],
        "App": principal["ObjectId"],
        "CustomResourceScope": given.get("CustomResourceScope"),
    }
    return _made(book, "assignment", name, values)


def scoped_roles(book: Book, app_id: str, user: Object) -> set[str]:
    """The ``Application …`` roles that an application has at this mailbox by RBAC for Applications."""
    principals = [f["row"] for f in book.each("exchangePrincipal") if f["row"]["AppId"].lower() == app_id.lower()]
    objects = {principal["ObjectId"].lower() for principal in principals}
    scopes = {f["row"]["Name"]: f["row"]["RecipientFilter"] for f in book.each("scope")}
    found = set()
    for assignment in (f["row"] for f in book.each("assignment")):
        scope = assignment.get("CustomResourceScope")
        if assignment["App"].lower() in objects and (scope is None or _in_scope(user, scopes.get(scope, ""))):
            found.add(assignment["Role"])
    return found


def _in_scope(user: Object, text: str) -> bool:
    match = re.match(r"^\s*(\w+)\s+-eq\s+'((?:[^']|'')*)'\s*$", text)
    return match is not None and str(row(user).get(match[1], "")).lower() == match[2].replace("''", "'").lower()


def test_authorisation(book: Book, _call: Call, given: Parameters) -> list[Object]:
    principal = _found(book, "exchangePrincipal", given["Identity"])["row"]
    user = find_mailbox(book, given["Resource"]) if given.get("Resource") else None
    assignments = [f["row"] for f in book.each("assignment") if f["row"]["App"] == principal["ObjectId"]]
    allowed = scoped_roles(book, principal["AppId"], user) if user else set()
    return [
        {
            "RoleName": assignment["Role"],
            "GrantedPermissions": assignment["Role"].removeprefix("Application "),
            "AllowedResourceScope": assignment.get("CustomResourceScope"),
            "ScopeType": "CustomRecipientScope" if assignment.get("CustomResourceScope") else "Organization",
            "InScope": "Not Run" if user is None else str(assignment["Role"] in allowed),
        }
        for assignment in assignments
    ]


def _dkim_row(domain: str, enabled: bool, size: Any) -> Object:
    dashed = domain.replace(".", "-")
    target = "contoso-embedded.onmicrosoft.com"
    return {
        "Domain": domain,
        "Enabled": enabled,
        "Status": "Valid" if enabled else "CnameMissing",
        "Selector1CNAME": f"selector1-{dashed}._domainkey.{target}",
        "Selector2CNAME": f"selector2-{dashed}._domainkey.{target}",
        "Selector1KeySize": size or 1024,
        "Selector2KeySize": size or 1024,
    }


def new_dkim(book: Book, _call: Call, given: Parameters) -> list[Object]:
    return _made(
        book, "dkim", given["DomainName"], _dkim_row(given["DomainName"], given["Enabled"], given.get("KeySize"))
    )


def set_dkim(book: Book, _call: Call, given: Parameters) -> list[Object]:
    found = _found(book, "dkim", given["Identity"])
    size = given.get("KeySize") or found["row"]["Selector1KeySize"]
    enabled = given.get("Enabled", found["row"]["Enabled"])
    book.put({**found, "row": {**found["row"], **_dkim_row(found["row"]["Domain"], enabled, size)}})
    return []


def accepted_domains(book: Book, _call: Call, given: Parameters) -> list[Object]:
    rows = [
        {"Name": name, "DomainName": name, "DomainType": "Authoritative", "Default": number == 0, "Guid": new_id()}
        for number, name in enumerate(book.setting("domains") or [])
    ]
    if given.get("Identity"):
        rows = [r for r in rows if r["DomainName"].lower() == given["Identity"].lower()]
        if not rows:
            raise object_not_found(given["Identity"])
    return rows


def organisation(book: Book, _call: Call, _given: Parameters) -> list[Object]:
    return [
        {
            "Name": "embedded.onmicrosoft.com",
            "DisplayName": "Embedded tenant",
            "Guid": book.setting("tenant_id"),
            "SendFromAliasEnabled": False,
            "DelayedDelicensingEnabled": False,
        }
    ]


def _fixed(rows: list[Object]) -> Callable[[Book, Call, Parameters], list[Object]]:
    return lambda _book, _call, _given: [dict(found) for found in rows]


def management_role(_book: Book, _call: Call, given: Parameters) -> list[Object]:
    if given.get("Cmdlet") is None and given.get("Identity") is None:
        raise failed("System.ArgumentException", "Name a role or a cmdlet.")
    return [{"Name": "Mail Recipients", "RoleType": "MailRecipients"}]


_MAILBOX = _grants("permissions", "User")
_RECIPIENT = _grants("recipientPermissions", "Trustee")
CMDLETS: dict[str, Callable[[Book, Call, Parameters], list[Object]]] = {
    "Get-MailboxPermission": _MAILBOX[0],
    "Add-MailboxPermission": _MAILBOX[1],
    "Remove-MailboxPermission": _MAILBOX[2],
    "Get-RecipientPermission": _RECIPIENT[0],
    "Add-RecipientPermission": _RECIPIENT[1],
    "Remove-RecipientPermission": _RECIPIENT[2],
    "Get-ServicePrincipal": _listed("exchangePrincipal"),
    "New-ServicePrincipal": new_service_principal,
    "Remove-ServicePrincipal": _removed("exchangePrincipal"),
    "Get-ManagementScope": _listed("scope"),
    "New-ManagementScope": new_scope,
    "Remove-ManagementScope": _removed("scope"),
    "Get-ManagementRoleAssignment": _listed("assignment"),
    "New-ManagementRoleAssignment": new_assignment,
    "Remove-ManagementRoleAssignment": _removed("assignment"),
    "Test-ServicePrincipalAuthorization": test_authorisation,
    "Get-DkimSigningConfig": _listed("dkim"),
    "New-DkimSigningConfig": new_dkim,
    "Set-DkimSigningConfig": set_dkim,
    "Rotate-DkimSigningConfig": set_dkim,
    "Get-AcceptedDomain": accepted_domains,
    "Get-OrganizationConfig": organisation,
    "Get-RemoteDomain": _fixed([{"Identity": "Default", "DomainName": "*", "AutoForwardEnabled": True}]),
    "Get-HostedOutboundSpamFilterPolicy": _fixed([{"Identity": "Default", "AutoForwardingMode": "Automatic"}]),
    "Get-HostedOutboundSpamFilterRule": _fixed([]),
    "Get-ManagementRole": management_role,
}
