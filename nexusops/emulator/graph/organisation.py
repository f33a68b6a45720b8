"""The organisation (``GET /organization``)."""

from __future__ import annotations

from nexusops.emulator.birth import INITIAL_DOMAIN
from nexusops.emulator.graph import odata
from nexusops.emulator.wire import Answer, Call

_LISTS = (
    "assignedPlans", "businessPhones", "marketingNotificationEmails", "provisionedPlans",
    "securityComplianceNotificationMails", "securityComplianceNotificationPhones", "technicalNotificationMails",
)  # fmt: skip
_EMPTY = (
    "city", "country", "deletedDateTime", "isMultipleDataLocationsForServicesEnabled", "onPremisesLastSyncDateTime",
    "postalCode", "state", "street",
)  # fmt: skip


def organisation(call: Call) -> Answer:
    """One row: the tenant, with its verified domains."""
    odata.check_options(call, {"$select"})
    book = call.book
    verified = [
        {
            "name": found["id"],
            "isDefault": found["isDefault"],
            "isInitial": found["isInitial"],
            "type": "Managed",
            "capabilities": ", ".join(found["supportedServices"]),
        }
        for found in book.page("domain")
        if found["isVerified"]
    ]
    row = {
        "id": book.setting("tenant_id"),
        "displayName": "nexusops",
        "tenantType": "AAD",
        "countryLetterCode": "GB",
        "createdDateTime": "2020-01-01T00:00:00Z",
        "defaultUsageLocation": "GB",
        "onPremisesSyncEnabled": None,
        "verifiedDomains": verified or [{"name": INITIAL_DOMAIN, "isDefault": True, "isInitial": True}],
        **{n: [] for n in _LISTS},
        **dict.fromkeys(_EMPTY),
        "partnerTenantType": None,
        "preferredLanguage": "en",
        "directorySizeQuota": {"used": book.count("user"), "total": 300000},
        "privacyProfile": {"contactEmail": None, "statementUrl": None},
    }
    names = odata.select_of(call, "organization", row, row)
    return Answer(200, odata.listed(call, odata.selected(call, "organization", names), [odata.shown(row, names)]))
