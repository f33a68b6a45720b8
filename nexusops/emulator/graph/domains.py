"""Mail domains: added, verified by a DNS record, removed (tenant-api.md 4.16)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from nexusops.emulator.birth import domain as new_domain
from nexusops.emulator.book import Book, Object
from nexusops.emulator.graph import odata, queries
from nexusops.emulator.wire import Answer, Call, bad_request, conflict, not_found

_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SERVICES = {"Email", "OfficeCommunicationsOnline", "Sharepoint", "EmailInternalRelayOnly", "Yammer", "Intune"}
_WRITABLE = {"isDefault", "supportedServices", "passwordValidityPeriodInDays", "passwordNotificationWindowInDays"}
_READ_ONLY = {
    "id",
    "authenticationType",
    "availabilityStatus",
    "isAdminManaged",
    "isInitial",
    "isRoot",
    "isVerified",
    "state",
    "model",
    "manufacturer",
}


def list_domains(call: Call) -> Answer:
    odata.check_options(call, {"$select", "$top", "$filter"})
    known = _WRITABLE | _READ_ONLY
    question = queries.asked(call, queries.clause("domain", known))
    rows = [row for row in call.book.page("domain") if question.test(row)]
    names = odata.select_of(call, "domain", known, new_domain("", verified=False))
    return Answer(
        200, odata.listed(call, odata.selected(call, "domains", names), [odata.shown(row, names) for row in rows])
    )


def _find(call: Call, name: str) -> Object:
    found = call.book.get("domain", name.lower())
    if found is None:
        raise not_found(name)
    return found


def get_domain(call: Call, name: str) -> Answer:
    return Answer(200, {"@odata.context": odata.context(call, "domains/$entity"), **_find(call, name)})


def add_domain(call: Call) -> Answer:
    """``POST /domains``: only ``id`` may be given. Beneath a verified domain it is verified at once."""
    body = call.body
    names = {name for name in body if not name.startswith("@")} if isinstance(body, dict) else set()
    name = body["id"].lower() if names == {"id"} and isinstance(body["id"], str) else ""
    if not _NAME.fullmatch(name):
        raise bad_request(
            "One or more properties contains invalid values.",
            details=[{"code": "InvalidValue", "message": "Only a domain name may be given.", "target": "id"}],
        )
    if call.book.get("domain", name) is not None:
        raise conflict("domainName")
    found = new_domain(name, verified=False)
    parent = _verified_parent(call.book, name)
    if parent:
        found |= {"isVerified": True, "isRoot": False, "supportedServices": ["Email"]}
    call.book.put("domain", name, found)
    return Answer(201, {"@odata.context": odata.context(call, "domains/$entity"), **found})


def _verified_parent(book: Book, name: str) -> str | None:
    labels = name.split(".")
    suffixes = book.setting("suffixes")
    for parent in (".".join(labels[n:]) for n in range(1, len(labels) - 1)):
        found = book.get("domain", parent)
        if parent in suffixes or (found is not None and found["isVerified"]):
            return parent
    return None


def change_domain(call: Call, name: str) -> Answer:
    """``PATCH /domains/{id}``: 204; a verified domain becomes an accepted one with the service Email."""
    found, body = _find(call, name), call.body
    names = {n for n in body if not n.startswith("@")} if isinstance(body, dict) else set()
    if not names or names - _WRITABLE:
        raise bad_request(f"Property '{min(names - _WRITABLE, default='')}' cannot be set.")
    services = body.get("supportedServices")
    if services is not None and not (isinstance(services, list) and set(services) <= _SERVICES):
        raise bad_request("One or more properties contains invalid values.")
    if not found["isVerified"]:
        raise bad_request(f"Domain {name} is not verified.")
    if body.get("isDefault"):
        for other in [row for row in call.book.page("domain") if row["isDefault"]]:
            call.book.put("domain", other["id"], {**other, "isDefault": False})
    call.book.put("domain", found["id"], {**found, **{n: body[n] for n in names}})
    return Answer(204)


def delete_domain(call: Call, name: str) -> Answer:
    """``DELETE /domains/{id}``: 204; refused while an address uses it."""
    found = _find(call, name)
    used = call.book.db.execute("SELECT 1 FROM address WHERE address LIKE ? LIMIT 1", (f"%@{found['id']}",)).fetchone()
    if used or found["isInitial"]:
        raise bad_request(f"The domain {name} cannot be deleted: it is referenced by other objects.")
    call.book.erase("domain", found["id"])
    return Answer(204)


def verify_domain(call: Call, name: str) -> Answer:
    """``POST /domains/{id}/verify``: 200 once the record is published (``POST /_emulator/dns`` says so), else 400."""
    found = _find(call, name)
    if found["isVerified"]:
        raise bad_request(f"Domain {name} is already verified.")
    if found["id"] not in (call.book.setting("published") or []):
        raise bad_request(f"Domain verification failed: the verification record was not found in the DNS of {name}.")
    found = {**found, "isVerified": True, "supportedServices": ["Email"]}
    call.book.put("domain", found["id"], found)
    return Answer(200, {"@odata.context": odata.context(call, "domains/$entity"), **found})


def verification_records(call: Call, name: str) -> Answer:
    found = _find(call, name)
    mark = f"ms{int(hashlib.sha256(found['id'].encode()).hexdigest(), 16) % 10**8:08d}"
    txt = _record(found, "Txt", text=f"MS={mark}")
    mx = _record(found, "Mx", mailExchange=f"{mark}.msv1.invalid", preference=32767)
    return Answer(200, odata.listed(call, f"domains('{found['id']}')/verificationDnsRecords", [txt, mx]))


def service_records(call: Call, name: str) -> Answer:
    found = _find(call, name)
    host = found["id"].replace(".", "-") + ".mail.protection.outlook.com"
    rows = [
        _record(found, "Mx", mailExchange=host, preference=0),
        _record(found, "Txt", text="v=spf1 include:spf.protection.outlook.com -all"),
        _record(found, "CName", label=f"autodiscover.{found['id']}", canonicalName="autodiscover.outlook.com"),
    ]
    return Answer(200, odata.listed(call, f"domains('{found['id']}')/serviceConfigurationRecords", rows))


def _record(found: Object, kind: str, **more: Any) -> Object:
    """One domainDnsRecord of a derived type."""
    seed = f"{found['id']}{kind}{more.get('label', '')}{more.get('text', '')}"
    digest = hashlib.sha256(seed.encode()).hexdigest()
    return {
        "@odata.type": f"#microsoft.graph.domainDns{'Cname' if kind == 'CName' else kind}Record",
        "id": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}",
        "isOptional": False,
        "label": found["id"],
        "recordType": kind,
        "supportedService": "Email",
        "ttl": 3600,
        **more,
    }
