"""Graph: applications, their credentials, service principals and their roles (tenant-api.md 4.13)."""

from __future__ import annotations

import secrets
from typing import Any

from nexusops.emulator import odata
from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.wire import Answer, Call, Refusal, bad_request, not_found, refused

_APP = {
    "displayName",
    "signInAudience",
    "requiredResourceAccess",
    "uniqueName",
    "keyCredentials",
    "description",
    "notes",
    "tags",
    "web",
}


def _shown(found: Object) -> Object:
    shown = {k: v for k, v in found.items() if k != "kind"}
    for name in ("passwordCredentials",):
        if name in shown:
            shown[name] = [{k: v for k, v in c.items() if k != "secretText"} for c in shown[name]]
    shown.pop("appRoleAssignments", None)
    return shown


def listed(book: Book, call: Call, kind: str) -> Answer:
    rows = list(book.each(kind))
    if call.query.get("$filter"):
        test, _ = odata.filter_of(call.query["$filter"], advanced=False)
        rows = [found for found in rows if test(found)]
    name = "applications" if kind == "application" else "servicePrincipals"
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#{name}", "value": [_shown(found) for found in rows]})


def find(book: Book, kind: str, key: str) -> Object:
    """By object id, or by an alternate key: ``(appId='…')``, ``(uniqueName='…')``."""
    if key.startswith("("):
        name, _, value = key.strip("()").partition("=")
        wanted = value.strip("'")
        for found in book.each(kind):
            if str(found.get(name)) == wanted:
                return found
        raise not_found(wanted)
    found_by_id = book.get(key)
    if found_by_id is None or found_by_id["kind"] != kind or found_by_id.get("deletedDateTime"):
        raise not_found(key)
    return found_by_id


def get(book: Book, call: Call, kind: str, key: str) -> Answer:
    found = _shown(find(book, kind, key))
    names = [name for name in call.query.get("$select", "").split(",") if name]
    return Answer(200, odata.selected(found, names) if names else found)


def _checked(body: Any) -> Object:
    if not isinstance(body, dict) or not isinstance(body.get("displayName", ""), str):
        raise bad_request("Invalid value specified for property 'displayName' of resource 'Application'.")
    unknown = set(body) - _APP - {"@odata.type"}
    if unknown:
        raise bad_request(f"Invalid property '{sorted(unknown)[0]}'.")
    return body


def create_application(book: Book, call: Call) -> Answer:
    body = _checked(call.body)
    if not body.get("displayName"):
        raise bad_request("Property displayName is required.")
    if body.get("uniqueName") and any(a.get("uniqueName") == body["uniqueName"] for a in book.each("application")):
        raise bad_request("Another object with the same value for property uniqueName already exists.")
    app: Object = {
        "id": new_id(),
        "kind": "application",
        "appId": new_id(),
        "signInAudience": "AzureADandPersonalMicrosoftAccount",
        "createdDateTime": call.now,
        "keyCredentials": [],
        "requiredResourceAccess": [],
        **body,
        "passwordCredentials": [],
    }
    book.put(app)
    return Answer(201, _shown(app))


def change_application(book: Book, call: Call, key: str) -> Answer:
    """keyCredentials replaces the whole array."""
    app = find(book, "application", key)
    body = _checked(call.body)
    for credential in body.get("keyCredentials") or []:
        if (
            credential.get("type") != "AsymmetricX509Cert"
            or credential.get("usage") != "Verify"
            or not credential.get("key")
        ):
            raise refused(400, "KeyCredentialsInvalid", "Key credential is invalid.")
        credential.setdefault("keyId", new_id())
    book.put({**app, **body})
    return Answer(204)


def delete_application(book: Book, call: Call, key: str) -> Answer:
    app = find(book, "application", key)
    book.put({**app, "deletedDateTime": call.now})
    for principal in [p for p in book.find("upn", app["appId"].lower()) if p["kind"] == "servicePrincipal"]:
        book.put({**principal, "deletedDateTime": call.now})
    return Answer(204)


def add_password(book: Book, call: Call, key: str) -> Answer:
    """The secret is shown once."""
    app = find(book, "application", key)
    wanted = (call.body or {}).get("passwordCredential") or {}
    text = secrets.token_urlsafe(30)
    made = {
        "keyId": new_id(),
        "displayName": wanted.get("displayName"),
        "startDateTime": call.now,
        "endDateTime": wanted.get("endDateTime") or _in_two_years(call.now),
        "hint": text[:3],
        "secretText": text,
    }
    book.put({**app, "passwordCredentials": [*app["passwordCredentials"], made]})
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#microsoft.graph.passwordCredential", **made})


def _in_two_years(now: str) -> str:
    return f"{int(now[:4]) + 2}{now[4:]}"


def remove_password(book: Book, call: Call, key: str) -> Answer:
    app = find(book, "application", key)
    key_id = (call.body or {}).get("keyId")
    kept = [c for c in app["passwordCredentials"] if c["keyId"] != key_id]
    if len(kept) == len(app["passwordCredentials"]):
        raise bad_request("No password credential found with keyId.")
    book.put({**app, "passwordCredentials": kept})
    return Answer(204)


def create_principal(book: Book, call: Call) -> Answer:
    app_id = (call.body or {}).get("appId", "")
    known = book.find("upn", app_id.lower())
    if any(p["kind"] == "servicePrincipal" for p in known):
        text = f"The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
        raise refused(409, "Request_MultipleObjectsWithSameKeyValue", text)
    app = next((a for a in known if a["kind"] == "application" and not a.get("deletedDateTime")), None)
    if app is None:
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )
    principal = principal_of(app, call.now)
    book.put(principal)
    return Answer(201, _shown(principal))


def principal_of(app: Object, now: str) -> Object:
    return {
        "id": new_id(),
        "kind": "servicePrincipal",
        "appId": app["appId"],
        "displayName": app["displayName"],
        "accountEnabled": True,
        "servicePrincipalType": "Application",
        "createdDateTime": now,
        "appRoles": [],
        "appRoleAssignments": [],
    }


def assignments(book: Book, call: Call, key: str) -> Answer:
    principal = find(book, "servicePrincipal", key)
    value = [{k: v for k, v in a.items() if k != "value"} for a in principal["appRoleAssignments"]]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#appRoleAssignments", "value": value})


def assigned_to(book: Book, call: Call, key: str) -> Answer:
    resource = find(book, "servicePrincipal", key)
    value = [
        {k: v for k, v in a.items() if k != "value"}
        for principal in book.each("servicePrincipal")
        for a in principal["appRoleAssignments"]
        if a["resourceId"] == resource["id"]
    ]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#appRoleAssignments", "value": value})


def grant(book: Book, call: Call, key: str) -> Answer:
    """This is admin consent for an application permission."""
    resource, body = find(book, "servicePrincipal", key), call.body or {}
    role = next((r for r in resource["appRoles"] if r["id"] == body.get("appRoleId")), None)
    if role is None or body.get("resourceId") != resource["id"]:
        raise bad_request("Permission being assigned was not found on application.")
    principal = find(book, "servicePrincipal", str(body.get("principalId")))
    if any(a["appRoleId"] == role["id"] and a["resourceId"] == resource["id"] for a in principal["appRoleAssignments"]):
        raise bad_request("Permission being assigned already exists on the object")
    made = assignment_of(principal, resource, role, call.now)
    book.put({**principal, "appRoleAssignments": [*principal["appRoleAssignments"], made]})
    return Answer(201, {k: v for k, v in made.items() if k != "value"})


def assignment_of(principal: Object, resource: Object, role: Object, now: str) -> Object:
    return {
        "id": secrets.token_urlsafe(24),
        "appRoleId": role["id"],
        "createdDateTime": now,
        "principalDisplayName": principal["displayName"],
        "principalId": principal["id"],
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource["displayName"],
        "resourceId": resource["id"],
        "value": role["value"],
    }


def revoke(book: Book, _call: Call, key: str, assignment_id: str) -> Answer:
    find(book, "servicePrincipal", key)
    for principal in book.each("servicePrincipal"):
        kept = [a for a in principal["appRoleAssignments"] if a["id"] != assignment_id]
        if len(kept) != len(principal["appRoleAssignments"]):
            book.put({**principal, "appRoleAssignments": kept})
            return Answer(204)
    raise not_found(assignment_id)


def unknown_route(path: str) -> Refusal:
    return bad_request(f"Resource not found for the segment '{path.strip('/').split('/')[0]}'.")
