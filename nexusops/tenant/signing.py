"""Which domains Exchange Online signs mail for, the records that it needs for that, and how it begins and ends to sign
(R87; tenant-api.md 4.16).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import assert_never

import msgspec

from nexusops.model.changes import PublishRecords, RetireRecords
from nexusops.model.dns import DnsRecord, SigningStep
from nexusops.model.dns_report import Signing
from nexusops.model.ids import Domain
from nexusops.model.journal import JsonObject, JsonValue, Step, StepOutcome
from nexusops.tenant.acting import Site, aside, done, waiting
from nexusops.tenant.cmdlets import converted
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import FaultClass, TenantFault, unless_missing

KEY_SIZE = 2048
"""Bits; New-DkimSigningConfig itself would take 1024."""


class AcceptedDomainRow(msgspec.Struct):
    domain: str = msgspec.field(name="DomainName")


class DkimRow(msgspec.Struct):
    domain: str = msgspec.field(name="Domain")
    enabled: bool = msgspec.field(name="Enabled")
    first: str = msgspec.field(name="Selector1CNAME", default="")
    second: str = msgspec.field(name="Selector2CNAME", default="")

    @property
    def records(self) -> tuple[DnsRecord, ...]:
        """Two aliases: Exchange keeps the keys behind them, and changes them by itself."""
        return tuple(
            DnsRecord(type="CNAME", name=f"selector{n}._domainkey.{self.domain.lower()}", value=f"{target.lower()}.")
            for n, target in ((1, self.first), (2, self.second))
            if target
        )


async def signing_of(exchange: Exchange) -> Mapping[str, Signing]:
    """Accepted domain -> how it is signed. All or nothing: raises TenantFault."""
    accepted = [converted(row, AcceptedDomainRow) for row in await exchange.invoke("Get-AcceptedDomain")]
    configured = [converted(row, DkimRow) for row in await exchange.invoke("Get-DkimSigningConfig")]
    found = {row.domain.lower(): Signing(configured=False, enabled=False) for row in accepted}
    for row in configured:
        found[row.domain.lower()] = Signing(configured=True, enabled=row.enabled, records=row.records)
    return found


async def told_of(exchange: Exchange, domains: Collection[Domain]) -> Mapping[Domain, Signing | None]:
    """These domains; None: Exchange does not accept it. An application that may not ask is told of none."""
    try:
        found = await signing_of(exchange)
    except TenantFault as fault:
        if fault.fault is FaultClass.AUTH:
            return {}
        raise
    return {domain: found.get(domain) for domain in domains}


async def sign(site: Site, step: Step, change: PublishRecords | RetireRecords) -> StepOutcome:
    """One step of Exchange's part. What our role does not allow sets this domain aside, and stops nothing else."""
    found = await _configuration(site.exchange, change.domain)
    try:
        match SigningStep(step.name):
            case SigningStep.CONFIGURE:
                return await _configured(site, step, change.domain, found)
            case SigningStep.ENABLE:
                return await _switched(site, step, change.domain, found, on=True)
            case SigningStep.DISABLE:
                return await _switched(site, step, change.domain, found, on=False)
            case SigningStep.NONE:
                raise AssertionError("the publisher's step came to the tenant")
            case never:
                assert_never(never)
    except TenantFault as fault:
        if fault.fault is FaultClass.AUTH:
            return aside(step, f"needs a human: {fault.message}; give the application a role with *-DkimSigningConfig")
        if awaits_aliases(fault):
            return waiting(step, f"Exchange does not see the aliases of {change.domain} in the DNS yet")
        raise


def awaits_aliases(fault: TenantFault) -> bool:
    """Whether Exchange refuses to sign since it does not find its aliases. Microsoft documents neither the type nor the
    text of that refusal; this is how its administrators quote it.
    """
    return "CNAME record does not exist" in fault.message


async def _configured(site: Site, step: Step, domain: str, found: DkimRow | None) -> StepOutcome:
    """Switched off until the DNS has its aliases; one that is there already is taken as it is."""
    before = _shown(found)
    if found is None:

        async def look() -> bool:
            nonlocal found
            found = await _configuration(site.exchange, domain)
            return found is not None and bool(found.records)

        await site.write(
            lambda: site.exchange.invoke("New-DkimSigningConfig", DomainName=domain, Enabled=False, KeySize=KEY_SIZE),
            look,
        )
    records = found.records if found is not None else ()
    return replace(done(step, before, _shown(found)), records=records)


async def _switched(site: Site, step: Step, domain: str, found: DkimRow | None, *, on: bool) -> StepOutcome:
    before = _shown(found)
    if found is None and on:
        return aside(step, f"Exchange has no signing configuration of {domain} (any more)", before)
    if found is None or found.enabled is on:
        return done(step, before, before)

    async def look() -> bool:
        now = await _configuration(site.exchange, domain)
        return now is not None and now.enabled is on

    await site.write(
        lambda: site.exchange.invoke("Set-DkimSigningConfig", Identity=domain, Enabled=on),
        look,
    )
    return done(step, before, {**before, "enabled": on})


async def _configuration(exchange: Exchange, domain: str) -> DkimRow | None:
    """The one of this domain. Raises where Exchange answers with others: a lost Identity means all of them (5.1)."""
    rows = await unless_missing(exchange.looked("Get-DkimSigningConfig", Identity=domain))
    found = [converted(row, DkimRow) for row in rows or ()]
    if len(found) > 1 or any(row.domain.lower() != domain.lower() for row in found):
        raise TenantFault(FaultClass.BUG, f"Exchange answered with other signing configurations than {domain}")
    return found[0] if found else None


def _shown(row: DkimRow | None) -> JsonObject:
    """For the journal."""
    records: list[JsonValue] = [f"{one.name} {one.value}" for one in row.records] if row is not None else []
    return {"configured": row is not None, "enabled": row is not None and row.enabled, "aliases": records}
