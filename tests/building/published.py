"""What Microsoft publishes of Graph v1.0 for the operations that the embedded tenant has: request, status, answer.

Facts only (paths, statuses, names and types of properties); the values are ours. ``page`` is the page of
microsoftgraph/microsoft-graph-docs-contrib (api-reference/v1.0/api/PAGE.md; concepts/json-batching.md).

A shape is ``name:type`` words: s string, i integer, b boolean, o object, [s] list of strings, [o] list of objects; a
``?`` behind it: or null. ``{user}`` and its like stand for objects that the test has made, or earlier rows (``keep``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """``shape``: of the answer, or of each row of its ``value``; ``whole``: nothing else is in it."""

    page: str
    ask: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    context: str | None = None
    shape: str = ""
    rows: bool = False
    whole: bool = False
    beside: tuple[str, ...] = ()
    """Annotations beside @odata.context and value."""
    error: str = ""
    keep: str = ""
    """The name under which later rows find this answer's id."""


EVENTUAL = {"ConsistencyLevel": "eventual"}
USER = (
    "businessPhones:[s] displayName:s givenName:s? id:s jobTitle:s? mail:s? mobilePhone:s? officeLocation:s? "
    "preferredLanguage:s? surname:s? userPrincipalName:s"
)
PASSWORD = {"forceChangePasswordNextSignIn": True, "password": "Correct-Horse-7"}
ADA = {
    "accountEnabled": True,
    "displayName": "Ada Ward",
    "mailNickname": "adaw",
    "userPrincipalName": "adaw@nexus.ox.ac.uk",
    "passwordProfile": PASSWORD,
}
USERS = (
    Example(page="user-post-users", ask="POST /users", body=ADA, status=201, context="users/$entity", shape=USER,
            whole=True, keep="ada"),
    Example(page="user-get", ask="GET /users/{ada}", shape=USER, whole=True),
    Example(page="user-get", ask="GET /users/{ada}?$select=displayName,givenName,postalCode,identities",
            context="users(displayName,givenName,postalCode,identities)/$entity", whole=True,
            shape="displayName:s givenName:s? postalCode:s? identities:[o]"),
    Example(page="user-get", ask="GET /users('adaw@nexus.ox.ac.uk')", shape=USER),
    Example(page="user-list", ask="GET /users", context="users", rows=True, shape=USER, whole=True),
    Example(page="user-list", ask="GET /users?$select=displayName,id&$filter=identities/any(c:c/issuerAssignedId eq "
            "'x@y.org' and c/issuer eq 'a tenant')", context="users(displayName,id)", rows=True),
    Example(page="user-list", ask="GET /users/$count", headers=EVENTUAL),
    Example(page="user-list", headers=EVENTUAL, context="users", rows=True, beside=("@odata.count",),
            ask="GET /users?$filter=startswith(displayName,'a')&$orderby=displayName&$count=true&$top=1",
            shape="displayName:s userPrincipalName:s"),
    Example(page="user-list", ask="GET /users?$filter=endswith(mail,'.ac.uk')&$orderby=userPrincipalName&$count=true",
            headers=EVENTUAL, rows=True, shape=USER, beside=("@odata.count",)),
    Example(page="user-list", ask="GET /users?$search=\"displayName:wa\"&$orderby=displayName&$count=true",
            headers=EVENTUAL, rows=True, shape=USER, beside=("@odata.count",)),
    Example(page="user-list", ask="GET /users?$search=\"displayName:wa\" OR \"displayName:by\"&$count=true",
            headers=EVENTUAL, rows=True, shape=USER, beside=("@odata.count",)),
    Example(page="user-list", ask="GET /users?$search=\"displayName:wa\"", status=400,
            error="Request_UnsupportedQuery"),
    Example(page="user-list", ask="GET /users?$select=id,mail,assignedLicenses&$filter=assignedLicenses/any("
            "u:u/skuId eq {sku})", context="users(id,mail,assignedLicenses)", rows=True,
            shape="id:s mail:s? assignedLicenses:[o]"),
    Example(page="user-list", ask="GET /users?$select=aboutMe", status=501, error="NotImplemented"),
    Example(page="user-update", ask="PATCH /users/{ada}",
            body={"accountEnabled": True, "businessPhones": ["01865 1"], "city": "Oxford"}, status=204),
    Example(page="user-assignlicense", ask="POST /users/{user}/assignLicense", context="users/$entity",
            body={"addLicenses": [{"disabledPlans": [], "skuId": "{sku}"}], "removeLicenses": []},
            shape="accountEnabled:b assignedLicenses:[o] assignedPlans:[o] businessPhones:[s] city:s? companyName:s?"),
    Example(page="user-revokesigninsessions", ask="POST /users/{ada}/revokeSignInSessions", context="Edm.Boolean",
            shape="value:b", whole=True),
    Example(page="user-delta", ask="GET /users/delta", context="users", rows=True, beside=("@odata.deltaLink",)),
    Example(page="user-delta", ask="GET /users/delta?$select=displayName,jobTitle,mobilePhone",
            context="users(displayName,jobTitle,mobilePhone)", rows=True, shape="displayName:s id:s",
            beside=("@odata.deltaLink",)),
    Example(page="user-delta", ask="GET /users/delta/?$filter= id eq '{ada}' or id eq '{user}'", rows=True,
            beside=("@odata.deltaLink",)),
    Example(page="user-delta", ask="GET /users/microsoft.graph.delta()?$select=displayName,givenName,surname",
            headers={"Prefer": "return=minimal"}, rows=True, beside=("@odata.deltaLink",)),
    Example(page="user-delete", ask="DELETE /users/{ada}", status=204),
    Example(page="user-get", ask="GET /users/{ada}", status=404, error="Request_ResourceNotFound"),
    Example(page="directory-deleteditems-list", rows=True, headers=EVENTUAL,
            shape="id:s displayName:s deletedDateTime:s",
            ask="GET /directory/deletedItems/microsoft.graph.user?$count=true&$orderBy=deletedDateTime asc"
            "&$select=id,DisplayName,deletedDateTime", context="users(id,displayName,deletedDateTime)",
            beside=("@odata.count",), whole=True),
    Example(page="directory-deleteditems-list", ask="GET /directory/deleteditems", status=400,
            error="Request_BadRequest"),
    Example(page="directory-deleteditems-get", ask="GET /directory/deletedItems/{ada}",
            context="directoryObjects/$entity", shape="id:s displayName:s mail:s?"),
    Example(page="directory-deleteditems-restore", ask="POST /directory/deletedItems/{ada}/restore",
            context="directoryObjects/$entity", shape="id:s displayName:s"),
    Example(page="directory-deleteditems-delete", ask="DELETE /directory/deletedItems/{user}", status=404,
            error="Request_ResourceNotFound"),
    Example(page="subscribedsku-list", ask="GET /subscribedSkus", context="subscribedSkus", rows=True, whole=True,
            shape="accountName:s accountId:s appliesTo:s capabilityStatus:s consumedUnits:i id:s prepaidUnits:o "
            "servicePlans:[o] skuId:s skuPartNumber:s subscriptionIds:[s]"),
    Example(page="organization-list", ask="GET /organization", context="organization", rows=True,
            shape="id:s deletedDateTime:s? businessPhones:[s] city:s? country:s? countryLetterCode:s createdDateTime:s "
            "displayName:s marketingNotificationEmails:[s] onPremisesSyncEnabled:b? preferredLanguage:s state:s? "
            "technicalNotificationMails:[s] tenantType:s directorySizeQuota:o assignedPlans:[o] privacyProfile:o "
            "provisionedPlans:[o] verifiedDomains:[o] partnerTenantType:s? street:s? postalCode:s?"),
)  # fmt: skip

MESSAGE = {
    "subject": "Lunch?",
    "body": {"contentType": "Text", "content": "At one."},
    "toRecipients": [{"emailAddress": {"address": "a@x.org"}}],
}
HEADED = [{"name": "x-group", "value": "1"}]
ATTACHED = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentType": "text/plain",
            "contentBytes": "SGVsbG8="}  # fmt: skip
FLAG = {"flagStatus": "flagged", "dueDateTime": {"dateTime": "2026-09-01T17:00:00", "timeZone": "UTC"}}
MOMENT = {"dateTime": "2026-03-20T18:00:00.0000000", "timeZone": "UTC"}
SCHEDULED = {"status": "Scheduled", "scheduledStartDateTime": MOMENT, "scheduledEndDateTime": MOMENT}
SETTINGS = "/users/{user}/mailboxSettings"
REPLIES = (
    "status:s externalAudience:s scheduledStartDateTime:o scheduledEndDateTime:o internalReplyMessage:s "
    "externalReplyMessage:s"
)
CUSTOM = {"@odata.type": "#microsoft.graph.customTimeZone", "bias": -300, "name": "Customized Time Zone"}
MAILBOXES = (
    Example(page="user-sendmail", ask="POST /users/{user}/sendMail", status=202,
            body={"message": {**MESSAGE, "ccRecipients": MESSAGE["toRecipients"]}, "saveToSentItems": "false"}),
    Example(page="user-sendmail", ask="POST /users/{user}/sendMail", status=202,
            body={"message": {**MESSAGE, "internetMessageHeaders": HEADED}}),
    Example(page="user-sendmail", ask="POST /users/{user}/sendMail", status=202,
            body={"message": {**MESSAGE, "attachments": [ATTACHED]}}),
    Example(page="user-sendmail", ask="POST /users/{user}/sendMail", status=202, body={**MESSAGE, "flag": FLAG}),
    Example(page="user-sendmail", ask="POST /users/{user}/sendMail", status=202, body=b"VG86IGFA\neC5vcmcK\n",
            headers={"Content-Type": "text/plain"}),
    Example(page="user-sendmail", ask="POST /users/{user}/sendMail", status=400, body=b"no base64!",
            headers={"Content-Type": "text/plain"}, error="ErrorMimeContentInvalidBase64String"),
    Example(page="user-get-mailboxsettings", ask=f"GET {SETTINGS}", context="users('{user}')/mailboxSettings",
            whole=True, shape="automaticRepliesSetting:o timeZone:s language:o workingHours:o dateFormat:s "
            "timeFormat:s delegateMeetingMessageDeliveryOptions:s userPurpose:s"),
    Example(page="user-get-mailboxsettings", ask=f"GET {SETTINGS}/automaticRepliesSetting", shape=REPLIES, whole=True,
            context="users('{user}')/mailboxSettings/automaticRepliesSetting"),
    Example(page="user-get-mailboxsettings", ask=f"GET {SETTINGS}/workingHours", whole=True,
            shape="daysOfWeek:[s] startTime:s endTime:s timeZone:o",
            context="users('{user}')/mailboxSettings/workingHours"),
    *(Example(page="user-get-mailboxsettings", ask=f"GET {SETTINGS}/{name}", shape="value:s", whole=True,
              context=f"users('{{user}}')/mailboxSettings/{name}")
      for name in ("dateFormat", "delegateMeetingMessageDeliveryOptions", "timeFormat", "timeZone", "userPurpose")),
    Example(page="user-get-mailboxsettings", ask=f"GET {SETTINGS}/language", whole=True,
            shape="locale:s displayName:s"),
    Example(page="user-update-mailboxsettings", ask=f"PATCH {SETTINGS}", body={"automaticRepliesSetting": SCHEDULED},
            context="users('{user}')/mailboxSettings", shape="automaticRepliesSetting:o", whole=True),
    Example(page="user-update-mailboxsettings", ask=f"PATCH {SETTINGS}", shape="workingHours:o", whole=True,
            body={"workingHours": {"endTime": "18:30:00.0000000", "daysOfWeek": ["Monday"], "timeZone": CUSTOM}}),
    Example(page="user-update-mailboxsettings", ask=f"PATCH {SETTINGS}", body={"workingHours": {"startTime": "08"}},
            status=400, error="RequestBodyRead"),
    Example(page="user-update-mailboxsettings", ask=f"PATCH {SETTINGS}", status=400, error="ErrorInvalidTimeSettings",
            body={"workingHours": {"startTime": "19:00:00", "endTime": "08:00:00"}}),
    Example(page="user-update-mailboxsettings", ask=f"PATCH {SETTINGS}", status=400, error="InvalidArguments",
            body={"workingHours": {"daysOfWeek": ["Someday"]}}),
)  # fmt: skip
