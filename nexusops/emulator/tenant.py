"""The embedded tenant in process: opened on its file, reached through httpx.ASGITransport(app=tenant.app)."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexusops.emulator import apps, control, tokens
from nexusops.emulator.app import Application
from nexusops.emulator.book import Book, new_id
from nexusops.emulator.mailboxes import new_mailbox
from nexusops.emulator.wire import Call, Refusal

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

PLENTY = 1_000_000
_EXCHANGE_PLAN = {
    "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "servicePlanName": "EXCHANGE_S_ENTERPRISE",
    "provisioningStatus": "Success",
    "appliesTo": "User",
}
GRAPH_ROLES = (
    "AppRoleAssignment.ReadWrite.All", "Application.Read.All", "Application.ReadWrite.OwnedBy", "AuditLog.Read.All",
    "Directory.Read.All", "Domain.Read.All", "Domain.ReadWrite.All", "LicenseAssignment.Read.All",
    "LicenseAssignment.ReadWrite.All", "Mail.Send", "MailboxSettings.Read", "MailboxSettings.ReadWrite",
    "Organization.Read.All", "User.DeleteRestore.All", "User.EnableDisableAccount.All", "User.Read.All",
    "User.ReadWrite.All", "User.RevokeSessions.All",
)  # fmt: skip
EXCHANGE_ROLES = ("Exchange.ManageAsApp", "SMTP.SendAsApp", "IMAP.AccessAsApp", "full_access_as_app")


class EmbeddedTenant:
    authority = "https://login.microsoftonline.com"
    graph_base_url = "https://graph.microsoft.com/v1.0"
    exchange_base_url = "https://outlook.office365.com"

    def __init__(self, book: Book) -> None:
        self.book = book
        self.app = Application(book)

    @classmethod
    def open(cls, path: Path, *, accept: Sequence[str] = ("ox.ac.uk", "cam.ac.uk")) -> EmbeddedTenant:
        """Makes the file, or opens it again. An accepted suffix covers all domains beneath it."""
        book = Book(Path(path))
        tenant = cls(book)
        book.begin()
        if book.setting("tenant_id") is None:
            _furnish(book)
        for name in accept:
            tenant._accept(name)
        book.commit()
        return tenant

    @property
    def tenant_id(self) -> str:
        return str(self.book.setting("tenant_id"))

    @property
    def client_id(self) -> str:
        return str(self.book.setting("client_id"))

    @property
    def client_secret(self) -> str:
        return str(self.book.setting("client_secret"))

    def credential(self) -> EmbeddedCredential:
        """For in-process use: msal and azure-identity speak https only."""
        return EmbeddedCredential(self)

    def accept_domain(self, name: str) -> None:
        self.book.begin()
        self._accept(name)
        self.book.commit()

    def _accept(self, name: str) -> None:
        known = self.book.setting("domains") or []
        if name.lower() not in known:
            self.book.set("domains", [*known, name.lower()])

    def ensure_mailbox(self, address: str, display_name: str) -> None:
        """A shared mailbox of this address, if there is none."""
        if self.book.holder(address) is not None:
            return
        domain = address.partition("@")[2]
        self.accept_domain(domain)
        call = Call("POST", "", {}, {}, b"", now=self.app.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        name = address.partition("@")[0]
        self.book.begin()
        try:
            new_mailbox(
                self.book,
                call,
                {"Name": name, "Shared": True, "DisplayName": display_name, "PrimarySmtpAddress": address},
            )
            self.book.commit()
        except Refusal:
            self.book.rollback()
            raise

    def set_clock(self, instant: datetime) -> None:
        """Directory time (dates of objects, purging after thirty days); never token lifetimes."""
        control.set_clock(self.app, instant)

    def requests(self) -> list[dict[str, Any]]:
        return self.book.notes("asked")

    def grant_only(self, names: Sequence[str]) -> None:
        """Limits the printed client to these permissions and roles."""
        self.book.begin()
        _grant(self.book, self.client_id, names)
        self.book.commit()

    def close(self) -> None:
        self.book.close()


class EmbeddedCredential:
    """An azure-style credential that takes its tokens straight from the embedded tenant."""

    def __init__(self, tenant: EmbeddedTenant) -> None:
        self._tenant = tenant
        self._known: dict[str, AccessToken] = {}

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        from azure.core.credentials import AccessToken

        audience = scopes[0].removesuffix("/.default")
        known = self._known.get(audience)
        if known is None or known.expires_on < time.time() + 300:
            text = tokens.issue(self._tenant.book, self._tenant.client_id, audience)
            known = self._known[audience] = AccessToken(text, int(time.time()) + tokens.LIFETIME)
        return known

    def close(self) -> None:
        self._known.clear()


def _furnish(book: Book) -> None:
    """A tenant as it is on its first day: keys, licences, the two resources, and the client that is printed."""
    book.set("tenant_id", str(uuid.uuid4()))
    book.set("signing_key", secrets.token_hex(32))
    book.set(
        "skus",
        [_sku(name) for name in ("ENTERPRISEPACKPLUS_FACULTY", "ENTERPRISEPACKPLUS_STUDENT", "EXCHANGESTANDARD")],
    )
    now = "2020-01-01T00:00:00Z"
    resources = (
        (tokens.GRAPH_APP, "Microsoft Graph", GRAPH_ROLES),
        (tokens.EXCHANGE_APP, "Office 365 Exchange Online", EXCHANGE_ROLES),
    )
    for app_id, name, roles in resources:
        principal = apps.principal_of({"appId": app_id, "displayName": name}, now)
        principal["appRoles"] = [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, role)),
                "value": role,
                "allowedMemberTypes": ["Application"],
                "isEnabled": True,
            }
            for role in roles
        ]
        book.put(principal)
    secret = secrets.token_urlsafe(30)
    app = {
        "id": new_id(), "kind": "application", "appId": new_id(), "displayName": "nexusops", "createdDateTime": now,
        "signInAudience": "AzureADMyOrg", "keyCredentials": [], "requiredResourceAccess": [],
        "passwordCredentials": [{"keyId": new_id(), "displayName": "first", "startDateTime": now, "endDateTime": None, "hint": secret[:3], "secretText": secret}],
    }  # fmt: skip
    book.put(app)
    book.put(apps.principal_of(app, now))
    book.set("client_id", app["appId"])
    book.set("client_secret", secret)
    _grant(book, str(app["appId"]), (*GRAPH_ROLES, *EXCHANGE_ROLES))


def _grant(book: Book, client_id: str, names: Sequence[str]) -> None:
    principal = next(p for p in book.find("upn", client_id.lower()) if p["kind"] == "servicePrincipal")
    resources = [r for r in book.each("servicePrincipal") if r["appRoles"]]
    unknown = set(names) - {role["value"] for resource in resources for role in resource["appRoles"]}
    if unknown:
        raise ValueError(f"unknown permission: {', '.join(sorted(unknown))}")
    granted = [
        apps.assignment_of(principal, resource, role, "2020-01-01T00:00:00Z")
        for resource in resources
        for role in resource["appRoles"]
        if role["value"] in names
    ]
    book.put({**principal, "appRoleAssignments": granted})


def _sku(name: str) -> dict[str, Any]:
    sku_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    return {"skuId": sku_id, "skuPartNumber": name, "enabled": PLENTY, "plans": [_EXCHANGE_PLAN]}
