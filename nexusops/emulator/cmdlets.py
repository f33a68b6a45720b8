"""Exchange's parameters and errors: what a cmdlet takes, and how it refuses (tenant-api.md 5.1, 5.7)."""

from __future__ import annotations

from typing import Any

from nexusops.emulator.wire import Answer, Refusal

Parameters = dict[str, Any]
TEXT, FLAG, LIST, HASH_OR_LIST, ANY = "text", "flag", "list", "hash or list", "any"
COMMON = {"Confirm": FLAG, "ErrorAction": TEXT, "WarningAction": TEXT, "WhatIf": FLAG, "Force": FLAG}
_FLAGS = (
    "ActiveSyncEnabled", "EwsEnabled", "ImapEnabled", "MacOutlookEnabled", "MAPIEnabled", "OneWinNativeOutlookEnabled",
    "OutlookMobileEnabled", "OWAEnabled", "OWAforDevicesEnabled", "PopEnabled", "SmtpClientAuthenticationDisabled",
)  # fmt: skip
_GET = {"Identity": TEXT, "ResultSize": ANY, "Filter": TEXT}

TABLE: dict[str, dict[str, str]] = {
    "Get-Mailbox": {
        **_GET, "Anr": TEXT, "Archive": FLAG, "InactiveMailboxOnly": FLAG, "IncludeInactiveMailbox": FLAG,
        "RecipientTypeDetails": LIST, "SoftDeletedMailbox": FLAG, "SortBy": TEXT, "Properties": LIST,
    },
    "New-Mailbox": {
        "Name": TEXT, "Shared": FLAG, "Alias": TEXT, "DisplayName": TEXT, "PrimarySmtpAddress": TEXT, "FirstName": TEXT,
        "LastName": TEXT, "MicrosoftOnlineServicesID": TEXT, "Room": FLAG, "Equipment": FLAG, "Archive": FLAG,
    },
    "Set-Mailbox": {
        "Identity": TEXT, "EmailAddresses": HASH_OR_LIST, "WindowsEmailAddress": TEXT, "ForwardingSmtpAddress": TEXT,
        "ForwardingAddress": TEXT, "DeliverToMailboxAndForward": FLAG, "HiddenFromAddressListsEnabled": FLAG,
        "Type": TEXT, "DisplayName": TEXT, "Alias": TEXT, "Name": TEXT, "AcceptMessagesOnlyFrom": HASH_OR_LIST,
        "AcceptMessagesOnlyFromSendersOrMembers": HASH_OR_LIST, "RequireSenderAuthenticationEnabled": FLAG,
        "MessageCopyForSentAsEnabled": FLAG, "MessageCopyForSendOnBehalfEnabled": FLAG, "LitigationHoldEnabled": FLAG,
        "GrantSendOnBehalfTo": HASH_OR_LIST, "RetainDeletedItemsFor": TEXT, "RecipientLimits": ANY,
        "MicrosoftOnlineServicesID": TEXT, "MaxSendSize": ANY, "MaxReceiveSize": ANY,
        **{f"CustomAttribute{n}": TEXT for n in range(1, 16)},
    },
    "Remove-Mailbox": {"Identity": TEXT, "PermanentlyDelete": FLAG},
    "Get-CASMailbox": _GET,
    "Set-CASMailbox": {"Identity": TEXT, **dict.fromkeys(_FLAGS, FLAG)},
    "Get-Recipient": {**_GET, "RecipientTypeDetails": LIST, "RecipientType": LIST, "Properties": LIST},
    "Get-User": {**_GET, "RecipientTypeDetails": LIST},
    "Get-MailboxAutoReplyConfiguration": {"Identity": TEXT, "ResultSize": ANY},
    "Set-MailboxAutoReplyConfiguration": {
        "Identity": TEXT, "AutoReplyState": TEXT, "ExternalAudience": TEXT, "InternalMessage": TEXT,
        "ExternalMessage": TEXT, "StartTime": TEXT, "EndTime": TEXT,
    },
    "Get-AcceptedDomain": {"Identity": TEXT, "ResultSize": ANY},
    "Get-OrganizationConfig": {},
    "Get-RemoteDomain": {"Identity": TEXT, "ResultSize": ANY},
    "Get-HostedOutboundSpamFilterPolicy": {"Identity": TEXT},
    "Get-HostedOutboundSpamFilterRule": {"Identity": TEXT, "State": TEXT},
    "Get-ManagementRole": {"Identity": TEXT, "Cmdlet": TEXT, "CmdletParameters": LIST},
    "Get-MailboxPermission": {"Identity": TEXT, "User": TEXT, "ResultSize": ANY},
    "Add-MailboxPermission": {
        "Identity": TEXT, "User": TEXT, "AccessRights": LIST, "InheritanceType": TEXT, "AutoMapping": FLAG,
    },
    "Remove-MailboxPermission": {"Identity": TEXT, "User": TEXT, "AccessRights": LIST, "InheritanceType": TEXT},
    "Get-RecipientPermission": {"Identity": TEXT, "Trustee": TEXT, "ResultSize": ANY},
    "Add-RecipientPermission": {"Identity": TEXT, "Trustee": TEXT, "AccessRights": LIST},
    "Remove-RecipientPermission": {"Identity": TEXT, "Trustee": TEXT, "AccessRights": LIST},
    "Get-ServicePrincipal": {"Identity": TEXT},
    "New-ServicePrincipal": {"AppId": TEXT, "ObjectId": TEXT, "DisplayName": TEXT},
    "Set-ServicePrincipal": {"Identity": TEXT, "DisplayName": TEXT},
    "Remove-ServicePrincipal": {"Identity": TEXT},
    "Get-ManagementScope": {"Identity": TEXT},
    "New-ManagementScope": {"Name": TEXT, "RecipientRestrictionFilter": TEXT},
    "Remove-ManagementScope": {"Identity": TEXT},
    "Get-ManagementRoleAssignment": {"Identity": TEXT, "RoleAssignee": TEXT, "Role": TEXT},
    "New-ManagementRoleAssignment": {"Name": TEXT, "App": TEXT, "Role": TEXT, "CustomResourceScope": TEXT, "RecipientAdministrativeUnitScope": TEXT},
    "Remove-ManagementRoleAssignment": {"Identity": TEXT},
    "Test-ServicePrincipalAuthorization": {"Identity": TEXT, "Resource": TEXT},
    "Get-DkimSigningConfig": {"Identity": TEXT},
    "New-DkimSigningConfig": {"DomainName": TEXT, "Enabled": FLAG, "KeySize": ANY},
    "Set-DkimSigningConfig": {"Identity": TEXT, "Enabled": FLAG},
    "Rotate-DkimSigningConfig": {"Identity": TEXT, "KeySize": ANY},
}  # fmt: skip
"""Cmdlet -> parameter -> type, of Exchange Online (what is on-premises only is left out, so that it is refused)."""

_REQUIRED: dict[str, tuple[str, ...]] = {
    "New-Mailbox": ("Name",),
    "Add-MailboxPermission": ("Identity", "User", "AccessRights"),
    "Add-RecipientPermission": ("Identity", "Trustee", "AccessRights"),
    "New-ServicePrincipal": ("AppId", "ObjectId"),
    "New-ManagementScope": ("Name", "RecipientRestrictionFilter"),
    "New-ManagementRoleAssignment": ("App", "Role"),
    "Test-ServicePrincipalAuthorization": ("Identity",),
    "New-DkimSigningConfig": ("DomainName", "Enabled"),
}


def failed(kind: str, text: str, *, status: int = 400, code: str = "BadRequest", site: str = "Ex6F9304") -> Refusal:
    """The envelope with the real text deep inside (5.7)."""
    full = f"{site}|{kind}|{text}"
    error = {
        "code": code,
        "message": "Error executing cmdlet",
        "details": [{"code": "Client", "target": "", "message": full}],
        "innererror": {
            "message": "Error executing cmdlet",
            "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
            "stacktrace": "",
            "internalexception": {"message": full, "type": kind, "stacktrace": ""},
        },
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": [],
    }
    return Refusal(Answer(status, {"error": error}, {"X-ExceptionType": kind}))


def object_not_found(identity: str) -> Refusal:
    text = f"The operation couldn't be performed because object '{identity}' couldn't be found on 'EMBEDDED.PROD.OUTLOOK.COM'."
    return failed(
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException", text, status=404, code="NotFound"
    )


def proxy_exists(address: str, holder: str) -> Refusal:
    text = (
        f'The proxy address "{address}" is already being used by the proxy addresses or LegacyExchangeDN of '
        f'"{holder}". Please choose another proxy address.'
    )
    return failed("Microsoft.Exchange.Configuration.ObjectModel.ProxyAddressExistsException", text)


def object_exists(name: str) -> Refusal:
    text = f'The name "{name}" is already being used. Please try another name.'
    return failed("Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException", text, status=409, code="Conflict")


def not_accepted(domain: str) -> Refusal:
    text = f"You can't use the domain because it's not an accepted domain for your organization: {domain}"
    return failed("Microsoft.Exchange.Management.RecipientTasks.NotAcceptedDomainException", text)


def bound(cmdlet: str, given: Any) -> Parameters:
    """The parameters under their documented spelling; refuses unknown ones, wrong types and missing ones."""
    if cmdlet not in TABLE:
        kind = "System.Management.Automation.CommandNotFoundException"
        raise failed(kind, f"The term '{cmdlet}' isn't recognized as a name of a cmdlet.")
    if not isinstance(given, dict):
        raise failed("Microsoft.Exchange.Admin.OData.Core.ODataServiceException", "Parameters must be an object.")
    names = {name.lower(): name for name in (*TABLE[cmdlet], *COMMON)}
    found: Parameters = {}
    for name, value in given.items():
        if name.startswith("@"):
            continue
        proper = names.get(name.lower())
        if proper is None:
            kind = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
            text = f"Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. {name}"
            raise failed(kind, text, site="")
        _typed(cmdlet, proper, value)
        found[proper] = value
    required = _REQUIRED.get(cmdlet, ("Identity",) if cmdlet.startswith(("Set-", "Remove-", "Rotate-")) else ())
    for name in required:
        if found.get(name) in (None, ""):
            kind = "System.Management.Automation.ParameterBindingException"
            raise failed(kind, f"Cannot process command because of one or more missing mandatory parameters: {name}.")
    return found


def _typed(cmdlet: str, name: str, value: Any) -> None:
    kind = {**COMMON, **TABLE[cmdlet]}[name]
    fits = (
        value is None
        or kind == ANY
        or (kind == TEXT and isinstance(value, str))
        or (kind == FLAG and isinstance(value, bool))
        or (kind == LIST and isinstance(value, list | str))
        or (kind == HASH_OR_LIST and (isinstance(value, list | str) or _hash_table(value)))
    )
    if not fits:
        text = f"Cannot process argument transformation on parameter '{name}'. Cannot convert value to the parameter's type."
        raise failed("System.Management.Automation.ParameterBindingArgumentTransformationException", text)


def _hash_table(value: Any) -> bool:
    """A hash table needs its OData type tag (5.1)."""
    return isinstance(value, dict) and value.get("@odata.type") == "#Exchange.GenericHashTable"
