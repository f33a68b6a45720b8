"""The directory's own audit log: who changed what, through Graph (tenant-api.md 1, 31)."""

from __future__ import annotations

import re

from nexusops.emulator.book import Object, new_id
from nexusops.emulator.graph import odata, queries
from nexusops.emulator.wire import Answer, Call

_NAMELESS: Object = {"displayName": None, "userPrincipalName": None, "groupType": None, "modifiedProperties": []}
_KNOWN = (
    *("id", "category", "correlationId", "result", "resultReason", "activityDisplayName", "activityDateTime"),
    *("loggedByService", "operationType", "initiatedBy", "targetResources", "additionalDetails"),
)
_ACTIVITIES = (
    (re.compile(r"POST /users"), "Add user", "UserManagement"),
    (re.compile(r"PATCH /users/[^/]+"), "Update user", "UserManagement"),
    (re.compile(r"DELETE /users/[^/]+"), "Delete user", "UserManagement"),
    (re.compile(r"POST /users/[^/]+/assignLicense"), "Change user license", "UserManagement"),
    (re.compile(r"POST /users/[^/]+/revokeSignInSessions"), "Update StsRefreshTokenValidFrom", "UserManagement"),
    (re.compile(r"POST /directory/deletedItems/[^/]+/restore"), "Restore user", "UserManagement"),
    (re.compile(r"POST /applications"), "Add application", "ApplicationManagement"),
    (re.compile(r"DELETE /applications/[^/]+"), "Delete application", "ApplicationManagement"),
    (re.compile(r"POST /servicePrincipals"), "Add service principal", "ApplicationManagement"),
    (
        re.compile(r"POST /servicePrincipals/[^/]+/appRole\w+"),
        "Add app role assignment to service principal",
        "ApplicationManagement",
    ),
    (re.compile(r"POST /domains"), "Add unverified domain", "DirectoryManagement"),
)


def note(call: Call, path: str, answer: Answer) -> None:
    """Writes down what was carried out; reads, mail and mailboxes are not the directory's."""
    for pattern, activity, category in _ACTIVITIES:
        if answer.status < 300 and pattern.fullmatch(f"{call.method} {path}"):
            made = answer.body if isinstance(answer.body, dict) else {}
            target = str(made.get("id") or path.split("/")[3 if path.startswith("/directory") else 2])
            call.book.note("audit", _entry(call, activity, category, target))
            return


def _entry(call: Call, activity: str, category: str, target: str) -> Object:
    return {
        "id": f"Directory_{new_id()}",
        "category": category,
        "correlationId": new_id(),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": activity,
        "activityDateTime": call.stamp,
        "loggedByService": "Core Directory",
        "operationType": activity.split(maxsplit=1)[0],
        "initiatedBy": {"user": None, "app": {"appId": call.app_id, "displayName": None, "servicePrincipalId": None}},
        "targetResources": [{**_NAMELESS, "id": target, "type": category.removesuffix("Management")}],
        "additionalDetails": [],
    }


def directory_audits(call: Call) -> Answer:
    """``GET /auditLogs/directoryAudits``: the newest first."""
    odata.check_options(call, {"$filter", "$top", "$orderby", "$skiptoken", "$select"})
    question = queries.asked(call, queries.clause("directoryAudit", _KNOWN))
    rows = [row for row in reversed(call.book.notes("audit")) if question.test(row)]
    if question.order == ("activityDateTime", False):
        rows.reverse()
    start, top = int(odata.skipped_to(call) or 0), odata.top_of(call, most=1000, usual=1000)
    names = odata.select_of(call, "directoryAudit", _KNOWN, ())
    page = [odata.shown(row, names) if names else row for row in rows[start : start + top]]
    body = odata.listed(call, odata.selected(call, "auditLogs/directoryAudits", names), page)
    if start + top < len(rows):
        body["@odata.nextLink"] = odata.next_link(call, "/auditLogs/directoryAudits", str(start + top))
    return Answer(200, body)
