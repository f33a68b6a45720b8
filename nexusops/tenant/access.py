"""Steps that give an application the right to one mailbox, and take it away (R61-R64; tenant-api.md 4.10-4.13).

RBAC for Applications alone: a permission consented in Entra would be a right to every mailbox, and makes the scope
worthless. What the application signs in with comes last, so that nothing can be used before it is limited.
"""

from __future__ import annotations

from typing import Any

from nexusops.model.changes import GrantAccess, RevokeAccess
from nexusops.model.journal import Step, StepOutcome
from nexusops.model.steps import APPLICATION, CREDENTIAL, SCOPE, SUBMISSION, WITHDRAWAL
from nexusops.tenant.acting import Site, aside, done
from nexusops.tenant.applications import Application, Applications, Principal, unique_name
from nexusops.tenant.cmdlets import MailboxRow, Row
from nexusops.tenant.credentials import hand_over, upload, withdraw
from nexusops.tenant.faults import FaultClass, TenantFault, unless_missing

SMTP = "ms_smtp"
SEND, READ, SUBMIT = "Application Mail.Send", "Application Mail.ReadWrite", "Application SMTP.SendAsApp"
LONGEST = 64


def roles_of(change: GrantAccess) -> tuple[str, ...]:
    """The roles that the connection needs, and no more (4.11, 4.12)."""
    if change.connection == SMTP:
        return (SUBMIT,)
    return (SEND, READ) if change.receives else (SEND,)


def scope_name(mailbox: str) -> str:
    """The management scope of one mailbox; names of scopes and assignments have at most 64 characters."""
    return named("nexusops", mailbox)


def named(*parts: str) -> str:
    import hashlib

    name = " ".join(parts)
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 13]} {digest}"


def only(row: MailboxRow) -> str:
    """The filter that one mailbox passes: by its object id, which nobody can give to another one.

    Raises TenantFault where it has none: every mailbox without one would pass.
    """
    if not row.external_directory_object_id:
        raise TenantFault(FaultClass.TRANSIENT, f"Exchange does not say which directory user {row.name} belongs to")
    return f"ExternalDirectoryObjectId -eq '{row.external_directory_object_id}'"


def same_filter(found: str, wanted: str) -> bool:
    """Exchange may put a filter into brackets; with anything else in it, others pass too."""
    return found.strip(" ()").casefold() == wanted.casefold()


async def grant(site: Site, step: Step, change: GrantAccess) -> StepOutcome:
    """The application, its limit to this mailbox, SMTP AUTH, what it signs in with, what leaked: each a step."""
    applications = Applications(site)
    if step.name == APPLICATION:
        return await _application(applications, step, change)
    app, principal = await _known(applications, change.mailbox.name)
    if step.name == SCOPE:
        return await _limited(site, step, change, principal)
    if step.name == SUBMISSION:
        return await _submission(site, step, change, on=change.connection == SMTP)
    if step.name == WITHDRAWAL:
        return await withdraw(site, applications, step, change, app)
    assert step.name == CREDENTIAL  # noqa: S101 - steps_of knows no other
    return await (upload if change.certificate else hand_over)(site, applications, step, change, app)


async def revoke(site: Site, step: Step, change: RevokeAccess) -> StepOutcome:
    """Submission off, then the right, then the application; each may be gone already."""
    applications = Applications(site)
    if step.name == SUBMISSION:
        return await _submission(site, step, change, on=False)
    app = await applications.find(unique_name(change.mailbox.name))
    if step.name == SCOPE:
        return await _unlimited(site, step, change, applications, app)
    assert step.name == APPLICATION  # noqa: S101 - steps_of knows no other
    if app is None:
        return done(step, message="it was gone already")

    async def look() -> bool:
        return await applications.find(unique_name(change.mailbox.name)) is None

    await site.write(lambda: site.graph.send("DELETE", f"/applications/{app.id}"), look)
    return done(step, {"application": app.id, "app_id": app.app_id}, {"deleted": True})


async def _application(applications: Applications, step: Step, change: GrantAccess) -> StepOutcome:
    """Registration, service principal, and the pointer to it in Exchange; found again where they are there."""
    name = change.mailbox.name
    app, how = await applications.ensure(unique_name(name), f"{name}: mail, by nexusops")
    principal = await applications.ensure_principal(app)
    consented = await applications.consented(principal)
    if consented:
        return aside(step, f"needs a human: {app.app_id} has {consented} permissions for the whole tenant; remove them")
    await applications.ensure_pointer(app, principal)
    after: dict[str, Any] = {"application": app.id, "app_id": app.app_id, "principal": principal.id}
    return done(step, {"application": how}, after)


async def _known(applications: Applications, name: str) -> tuple[Application, Principal]:
    app = await applications.find(unique_name(name))
    principal = await applications.principal(app) if app is not None else None
    if app is None or principal is None:
        raise TenantFault(FaultClass.NOT_FOUND, f"the application of {name} is not there (any more)")
    return app, principal


async def _limited(site: Site, step: Step, change: GrantAccess, principal: Principal) -> StepOutcome:
    """The scope, the assignments, and the proof: allowed here, by exactly these roles (4.12)."""
    row, name = await site.mailbox(change.mailbox), scope_name(change.mailbox.name)
    scope, wanted = await _scope(site, name), only(row)
    if scope is None:
        await _write_scope(site, name, wanted)
    elif not same_filter(found := str(scope.get("RecipientFilter")), wanted):
        return aside(step, f"needs a human: the scope {name} is there, and means {found!r}, not {change.mailbox.name}")
    before = await assignments(site, principal.id)
    for role in roles_of(change):
        if not any(is_of(one, role, name) for one in before):
            await _assign(site, principal, role, name)
    for one in before:
        if not any(is_of(one, role, name) for role in roles_of(change)):
            await _unassign(site, principal, one)
    proof = await site.exchange.invoke("Test-ServicePrincipalAuthorization", Identity=principal.id, Resource=row.guid)
    held = {str(one.get("RoleName")): str(one.get("InScope")) for one in proof}
    if held != dict.fromkeys(roles_of(change), "True"):
        return aside(step, f"needs a human: Exchange says {held}; wanted are {', '.join(roles_of(change))} in scope")
    after: dict[str, Any] = {"scope": name, "filter": only(row), "roles": sorted(held)}
    return done(step, {"roles": list(_roles(before))}, after, exchange_guid=row.guid)


async def _unlimited(
    site: Site, step: Step, change: RevokeAccess, applications: Applications, app: Application | None
) -> StepOutcome:
    name = scope_name(change.mailbox.name)
    principal = await applications.principal(app) if app is not None else None
    held = await assignments(site, principal.id) if principal is not None else []
    if principal is not None:
        for one in held:
            await _unassign(site, principal, one)
    scope = await _scope(site, name)
    if scope is not None:

        async def look() -> bool:
            return await _scope(site, name) is None

        await site.write(lambda: site.exchange.invoke("Remove-ManagementScope", Identity=name, Confirm=False), look)
    before: dict[str, Any] = {
        "roles": list(_roles(held)),
        "filter": scope.get("RecipientFilter") if scope is not None else None,
    }
    return done(step, before, {"roles": [], "filter": None})


async def _submission(site: Site, step: Step, change: GrantAccess | RevokeAccess, *, on: bool) -> StepOutcome:
    """SMTP AUTH for this mailbox alone; off means as the organisation has it, which should be off (4.10)."""
    row = await site.exchange.mailbox(site.identity(change.mailbox))
    if row is None:
        if isinstance(change, RevokeAccess):
            return done(step, message="the mailbox was gone already")
        raise TenantFault(FaultClass.NOT_FOUND, f"Exchange has no mailbox {change.mailbox.name}")
    guid = row.guid

    async def disabled() -> bool | None:
        rows = await site.exchange.invoke("Get-CASMailbox", Identity=guid)
        if len(rows) != 1:
            raise TenantFault(FaultClass.BUG, f"Exchange answered with {len(rows)} rows for one mailbox")
        found: bool | None = rows[0].get("SmtpClientAuthenticationDisabled")
        return found

    before, wanted = await disabled(), False if on else None
    if before is wanted or (not on and before is True):
        return done(step, {"smtp_disabled": before}, {"smtp_disabled": before})

    async def look() -> bool:
        return await disabled() is wanted

    await site.write(
        lambda: site.exchange.invoke("Set-CASMailbox", Identity=guid, SmtpClientAuthenticationDisabled=wanted), look
    )
    return done(step, {"smtp_disabled": before}, {"smtp_disabled": wanted})


async def _scope(site: Site, name: str) -> Row | None:
    rows = await unless_missing(site.exchange.invoke("Get-ManagementScope", Identity=name))
    return rows[0] if rows else None


async def _write_scope(site: Site, name: str, wanted: str) -> None:
    async def look() -> bool:
        return await _scope(site, name) is not None

    await site.write(
        lambda: site.exchange.invoke("New-ManagementScope", Name=name, RecipientRestrictionFilter=wanted), look
    )


async def assignments(site: Site, principal_id: str) -> list[Row]:
    """All role assignments of one application in Exchange."""
    return await site.exchange.invoke("Get-ManagementRoleAssignment", RoleAssignee=principal_id)


def is_of(assignment: Row, role: str, scope: str) -> bool:
    return assignment.get("Role") == role and assignment.get("CustomResourceScope") == scope


def _roles(rows: list[Row]) -> list[str]:
    return sorted(str(one.get("Role")) for one in rows)


async def _assign(site: Site, principal: Principal, role: str, scope: str) -> None:
    async def look() -> bool:
        return any(is_of(one, role, scope) for one in await assignments(site, principal.id))

    name = named(role.removeprefix("Application "), scope)
    await site.write(
        lambda: site.exchange.invoke(
            "New-ManagementRoleAssignment",
            Name=name,
            App=principal.id,
            Role=role,
            CustomResourceScope=scope,
        ),
        look,
    )


async def _unassign(site: Site, principal: Principal, assignment: Row) -> None:
    name = str(assignment.get("Name"))

    async def look() -> bool:
        return all(one.get("Name") != name for one in await assignments(site, principal.id))

    await site.write(
        lambda: site.exchange.invoke("Remove-ManagementRoleAssignment", Identity=name, Confirm=False), look
    )
