"""Which domains Exchange Online signs mail for, and the records that it needs for that (tenant-api.md 4.16)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from nexusops.model.changes import DnsRecord
from nexusops.model.dns_report import Signing
from nexusops.tenant.cmdlets import converted
from nexusops.tenant.exchange import Exchange


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
