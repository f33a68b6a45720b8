"""Which path does what, and which application permissions open it (tenant-api.md 1; Microsoft's list of 2026-08)."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from nexusops.emulator import tokens
from nexusops.emulator.graph import (
    applications,
    audits,
    deleted,
    deleted_applications,
    delta,
    domains,
    federation,
    licences,
    mail,
    mailbox_settings,
    organisation,
    principals,
    users,
)  # fmt: skip
from nexusops.emulator.roles import GRAPH_APP
from nexusops.emulator.wire import Answer, Call, Refusal, denied, refused

Operation = Callable[..., Answer]
_READ_DIRECTORY = "Directory.Read.All Directory.ReadWrite.All"
_READ_USERS = f"User.Read.All User.ReadBasic.All User.ReadWrite.All {_READ_DIRECTORY}"
_WRITE_USERS = "User.ReadWrite.All Directory.ReadWrite.All"
_READ_APPS = f"Application.Read.All Application.ReadWrite.All Application.ReadWrite.OwnedBy {_READ_DIRECTORY}"
_WRITE_APPS = "Application.ReadWrite.All Application.ReadWrite.OwnedBy"
_READ_DOMAINS = "Domain.Read.All Domain.ReadWrite.All Directory.Read.All"
_ORGANISATION = f"Organization.Read.All Organization.ReadWrite.All {_READ_DIRECTORY}"
_RECIPIENT = ""  # Decided at the mailbox: consent in Entra, or a role assignment in Exchange.

_FEDERATED = "{id}/federatedIdentityCredentials"

_TABLE: tuple[tuple[str, str, str, Operation], ...] = (
    ("GET", "/users", _READ_USERS, users.list_users),
    ("POST", "/users", _WRITE_USERS, users.create_user),
    ("GET", "/users/$count", _READ_USERS, users.count_users),
    ("GET", "/users/delta", f"User.Read.All User.ReadWrite.All {_READ_DIRECTORY}", delta.delta),
    ("GET", "/users/{id}", _READ_USERS, users.get_user),
    ("PATCH", "/users/{id}", f"{_WRITE_USERS} User.EnableDisableAccount.All", users.change_user),
    ("DELETE", "/users/{id}", "User.DeleteRestore.All User.ReadWrite.All", deleted.delete_user),
    ("POST", "/users/{id}/assignLicense", f"LicenseAssignment.ReadWrite.All {_WRITE_USERS}", licences.assign_licence),
    ("POST", "/users/{id}/revokeSignInSessions", f"User.RevokeSessions.All {_WRITE_USERS}", users.revoke_sessions),
    ("POST", "/users/{id}/sendMail", _RECIPIENT, mail.send_mail),
    ("GET", "/users/{id}/mailboxSettings", _RECIPIENT, mailbox_settings.get_settings),
    ("GET", "/users/{id}/mailboxSettings/{id}", _RECIPIENT, mailbox_settings.get_one),
    ("PATCH", "/users/{id}/mailboxSettings", _RECIPIENT, mailbox_settings.change_settings),
    ("GET", "/subscribedSkus", f"LicenseAssignment.Read.All {_ORGANISATION}", licences.subscribed_skus),
    ("GET", "/organization", f"{_ORGANISATION} User.Read.All", organisation.organisation),
    ("GET", "/directory/deletedItems/microsoft.graph.user", _READ_USERS, deleted.list_deleted),
    ("GET", "/directory/deletedItems/microsoft.graph.application", _READ_APPS, deleted_applications.list_deleted),
    ("GET", "/directory/deletedItems", _READ_USERS, deleted.refuse_listing_all),
    ("GET", "/directory/deletedItems/{id}", f"{_READ_USERS} {_READ_APPS}", deleted_applications.get_deleted),
    ("DELETE", "/directory/deletedItems/{id}", "User.DeleteRestore.All User.ReadWrite.All", deleted.erase_deleted),
    (
        "POST",
        "/directory/deletedItems/{id}/restore",
        f"User.DeleteRestore.All User.ReadWrite.All {_WRITE_APPS}",
        deleted_applications.restore,
    ),
    ("GET", "/domains", _READ_DOMAINS, domains.list_domains),
    ("POST", "/domains", "Domain.ReadWrite.All", domains.add_domain),
    ("GET", "/domains/{id}", _READ_DOMAINS, domains.get_domain),
    ("PATCH", "/domains/{id}", "Domain.ReadWrite.All", domains.change_domain),
    ("DELETE", "/domains/{id}", "Domain.ReadWrite.All", domains.delete_domain),
    ("POST", "/domains/{id}/verify", "Domain.ReadWrite.All", domains.verify_domain),
    (
        "GET",
        "/domains/{id}/verificationDnsRecords",
        "Domain.Read.All Domain.ReadWrite.All",
        domains.verification_records,
    ),
    (
        "GET",
        "/domains/{id}/serviceConfigurationRecords",
        "Domain.Read.All Domain.ReadWrite.All",
        domains.service_records,
    ),
    ("GET", "/applications/$count", _READ_APPS, applications.count_applications),
    ("GET", "/servicePrincipals/$count", _READ_APPS, principals.count_principals),
    ("GET", "/applications", _READ_APPS, applications.list_applications),
    ("POST", "/applications", _WRITE_APPS, applications.create_application),
    ("GET", "/applications/{id}", _READ_APPS, applications.get_application),
    ("PATCH", "/applications/{id}", _WRITE_APPS, applications.change_application),
    ("DELETE", "/applications/{id}", _WRITE_APPS, applications.delete_application),
    ("POST", "/applications/{id}/addPassword", f"{_WRITE_APPS} Directory.ReadWrite.All", applications.add_password),
    (
        "POST",
        "/applications/{id}/removePassword",
        f"{_WRITE_APPS} Directory.ReadWrite.All",
        applications.remove_password,
    ),
    ("POST", "/applications/{id}/addKey", f"{_WRITE_APPS} Directory.ReadWrite.All", federation.add_key),
    ("GET", f"/applications/{_FEDERATED}", _READ_APPS, federation.list_credentials),
    ("POST", f"/applications/{_FEDERATED}", _WRITE_APPS, federation.add_credential),
    ("GET", f"/applications/{_FEDERATED}/{{id}}", _READ_APPS, federation.get_credential),
    ("PATCH", f"/applications/{_FEDERATED}/{{id}}", _WRITE_APPS, federation.change_credential),
    ("DELETE", f"/applications/{_FEDERATED}/{{id}}", _WRITE_APPS, federation.remove_credential),
    ("GET", "/auditLogs/directoryAudits", "AuditLog.Read.All", audits.directory_audits),
    ("GET", "/servicePrincipals", _READ_APPS, principals.list_principals),
    ("POST", "/servicePrincipals", f"{_WRITE_APPS} Directory.ReadWrite.All", principals.create_principal),
    ("GET", "/servicePrincipals/{id}", _READ_APPS, principals.get_principal),
    ("PATCH", "/servicePrincipals/{id}", f"{_WRITE_APPS} Directory.ReadWrite.All", principals.change_principal),
    ("DELETE", "/servicePrincipals/{id}", f"{_WRITE_APPS} Directory.ReadWrite.All", principals.delete_principal),
    ("GET", "/servicePrincipals/{id}/appRoleAssignments", _READ_APPS, principals.granted),
    ("POST", "/servicePrincipals/{id}/appRoleAssignments", "AppRoleAssignment.ReadWrite.All", principals.grant),
    ("DELETE", "/servicePrincipals/{id}/appRoleAssignments/{id}", "AppRoleAssignment.ReadWrite.All", principals.revoke),
    ("GET", "/servicePrincipals/{id}/appRoleAssignedTo", _READ_APPS, principals.granted_to),
    ("POST", "/servicePrincipals/{id}/appRoleAssignedTo", "AppRoleAssignment.ReadWrite.All", principals.grant),
    ("DELETE", "/servicePrincipals/{id}/appRoleAssignedTo/{id}", "AppRoleAssignment.ReadWrite.All", principals.revoke),
)
_KEYED = re.compile(r"/(applications|servicePrincipals)\((appId|uniqueName)=(?:'|%27)([^')]*)(?:'|%27)\)")
_QUOTED = re.compile(r"/(users|domains|applications|servicePrincipals)\((?:'|%27)([^')]*)(?:'|%27)\)")


def _compiled() -> list[tuple[re.Pattern[str], dict[str, tuple[frozenset[str], Operation]]]]:
    found: dict[str, dict[str, tuple[frozenset[str], Operation]]] = {}
    for method, path, permissions, operation in _TABLE:
        found.setdefault(path, {})[method] = (frozenset(permissions.split()), operation)
    return [
        (re.compile(re.escape(path).replace(r"\{id\}", "([^/]+)"), re.IGNORECASE), ways) for path, ways in found.items()
    ]


_ROUTES = _compiled()
_JSON = ("application/json",)
_MIME = (*_JSON, "text/plain")


def answer(call: Call, path: str) -> Answer:
    """One Graph request; ``path`` is what follows the version. Raises Refusal."""
    problem = tokens.authorise(call, GRAPH_APP)
    if problem is not None:
        raise tokens.unauthorised(problem)
    path = _KEYED.sub(lambda m: f"/{m[1]}/{m[2]}={m[3]}", path)
    path = _QUOTED.sub(lambda m: f"/{m[1]}/{m[2]}", path).rstrip("/").removesuffix("()")
    path = re.sub(r"(?<=/deletedItems)/graph\.", "/microsoft.graph.", path, flags=re.IGNORECASE)
    path = re.sub(r"(?<!/deletedItems)/microsoft\.graph\.", "/", path, flags=re.IGNORECASE)
    for pattern, ways in _ROUTES:
        match = pattern.fullmatch(path)
        if match is not None and call.method in ways:
            permissions, operation = ways[call.method]
            if permissions and not permissions & call.roles:
                raise denied()
            if call.content and call.method != "GET":
                _check_type(call, _MIME if operation is mail.send_mail else _JSON)
            found = operation(call, *(unquote(part) for part in match.groups()))
            audits.note(call, path, found)
            return found
        if match is not None:
            raise _wrong_method()
    raise _no_segment(path)


def _check_type(call: Call, allowed: tuple[str, ...]) -> None:
    """A body is JSON and says so; sendMail takes MIME, too (microsoft-graph-docs #6486, pythondjangoapp #22)."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind:
        text = "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        raise refused(400, "BadRequest", text)
    if kind not in allowed:
        raise refused(400, "BadRequest", "Entity only allows writes with a JSON Content-Type header.")


def _wrong_method() -> Refusal:
    return refused(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def _no_segment(path: str) -> Refusal:
    segment = path.strip("/").split("/")[0]
    return refused(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
