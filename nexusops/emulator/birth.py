"""What a new tenant holds: keys, licences, the resources' service principals, and the client that is printed."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from nexusops.emulator import roles
from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.wire import INSTANT

PLENTY = 1_000_000
INITIAL_DOMAIN = "nexusops.onmicrosoft.com"
_SKUS = {
    # part number -> (id, the plan that makes a mailbox); the ids are Microsoft's own.
    "ENTERPRISEPACKPLUS_FACULTY": ("e578b273-6db4-4691-bba0-8d691f4da603", "EXCHANGE_S_ENTERPRISE"),
    "ENTERPRISEPACKPLUS_STUDENT": ("98b6e773-24d4-4c0d-a968-6e787a1f8204", "EXCHANGE_S_ENTERPRISE"),
    "EXCHANGESTANDARD": ("4b9405b0-7788-4568-add1-99614e613b69", "EXCHANGE_S_STANDARD"),
}
_PLANS = {
    "EXCHANGE_S_ENTERPRISE": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "EXCHANGE_S_STANDARD": "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
    "MCOSTANDARD": "0feaeb32-d00e-4d66-bd5a-43b5b83db82c",
}


def furnish(book: Book) -> None:
    """Fills a new file. The caller commits."""
    book.keep("tenant_id", new_id())
    book.keep("signing_key", secrets.token_hex(32))
    book.keep("suffixes", [])
    for part, (sku_id, plan) in _SKUS.items():
        plans = [plan] if part == "EXCHANGESTANDARD" else [plan, "MCOSTANDARD"]
        book.put("sku", sku_id, _sku(part, sku_id, plans))
    book.put("domain", INITIAL_DOMAIN, domain(INITIAL_DOMAIN, verified=True, initial=True))
    stamp = datetime.now(UTC).strftime(INSTANT)
    _resource(book, roles.GRAPH_APP, "Microsoft Graph", roles.GRAPH_ROLES)
    _resource(book, roles.EXCHANGE_APP, "Office 365 Exchange Online", roles.EXCHANGE_ROLES)
    secret = secrets.token_urlsafe(30)
    app = application("nexusops", stamp)
    app["passwordCredentials"] = [password(secret, "printed", stamp, None)]
    app["web"] = {"redirectUris": ["http://localhost/sign-in/done"]}
    book.put("application", app["id"], app)
    principal = service_principal(app["appId"], "nexusops")
    book.put("servicePrincipal", principal["id"], principal)
    book.keep("client_id", app["appId"])
    book.keep("client_secret", secret)
    grant(book, ())


def grant(book: Book, names: Sequence[str]) -> None:
    """Gives the printed client these permissions and roles only (none named: all). ValueError for an unknown one.

    Where no Exchange role is among the names, Exchange refuses its token with 401 (no app role) or 403 (no role).
    """
    known = {*roles.GRAPH_ROLES, *roles.EXCHANGE_ROLES, *roles.DIRECTORY_ROLES}
    if unknown := set(names) - known:
        raise ValueError(f"{', '.join(sorted(unknown))}: no permission or role of the embedded tenant")
    client_id = book.setting("client_id")
    (principal,) = book.find("servicePrincipal", "appId", client_id)
    for assignment in book.find("assignment", "principalId", principal["id"]):
        book.erase("assignment", assignment["id"])
    for resource_id in (roles.GRAPH_APP, roles.EXCHANGE_APP):
        (resource,) = book.find("servicePrincipal", "appId", resource_id)
        for role in resource["appRoles"]:
            if not names or role["value"] in names:
                found = assignment_of(principal, resource, role["id"])
                book.put("assignment", found["id"], found)
    held = sorted(roles.DIRECTORY_ROLES & set(names)) if names else ["Global Administrator"]
    book.keep("directory_roles", {client_id: held})


_INFO = dict.fromkeys(("termsOfServiceUrl", "supportUrl", "privacyStatementUrl", "marketingUrl", "logoUrl"))
_PUBLISHER = dict.fromkeys(("displayName", "verifiedPublisherId", "addedDateTime"))
APPLICATION: Object = {
    **dict.fromkeys((
        "applicationTemplateId", "certification", "defaultRedirectUri", "deletedDateTime", "description",
        "disabledByMicrosoftStatus", "groupMembershipClaims", "isDeviceOnlyAuthSupported", "isFallbackPublicClient",
        "notes", "optionalClaims", "samlMetadataUrl", "serviceManagementReference", "tokenEncryptionKeyId",
        "uniqueName",
    )),
    **{n: [] for n in ("addIns", "appRoles", "identifierUris", "keyCredentials", "passwordCredentials",
                       "requiredResourceAccess", "tags")},
    "api": {
        "requestedAccessTokenVersion": 2,
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "info": _INFO,
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "publicClient": {"redirectUris": []},
    "publisherDomain": INITIAL_DOMAIN,
    "signInAudience": "AzureADMyOrg",
    "spa": {"redirectUris": []},
    "verifiedPublisher": _PUBLISHER,
    "web": {
        "redirectUris": [],
        "homePageUrl": None,
        "logoutUrl": None,
        "implicitGrantSettings": {"enableIdTokenIssuance": False, "enableAccessTokenIssuance": False},
    },
}  # fmt: skip
"""What an application has that nobody has given anything (application-post-applications.md)."""
PRINCIPAL: Object = {
    **dict.fromkeys((
        "appDescription", "appOwnerOrganizationId", "applicationTemplateId", "createdDateTime", "deletedDateTime",
        "description", "disabledByMicrosoftStatus", "homepage", "loginUrl", "logoutUrl", "notes",
        "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint",
        "samlSingleSignOnSettings", "tokenEncryptionKeyId",
    )),
    **{n: [] for n in ("addIns", "alternativeNames", "appRoles", "keyCredentials", "notificationEmailAddresses",
                       "oauth2PermissionScopes", "passwordCredentials", "replyUrls",
                       "resourceSpecificApplicationPermissions", "servicePrincipalNames", "tags")},
    "accountEnabled": True,
    "appRoleAssignmentRequired": False,
    "info": _INFO,
    "servicePrincipalType": "Application",
    "signInAudience": "AzureADMyOrg",
    "verifiedPublisher": _PUBLISHER,
}  # fmt: skip
"""The same of a service principal (serviceprincipal-post-serviceprincipals.md)."""


def application(name: str, stamp: str) -> Object:
    return {"id": new_id(), "appId": new_id(), "displayName": name, "createdDateTime": stamp, **APPLICATION}


def service_principal(app_id: str, name: str) -> Object:
    named = {"displayName": name, "appDisplayName": name, "servicePrincipalNames": [app_id]}
    return {"id": new_id(), "appId": app_id, **PRINCIPAL, **named}


def password(secret: str, name: str | None, start: str, end: str | None) -> Object:
    """A secret as the file keeps it; it is shown once, when it is made."""
    return {
        "keyId": new_id(),
        "displayName": name,
        "startDateTime": start,
        "endDateTime": end,
        "hint": secret[:3],
        "secretText": secret,
        "customKeyIdentifier": None,
    }


def assignment_of(principal: Object, resource: Object, role_id: str) -> Object:
    return {
        "id": secrets.token_urlsafe(32),
        "appRoleId": role_id,
        "principalId": principal["id"],
        "principalDisplayName": principal["displayName"],
        "principalType": "ServicePrincipal",
        "resourceId": resource["id"],
        "resourceDisplayName": resource["displayName"],
        "createdDateTime": datetime.now(UTC).strftime(INSTANT),
        "deletedDateTime": None,
    }


def domain(name: str, *, verified: bool, initial: bool = False) -> Object:
    return {
        "id": name,
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": initial,
        "isInitial": initial,
        "isRoot": True,
        "isVerified": verified,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"] if verified else [],
        "passwordValidityPeriodInDays": None,
        "passwordNotificationWindowInDays": None,
        "state": None,
    }


def _resource(book: Book, app_id: str, name: str, values: Sequence[str]) -> None:
    principal = service_principal(app_id, name)
    principal["appRoles"] = [roles.app_role(value) for value in values]
    book.put("servicePrincipal", principal["id"], principal)


def _sku(part: str, sku_id: str, plans: list[str]) -> Object:
    return {
        "id": f"{uuid.uuid5(uuid.NAMESPACE_DNS, part)}_{sku_id}",
        "accountId": str(uuid.uuid5(uuid.NAMESPACE_DNS, "account")),
        "accountName": "nexusops",
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": 0,
        "prepaidUnits": {"enabled": PLENTY, "suspended": 0, "warning": 0, "lockedOut": 0},
        "skuId": sku_id,
        "skuPartNumber": part,
        "subscriptionIds": [str(uuid.uuid5(uuid.NAMESPACE_DNS, part + ".subscription"))],
        "servicePlans": [
            {"servicePlanId": _PLANS[p], "servicePlanName": p, "provisioningStatus": "Success", "appliesTo": "User"}
            for p in plans
        ],
    }
