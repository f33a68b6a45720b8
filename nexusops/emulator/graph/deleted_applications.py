"""Soft-deleted applications: 30 days in the recycle bin, restored with their service principal (tenant-api.md 4.13)."""

from __future__ import annotations

from nexusops.emulator.book import Object
from nexusops.emulator.graph import deleted, odata
from nexusops.emulator.graph.applications import KNOWN, owned, public
from nexusops.emulator.graph.listing import listing
from nexusops.emulator.wire import Answer, Call, denied

USERS = frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"})
APPLICATIONS = frozenset({"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"})


def list_deleted(call: Call) -> Answer:
    """``GET /directory/deletedItems/microsoft.graph.application``, in pages."""
    path = "/directory/deletedItems/microsoft.graph.application"
    return listing(call, "application", path, public, KNOWN, deleted=True)


def get_deleted(call: Call, key: str) -> Answer:
    """``GET /directory/deletedItems/{id}``, of whatever kind the object is."""
    app = call.book.get("application", key.lower())
    if app is None or not app.get("deletedDateTime"):
        if not any(role.startswith(("User.Read", "Directory.Read")) for role in call.roles):
            raise denied()
        return deleted.get_deleted(call, key)
    if not any(role.startswith(("Application.Read", "Directory.Read")) for role in call.roles):
        raise denied()
    names = odata.select_of(call, "application", KNOWN, public(app))
    return Answer(200, {**_head(call), **odata.shown(public(app), names)})


def restore(call: Call, key: str) -> Answer:
    """``POST /directory/deletedItems/{id}/restore``, of whatever kind the object is; each needs its own permission."""
    app = call.book.get("application", key.lower())
    if app is None or not app.get("deletedDateTime"):
        if not USERS & call.roles:
            raise denied()
        return deleted.restore_user(call, key)
    if not APPLICATIONS & call.roles:
        raise denied()
    owned(call, app)
    back = {name: value for name, value in app.items() if name not in ("deletedDateTime", "_principals")}
    call.book.put("application", app["id"], back)
    for principal in app.get("_principals", ()):
        call.book.put("servicePrincipal", principal["id"], principal)
    return Answer(200, {**_head(call), **public(back)})


def _head(call: Call) -> Object:
    where = odata.context(call, "directoryObjects/$entity")
    return {"@odata.context": where, "@odata.type": "#microsoft.graph.application"}
