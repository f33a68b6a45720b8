"""InvokeCommand: who may, the envelope, the cmdlet, the answer (tenant-api.md 5.1, 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nexusops.emulator import roles, tokens
from nexusops.emulator.book import Object
from nexusops.emulator.exchange import (
    access,
    applications,
    autoreply,
    mailbox_reads,
    mailbox_writes,
    organisation,
    paging,
)  # fmt: skip
from nexusops.emulator.exchange.errors import bad_envelope, cmdlet_denied
from nexusops.emulator.exchange.parameters import Parameters, bound
from nexusops.emulator.wire import Answer, Call, Refusal

Cmdlet = Callable[[Call, Parameters, paging.Window], paging.Rows]
CMDLETS: dict[str, Cmdlet] = {
    "Get-Mailbox": mailbox_reads.get_mailbox,
    "Get-CASMailbox": mailbox_reads.get_cas_mailbox,
    "Get-Recipient": mailbox_reads.get_recipient,
    "Get-User": mailbox_reads.get_user,
    "New-Mailbox": mailbox_writes.new_mailbox,
    "Set-Mailbox": mailbox_writes.set_mailbox,
    "Remove-Mailbox": mailbox_writes.remove_mailbox,
    "Set-CASMailbox": mailbox_writes.set_cas_mailbox,
    "Get-MailboxAutoReplyConfiguration": autoreply.get_autoreply,
    "Set-MailboxAutoReplyConfiguration": autoreply.set_autoreply,
    "Get-MailboxPermission": access.get_mailbox_permission,
    "Add-MailboxPermission": access.add_mailbox_permission,
    "Remove-MailboxPermission": access.remove_mailbox_permission,
    "Get-RecipientPermission": access.get_recipient_permission,
    "Add-RecipientPermission": access.add_recipient_permission,
    "Remove-RecipientPermission": access.remove_recipient_permission,
    "Get-ServicePrincipal": applications.get_service_principal,
    "New-ServicePrincipal": applications.new_service_principal,
    "Set-ServicePrincipal": applications.set_service_principal,
    "Remove-ServicePrincipal": applications.remove_service_principal,
    "Get-ManagementScope": applications.get_scope,
    "New-ManagementScope": applications.new_scope,
    "Remove-ManagementScope": applications.remove_scope,
    "Get-ManagementRoleAssignment": applications.get_assignment,
    "New-ManagementRoleAssignment": applications.new_assignment,
    "Remove-ManagementRoleAssignment": applications.remove_assignment,
    "Test-ServicePrincipalAuthorization": applications.authorization_tested,
    "Get-ManagementRole": applications.get_role,
    "Get-AcceptedDomain": organisation.get_accepted_domain,
    "Get-OrganizationConfig": organisation.get_organization_config,
    "Get-RemoteDomain": organisation.get_remote_domain,
    "Get-HostedOutboundSpamFilterPolicy": organisation.get_outbound_policy,
    "Get-HostedOutboundSpamFilterRule": organisation.get_outbound_rule,
    "Get-DkimSigningConfig": organisation.get_dkim,
    "New-DkimSigningConfig": organisation.new_dkim,
    "Set-DkimSigningConfig": organisation.set_dkim,
    "Rotate-DkimSigningConfig": organisation.rotate_dkim,
}
_GUIDS = {"Guid", "ExchangeGuid"}


def invoke(call: Call) -> Answer:
    """One cmdlet. Raises Refusal."""
    held = _permitted(call)
    wanted, given = _envelope(call)
    cmdlet, parameters = bound(wanted, given)
    if not roles.allowed_cmdlet(held, cmdlet):
        raise cmdlet_denied(cmdlet)
    window = paging.window_of(call, parameters)
    page = CMDLETS[cmdlet](call, parameters, window)
    where = call.origin + call.path.removesuffix("/InvokeCommand")
    body: Object = {
        "@odata.context": f"{where}/$metadata#Collection(Exchange.GenericHashTable)",
        "adminapi.warnings@odata.type": "#Collection(String)",
    }
    if page.after is not None and (link := paging.next_link(call, window, len(page.rows), page.after)) is not None:
        body["@odata.nextLink"] = link
    chosen = {name.strip() for name in call.query.get("$select", "").split(",") if name.strip()}
    value = [_annotated(row, chosen) for row in page.rows]
    return Answer(200, {**body, "@adminapi.warnings": call.warnings, "value": value})


def _permitted(call: Call) -> frozenset[str]:
    """Two locks (3.2): without the app role 401, without an Exchange or Entra role 403 and a body of NUL bytes."""
    problem = tokens.authorise(call, roles.EXCHANGE_APP)
    if problem is not None or roles.MANAGE_AS_APP not in call.roles:
        raise unauthorised()
    held = frozenset((call.book.setting("directory_roles") or {}).get(call.app_id, ()))
    if not held:
        raise Refusal(Answer(403, b"\x00" * 128, {"Content-Type": "application/octet-stream"}))
    return held


def unauthorised() -> Refusal:
    """Exchange's 401 has no body (tenant-api.md 9)."""
    return Refusal(Answer(401, None, {"WWW-Authenticate": f'Bearer client_id="{roles.EXCHANGE_APP}"'}))


def module_file(call: Call) -> Answer:
    """The cmdlets that the application may run, for who loads Microsoft's own module (5.6)."""
    held = _permitted(call)
    may = sorted(cmdlet for cmdlet in CMDLETS if roles.allowed_cmdlet(held, cmdlet))
    return Answer(200, {"value": [{"exportedCmdlets": may}]})


def _envelope(call: Call) -> tuple[str, Any]:
    """``{"CmdletInput": {"CmdletName": …, "Parameters": {…}}}``: these names are case-sensitive, and never null."""
    body = call.body
    wanted = body.get("CmdletInput") if isinstance(body, dict) else None
    if not isinstance(wanted, dict) or not isinstance(wanted.get("CmdletName"), str):
        raise bad_envelope("The request body has no CmdletInput with a CmdletName.")
    return wanted["CmdletName"], wanted.get("Parameters", {})


def _annotated(row: Object, chosen: set[str]) -> Object:
    """Values with the annotations that the real service sends beside guids, lists and numbers (5.3)."""
    shown: Object = {}
    for name, value in row.items():
        if chosen and name not in chosen:
            continue
        if name in _GUIDS:
            shown[f"{name}@data.type"] = "System.Guid"
        elif isinstance(value, list):
            shown[f"{name}@odata.type"] = "#Collection(String)"
        elif isinstance(value, int) and not isinstance(value, bool):
            shown[f"{name}@data.type"] = "System.Int32"
        shown[name] = value
    return shown
