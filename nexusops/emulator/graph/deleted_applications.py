"""Soft-deleted applications: 30 days in the recycle bin, restored with their service principal (tenant-api.md 4.13)."""

from __future__ import annotations

from nexusops.emulator.graph import deleted, odata
from nexusops.emulator.graph.applications import owned, public
from nexusops.emulator.wire import Answer, Call, denied

USERS = frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"})
APPLICATIONS = frozenset({"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"})


def list_deleted(call: Call) -> Answer:
    """``GET /directory/deletedItems/microsoft.graph.application``, in pages."""
    path = "/directory/deletedItems/microsoft.graph.application"
    odata.check_options(call, {"$select", "$top", "$skiptoken"})
    top, after = odata.top_of(call), odata.skipped_to(call)
    found = list(call.book.page("application", deleted=True, after=after, count=top + 1))
    names = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()]
    rows = [public(app) for app in found[:top]]
    shown = [odata.shown(row, names) for row in rows] if names else rows
    body = odata.listed(call, path.strip("/"), shown)
    if len(found) > top:
        body["@odata.nextLink"] = odata.next_link(call, path, found[top - 1]["id"])
    return Answer(200, body)


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
    head = {
        "@odata.context": odata.context(call, "directoryObjects/$entity"),
        "@odata.type": "#microsoft.graph.application",
    }
    return Answer(200, {**head, **public(back)})
