"""What Microsoft publishes of Graph v1.0, continued: domains, applications, service principals, audits, batches."""

from __future__ import annotations

from building.published import ADA, EVENTUAL, Example

DOMAIN = (
    "authenticationType:s availabilityStatus:s? id:s isAdminManaged:b isDefault:b isInitial:b isRoot:b isVerified:b "
    "supportedServices:[s] passwordValidityPeriodInDays:i? passwordNotificationWindowInDays:i? state:o?"
)
RECORD = "@odata.type:s isOptional:b label:s recordType:s supportedService:s ttl:i id:s"
DOMAINS = (
    Example(page="domain-list", ask="GET /domains", context="domains", rows=True, shape=DOMAIN, whole=True),
    Example(page="domain-post-domains", ask="POST /domains", body={"id": "post.example.org"}, status=201, shape=DOMAIN,
            context="domains/$entity", keep="domain"),
    Example(page="domain-get", ask="GET /domains/{domain}", context="domains/$entity", shape=DOMAIN, whole=True),
    Example(page="domain-update", ask="PATCH /domains/{domain}", body={"isDefault": True}, status=400,
            error="Request_BadRequest"),
    Example(page="domain-list-verificationdnsrecords", ask="GET /domains/{domain}/verificationDnsRecords", rows=True,
            shape=RECORD),
    Example(page="domain-list-serviceconfigurationrecords", ask="GET /domains/{domain}/serviceConfigurationRecords",
            rows=True, shape=RECORD),
    Example(page="domain-verify", ask="POST /domains/{published}/verify", context="domains/$entity", shape=DOMAIN),
    Example(page="domain-update", ask="PATCH /domains/{published}", status=204,
            body={"isDefault": True, "supportedServices": ["Email", "OfficeCommunicationsOnline"]}),
    Example(page="domain-delete", ask="DELETE /domains/{domain}", status=204),
)  # fmt: skip

APPLICATION = (
    "id:s deletedDateTime:s? isFallbackPublicClient:b? appId:s applicationTemplateId:s? identifierUris:[s] "
    "createdDateTime:s displayName:s isDeviceOnlyAuthSupported:b? groupMembershipClaims:s? optionalClaims:o? "
    "addIns:[o] publisherDomain:s samlMetadataUrl:s? signInAudience:s tags:[s] tokenEncryptionKeyId:s? api:o "
    "appRoles:[o] publicClient:o info:o keyCredentials:[o] parentalControlSettings:o passwordCredentials:[o] "
    "requiredResourceAccess:[o] web:o verifiedPublisher:o certification:o? disabledByMicrosoftStatus:s?"
)
FEDERATED = "id:s name:s issuer:s subject:s description:s? audiences:[s]"
TRUST = {"name": "testing02", "issuer": "https://login.example.org/v2.0", "subject": "repo", "audiences":
         ["api://AzureADTokenExchange"]}  # fmt: skip
KEY = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "{certificate}"}
FEW = "appId,identifierUris,displayName,publisherDomain,signInAudience"
APPLICATIONS = (
    Example(page="application-post-applications", ask="POST /applications", body={"displayName": "A Web app"},
            status=201, context="applications/$entity", shape=APPLICATION, keep="app"),
    Example(page="application-get", ask="GET /applications/{app}", context="applications/$entity", shape=APPLICATION),
    Example(page="application-get", context="applications(id,appId,displayName,requiredResourceAccess)/$entity",
            ask="GET /applications(appId='{app_id}')?$select=id,appId,displayName,requiredResourceAccess", whole=True,
            shape="id:s appId:s displayName:s requiredResourceAccess:[o]"),
    Example(page="application-list", ask="GET /applications", context="applications", rows=True, shape=APPLICATION),
    Example(page="application-list", ask="GET /applications/$count", headers=EVENTUAL),
    Example(page="application-list", headers=EVENTUAL, context="applications", rows=True, shape=APPLICATION,
            ask="GET /applications?$filter=startswith(displayName, 'a')&$count=true&$top=1&$orderby=displayName",
            beside=("@odata.count",)),
    Example(page="application-list", headers=EVENTUAL, context=f"applications({FEW})", rows=True, whole=True,
            ask=f"GET /applications?$search=\"displayName:Web\"&$count=true&$select={FEW}", beside=("@odata.count",),
            shape="appId:s identifierUris:[s] displayName:s publisherDomain:s signInAudience:s"),
    Example(page="application-update", ask="PATCH /applications/{app}", body={"displayName": "B"}, status=204),
    Example(page="application-update", ask="PATCH /applications/{app}", body={"keyCredentials": [KEY]}, status=204),
    Example(page="application-get", ask="GET /applications/{app}?$select=id,appId,keyCredentials", whole=True,
            shape="id:s appId:s keyCredentials:[o]"),
    Example(page="application-addpassword", ask="POST /applications/{app}/addPassword", whole=True,
            body={"passwordCredential": {"displayName": "friendly"}},
            shape="customKeyIdentifier:s? endDateTime:s keyId:s startDateTime:s secretText:s hint:s displayName:s"),
    Example(page="application-addkey", ask="POST /applications/{app}/addKey",
            body={"keyCredential": KEY, "passwordCredential": None, "proof": "{proof}"},
            context="microsoft.graph.keyCredential"),
    Example(page="application-post-federatedidentitycredentials", status=201, shape=FEDERATED, whole=True, body=TRUST,
            ask="POST /applications/{app}/federatedIdentityCredentials/",
            context="applications('{app}')/federatedIdentityCredentials/$entity"),
    Example(page="application-list-federatedidentitycredentials", rows=True, shape=FEDERATED, whole=True,
            ask="GET /applications/{app}/federatedIdentityCredentials?$filter=subject eq 'repo'"),
    Example(page="application-removepassword", ask="POST /applications/{app}/removePassword", status=400,
            body={"keyId": "{nobody}"}, error="Request_BadRequest"),
    Example(page="federatedidentitycredential-get", shape=FEDERATED, whole=True,
            ask="GET /applications/{app}/federatedIdentityCredentials/testing02",
            context="applications('{app}')/federatedIdentityCredentials/$entity"),
    Example(page="federatedidentitycredential-update", body={"subject": "other"}, status=204,
            ask="PATCH /applications/{app}/federatedIdentityCredentials/testing02"),
    Example(page="federatedidentitycredential-delete", status=204,
            ask="DELETE /applications/{app}/federatedIdentityCredentials/testing02"),
)  # fmt: skip

PRINCIPAL = (
    "id:s deletedDateTime:s? accountEnabled:b appDisplayName:s appId:s appOwnerOrganizationId:s? "
    "appRoleAssignmentRequired:b displayName:s homepage:s? logoutUrl:s? replyUrls:[s] "
    "servicePrincipalNames:[s] tags:[s] addIns:[o] appRoles:[o] info:o keyCredentials:[o] "
    "oauth2PermissionScopes:[o] passwordCredentials:[o] alternativeNames:[s] disabledByMicrosoftStatus:s? "
    "resourceSpecificApplicationPermissions:[o] servicePrincipalType:s? signInAudience:s tokenEncryptionKeyId:s? "
    "verifiedPublisher:o"
)
ASSIGNMENT = (
    "id:s deletedDateTime:s? appRoleId:s createdDateTime:s principalDisplayName:s principalId:s principalType:s "
    "resourceDisplayName:s resourceId:s"
)
GRANT = {"principalId": "{principal}", "resourceId": "{graph}", "appRoleId": "{role}"}
SOME = "id,appId,displayName,appRoles,oauth2PermissionScopes,resourceSpecificApplicationPermissions"
PRINCIPALS = (
    Example(page="serviceprincipal-post-serviceprincipals", ask="POST /serviceprincipals", body={"appId": "{app_id}"},
            status=201, context="servicePrincipals/$entity", shape=PRINCIPAL, keep="principal"),
    Example(page="serviceprincipal-list", ask="GET /servicePrincipals", rows=True, shape=PRINCIPAL),
    Example(page="serviceprincipal-get", ask="GET /servicePrincipals/{principal}", shape=PRINCIPAL),
    Example(page="serviceprincipal-get", ask=f"GET /servicePrincipals/{{graph}}?$select={SOME}", whole=True,
            context=f"servicePrincipals({SOME})/$entity", shape="id:s appId:s displayName:s appRoles:[o] "
            "oauth2PermissionScopes:[o] resourceSpecificApplicationPermissions:[o]"),
    Example(page="serviceprincipal-post-approleassignedto", ask="POST /servicePrincipals/{graph}/appRoleAssignedTo",
            body=GRANT, status=201, context="servicePrincipals('{graph}')/appRoleAssignedTo/$entity",
            shape=ASSIGNMENT, whole=True, keep="grant"),
    Example(page="serviceprincipal-list-approleassignments", context="appRoleAssignments", rows=True,
            ask="GET /servicePrincipals/{principal}/appRoleAssignments", shape=ASSIGNMENT),
    Example(page="serviceprincipal-list-approleassignedto", rows=True, shape=ASSIGNMENT, whole=True,
            ask="GET /servicePrincipals/{graph}/appRoleAssignedTo",
            context="servicePrincipals('{graph}')/appRoleAssignedTo"),
    Example(page="serviceprincipal-delete-approleassignedto", status=204,
            ask="DELETE /servicePrincipals/{graph}/appRoleAssignedTo/{grant}"),
    Example(page="serviceprincipal-post-approleassignments", status=201, body=GRANT, keep="grant",
            ask="POST /servicePrincipals/{principal}/appRoleAssignments", shape=ASSIGNMENT),
    Example(page="serviceprincipal-delete-approleassignments", status=204,
            ask="DELETE /servicePrincipals/{principal}/appRoleAssignments/{grant}"),
    Example(page="serviceprincipal-list", ask="GET /servicePrincipals/$count", headers=EVENTUAL),
    Example(page="serviceprincipal-update", ask="PATCH /servicePrincipals/{principal}", status=204,
            body={"appRoleAssignmentRequired": True}),
    Example(page="serviceprincipal-delete", ask="DELETE /servicePrincipals/{principal}", status=204),
    Example(page="application-delete", ask="DELETE /applications/{app}", status=204),
    Example(page="directory-deleteditems-list", ask="GET /directory/deleteditems/microsoft.graph.application",
            context="applications", rows=True, shape="id:s displayName:s deletedDateTime:s"),
    Example(page="directory-deleteditems-get", ask="GET /directory/deletedItems/{app}",
            context="directoryObjects/$entity", shape="id:s displayName:s"),
    Example(page="directory-deleteditems-restore", ask="POST /directory/deletedItems/{app}/restore",
            context="directoryObjects/$entity", shape="id:s displayName:s"),
)  # fmt: skip

AUDIT = (
    "id:s category:s correlationId:s result:s resultReason:s activityDisplayName:s activityDateTime:s "
    "loggedByService:s operationType:s initiatedBy:o targetResources:[o] additionalDetails:[o]"
)
ITEMS = [
    {"id": "1", "method": "GET", "url": "/users/{user}"},
    {"id": "2", "method": "POST", "url": "/users", "body": ADA, "headers": {"Content-Type": "application/json"}},
    {"id": "3", "method": "DELETE", "url": "/users/{nobody}"},
    {"id": "5", "method": "GET", "headers": EVENTUAL,
     "url": "users?$select=id,displayName,userPrincipalName&$filter=city eq null&$count=true"},
]  # fmt: skip
REST = (
    Example(page="directoryaudit-list", ask="GET /auditLogs/directoryAudits", context="auditLogs/directoryAudits",
            rows=True, shape=AUDIT, whole=True),
    Example(page="directoryaudit-list", rows=True,
            ask="GET /auditLogs/directoryaudits?$filter=initiatedBy/user/id eq '{nobody}'"),
    Example(page="directoryaudit-list", rows=True, shape=AUDIT,
            ask="GET /auditLogs/directoryAudits?$filter=activityDateTime ge 2020-01-09T21:20:02Z"),
    Example(page="json-batching", ask="POST /$batch", body={"requests": ITEMS}, shape="responses:[o]", whole=True),
)  # fmt: skip
