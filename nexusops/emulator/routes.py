"""Which request is answered by what, and which application permissions allow it (permissions.json 2026-08)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from nexusops.emulator import apps, directory, users
from nexusops.emulator.book import Book
from nexusops.emulator.wire import Answer, Call, refused

Answering = Callable[..., Answer]
READ = frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
WRITE = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
APP_READ = frozenset({"Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
APP_WRITE = frozenset({"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
GRANT = frozenset({"AppRoleAssignment.ReadWrite.All"})
DOMAIN_READ = frozenset({"Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All"})
DOMAIN_WRITE = frozenset({"Domain.ReadWrite.All"})
DELETE = frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"})
LICENCE_READ = frozenset({"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "Organization.Read.All"})
LICENCE = frozenset({"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All"})
ENABLE = WRITE | {"User.EnableDisableAccount.All"}
REVOKE = WRITE | {"User.RevokeSessions.All"}
ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    answering: Answering
    roles: frozenset[str]
    fixed: tuple[str, ...] = ()


def _route(method: str, path: str, answering: Answering, roles: frozenset[str], *fixed: str) -> Route:
    pattern = re.compile("^" + path.replace("{}", "([^/]+)") + "$")
    return Route(method, pattern, answering, roles, fixed)


def _deleted(book: Book, call: Call) -> Answer:
    return users.list_users(book, call, deleted=True)


_APPS = r"/applications/?{}"
ROUTES = (
    _route("GET", "/users", users.list_users, READ),
    _route("POST", "/users", users.create_user, WRITE),
    _route("GET", "/users/delta", users.delta, READ),
    _route("GET", r"/users/delta\(\)", users.delta, READ),
    _route("GET", "/users/{}", users.get_user, READ),
    _route("PATCH", "/users/{}", users.change_user, ENABLE),
    _route("DELETE", "/users/{}", users.delete_user, DELETE),
    _route("POST", "/users/{}/assignLicense", users.assign_licence, LICENCE),
    _route("POST", "/users/{}/revokeSignInSessions", users.revoke_sessions, REVOKE),
    _route("POST", "/users/{}/sendMail", directory.send_mail, ANY),
    _route("GET", "/users/{}/mailboxSettings", directory.get_mailbox_settings, ANY),
    _route("PATCH", "/users/{}/mailboxSettings", directory.set_mailbox_settings, ANY),
    _route("GET", "/subscribedSkus", directory.subscribed_skus, LICENCE_READ),
    _route("GET", "/organization", directory.organisation, ANY),
    _route("GET", "/directory/deletedItems/(?:microsoft.)?graph.user", _deleted, READ),
    _route("GET", "/directory/deletedItems/{}", users.get_deleted, READ),
    _route("POST", "/directory/deletedItems/{}/restore", users.restore_user, DELETE),
    _route("GET", "/domains", directory.list_domains, DOMAIN_READ),
    _route("POST", "/domains", directory.add_domain, DOMAIN_WRITE),
    _route("GET", "/domains/{}", directory.get_domain, DOMAIN_READ),
    _route("POST", "/domains/{}/verify", directory.verify_domain, DOMAIN_WRITE),
    _route("GET", "/domains/{}/verificationDnsRecords", directory.verification_records, DOMAIN_READ),
    _route("GET", "/domains/{}/serviceConfigurationRecords", directory.service_records, DOMAIN_READ),
    _route("GET", "/applications", apps.listed, APP_READ, "application"),
    _route("POST", "/applications", apps.create_application, APP_WRITE),
    _route("POST", "/applications/{}/addPassword", apps.add_password, APP_WRITE),
    _route("POST", "/applications/{}/removePassword", apps.remove_password, APP_WRITE),
    _route("GET", _APPS, apps.get, APP_READ, "application"),
    _route("PATCH", _APPS, apps.change_application, APP_WRITE),
    _route("DELETE", _APPS, apps.delete_application, APP_WRITE),
    _route("GET", "/servicePrincipals", apps.listed, APP_READ, "servicePrincipal"),
    _route("POST", "/servicePrincipals", apps.create_principal, APP_WRITE),
    _route("GET", "/servicePrincipals/{}/appRoleAssignments", apps.assignments, APP_READ),
    _route("GET", "/servicePrincipals/{}/appRoleAssignedTo", apps.assigned_to, APP_READ),
    _route("POST", "/servicePrincipals/{}/appRoleAssignedTo", apps.grant, GRANT),
    _route("DELETE", "/servicePrincipals/{}/appRoleAssignedTo/{}", apps.revoke, GRANT),
    _route("GET", "/servicePrincipals/?{}", apps.get, APP_READ, "servicePrincipal"),
)


def answer(book: Book, call: Call) -> Answer:
    """Graph v1.0 (``call.path`` is relative to it)."""
    known = False
    for route in ROUTES:
        match = route.pattern.match(call.path)
        if match is None:
            continue
        known = True
        if route.method == call.method:
            permitted(call, route.roles)
            return route.answering(book, call, *route.fixed, *(unquote(key) for key in match.groups()))
    if known:
        raise refused(
            405, "Request_BadRequest", f"Specified HTTP method is not allowed for the request target: {call.method}."
        )
    raise apps.unknown_route(call.path)


def permitted(call: Call, roles: frozenset[str]) -> None:
    """The application permission; a narrow one (enable, disable) allows only what it names."""
    if roles and not roles & call.roles:
        raise refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    if roles is ENABLE and not WRITE & call.roles and set(call.body or {}) - {"accountEnabled"}:
        raise refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
