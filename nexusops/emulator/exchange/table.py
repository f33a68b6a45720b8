"""What each cmdlet takes in Exchange Online. What is on-premises only is left out, so that it is refused.

``flags`` are switches and booleans; ``lists`` take an array or one value, ``hashes`` also a hash table that adds and
removes; ``sizes`` numbers or text; the rest is text. A ``!`` marks a mandatory parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Takes:
    text: str = ""
    flags: str = ""
    lists: str = ""
    hashes: str = ""
    sizes: str = ""
    kinds: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def _takes(text: str = "", *, flags: str = "", lists: str = "", hashes: str = "", sizes: str = "") -> Takes:
    kinds: dict[str, str] = {}
    required = []
    for kind, names in (("text", text), ("flag", flags), ("list", lists), ("hash", hashes), ("size", sizes)):
        for name in names.split():
            kinds[name.rstrip("!")] = kind
            if name.endswith("!"):
                required.append(name.rstrip("!"))
    return Takes(text, flags, lists, hashes, sizes, kinds, tuple(required))


_NUMBERED = " ".join(f"CustomAttribute{n}" for n in range(1, 16))
_EXTENSIONS = " ".join(f"ExtensionCustomAttribute{n}" for n in range(1, 6))
_SEARCH = "Anr Filter Identity OrganizationalUnit SortBy"

CMDLETS: dict[str, Takes] = {
    "Get-Mailbox": _takes(
        f"{_SEARCH} MailboxPlan",
        flags="Archive GroupMailbox InactiveMailboxOnly IncludeAcceptMessagesOnlyFromDLMembersWithDisplayNames "
        "IncludeAcceptMessagesOnlyFromSendersOrMembersWithDisplayNames IncludeAcceptMessagesOnlyFromWithDisplayNames "
        "IncludeEmailAddressDisplayNames IncludeForwardingAddressWithDisplayNames "
        "IncludeGrantSendOnBehalfToWithDisplayNames IncludeInactiveMailbox Migration PublicFolder SoftDeletedMailbox",
        lists="RecipientTypeDetails",
        sizes="ResultSize",
    ),
    "New-Mailbox": _takes(
        "ActiveSyncMailboxPolicy Alias DisplayName FederatedIdentity FirstName ImmutableId InactiveMailbox Initials "
        "LastName MailboxPlan MailboxRegion MicrosoftOnlineServicesID Name! Office OrganizationalUnit Password Phone "
        "PrimarySmtpAddress ProxyEmailAddress RemovedMailbox RoleAssignmentPolicy RoomMailboxPassword "
        "SendModerationNotifications",
        flags="Archive Discovery EnableRoomMailboxAccount Equipment HoldForMigration IsExcludedFromServingHierarchy "
        "Migration ModerationEnabled PublicFolder RemotePowerShellEnabled ResetPasswordOnNextLogon Room Shared "
        "TargetAllMDBs",
        lists="ModeratedBy",
        sizes="ResourceCapacity",
    ),
    "Set-Mailbox": _takes(
        "AddressBookPolicy Alias DataEncryptionPolicy DefaultPublicFolderMailbox DisplayName EndDateForRetentionHold "
        "EnforcedTimestamps ExternalOofOptions ForwardingAddress ForwardingSmtpAddress Identity! ImmutableId "
        "JournalArchiveAddress LitigationHoldDate LitigationHoldOwner MailTip MailboxRegion MicrosoftOnlineServicesID "
        "Name Office Password RetentionComment RetentionPolicy RetentionUrl RoleAssignmentPolicy RoomMailboxPassword "
        "SendModerationNotifications SharingPolicy SimpleDisplayName StartDateForRetentionHold "
        f"StsRefreshTokensValidFrom Type UniqueRecipientsCountLimitLevel WindowsEmailAddress {_NUMBERED}",
        flags="AccountDisabled ClearThrottlingPolicyAssignment RemoveMailboxProvisioningConstraint "
        "UniqueUnrestrictedGroupsLimitEnabled "
        "ApplyMandatoryProperties AuditEnabled AutoArchivingEnabled CalendarRepairDisabled "
        "CalendarVersionStoreDisabled DeliverToMailboxAndForward ElcProcessingDisabled EnableRoomMailboxAccount "
        "ExcludeFromAllHolds ExcludeFromAllOrgHolds GroupMailbox HiddenFromAddressListsEnabled InactiveMailbox "
        "IsExchangeCloudManaged IsExcludedFromServingHierarchy LitigationHoldEnabled "
        "MessageCopyForSMTPClientSubmissionEnabled MessageCopyForSendOnBehalfEnabled MessageCopyForSentAsEnabled "
        "MessageTrackingReadStatusEnabled ModerationEnabled ProvideConsent ProvisionedForOfficeGraph PublicFolder "
        "RecalculateInactiveMailbox RemoveComplianceTagHoldApplied RemoveDelayHoldApplied "
        "RemoveDelayReleaseHoldApplied RemoveDisabledArchive RequireSenderAuthenticationEnabled RetentionHoldEnabled "
        "SchedulerAssistant SingleItemRecoveryEnabled UpdateEnforcedTimestamp UseDatabaseQuotaDefaults "
        "UseDatabaseRetentionDefaults",
        hashes="AcceptMessagesOnlyFrom AcceptMessagesOnlyFromDLMembers AcceptMessagesOnlyFromSendersOrMembers "
        "AuditAdmin AuditDelegate AuditOwner BypassModerationFromSendersOrMembers EmailAddresses GrantSendOnBehalfTo "
        "Languages MailTipTranslations ModeratedBy RejectMessagesFrom RejectMessagesFromDLMembers "
        f"RejectMessagesFromSendersOrMembers ResourceCustom {_EXTENSIONS}",
        lists="ArchiveName DefaultAuditSet EmailAddressDisplayNames ExcludeFromOrgHolds NonCompliantDevices "
        "RemoveOrphanedHolds UserCertificate UserSMimeCertificate",
        sizes="AuditLogAgeLimit IssueWarningQuota LitigationHoldDuration MaxReceiveSize MaxSendSize ProhibitSendQuota "
        "ProhibitSendReceiveQuota RecipientLimits ResourceCapacity RetainDeletedItemsFor RulesQuota",
    ),
    "Remove-Mailbox": _takes("Identity!", flags="Migration PermanentlyDelete PublicFolder"),
    "Get-CASMailbox": _takes(
        _SEARCH,
        flags="ActiveSyncDebugLogging ActiveSyncSuppressReadReceipt IgnoreDefaultScope ProtocolSettings "
        "ReadIsOptimizedForAccessibility RecalculateHasActiveSyncDevicePartnership",
        lists="RecipientTypeDetails",
        sizes="ResultSize",
    ),
    "Set-CASMailbox": _takes(
        "ActiveSyncMailboxPolicy EwsApplicationAccessPolicy Identity! ImapMessagesRetrievalMimeFormat "
        "OwaMailboxPolicy PopMessagesRetrievalMimeFormat",
        flags="ActiveSyncDebugLogging ActiveSyncEnabled ActiveSyncSuppressReadReceipt EwsAllowEntourage "
        "EwsAllowMacOutlook EwsAllowOutlook EwsEnabled ImapEnabled ImapForceICalForCalendarRetrievalOption "
        "ImapSuppressReadReceipt ImapUseProtocolDefaults IsOptimizedForAccessibility MAPIEnabled MacOutlookEnabled "
        "OWAEnabled OWAforDevicesEnabled OneWinNativeOutlookEnabled OutlookMobileEnabled PopEnabled "
        "PopForceICalForCalendarRetrievalOption PopSuppressReadReceipt PopUseProtocolDefaults PublicFolderClientAccess "
        "ShowGalAsDefaultView SmtpClientAuthenticationDisabled UniversalOutlookEnabled",
        hashes="ActiveSyncAllowedDeviceIDs ActiveSyncBlockedDeviceIDs EwsAllowList EwsBlockList",
    ),
    "Get-Recipient": _takes(
        f"{_SEARCH} AuthenticationType BookmarkDisplayName PropertySet RecipientPreviewFilter",
        flags="IncludeBookmarkObject IncludeManagerWithDisplayName IncludeSoftDeletedRecipients",
        lists="Capabilities Properties RecipientType RecipientTypeDetails",
        sizes="ResultSize",
    ),
    "Get-User": _takes(
        _SEARCH,
        flags="IncludeDirectReportsWithDisplayNames IncludeManagerWithDisplayName IsVIP PublicFolder",
        lists="RecipientTypeDetails",
        sizes="ResultSize",
    ),
    "Get-MailboxPermission": _takes(
        "Identity! User",
        flags="GroupMailbox IncludeSoftDeletedUserPermissions IncludeUnresolvedPermissions "
        "IncludeUserWithDisplayName Owner SoftDeletedMailbox",
        sizes="ResultSize",
    ),
    "Add-MailboxPermission": _takes(
        "Identity! InheritanceType Owner User!",
        flags="AutoMapping Deny GroupMailbox IgnoreDefaultScope",
        lists="AccessRights!",
    ),
    "Remove-MailboxPermission": _takes(
        "Identity! InheritanceType User",
        flags="BypassMasterAccountSid ClearAutoMapping Deny GroupMailbox IgnoreDefaultScope ResetDefault "
        "SoftDeletedMailbox",
        lists="AccessRights",
    ),
    "Get-RecipientPermission": _takes(
        "Identity Trustee", flags="IncludeTrusteeWithPrimarySmtpAddress", lists="AccessRights", sizes="ResultSize"
    ),
    "Add-RecipientPermission": _takes("Identity! Trustee!", lists="AccessRights!"),
    "Remove-RecipientPermission": _takes(
        "Identity! Trustee!",
        flags="Deny SkipDomainValidationForMailContact SkipDomainValidationForMailUser "
        "SkipDomainValidationForSharedMailbox",
        lists="AccessRights! MultiTrustees",
    ),
    "Get-MailboxAutoReplyConfiguration": _takes("Identity!", sizes="ResultSize"),
    "Set-MailboxAutoReplyConfiguration": _takes(
        "AutoReplyState DeclineMeetingMessage EndTime ExternalAudience ExternalMessage Identity! InternalMessage "
        "OOFEventSubject StartTime",
        flags="AutoDeclineFutureRequestsWhenOOF CreateOOFEvent DeclineAllEventsForScheduledOOF "
        "DeclineEventsForScheduledOOF IgnoreDefaultScope",
        lists="EventsToDeleteIDs",
    ),
    "Get-AcceptedDomain": _takes("Identity", sizes="ResultSize"),
    "Get-OrganizationConfig": _takes(),
    "Get-RemoteDomain": _takes("Identity", sizes="ResultSize"),
    "Get-HostedOutboundSpamFilterPolicy": _takes("Identity"),
    "Get-HostedOutboundSpamFilterRule": _takes("Identity State"),
    "Get-ManagementRole": _takes(
        "Cmdlet Identity RoleType Script", flags="GetChildren Recurse", lists="CmdletParameters ScriptParameters"
    ),
    "Get-ServicePrincipal": _takes("Identity Organization"),
    "New-ServicePrincipal": _takes("AppId! DisplayName ObjectId! ServiceId"),
    "Set-ServicePrincipal": _takes("DisplayName Identity!"),
    "Remove-ServicePrincipal": _takes("Identity!"),
    "Get-ManagementScope": _takes("Identity", flags="Exclusive Orphan"),
    "New-ManagementScope": _takes("Name! RecipientRestrictionFilter! RecipientRoot", flags="Exclusive"),
    "Remove-ManagementScope": _takes("Identity!"),
    "Get-ManagementRoleAssignment": _takes(
        "ConfigWriteScope CustomRecipientWriteScope ExclusiveRecipientWriteScope Identity "
        "RecipientAdministrativeUnitScope RecipientGroupScope RecipientOrganizationalUnitScope RecipientWriteScope "
        "Role RoleAssignee RoleAssigneeType WritableRecipient",
        flags="Delegating Enabled Exclusive GetEffectiveUsers",
        lists="AssignmentMethod",
    ),
    "New-ManagementRoleAssignment": _takes(
        "App! CustomRecipientWriteScope CustomResourceScope ExclusiveRecipientWriteScope Name Policy "
        "RecipientAdministrativeUnitScope RecipientGroupScope RecipientOrganizationalUnitScope "
        "RecipientRelativeWriteScope Role! SecurityGroup User",
        flags="Delegating",
    ),
    "Remove-ManagementRoleAssignment": _takes("Identity!"),
    "Test-ServicePrincipalAuthorization": _takes("Identity! Resource"),
    "Get-DkimSigningConfig": _takes("Identity"),
    "New-DkimSigningConfig": _takes(
        "AdminDisplayName BodyCanonicalization DomainName! HeaderCanonicalization", flags="Enabled!", sizes="KeySize"
    ),
    "Set-DkimSigningConfig": _takes(
        "AdminDisplayName BodyCanonicalization HeaderCanonicalization Identity!", flags="Enabled PublishTxtRecords"
    ),
    "Rotate-DkimSigningConfig": _takes("Identity!", sizes="KeySize"),
}
COMMON = {
    **dict.fromkeys(("Confirm", "WhatIf", "Force", "Verbose", "Debug"), "flag"),
    **dict.fromkeys(("ErrorAction", "WarningAction", "InformationAction", "ProgressAction"), "text"),
}
VALUES: dict[tuple[str, str], tuple[str, ...]] = {
    ("Set-Mailbox", "Type"): ("Equipment", "Regular", "Room", "Shared", "Workspace", "Desk"),
    ("Set-MailboxAutoReplyConfiguration", "AutoReplyState"): ("Enabled", "Disabled", "Scheduled"),
    ("Set-MailboxAutoReplyConfiguration", "ExternalAudience"): ("None", "Known", "All"),
    ("Add-MailboxPermission", "AccessRights"): (
        "ChangeOwner", "ChangePermission", "DeleteItem", "ExternalAccount", "FullAccess", "ReadPermission",
    ),
    ("Add-MailboxPermission", "InheritanceType"): ("None", "All", "Children", "Descendents", "SelfAndChildren"),
    ("Add-RecipientPermission", "AccessRights"): ("SendAs",),
}  # fmt: skip
"""Enumerations that a write is checked against; on a read a wrong word finds nothing (5.7)."""
