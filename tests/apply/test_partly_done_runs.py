"""Runs that the tenant lets down half-way: what waits, what fails, and how the next hour mends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from building.embedded import Slept
from building.killed import DAYS, KilledSite, differing, first_day, second_day
from building.state_rows import exported

from nexusops import wiring
from nexusops.cli.act import told_outcome
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.pipeline.act import run
from nexusops.tenant import embedded
from nexusops.tenant.transport import Retry

FIRST = DAYS[0]
NEXT_HOUR = FIRST.replace("T08", "T09")


@pytest.fixture
def site(tmp_path: Path) -> KilledSite:
    return KilledSite.made(tmp_path / "site")


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    site = KilledSite.made(tmp_path_factory.mktemp("untroubled") / "site")
    assert site.type("run", FIRST) == 0
    site.export(NEXT_HOUR, first_day())
    assert site.type("run", NEXT_HOUR) == 0
    return site.outcome()


def trouble(site: KilledSite, *faults: dict[str, Any]) -> None:
    with EmbeddedTenant.open(site.folder / "config" / "state" / "tenant.db") as tenant:
        tenant.set_faults(list(faults))


def state(site: KilledSite) -> Any:
    with wiring.opened(site.folder / "config") as opened:
        return exported(opened.ports.store)


def next_hour(site: KilledSite) -> int:
    site.export(NEXT_HOUR, first_day())
    return site.type("run", NEXT_HOUR)


def test_a_mailbox_that_exchange_has_not_made_yet_waits_for_the_next_hour(
    site: KilledSite, untroubled: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """architecture.md, Waiting: outcome waiting, state pending, finding AWAITING_MAILBOX, exit 0."""
    trouble(site, {"match": {"path": "assignLicense"}, "kind": "mailbox_delay", "minutes": 30})
    assert site.type("run", FIRST) == 0
    said = capsys.readouterr().out
    assert "waiting: the next run goes on with it" in said
    found = state(site)
    (box,) = [box for box in found["mailboxes"] if box["state"] == "pending"]
    assert [(f["code"], f["subject"]) for f in found["findings"]] == [("AWAITING_MAILBOX", box["person_id"])]
    assert next_hour(site) == 0
    assert differing(site.outcome(), untroubled) == {}


def test_a_mailbox_for_which_no_licence_is_left_is_not_begun(site: KilledSite, untroubled: dict[str, Any]) -> None:
    """tenant-api.md 4.4: the plan says so, and not the tenant when the last licence has gone."""
    sku = {
        "skuPartNumber": "ENTERPRISEPACKPLUS_FACULTY",
        "skuId": "1",
        "consumedUnits": 5,
        "prepaidUnits": {"enabled": 6},
    }
    trouble(site, {"match": {"path": "subscribedSkus"}, "kind": "status", "status": 200, "body": {"value": [sku]}})
    assert site.type("run", FIRST) == 0
    waits = "waits for a licence: 5 mailboxes are to be made, and the tenant has licences for 1 of them"
    told = [(f["code"], f["subject"], f["message"]) for f in state(site)["findings"]]
    assert told == [("NO_LICENCE", person, waits) for person in ("1000002", "1000003", "1000004", "1000005")]
    assert next_hour(site) == 0
    assert differing(site.outcome(), untroubled) == {}


def test_what_failed_is_done_in_the_next_hour(site: KilledSite, untroubled: dict[str, Any]) -> None:
    refused = {"match": {"path": "assignLicense"}, "kind": "status", "status": 403, "times": 2}
    trouble(site, refused)
    assert site.type("run", FIRST) == 5
    assert {f["code"] for f in state(site)["findings"]} == {"SET_ASIDE"}
    assert next_hour(site) == 0
    assert differing(site.outcome(), untroubled) == {}


def test_a_tenant_that_refuses_in_the_middle_is_asked_again_in_the_next_hour(
    site: KilledSite, untroubled: dict[str, Any]
) -> None:
    trouble(site, {"match": {"cmdlet": "Set-Mailbox"}, "kind": "status", "status": 403, "times": 400})
    assert site.type("run", FIRST) == 5
    trouble(site)
    assert next_hour(site) == 0
    assert differing(site.outcome(), untroubled) == {}


def test_a_tenant_that_cannot_be_read_stops_the_run_before_anything_is_done(
    site: KilledSite, untroubled: dict[str, Any]
) -> None:
    trouble(site, {"kind": "status", "status": 403, "times": 400})
    assert site.type("run", FIRST) == 8
    assert (state(site)["serial"], state(site)["people"]) == (0, [])
    trouble(site)
    assert site.type("run", FIRST) == 0
    assert next_hour(site) == 0
    assert differing(site.outcome(), untroubled) == {}


@pytest.mark.parametrize("cmdlet", ["Set-CASMailbox", "Get-CASMailbox", "Set-Mailbox"])
def test_a_disabling_that_broke_off_is_gone_on_with(site: KilledSite, tmp_path: Path, cmdlet: str) -> None:
    """R36: who may no longer sign in is not yet disabled, while the protocols are on or others still see them."""
    later = DAYS[1].replace("T08", "T09")
    assert site.type("run", FIRST) == 0
    untroubled = site.copied(tmp_path / "untroubled")
    assert untroubled.type("run", DAYS[1]) == 0
    trouble(site, {"match": {"cmdlet": cmdlet}, "kind": "status", "status": 400, "times": 40})
    assert site.type("run", DAYS[1]) == 5
    trouble(site)
    site.export(later, second_day())
    assert site.type("run", later) == 0
    assert differing(site.outcome(), untroubled.outcome()) == {}


class FallsSilent(httpx.AsyncBaseTransport):
    """After some writes it answers nobody any more."""

    def __init__(self, inner: httpx.AsyncBaseTransport, writes: int) -> None:
        self.inner, self.writes = inner, writes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        looks = request.method == "GET" or request.url.path.endswith("$batch") or b'"Get-' in await request.aread()
        self.writes -= not looks
        return httpx.Response(503) if self.writes < 0 else await self.inner.handle_async_request(request)


@pytest.mark.parametrize("writes", [0, 4, 9])
def test_a_tenant_that_falls_silent_in_the_middle_ends_the_run_and_the_next_hour_goes_on(
    site: KilledSite, untroubled: dict[str, Any], writes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 5, since the promises are made: what was not carried out is said, and what to do next."""
    slept = Slept()
    with wiring.opened(site.folder / "config", snapshot=site.folder / FIRST[:10]) as opened:
        tenant = embedded(
            site.folder / "config" / "state" / "tenant.db",
            wiring.tenant_settings(opened.configuration),
            notice_sender="postmaster@nexus.ox.ac.uk",
            retry=Retry(sleep=slept, chance=lambda: 1.0),
            wrap=lambda inner: FallsSilent(inner, writes),
        )
        at = datetime.fromisoformat(FIRST)
        ports = replace(opened.ports, tenant=lambda: tenant)
        outcome = run(ports, at=at, actor="cron")
        tenant.close()
    assert told_outcome(outcome, "text", at) == 5
    assert sum(slept.seconds) < 600
    said = capsys.readouterr().out
    if not writes:
        assert "the service has stopped answering, so nothing more is asked of it" in said
        assert said.endswith("The next run goes on with what is left.\n")
    assert "SET_ASIDE" in {f["code"] for f in state(site)["findings"]}
    assert next_hour(site) == 0
    assert differing(site.outcome(), untroubled) == {}


def test_a_channel_that_is_not_configured_stops_the_run_before_anything_is_done(site: KilledSite) -> None:
    """Exit 2: a password that is nowhere to be found is found out before the first promise is kept."""
    main = site.folder / "config" / "nexusops.toml"
    smtp = 'kind = "smtp"\nhost = "smtp.example.ac.uk"\nusername = "n"\npassword = "env:NEXUSOPS_NOWHERE"'
    main.write_text(main.read_text().replace('kind = "folder"                       # tenant', f"{smtp} # tenant"))
    main.write_text(main.read_text().replace('path = "notices"', '# path = "notices"'))
    assert site.type("run", FIRST) == 2
    main.write_text(main.read_text().replace(smtp, 'kind = "folder"'))
    assert (state(site)["serial"], state(site)["runs"]) == (0, [])
