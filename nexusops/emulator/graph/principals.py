"""Service principals and the application roles granted to them (tenant-api.md 4.13)."""

from __future__ import annotations

from nexusops.emulator import birth
from nexusops.emulator.accounts import visible
from nexusops.emulator.book import Book, Object
from nexusops.emulator.graph import odata
from nexusops.emulator.graph.applications import owned
from nexusops.emulator.graph.listing import counted, listing
from nexusops.emulator.wire import Answer, Call, bad_request, denied, not_found, refused


def find_principal(call: Call, key: str) -> Object:
    """By object id or ``appId=…``; raises 404."""
    name, _, value = key.partition("=")
    book = call.book
    found = (
        next(iter(book.find("servicePrincipal", name, value)), None)
        if value
        else book.get("servicePrincipal", key.lower())
    )
    if found is None or not visible(call, "servicePrincipal", found["id"]):
        raise not_found(value or key)
    return found


KNOWN = frozenset({"id", "appId", "displayName", "appDisplayName", *birth.PRINCIPAL})


def _public(call: Call, found: Object) -> Object:
    shown = {name: value for name, value in found.items() if not name.startswith("_")}
    return {**birth.PRINCIPAL, **shown, "appOwnerOrganizationId": call.book.setting("tenant_id")}


def list_principals(call: Call) -> Answer:
    return listing(call, "servicePrincipal", "/servicePrincipals", lambda found: _public(call, found), KNOWN)


def count_principals(call: Call) -> Answer:
    return counted(call, "servicePrincipal", KNOWN)


def get_principal(call: Call, key: str) -> Answer:
    found = _public(call, find_principal(call, key))
    names = odata.select_of(call, "servicePrincipal", KNOWN, found)
    fragment = odata.selected(call, "servicePrincipals", names) + "/$entity"
    return Answer(200, {"@odata.context": odata.context(call, fragment), **odata.shown(found, names)})


def create_principal(call: Call) -> Answer:
    """``POST /servicePrincipals``: 201; 400 for an unknown application, or one that has one already (9.15)."""
    body, book = call.body, call.book
    app_id = body.get("appId") if isinstance(body, dict) else None
    if not isinstance(app_id, str):
        raise bad_request("A value is required for property 'appId' of resource 'ServicePrincipal'.")
    if book.find("servicePrincipal", "appId", app_id):
        text = (
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use."
        )
        raise refused(409, "Request_MultipleObjectsWithSameKeyValue", text)
    app = next((a for a in book.find("application", "appId", app_id) if not a.get("deletedDateTime")), None)
    if app is None or book.waiting("application").get(app["id"], (0, None))[0] > 0:
        text = f"The appId '{app_id}' of the service principal does not reference a valid application object."
        raise refused(400, "Request_BadRequest", text)
    found = {**birth.service_principal(app["appId"], app["displayName"]), "_owner": call.app_id}
    found["tags"] = body.get("tags") or []
    book.put("servicePrincipal", found["id"], found)
    if call.lag:
        call.used.add("lag")
        book.wait("servicePrincipal", found["id"], call.lag)
    return Answer(201, {"@odata.context": odata.context(call, "servicePrincipals/$entity"), **_public(call, found)})


def change_principal(call: Call, key: str) -> Answer:
    found = find_principal(call, key)
    owned(call, found)
    allowed = {
        "accountEnabled": bool,
        "appRoleAssignmentRequired": bool,
        "tags": list,
        "notes": str,
        "description": str,
    }
    body = {n: v for n, v in (call.body or {}).items() if not n.startswith("@")}
    for name, value in body.items():
        if name not in allowed or not isinstance(value, allowed[name]):
            raise bad_request(f"Invalid property '{name}'.")
    call.book.put("servicePrincipal", found["id"], {**found, **body})
    return Answer(204)


def delete_principal(call: Call, key: str) -> Answer:
    found = find_principal(call, key)
    owned(call, found)
    erase_principal(call.book, found)
    return Answer(204)


def erase_principal(book: Book, found: Object) -> None:
    """With it go its grants, and its pointer and assignments in Exchange (4.12)."""
    for assignment in (
        *book.find("assignment", "principalId", found["id"]),
        *book.find("assignment", "resourceId", found["id"]),
    ):
        book.erase("assignment", assignment["id"])
    for pointer in book.find("exchangePrincipal", "ObjectId", found["id"]):
        book.erase("exchangePrincipal", pointer["id"])
    for assignment in book.find("roleAssignment", "App", found["id"]):
        book.erase("roleAssignment", assignment["id"])
    book.erase("servicePrincipal", found["id"])


def granted(call: Call, key: str) -> Answer:
    """``GET /servicePrincipals/{id}/appRoleAssignments``: what this principal may."""
    found = find_principal(call, key)
    rows = call.book.find("assignment", "principalId", found["id"])
    return Answer(200, odata.listed(call, "appRoleAssignments", rows))


def granted_to(call: Call, key: str) -> Answer:
    """``GET /servicePrincipals/{id}/appRoleAssignedTo``: who may what of this resource."""
    found = find_principal(call, key)
    rows = call.book.find("assignment", "resourceId", found["id"])
    return Answer(200, odata.listed(call, f"servicePrincipals('{found['id']}')/appRoleAssignedTo", rows))


def grant(call: Call, key: str) -> Answer:
    """``POST …/appRoleAssignedTo`` (of the resource) and ``…/appRoleAssignments`` (of the client): 201."""
    if not call.roles & {
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    }:
        raise denied()
    named, body = find_principal(call, key), call.body
    if not isinstance(body, dict) or not all(
        isinstance(body.get(n), str) for n in ("principalId", "resourceId", "appRoleId")
    ):
        raise bad_request("principalId, resourceId and appRoleId are required.")
    if named["id"] not in (body["principalId"], body["resourceId"]):
        raise bad_request("The object in the path is neither the principal nor the resource of the assignment.")
    principal, resource = find_principal(call, body["principalId"]), find_principal(call, body["resourceId"])
    if body["appRoleId"] not in {role["id"] for role in resource["appRoles"]}:
        raise bad_request("Permission being assigned was not found on application.")
    held = call.book.find("assignment", "principalId", principal["id"])
    if any(a["resourceId"] == resource["id"] and a["appRoleId"] == body["appRoleId"] for a in held):
        raise bad_request("Permission being assigned already exists on the object")
    made = birth.assignment_of(principal, resource, body["appRoleId"])
    call.book.put("assignment", made["id"], made)
    where = f"servicePrincipals('{named['id']}')/{call.path.rpartition('/')[2]}/$entity"
    return Answer(201, {"@odata.context": odata.context(call, where), **made})


def revoke(call: Call, key: str, assignment_id: str) -> Answer:
    """``DELETE …/appRoleAssignedTo/{id}``: 204. Tokens issued before keep the role until they end."""
    found = find_principal(call, key)
    assignment = call.book.get("assignment", assignment_id)
    if assignment is None or found["id"] not in (assignment["resourceId"], assignment["principalId"]):
        raise not_found(assignment_id)
    call.book.erase("assignment", assignment_id)
    return Answer(204)
