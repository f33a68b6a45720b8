"""The application permissions and Exchange roles that the embedded tenant knows (tenant-api.md 2, 3.2)."""

from __future__ import annotations

import uuid

from nexusops.emulator.book import Object

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
MANAGE_AS_APP = "Exchange.ManageAsApp"
_KNOWN_IDS = {
    MANAGE_AS_APP: "dc50a0fb-09a3-484d-be87-e023b12c6440",
    "RoleManagement.ReadWrite.Exchange": "025d3225-3f02-4882-b4c0-cd5b541a4e80",
}

GRAPH_ROLES = (
    "User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "User.EnableDisableAccount.All",
    "User.RevokeSessions.All", "User.DeleteRestore.All", "LicenseAssignment.Read.All",
    "LicenseAssignment.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "Organization.Read.All",
    "Organization.ReadWrite.All", "Mail.Send", "MailboxSettings.Read", "MailboxSettings.ReadWrite",
    "Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy",
    "AppRoleAssignment.ReadWrite.All", "Domain.Read.All", "Domain.ReadWrite.All", "AuditLog.Read.All",
    "RoleManagement.ReadWrite.Exchange",
)  # fmt: skip
EXCHANGE_ROLES = (MANAGE_AS_APP, "Exchange.ManageAsAppV2", "SMTP.SendAsApp", "IMAP.AccessAsApp", "POP.AccessAsApp")

WRITERS = frozenset({"Global Administrator", "Exchange Administrator", "Organization Management"})
RECIPIENT_WRITERS = frozenset({"Exchange Recipient Administrator", "Recipient Management", "Mail Recipients"})
CREATORS = frozenset({"Mail Recipient Creation"})
READERS = frozenset({"Global Reader", "View-Only Recipients", "View-Only Organization Management"})
DIRECTORY_ROLES = WRITERS | RECIPIENT_WRITERS | CREATORS | READERS
"""Roles that open InvokeCommand: all cmdlets; those of recipients, or New- and Remove-Mailbox; and each every Get-."""


def app_role(value: str) -> Object:
    """A role as ``appRoles`` of a resource's service principal lists it; its id follows from its name."""
    return {
        "id": _KNOWN_IDS.get(value) or str(uuid.uuid5(uuid.NAMESPACE_DNS, value)),
        "value": value,
        "allowedMemberTypes": ["Application"],
        "displayName": value,
        "description": value,
        "isEnabled": True,
        "origin": "Application",
    }


def allowed_cmdlet(roles: frozenset[str], cmdlet: str) -> bool:
    """Whether one of these roles may run a cmdlet."""
    if roles & WRITERS:
        return True
    if cmdlet.startswith(("Get-", "Test-")):
        return bool(roles & DIRECTORY_ROLES)
    if roles & CREATORS and cmdlet in ("New-Mailbox", "Remove-Mailbox"):
        return True
    words = ("Mailbox", "CASMailbox", "MailboxPermission", "RecipientPermission", "MailboxAutoReplyConfiguration")
    return bool(roles & RECIPIENT_WRITERS) and cmdlet.partition("-")[2] in words
