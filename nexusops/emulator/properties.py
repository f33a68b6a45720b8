"""The properties of a directory user that Graph v1.0 knows: type, and whether a client may write it (CSDL 2026-08)."""

from __future__ import annotations

from typing import Any

from nexusops.emulator.wire import Refusal, bad_request

STRING, BOOLEAN, STRINGS, OBJECT, OBJECTS, INSTANT = "string", "boolean", "strings", "object", "objects", "instant"

WRITABLE: dict[str, str] = {
    **dict.fromkeys(
        (
            "ageGroup", "city", "companyName", "consentProvidedForMinor", "country", "department", "displayName",
            "employeeId", "employeeType", "faxNumber", "givenName", "jobTitle", "mail", "mailNickname", "mobilePhone",
            "officeLocation", "onPremisesImmutableId", "passwordPolicies", "postalCode", "preferredDataLocation",
            "preferredLanguage", "state", "streetAddress", "surname", "usageLocation", "userPrincipalName", "userType",
        ),
        STRING,
    ),
    "accountEnabled": BOOLEAN,
    "showInAddressList": BOOLEAN,
    "businessPhones": STRINGS,
    "otherMails": STRINGS,
    "passwordProfile": OBJECT,
    "onPremisesExtensionAttributes": OBJECT,
    "employeeOrgData": OBJECT,
    "employeeHireDate": INSTANT,
    "employeeLeaveDateTime": INSTANT,
}  # fmt: skip
READ_ONLY: dict[str, str] = {
    "id": STRING,
    "proxyAddresses": STRINGS,
    "imAddresses": STRINGS,
    "assignedLicenses": OBJECTS,
    "assignedPlans": OBJECTS,
    "licenseAssignmentStates": OBJECTS,
    "provisionedPlans": OBJECTS,
    "identities": OBJECTS,
    "createdDateTime": INSTANT,
    "creationType": STRING,
    "deletedDateTime": INSTANT,
    "externalUserState": STRING,
    "onPremisesSyncEnabled": BOOLEAN,
    "onPremisesSamAccountName": STRING,
    "onPremisesSecurityIdentifier": STRING,
    "onPremisesUserPrincipalName": STRING,
    "onPremisesDomainName": STRING,
    "onPremisesDistinguishedName": STRING,
    "onPremisesLastSyncDateTime": INSTANT,
    "signInSessionsValidFromDateTime": INSTANT,
    "refreshTokensValidFromDateTime": INSTANT,
    "lastPasswordChangeDateTime": INSTANT,
    "legalAgeGroupClassification": STRING,
    "isResourceAccount": BOOLEAN,
    "securityIdentifier": STRING,
}
DEFAULT = (
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName",
)  # fmt: skip
LONGEST = {"mailNickname": 64, "employeeId": 16, "displayName": 256, "usageLocation": 2}
REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")


def known(name: str) -> bool:
    return name in WRITABLE or name in READ_ONLY


def checked(body: Any) -> dict[str, Any]:
    """The properties of a POST or PATCH body; raises the refusal of an unknown, read-only or wrongly typed one."""
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    for name, value in body.items():
        if name.startswith("@") or name.startswith("extension_"):
            continue
        if name in READ_ONLY:
            message = f"Property '{name}' is read-only and cannot be set."
            raise bad_request(message, details=[{"code": "PropertyNotUpdatable", "message": message, "target": name}])
        if name not in WRITABLE:
            raise _invalid(f"Invalid property '{name}'.", name)
        if value is not None and not _fits(value, WRITABLE[name]):
            raise bad_request(
                f"A value was encountered that has a type name that is incompatible with the metadata: '{name}'."
            )
        if isinstance(value, str) and len(value) > LONGEST.get(name, len(value)):
            raise _invalid("One or more properties contains invalid values.", name)
    return {name: value for name, value in body.items() if not name.startswith("@")}


def _invalid(message: str, target: str) -> Refusal:
    return bad_request(message, details=[{"code": "InvalidValue", "message": message, "target": target}])


def _fits(value: Any, kind: str) -> bool:
    if kind == BOOLEAN:
        return isinstance(value, bool)
    if kind == STRINGS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == OBJECT:
        return isinstance(value, dict)
    return isinstance(value, str)
