"""``doctor`` before a run: what the tenant lacks of what a run will need of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from building.snapshot_folder import SnapshotFolder

from nexusops.emulator import EmbeddedTenant

if TYPE_CHECKING:
    from cli.conftest import CommandSite

AT = "2025-10-01T08:00:00Z"
GATE = "the outbound spam policy Default has AutoForwardingMode Automatic"
AS_OF = datetime(2025, 10, 1, 7, 50, tzinfo=UTC)


def registered(site: CommandSite, *, managed: bool) -> None:
    tables = SnapshotFolder().domain("chem.ox.ac.uk", managed=managed).unit("CHEM", "department", "chem.ox.ac.uk")
    tables.person("1", "chem0001").card("1", "US", "Ann", "Lee", "2025-01-01", "2028-09-30")
    tables.write(site.folder / "snapshot", AS_OF)


def answering(site: CommandSite, match: dict[str, str], row: dict[str, Any]) -> None:
    fault = {"match": match, "kind": "status", "status": 200, "body": {"value": [row]}, "times": 9}
    with EmbeddedTenant.open(site.folder / "state" / "tenant.db") as tenant:
        tenant.set_faults([fault])


def told(site: CommandSite, name: str) -> tuple[int, bool, str]:
    said = site.type("doctor", "--at", AT, "--format", "json")
    (check,) = [one for one in said.document["checks"] if one["name"] == name]
    return said.code, check["ok"], check["message"]


def test_a_stock_of_licences_that_is_used_up_is_told_before_a_run(site: CommandSite) -> None:
    """tenant-api.md 4.4."""
    registered(site, managed=True)
    licence = "ENTERPRISEPACKPLUS_FACULTY"
    sku = {"skuId": "1", "skuPartNumber": licence, "consumedUnits": 60_000, "prepaidUnits": {"enabled": 60_000}}
    answering(site, {"path": "subscribedSkus"}, sku)
    said = f"none of {licence} is left: no new mailbox is begun; free some or order more, or check licence_sku"
    assert told(site, "licences") == (6, False, said)


@pytest.mark.parametrize(
    ("managed", "code", "ok", "message"),
    [
        (True, 0, True, "no domain is known to be hosted elsewhere, so nothing is forwarded"),
        (
            False,
            6,
            False,
            f"mail to chem.ox.ac.uk may be refused (5.7.520): {GATE}; allow them in the Defender portal",
        ),
    ],
)
def test_a_tenant_that_lets_no_forward_out_is_told_where_somebody_is_forwarded(
    site: CommandSite, managed: bool, code: int, ok: bool, message: str
) -> None:
    """R58, tenant-api.md 4.8."""
    registered(site, managed=managed)
    automatic = {"Name": "Default", "AutoForwardingMode": "Automatic"}
    answering(site, {"cmdlet": "Get-HostedOutboundSpamFilterPolicy"}, automatic)
    assert told(site, "forwards") == (code, ok, message)
