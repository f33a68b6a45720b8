"""``doctor``: what the jobs need, what the application has, what it should not have, and how that is put right."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from building.embedded import SETTINGS, Room
from cli.conftest import CommandSite, site
from emulator.asking import Asking

from jobs import addresses, disable_cancelled, mailboxes, notices
from nexusops.doctor.permissions import permissions
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.model.ids import Domain
from nexusops.model.inspection import Inspection

__all__ = ["site"]
READS = ("User.Read.All", "LicenseAssignment.Read.All", "Exchange.ManageAsApp")


def seen(path: Path, *grants: str) -> Inspection:
    room = Room(path / "tenant.db", grants=grants)
    try:
        return room.tenant.inspect()
    finally:
        room.tenant.close()


def told(inspection: Inspection, *jobs: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = permissions(
        [module.job for module in jobs],  # type: ignore[attr-defined]
        inspection,
        client_id="app-1",
        tenant_id="tenant-1",
        authority="https://login.example",
    )
    return found.missing, found.too_many


def test_exactly_what_a_job_declares_is_neither_too_few_nor_too_many(tmp_path: Path) -> None:
    job = addresses.job
    assert told(seen(tmp_path, *job.graph, *job.exchange), addresses) == ((), ())


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    inspection = seen(tmp_path, "User.Read.All", "Exchange.ManageAsApp", "View-Only Recipients")
    assert told(inspection, addresses, notices) == (
        ("LicenseAssignment.Read.All", "Mail Recipients", "Mail.Send"),
        (),
    )


def test_a_wider_permission_serves_and_what_nothing_needs_is_too_many(tmp_path: Path) -> None:
    wide = ("User.ReadWrite.All", "LicenseAssignment.Read.All", "AppRoleAssignment.ReadWrite.All", "Mail.Send")
    inspection = seen(tmp_path, *wide, "Exchange.ManageAsApp", "Exchange Administrator")
    assert told(inspection, disable_cancelled) == ((), ("AppRoleAssignment.ReadWrite.All", "Mail.Send"))


def test_without_a_role_exchange_is_said_to_refuse(tmp_path: Path) -> None:
    """tenant-api.md 3.2: permission only, then 403 and NUL bytes."""
    inspection = seen(tmp_path, *READS)
    assert inspection.cmdlets is None
    assert [name for name, _ in inspection.refused] == ["cmdlets", "domains", "gates"]


def test_the_steps_say_what_an_administrator_does(tmp_path: Path) -> None:
    found = permissions(
        [mailboxes.job],
        Inspection(graph=frozenset(), exchange=None, cmdlets=frozenset(), domains=None, ahead=None, ends=None),
        client_id="app-1",
        tenant_id="tenant-1",
        authority="https://login.example",
    )
    names = '"View-Only Recipients","Mail Recipients","Mail Recipient Creation"'
    assert [step.partition(" > ")[0] if " > " in step else step for step in found.steps] == [
        "Entra admin centre",
        "Entra admin centre",
        "Grant admin consent there, or at https://login.example/tenant-1/adminconsent?client_id=app-1",
        "Exchange: New-ServicePrincipal -AppId app-1 -ObjectId OBJECT_ID -DisplayName nexusops",
        f'Exchange: New-RoleGroup -Name "nexusops" -Roles {names} -Members OBJECT_ID',
        "OBJECT_ID is the object id under Enterprise applications, not that of the app registration.",
    ]
    assert "User.ReadWrite.All" in found.steps[0]


def test_accepted_domains_and_registered_credentials_are_told_where_they_may_be_read(tmp_path: Path) -> None:
    first = EmbeddedTenant.open(tmp_path / "tenant.db")
    asking = Asking(first)
    app = asking.graph("GET", f"/applications(appId='{first.client_id}')").json()["id"]
    asked = {"passwordCredential": {"displayName": "hourly", "endDateTime": "2027-01-31T00:00:00Z"}}
    assert asking.graph("POST", f"/applications/{app}/addPassword", asked).status_code == 200
    asking.close()
    first.close()
    room = Room(tmp_path / "tenant.db", settings=dataclasses.replace(SETTINGS, client_id=first.client_id))
    inspection = room.tenant.inspect()
    room.tenant.close()
    assert inspection.domains is not None
    assert "nexusops.onmicrosoft.com" in inspection.domains
    assert inspection.accepts(Domain("law.ox.ac.uk"))
    assert not inspection.accepts(Domain("law.example"))
    assert inspection.ends == (("secret hourly", date(2027, 1, 31)),)


@pytest.mark.parametrize("words", [(), ("addresses", "senders")])
def test_a_fresh_site_is_in_order_but_for_its_snapshot(site: CommandSite, words: tuple[str, ...]) -> None:
    said = site.type("doctor", *words, "--at", "2025-10-01T08:00:00Z", "--format", "json")
    assert said.code == 6
    assert [one["name"] for one in said.document["checks"] if not one["ok"]] == ["snapshot"]
    assert "permissions" in [one["name"] for one in said.document["checks"]]


def looked(path: Path, *faults: dict[str, Any]) -> Inspection:
    room = Room(path / "tenant.db")
    room.faults(*faults)
    try:
        return room.tenant.inspect()
    finally:
        room.tenant.close()


def answer(match: dict[str, str], *rows: dict[str, Any]) -> dict[str, Any]:
    return {"match": match, "kind": "status", "status": 200, "body": {"value": list(rows)}}


def test_the_licences_left_are_counted_and_one_that_is_not_there_leaves_none(tmp_path: Path) -> None:
    """tenant-api.md 4.4: before a run."""
    sku = {"skuId": "1", "skuPartNumber": SETTINGS.licence_sku, "consumedUnits": 7, "prepaidUnits": {"enabled": 10}}
    other = {**sku, "skuPartNumber": "OTHER"}
    path = {"path": "subscribedSkus"}
    assert looked(tmp_path, answer(path, other, sku)).licences == 3
    assert looked(tmp_path, answer(path, other)).licences == 0


def test_what_keeps_forwards_inside_is_told(tmp_path: Path) -> None:
    """tenant-api.md 4.8: independent gates, and setting the attribute succeeds all the same."""
    assert looked(tmp_path).gates == ()
    policy = answer(
        {"cmdlet": "Get-HostedOutboundSpamFilterPolicy"},
        {"Name": "Default", "AutoForwardingMode": "Automatic"},
        {"Name": "Some", "AutoForwardingMode": "On"},
    )
    remote = answer({"cmdlet": "Get-RemoteDomain"}, {"Name": "Default", "DomainName": "*", "AutoForwardEnabled": False})
    assert looked(tmp_path, policy, remote).gates == (
        "the outbound spam policy Default has AutoForwardingMode Automatic",
        "the remote domain Default (*) does not let forwards through",
    )


def sent_from(path: Path, address: str, *grants: str) -> tuple[str | None, bool]:
    """What is told of the sender, and whether that was refused."""
    room = Room(path / "tenant.db", grants=grants)
    room.service.ensure_mailbox("post@ox.ac.uk", "Post")
    try:
        inspection = room.tenant.inspect(address)
        return inspection.sender, "sender" in dict(inspection.refused)
    finally:
        room.tenant.close()


def test_the_mailbox_that_notices_are_sent_from_is_looked_for(tmp_path: Path) -> None:
    """tenant-api.md 4.14."""
    assert sent_from(tmp_path, "post@ox.ac.uk") == ("post@ox.ac.uk", False)
    assert sent_from(tmp_path, "nobody@ox.ac.uk") == ("", False)


def test_where_exchange_refuses_to_say_it_is_not_said_to_be_missing(tmp_path: Path) -> None:
    assert sent_from(tmp_path, "post@ox.ac.uk", *READS) == (None, True)
