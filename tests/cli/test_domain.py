"""``domain list | check | plan`` and ``spf impact`` on the invented university: zone files, and a real name server."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from building.name_server import name_server
from building.snapshot_folder import SnapshotFolder

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.demo.cast import CAST
from nexusops.demo.days import write_day_one

if TYPE_CHECKING:
    from cli.conftest import CommandSite

AT = ("--at", "2025-10-01T09:00:00Z")
ZONE = """
$ORIGIN ox.ac.uk.
_spf      TXT "v=spf1 ip4:129.67.0.0/16 ~all"
_dmarc    TXT "v=DMARC1; p=none; rua=mailto:dmarc@ox.ac.uk"
oxmail    A 129.67.1.1
$ORIGIN chem.ox.ac.uk.
@         TXT "v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all"
          MX 10 oxmail.ox.ac.uk.
$ORIGIN law.ox.ac.uk.
@         TXT "v=spf1 include:_spf.ox.ac.uk -all"
          MX 10 oxmail.ox.ac.uk.
$ORIGIN example.
spf.adminday TXT "v=spf1 include:servers.adminday.example -all"
servers.adminday TXT "v=spf1 ip4:192.0.2.0/24 -all"
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site after its first run; made once, since a run takes its time."""
    folder, snapshot = tmp_path_factory.mktemp("ran") / "site", tmp_path_factory.mktemp("snapshot")
    write_starter(folder)
    at = datetime(2025, 10, 1, 8, tzinfo=UTC)
    write_day_one(snapshot / "1", tenant="oxford-test", at=at, people=len(CAST), seed=1)
    words = ["run", "--at", "2025-10-01T08:00:00Z", "--snapshot", str(snapshot / "1")]
    assert call(["--config", str(folder), *words]) == 0
    return folder


@pytest.fixture
def zone(site: CommandSite, ran: Path, tmp_path: Path) -> Path:
    """The site after its first run, and a zone file."""
    shutil.copytree(ran, site.folder, dirs_exist_ok=True)
    path = tmp_path / "zone.txt"
    path.write_text(ZONE, "utf-8")
    return path


def test_domains_are_listed_with_their_state_and_what_is_in_them(site: CommandSite, zone: Path) -> None:
    """rules.md 2.5, 4d."""
    document = site.type("domain", "list", "--format", "json", *AT).document
    rows = {row["domain"]: row for row in document["domains"]}
    assert rows["chem.ox.ac.uk"] == {
        "domain": "chem.ox.ac.uk",
        "zone": "ox",
        "state": "active",
        "since": "2025-10-01",
        "managed": True,
        "units": ["CHEM"],
        "personal_addresses": rows["chem.ox.ac.uk"]["personal_addresses"],
        "nonpersonal_addresses": rows["chem.ox.ac.uk"]["nonpersonal_addresses"],
        "ends": None,
        "incoming_cap": None,
    }
    assert rows["chem.ox.ac.uk"]["personal_addresses"] > 0
    only = site.type("domain", "list", "--state", "own_mail", "--format", "json", *AT).document
    assert [row["domain"] for row in only["domains"]] == ["stats.ox.ac.uk"]
    assert "No domain" in site.type("domain", "list", "--state", "winddown", *AT).out


def test_before_the_first_run_no_domain_is_known(site: CommandSite) -> None:
    said = site.type("domain", "list", *AT)
    assert (said.code, said.out, "nexusops run" in said.err) == (6, "", True)


def test_one_domain_is_checked_against_a_zone_file(site: CommandSite, zone: Path) -> None:
    """R69, R73, R79, R86."""
    said = site.type("domain", "check", "CHEM.ox.ac.uk", "--zone", zone, "--format", "json", *AT)
    document = said.document
    assert said.code == 6
    assert (document["state"], document["units"], document["mx"]) == ("active", ["CHEM"], ["10 oxmail.ox.ac.uk."])
    assert {(one["code"], one["severity"]) for one in document["findings"]} == {
        ("SPF_DEPT_INCLUDE", "alert"),
        ("NO_DKIM", "warning"),
        ("NO_POSTMASTER", "warning"),
        ("NO_ABUSE", "warning"),
        ("DMARC_NONE", "info"),
    }
    good = site.type("domain", "check", "law.ox.ac.uk", "--zone", zone, *AT)
    assert good.code == 0
    assert good.out.startswith("law.ox.ac.uk: sound (active, units LAW)")


def test_all_domains_are_checked_and_their_providers_remembered(site: CommandSite, zone: Path) -> None:
    """R73: what a provider changed is told until somebody says that it is to be remembered."""
    check = ("domain", "check", "--all", "--zone", zone, "--only", "SPF_DEPT_INCLUDE", "--format", "json", *AT)
    first = site.type(*check).document
    assert [one["domain"] for one in first["domains"]] == ["chem.ox.ac.uk"]
    assert first["findings"] == []
    zone.write_text(ZONE.replace("192.0.2.0/24", "192.0.2.0/25"), "utf-8")
    for _ in range(2):
        (changed,) = site.type(*check).document["findings"]
        assert (changed["code"], changed["domain"]) == ("PROVIDER_CHANGED", "spf.adminday.example")
        assert "lost ip4:192.0.2.0/24" in changed["message"]
    assert site.type(*check, "--remember").document["findings"] == []
    assert site.type(*check).document["findings"] == []


def test_a_provider_that_broke_is_told_and_the_domain_with_it(site: CommandSite, zone: Path) -> None:
    """R73, reason 2."""
    check = ("domain", "check", "--all", "--zone", zone, "--format", "json", *AT)
    site.type(*check)
    zone.write_text(ZONE.replace("v=spf1 ip4:192", "v=spf1 ip5:192"), "utf-8")
    said = site.type(*check)
    (broken,) = said.document["findings"]
    assert (said.code, broken["code"], "ip5" in broken["message"]) == (6, "PROVIDER_BROKEN", True)
    (chem,) = [one for one in said.document["domains"] if one["domain"] == "chem.ox.ac.uk"]
    assert chem["spf"]["verdict"] == "permerror"
    assert "1 finding about providers" in site.type("domain", "check", "--all", "--zone", zone, *AT).out


def test_who_would_suffer_from_an_include_is_known_before(site: CommandSite, zone: Path) -> None:
    """rules.md 4d. That law permits the addresses of the same name has nothing to do with its SPF record."""
    own = '@         TXT "v=spf1 include:_spf.ox.ac.uk -all'
    zone.write_text(ZONE.replace(own, own.replace("-all", "a:servers.adminday.example -all")), "utf-8")
    said = site.type("spf", "impact", "servers.adminday.example", "--zone", zone, "--format", "json", *AT)
    assert said.document == {
        "include": "servers.adminday.example",
        "domains": [
            {
                "domain": "chem.ox.ac.uk",
                "standing": "unit",
                "units": ["CHEM"],
                "way": ["include:spf.adminday.example", "include:servers.adminday.example"],
            }
        ],
        "unknown": [],
    }
    assert "No domain" in site.type("spf", "impact", "nobody.example", "--zone", zone, *AT).out


def test_the_plan_says_what_is_to_come_and_what_is_to_go(site: CommandSite, zone: Path) -> None:
    """R68, R69, R80; nothing is planned for a unit with its own mail."""
    said = site.type("domain", "plan", "--zone", zone, "--format", "json", *AT)
    plans = {one["domain"]: one for one in said.document["domains"]}
    assert said.code == 0
    assert plans["chem.ox.ac.uk"]["add"] == [
        {"type": "TXT", "name": "chem.ox.ac.uk", "value": "v=spf1 include:_spf.ox.ac.uk -all"}
    ]
    assert [one["value"] for one in plans["chem.ox.ac.uk"]["remove"]] == [
        "v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all"
    ]
    assert "law.ox.ac.uk" not in plans
    assert "stats.ox.ac.uk" not in plans
    text = site.type("domain", "plan", "--zone", zone, *AT).out
    assert '  + chem.ox.ac.uk. TXT "v=spf1 include:_spf.ox.ac.uk -all"' in text.splitlines()


def test_a_zone_file_is_compared_with_the_dns(site: CommandSite, zone: Path) -> None:
    """What is to be published, and what is: names outside the domain come from the DNS itself."""
    other = zone.with_name("chem.txt")
    other.write_text('$ORIGIN chem.ox.ac.uk.\n@ TXT "v=spf1 include:_spf.ox.ac.uk -all"\n@ MX 10 oxmail.ox.ac.uk.\n')
    served = ZONE.partition("$ORIGIN example.")[0]
    with name_server({"ox.ac.uk": served}) as server:
        configuration = site.folder / "nexusops.toml"
        text = configuration.read_text("utf-8")
        configuration.write_text(text.replace("[dns]", f'[dns]\nresolver = "127.0.0.1:{server.port}"'), "utf-8")
        said = site.type("domain", "check", "chem.ox.ac.uk", "--zone", other, "--live", "--format", "json", *AT)
    found = [one["message"] for one in said.document["findings"] if one["code"] == "DNS_DIFFERS"]
    assert said.document["spf"]["verdict"] == "ok"
    assert found == [
        (
            "chem.ox.ac.uk TXT is v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all in the DNS, "
            "and v=spf1 include:_spf.ox.ac.uk -all in the file"
        )
    ]
    assert said.code == 6


def test_a_dns_that_does_not_answer_is_no_empty_dns(site: CommandSite, zone: Path) -> None:
    configuration = site.folder / "nexusops.toml"
    with name_server({"example.org": ""}) as server:
        text = configuration.read_text("utf-8")
        configuration.write_text(text.replace("[dns]", f'[dns]\nresolver = "127.0.0.1:{server.port}"'), "utf-8")
        linted = site.type("spf", "lint", "chem.ox.ac.uk", "--format", "json", *AT)
        checked = site.type("domain", "check", "chem.ox.ac.uk", "--format", "json", *AT)
        told = site.type("domain", "check", "chem.ox.ac.uk", *AT).out
        suffer = site.type("spf", "impact", "spf.adminday.example", *AT)
        unknown = site.type("spf", "impact", "spf.adminday.example", "--format", "json", *AT)
    assert all(f"\n  {part:<5}  unknown" in told for part in ("MX", "DKIM", "DMARC"))
    assert (suffer.code, unknown.code, unknown.document["domains"]) == (6, 6, [])
    assert suffer.out.startswith("No domain's SPF record leads to spf.adminday.example, as far as the DNS answered.\n")
    assert "chem.ox.ac.uk" in [note["domain"] for note in unknown.document["unknown"]]
    assert (linted.code, linted.document["verdict"]) == (6, "temperror")
    assert [one["code"] for one in linted.document["findings"]] == ["DNS_UNKNOWN"]
    assert {one["code"] for one in checked.document["findings"]} >= {"DNS_UNKNOWN"}
    assert not {one["code"] for one in checked.document["findings"]} & {"NO_SPF", "NO_MX", "NO_DKIM", "NO_DMARC"}


@pytest.mark.parametrize(
    "words",
    [(), ("a.example", "--all"), ("a.example", "--live"), ("a.example", "--only", "X"), ("a.example", "--remember")],
)
def test_what_does_not_go_together_is_a_usage_error(site: CommandSite, words: tuple[str, ...]) -> None:
    assert site.type("domain", "check", *words, *AT).code == 2


def test_a_memory_that_is_no_memory_is_refused(site: CommandSite, zone: Path) -> None:
    path = site.folder / "dns" / "providers.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"format": 9}), "utf-8")
    said = site.type("domain", "check", "--all", "--zone", zone, *AT)
    assert (said.code, "providers.json" in said.err) == (2, True)


def test_a_domain_whose_mail_is_refused_misses_no_records(site: CommandSite, tmp_path: Path) -> None:
    """rules.md 2.5: its MX is to go, and once it is gone nobody is told to put it back."""
    university = SnapshotFolder().unit("CHEM", domain="chem.ox.ac.uk").domain("chem.ox.ac.uk", state="failing")
    university.unit("LAW", domain="law.ox.ac.uk").domain("law.ox.ac.uk")
    folder = university.person("1", "chem0001").write(tmp_path / "1", "2025-10-01T07:50:00Z")
    empty = tmp_path / "zone.txt"
    empty.write_text("$ORIGIN ox.ac.uk.\noxmail A 129.67.1.1\n", "utf-8")
    site.type("run", "--at", "2025-10-01T08:00:00Z", "--snapshot", folder)
    planned = site.type("domain", "plan", "--zone", empty, "--format", "json", *AT).document["domains"]
    assert [one["domain"] for one in planned] == ["law.ox.ac.uk"]
    checked = site.type("domain", "check", "chem.ox.ac.uk", "--zone", empty, "--format", "json", *AT)
    assert (checked.code, checked.document["findings"]) == (0, [])


def test_a_domain_in_wind_down_says_when_it_ends_and_what_is_left(site: CommandSite, tmp_path: Path) -> None:
    """rules.md 4d, R51, R53, D36: end date, addresses left, and how full a foreign domain is."""
    university = (
        SnapshotFolder()
        .unit("CHEM", domain="chem.ox.ac.uk")
        .domain("chem.ox.ac.uk")
        .unit("PRES", domain="press.example")
        .domain("press.example", incoming_cap=3)
        .person("1", "chem0001")
        .card("1", "US", "Ann", "Lee", "2025-01-01", "2027-12-31")
        .affiliation("1", "CHEM", "2025-01-01")
        .nonpersonal_address("office@chem.ox.ac.uk", "CHEM", target="chem0001@nexus.ox.ac.uk")
        .nonpersonal_address("desk@press.example", "PRES", target="chem0001@nexus.ox.ac.uk")
    )
    for day in ("2025-09-01", "2025-09-02"):
        folder = university.write(tmp_path / day, f"{day}T07:50:00Z")
        said = site.type("run", "--at", f"{day}T08:00:00Z", "--snapshot", folder)
        assert said.code == 0, said.out + said.err
        university.change("domains", {"domain": "chem.ox.ac.uk"}, state="winddown", winddown_months=2)
    winding = site.type("domain", "list", "--state", "winddown", "--format", "json", *AT).document["domains"]
    assert [(row["domain"], row["since"], row["ends"]) for row in winding] == [
        ("chem.ox.ac.uk", "2025-09-02", "2025-11-03")
    ]
    assert (winding[0]["personal_addresses"], winding[0]["nonpersonal_addresses"]) == (1, 1)
    (foreign,) = site.type("domain", "list", "--zone-kind", "foreign", "--format", "json", *AT).document["domains"]
    assert (foreign["state"], foreign["nonpersonal_addresses"], foreign["incoming_cap"]) == ("incoming_only", 1, 3)
    assert "1 of 3" in site.type("domain", "list", *AT).out


def test_exchange_is_asked_whom_it_signs_for(site: CommandSite, zone: Path) -> None:
    """R87: only where it is wanted."""
    words = ("domain", "check", "law.ox.ac.uk", "--zone", zone, "--format", "json", *AT)
    without, with_it = (
        {one["code"] for one in site.type(*words, *more).document["findings"]} for more in ((), ("--exchange",))
    )
    assert with_it - without == {"DKIM_OFF"}
