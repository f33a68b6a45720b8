"""The properties of a directory user that Graph v1.0 knows: type, and whether a client may write it (CSDL 2026-08)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from nexusops.emulator.wire import Refusal, bad_request

STRING, BOOLEAN, STRINGS, OBJECT, INSTANT = "String", "Boolean", "Strings", "Object", "Instant"

WRITABLE: dict[str, str] = {
    **dict.fromkeys(
        (
            "aboutMe", "ageGroup", "city", "companyName", "consentProvidedForMinor", "country", "department",
            "displayName", "employeeId", "employeeType", "faxNumber", "givenName", "jobTitle", "mail", "mailNickname",
            "mobilePhone", "mySite", "officeLocation", "onPremisesImmutableId", "passwordPolicies", "postalCode",
            "preferredDataLocation", "preferredLanguage", "preferredName", "state", "streetAddress", "surname",
            "usageLocation", "userPrincipalName", "userType",
        ),
        STRING,
    ),
    "accountEnabled": BOOLEAN,
    "showInAddressList": BOOLEAN,
    **dict.fromkeys(
        ("businessPhones", "otherMails", "interests", "pastProjects", "responsibilities", "schools", "skills"), STRINGS
    ),
    "passwordProfile": OBJECT,
    "onPremisesExtensionAttributes": OBJECT,
    "employeeOrgData": OBJECT,
    **dict.fromkeys(("birthday", "employeeHireDate", "employeeLeaveDateTime", "hireDate"), INSTANT),
}  # fmt: skip
READ_ONLY = frozenset({
    "id", "assignedLicenses", "assignedPlans", "authorizationInfo", "createdDateTime", "creationType",
    "deletedDateTime", "externalUserState", "externalUserStateChangeDateTime", "identities", "imAddresses",
    "isManagementRestricted", "isResourceAccount", "lastPasswordChangeDateTime", "legalAgeGroupClassification",
    "licenseAssignmentStates", "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesLastSyncDateTime",
    "onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled", "onPremisesUserPrincipalName", "provisionedPlans", "proxyAddresses",
    "securityIdentifier", "serviceProvisioningErrors", "signInActivity", "signInSessionsValidFromDateTime",
})  # fmt: skip
DEFAULT = (
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName",
)  # fmt: skip
READABLE_BY_BASIC = frozenset({"id", "displayName", "givenName", "mail", "surname", "userPrincipalName"})
"""What ``User.ReadBasic.All`` shows; the rest comes back empty (4.1)."""

NAVIGATION = (
    "appRoleAssignments", "createdObjects", "directReports", "extensions", "licenseDetails", "manager", "memberOf",
    "oauth2PermissionGrants", "ownedDevices", "ownedObjects", "registeredDevices", "sponsors", "transitiveMemberOf",
)  # fmt: skip
ON_A_SINGLE_USER = frozenset(
    {"aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects", "preferredName", "responsibilities",
     "schools", "skills", "mailboxSettings"}
)  # fmt: skip
"""Refused with 501 on a collection (4.1)."""

LONGEST = {
    "mailNickname": 64,
    "employeeId": 16,
    "displayName": 256,
    "usageLocation": 2,
    "department": 64,
    "jobTitle": 128,
}
REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")
MASTERED_ON_PREMISES = frozenset(
    {"accountEnabled", "displayName", "employeeId", "givenName", "jobTitle", "mail", "mailNickname", "surname",
     "department", "mobilePhone", "businessPhones", "officeLocation", "onPremisesExtensionAttributes"}
)  # fmt: skip
SENSITIVE = frozenset({"accountEnabled", "passwordProfile", "otherMails", "mobilePhone", "businessPhones"})
"""What nobody without a higher role changes on a privileged user (3.3)."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_NICKNAME = re.compile(r"[^\s@\"\\()\[\];:<>,]+")
EXTENSION = re.compile(r"extension_[0-9a-f]{32}_\w+")
_EXTENSION_ATTRIBUTES = {f"extensionAttribute{n}" for n in range(1, 16)}
_PROFILE = {"password", "forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"}


KNOWN = (*WRITABLE, *READ_ONLY, "mailboxSettings")


def fits_filter(name: str, value: Any) -> bool:
    """Whether a property may be compared with this value in a $filter."""
    if value is None or name not in WRITABLE or WRITABLE[name] not in (STRING, BOOLEAN):
        return True
    return isinstance(value, bool if WRITABLE[name] == BOOLEAN else str)


def checked(body: Any) -> dict[str, Any]:
    """The properties of a POST or PATCH body; raises the refusal of an unknown, read-only or wrongly typed one."""
    if not isinstance(body, dict) or not body:
        raise bad_request("Empty Payload. JSON content expected.")
    found = {name: value for name, value in body.items() if not name.startswith("@") and "@odata" not in name}
    for name, value in found.items():
        if name in READ_ONLY:
            raise _read_only(name)
        if name not in WRITABLE and not EXTENSION.fullmatch(name):
            raise bad_request(f"Invalid property '{name}'.", details=_detail("InvalidProperty", name))
        if value is not None and not _fits(value, WRITABLE.get(name, STRING)):
            text = "A value was encountered that has a type name that is incompatible with the metadata."
            raise bad_request(
                f"{text} The property '{name}' is of type {WRITABLE[name]}.", details=_detail("InvalidType", name)
            )
        _check_value(name, value)
    return found


def _read_only(name: str) -> Refusal:
    message = f"Property '{name}' is read-only and cannot be set."
    return bad_request(message, details=[{"code": "PropertyNotUpdatable", "message": message, "target": name}])


def _check_value(name: str, value: Any) -> None:
    if value is None:
        if name in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"):
            raise invalid(name)
        return
    if isinstance(value, str) and (len(value) > LONGEST.get(name, len(value)) or value == ""):
        raise invalid(name)
    if name == "mail" and not _ADDRESS.fullmatch(value):
        raise invalid(name)
    if name == "mailNickname" and not _NICKNAME.fullmatch(value):
        raise invalid(name)
    if name == "usageLocation" and not (len(value) == 2 and value.isascii() and value.isalpha()):
        raise invalid(name)
    if name == "passwordProfile" and not (set(value) - {"@odata.type"} <= _PROFILE):
        raise invalid(name)
    if name == "onPremisesExtensionAttributes" and not set(value) - {"@odata.type"} <= _EXTENSION_ATTRIBUTES:
        raise invalid(name)


def invalid(name: str) -> Refusal:
    return bad_request("One or more properties contains invalid values.", details=_detail("InvalidValue", name))


def _detail(code: str, name: str) -> list[dict[str, str]]:
    return [{"code": code, "message": f"The property '{name}' is not valid.", "target": name}]


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "Boolean":
            return isinstance(value, bool)
        case "Strings":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "Object":
            return isinstance(value, dict)
        case "Instant":
            return isinstance(value, str) and _is_instant(value)
    return isinstance(value, str)


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
