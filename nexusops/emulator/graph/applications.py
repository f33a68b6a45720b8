"""Application registrations, their secrets and certificates (tenant-api.md 4.13)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from nexusops.emulator import birth
from nexusops.emulator.accounts import visible
from nexusops.emulator.assertions import der_of
from nexusops.emulator.book import Object, new_id
from nexusops.emulator.graph import odata
from nexusops.emulator.graph.listing import counted, listing
from nexusops.emulator.wire import INSTANT, Answer, Call, Refusal, bad_request, conflict, denied, not_found

_WRITABLE: dict[str, type] = {
    "displayName": str, "description": str, "notes": str, "signInAudience": str, "uniqueName": str,
    "identifierUris": list, "tags": list, "requiredResourceAccess": list, "appRoles": list, "keyCredentials": list,
    "web": dict, "spa": dict, "publicClient": dict, "api": dict, "info": dict, "optionalClaims": dict,
    "isFallbackPublicClient": bool, "isDeviceOnlyAuthSupported": bool, "serviceManagementReference": str,
    "groupMembershipClaims": str, "parentalControlSettings": dict, "tokenEncryptionKeyId": str, "addIns": list,
    "defaultRedirectUri": str,
}  # fmt: skip
KNOWN = frozenset({"id", "appId", "displayName", "createdDateTime", "createdByAppId", *birth.APPLICATION})
_READ_ONLY = KNOWN - set(_WRITABLE)
_AUDIENCES = {"AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"}
_TWO_YEARS = timedelta(days=730)


def public(app: Object) -> Object:
    """An application without what is shown once only: secrets, and the bytes of certificates."""
    shown = birth.APPLICATION | {name: value for name, value in app.items() if not name.startswith("_")}
    shown["passwordCredentials"] = [{**c, "secretText": None} for c in app["passwordCredentials"]]
    shown["keyCredentials"] = [{**c, "key": None} for c in app["keyCredentials"]]
    return shown


def find_application(call: Call, key: str) -> Object:
    """By object id, ``appId=…`` or ``uniqueName=…``; raises 404."""
    name, _, value = key.partition("=")
    if value:
        app = next(iter(call.book.find("application", name, value)), None)
    else:
        app = call.book.get("application", key.lower())
    if app is None or app.get("deletedDateTime") or not visible(call, "application", app["id"]):
        raise not_found(value or key)
    return app


def owned(call: Call, app: Object) -> None:
    """``Application.ReadWrite.OwnedBy`` alone opens only what the app itself made."""
    if not call.roles & {"Application.ReadWrite.All", "Directory.ReadWrite.All"} and app.get("_owner") != call.app_id:
        raise denied()


def list_applications(call: Call) -> Answer:
    return listing(call, "application", "/applications", public, KNOWN)


def count_applications(call: Call) -> Answer:
    return counted(call, "application", KNOWN)


def get_application(call: Call, key: str) -> Answer:
    """The bytes of a certificate are shown where ``keyCredentials`` is asked for by name (application-get.md)."""
    found = find_application(call, key)
    app = public(found)
    names = odata.select_of(call, "application", KNOWN, app)
    if call.query.get("$select") and "keyCredentials" in names:
        app["keyCredentials"] = found["keyCredentials"]
    fragment = odata.selected(call, "applications", names) + "/$entity"
    return Answer(200, {"@odata.context": odata.context(call, fragment), **odata.shown(app, names)})


def create_application(call: Call) -> Answer:
    """``POST /applications``: 201. ``uniqueName`` is set when it is made and finds it again."""
    body = _checked(call.body)
    if not body.get("displayName"):
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
    if body.get("uniqueName") and call.book.find("application", "uniqueName", body["uniqueName"]):
        raise conflict("uniqueName")
    app = {**birth.application(body["displayName"], call.stamp), "signInAudience": "AzureADandPersonalMicrosoftAccount"}
    app |= {**body, "_owner": call.app_id, "keyCredentials": keys(body.get("keyCredentials") or [])}
    call.book.put("application", app["id"], app)
    if call.lag:
        call.used.add("lag")
        call.book.wait("application", app["id"], call.lag)
    return Answer(201, {"@odata.context": odata.context(call, "applications/$entity"), **public(app)})


def change_application(call: Call, key: str) -> Answer:
    """``PATCH /applications/{id}``: 204; keyCredentials replaces the whole list."""
    app = find_application(call, key)
    owned(call, app)
    body = _checked(call.body)
    if "uniqueName" in body:
        raise bad_request("Property 'uniqueName' is immutable and cannot be changed.")
    if "keyCredentials" in body:
        body["keyCredentials"] = keys(body["keyCredentials"], app["keyCredentials"])
    call.book.put("application", app["id"], {**app, **body})
    return Answer(204)


def delete_application(call: Call, key: str) -> Answer:
    """``DELETE /applications/{id}``: 204; its service principal goes with it."""
    app = find_application(call, key)
    owned(call, app)
    from nexusops.emulator.graph.principals import erase_principal

    principals = call.book.find("servicePrincipal", "appId", app["appId"])
    gone = {**app, "deletedDateTime": call.stamp, "_principals": principals}
    call.book.put("application", app["id"], gone, deleted=call.stamp)
    for principal in principals:
        erase_principal(call.book, principal)
    return Answer(204)


def _checked(body: Any) -> Object:
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    found = {name: value for name, value in body.items() if not name.startswith("@")}
    for name, value in found.items():
        if name in _READ_ONLY:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")
        if name not in _WRITABLE:
            raise bad_request(f"Invalid property '{name}'.")
        if value is not None and not isinstance(value, _WRITABLE[name]):
            raise bad_request(f"The property '{name}' has a value of the wrong type.")
    if found.get("signInAudience") and found["signInAudience"] not in _AUDIENCES:
        raise bad_request("Invalid value specified for property 'signInAudience' of resource 'Application'.")
    return found


def keys(given: list[Any], present: list[Object] | None = None) -> list[Object]:
    """Certificates as the file keeps them. One that is given back without its bytes keeps those it has."""
    from cryptography import x509

    kept = {c["keyId"]: c["key"] for c in present or ()}
    found = []
    for key in given:
        if not isinstance(key, dict) or key.get("type") not in ("AsymmetricX509Cert", "X509CertAndPassword"):
            raise _invalid_key()
        try:
            text = key.get("key") or kept[key["keyId"]]
            certificate = x509.load_der_x509_certificate(der_of(text))
        except (KeyError, ValueError, TypeError) as error:
            raise _invalid_key() from error
        found.append(_key(key, text, certificate))
    return found


def _key(given: Object, text: str, certificate: Any) -> Object:
    return {
        "keyId": given.get("keyId") or new_id(),
        "type": given["type"],
        "usage": given.get("usage") or "Verify",
        "displayName": given.get("displayName"),
        "customKeyIdentifier": hashlib.sha1(der_of(text), usedforsecurity=False).hexdigest().upper(),
        "startDateTime": given.get("startDateTime") or certificate.not_valid_before_utc.strftime(INSTANT),
        "endDateTime": given.get("endDateTime") or certificate.not_valid_after_utc.strftime(INSTANT),
        "key": text,
    }


def _invalid_key() -> Refusal:
    return bad_request("Key credential is invalid: a base64 encoded X.509 certificate is expected.")


def add_password(call: Call, key: str) -> Answer:
    """``POST /applications/{id}/addPassword``: 200; ``secretText`` is shown once. Default life: two years."""
    app = find_application(call, key)
    owned(call, app)
    wanted = (call.body or {}).get("passwordCredential") or {}
    # The secret's life is real time, as a token's is: directory time may stand in any year.
    now = datetime.now(UTC)
    start = wanted.get("startDateTime") or now.strftime(INSTANT)
    end = wanted.get("endDateTime") or (now + _TWO_YEARS).strftime(INSTANT)
    made = birth.password(secrets.token_urlsafe(30), wanted.get("displayName"), start, end)
    call.book.put("application", app["id"], {**app, "passwordCredentials": [*app["passwordCredentials"], made]})
    return Answer(200, {"@odata.context": odata.context(call, "microsoft.graph.passwordCredential"), **made})


def remove_password(call: Call, key: str) -> Answer:
    """``POST /applications/{id}/removePassword``: 204."""
    app = find_application(call, key)
    owned(call, app)
    key_id = (call.body or {}).get("keyId")
    left = [c for c in app["passwordCredentials"] if c["keyId"] != key_id]
    if len(left) == len(app["passwordCredentials"]):
        raise bad_request(f"No password credential found with keyId '{key_id}'.")
    call.book.put("application", app["id"], {**app, "passwordCredentials": left})
    return Answer(204)
