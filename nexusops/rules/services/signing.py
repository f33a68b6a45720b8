"""DKIM of a service domain by Exchange's own signing configuration, where Exchange accepts the domain (R86, R87).

Its two aliases are published with the other records. It begins to sign once somebody has proved that the DNS answers
with all of them; before that it would refuse to. Where the provider's own keys stand at those two names it cannot sign:
a name has one alias.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nexusops.model.dns import DnsRecord, SigningStep
from nexusops.model.dns_report import Signing
from nexusops.model.ids import Domain, UnitId
from nexusops.model.services import ENDED, SendingPath, Service, ServiceRequest, ServiceState
from nexusops.model.units import Unit
from nexusops.rules.services.ways import path_of, service_domain

Seen = Mapping[Domain, Signing | None]
SELECTORS = ("selector1", "selector2")
"""Exchange's, of every domain (tenant-api.md 4.16)."""


def domains_to_ask(
    rows: Iterable[Service], requests: Iterable[ServiceRequest], units: Mapping[UnitId, Unit]
) -> frozenset[Domain]:
    """The service domains that there are or will be, of which Exchange is to say whether it accepts and signs them."""
    found: dict[Domain, ServiceState | None] = {row.domain: row.state for row in rows if row.domain is not None}
    for request in requests:
        unit = units.get(request.unit_id)
        if unit is not None and unit.domain is not None and path_of(request)[0] is SendingPath.SERVICE_DOMAIN:
            found.setdefault(service_domain(request, unit.domain), None)
    return frozenset(domain for domain, state in found.items() if state not in ENDED)


def with_signing(row: Service, seen: Seen) -> Service:
    """The row, with what was just ``seen`` of its domain; ``records`` are those of the request, and get the aliases."""
    if row.domain is None:
        return replace(row, aliases=(), sign=False)
    if row.domain in seen:
        found = seen[row.domain]
        row = replace(row, aliases=found.records if found else (), signs=found is not None and found.enabled)
    if not _leaves_room(row):
        return replace(row, aliases=(), sign=False)
    records = tuple(dict.fromkeys((*row.records, *row.aliases)))
    proved = row.verified_on is not None and row.published == records
    return replace(row, records=records, sign=bool(row.aliases) and (row.signs or proved))


def _leaves_room(row: Service) -> bool:
    """Whether the request's own records leave Exchange its names."""
    names = {record.name for record in row.records if record not in row.aliases}
    return names.isdisjoint(f"{selector}._domainkey.{row.domain}" for selector in SELECTORS)


def step_of(row: Service, seen: Seen) -> SigningStep:
    """What Exchange is to do for a product that runs. A configuration is made before anything is published."""
    found = seen.get(row.domain) if row.domain is not None else None
    if found is not None and not found.configured and _leaves_room(row):
        return SigningStep.CONFIGURE
    if row.sign is row.signs:
        return SigningStep.NONE
    return SigningStep.ENABLE if row.sign else SigningStep.DISABLE


def signed(row: Service, step: SigningStep, aliases: tuple[DnsRecord, ...]) -> Service:
    """Exchange has done this step; a new configuration's aliases are to be published from now on."""
    if step is SigningStep.CONFIGURE:
        return replace(row, aliases=aliases, records=tuple(dict.fromkeys((*row.records, *aliases))))
    return replace(row, signs=step is SigningStep.ENABLE)
