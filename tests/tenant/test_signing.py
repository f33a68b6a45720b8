"""Which domains Exchange signs for: read from the embedded tenant through the real client (tenant-api.md 4.16)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building.embedded import Room

from nexusops.errors import TenantUnreadable
from nexusops.model.changes import DnsRecord
from nexusops.model.dns_report import Signing

CHEM, LAW = "chem.ox.ac.uk", "law.ox.ac.uk"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path / "tenant.db")
    for domain in (CHEM, LAW):
        opened.service.accept_domain(domain)
    yield opened
    opened.tenant.close()


def cmdlet(room: Room, name: str, **parameters: Any) -> None:
    room.tenant._run(room.tenant._exchange.invoke(name, **parameters))


def test_every_accepted_domain_has_its_answer(room: Room) -> None:
    """R87: with the aliases that Exchange needs, before and after it signs."""
    cmdlet(room, "New-DkimSigningConfig", DomainName=CHEM, KeySize=2048, Enabled=False)
    signing = room.tenant.signing()
    assert signing[LAW] == Signing(configured=False, enabled=False)
    assert (signing[CHEM].configured, signing[CHEM].enabled) == (True, False)
    assert signing[CHEM].records == tuple(
        DnsRecord(
            type="CNAME",
            name=f"selector{n}._domainkey.{CHEM}",
            value=f"selector{n}-chem-ox-ac-uk._domainkey.nexusops.onmicrosoft.com.",
        )
        for n in (1, 2)
    )


def test_a_refusal_is_no_empty_answer(room: Room) -> None:
    room.faults({"match": {"cmdlet": "Get-DkimSigningConfig"}, "kind": "status", "status": 403})
    with pytest.raises(TenantUnreadable):
        room.tenant.signing()
