"""Which permissions the jobs need, which the application has, and how the rest is granted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexusops.job import Job
from nexusops.model.inspection import Inspection, JobNeed, Permissions

MANAGE_AS_APP = "Exchange.ManageAsApp"
COVERS: Mapping[str, frozenset[str]] = {
    "User.Read.All": frozenset({"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}),
    "User.EnableDisableAccount.All": frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"}),
    "User.RevokeSessions.All": frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"}),
    "User.DeleteRestore.All": frozenset({"User.ReadWrite.All"}),
    "User.ReadWrite.All": frozenset({"Directory.ReadWrite.All"}),
    "LicenseAssignment.ReadWrite.All": frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"}),
    "LicenseAssignment.Read.All": frozenset(
        {"Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
    ),
    "Application.ReadWrite.OwnedBy": frozenset({"Application.ReadWrite.All"}),
}
"""A wider permission that Graph's own documentation accepts for what the narrow one is needed for."""
CMDLETS: Mapping[str, tuple[str, ...]] = {
    "View-Only Recipients": ("Get-Mailbox", "Get-CASMailbox"),
    "View-Only Organization Management": ("Get-AcceptedDomain", "Get-DkimSigningConfig"),
    "Mail Recipients": ("Set-Mailbox", "Set-CASMailbox"),
    "Mail Recipient Creation": ("New-Mailbox", "Remove-Mailbox"),
    "Organization Management": ("New-ServicePrincipal", "New-ManagementScope", "New-ManagementRoleAssignment"),
}
"""Management roles of Exchange, by the cmdlets that we call with them (tenant-api.md 3.2)."""


def permissions(
    jobs: Iterable[Job], seen: Inspection, *, client_id: str, tenant_id: str, authority: str
) -> Permissions:
    """For these jobs together, which one application is to carry out."""
    needs = tuple(_need(job, seen) for job in jobs)
    missing = tuple(dict.fromkeys(name for need in needs for name in need.missing))
    granted = tuple(dict.fromkeys((*sorted(seen.graph), *sorted(seen.exchange or ()))))
    wanted = {name for need in needs for name in (*need.graph, *need.exchange)}
    standing_in = {_by(name, seen.graph) for name in wanted - set(granted)}
    too_many = tuple(name for name in granted if name not in wanted and name not in standing_in)
    return Permissions(
        jobs=needs,
        granted=granted,
        missing=missing,
        too_many=too_many,
        steps=tuple(_steps(missing, too_many, client_id, f"{authority}/{tenant_id}")),
    )


def _need(job: Job, seen: Inspection) -> JobNeed:
    graph = [name for name in job.graph if _by(name, seen.graph) is None]
    return JobNeed(
        job=job.name,
        graph=job.graph,
        exchange=job.exchange,
        missing=(*graph, *(name for name in job.exchange if not _has(name, seen))),
    )


def _by(name: str, granted: frozenset[str]) -> str | None:
    """The granted permission that serves for this one: itself, or a wider one."""
    if name in granted:
        return name
    return min(COVERS.get(name, frozenset()) & granted, default=None)


def _has(name: str, seen: Inspection) -> bool:
    """A permission or management role of Exchange. A role shows in the cmdlets only; where they were not told, it is
    not said to be missing.
    """
    if name == MANAGE_AS_APP:
        return seen.exchange is not None and name in seen.exchange
    return seen.cmdlets is None or seen.cmdlets.issuperset(CMDLETS.get(name, ()))


def _steps(missing: Iterable[str], too_many: Iterable[str], client_id: str, place: str) -> Iterable[str]:
    roles = [name for name in missing if name in CMDLETS]
    graph = [name for name in missing if name not in CMDLETS and name != MANAGE_AS_APP]
    app = f"Entra admin centre > App registrations > {client_id or 'the application'} > API permissions"
    if graph:
        yield f"{app} > Add a permission > Microsoft Graph > Application permissions: {', '.join(graph)}"
    if MANAGE_AS_APP in missing:
        exchange = "APIs my organization uses > Office 365 Exchange Online"
        yield f"{app} > Add a permission > {exchange} > Application permissions: {MANAGE_AS_APP}"
    if graph or MANAGE_AS_APP in missing:
        yield f"Grant admin consent there, or at {place}/adminconsent?client_id={client_id}"
    if roles:
        names = ",".join(f'"{name}"' for name in roles)
        yield f"Exchange: New-ServicePrincipal -AppId {client_id} -ObjectId OBJECT_ID -DisplayName nexusops"
        yield f'Exchange: New-RoleGroup -Name "nexusops" -Roles {names} -Members OBJECT_ID'
        yield "OBJECT_ID is the object id under Enterprise applications, not that of the app registration."
    for name in too_many:
        yield f"{app}: remove {name}, which none of these jobs needs"
