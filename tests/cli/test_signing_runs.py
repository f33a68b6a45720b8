"""A service domain that Exchange accepts: its signing configuration is planned, made, published, switched on, undone
and retired like any other change (R86, R87; tenant-api.md 4.16).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CommandSite
from cli.test_publishing_runs import DOMAIN, MAIL_HOST, SPF, configure, retire

from nexusops.emulator.tenant import EmbeddedTenant

ALIASES = [
    f"selector{n}._domainkey.{DOMAIN} CNAME selector{n}-bulk-day-foodtech-ox-ac-uk._domainkey.nexusops.onmicrosoft.com."
    for n in (1, 2)
]
OWN = [f"{DOMAIN} TXT {SPF}", f"{DOMAIN} MX 10 oxmail.ox.ac.uk."]
HOURS = [f"2025-10-02T08:{minute:02}:00Z" for minute in range(0, 50, 10)]
"""Runs so soon after one another that they see the same snapshot."""


class Exchange:
    """The site's embedded tenant between two commands."""

    def __init__(self, site: CommandSite) -> None:
        self.path = site.folder / "state" / "tenant.db"

    def accept(self) -> None:
        tenant = EmbeddedTenant.open(self.path)
        tenant.accept_domain(DOMAIN)
        tenant.close()

    def sees_the_aliases(self) -> None:
        tenant = EmbeddedTenant.open(self.path)
        tenant.publish_records(DOMAIN)
        tenant.close()

    def configuration(self) -> tuple[bool, bool]:
        """(is there, signs)"""
        tenant = EmbeddedTenant.open(self.path)
        found = tenant._book.get("dkim", DOMAIN)
        tenant.close()
        return found is not None, bool(found and found["Enabled"])


@pytest.fixture
def exchange(site: CommandSite) -> Exchange:
    configure(site, "")
    found = Exchange(site)
    found.accept()
    return found


def lines(change: dict[str, Any]) -> list[str]:
    return [f"{one['name']} {one['type']} {one['value']}" for one in change["becomes"]["records"]]


def planned(site: CommandSite, at: str = HOURS[0]) -> list[dict[str, Any]]:
    words = ("plan", "service_domains", "--at", at, "--snapshot", site.day_two, "--format", "json")
    found: list[dict[str, Any]] = site.type(*words).document["changes"]
    return found


def run(site: CommandSite, at: str = HOURS[0]) -> Any:
    said = site.type("run", "service_domains", "--at", at, "--snapshot", site.day_two, "--format", "json")
    assert said.code == 0, said.err
    return said.document


def zone(site: CommandSite, tmp_path: Path) -> Path:
    """Everything that is to be published, as the DNS answers with it."""
    path = tmp_path / "zone.txt"
    text = (site.folder / "dns" / "publish" / f"{DOMAIN}.zone").read_text("utf-8")
    also = "oxmail.ox.ac.uk. A 129.67.1.1\n" + "".join(
        f'{name}. TXT "v=spf1 ip4:192.0.2.1 -all"\n' for name in ("_spf.ox.ac.uk", "spf.bulkday.example")
    )
    path.write_text(text + also, "utf-8")
    return path


def verified(site: CommandSite, tmp_path: Path, at: str = HOURS[1]) -> None:
    said = site.type("saas", "verify", "bulkday", "--zone", zone(site, tmp_path), "--at", at)
    assert said.code == 0, said.out


def steps(site: CommandSite) -> list[str]:
    rows = site.type("audit", DOMAIN, "--format", "json").document["rows"]
    return [row["step"] for row in rows if row["phase"] == "done"]


def test_its_aliases_are_published_and_it_signs_once_the_dns_has_them(
    site: CommandSite, exchange: Exchange, tmp_path: Path
) -> None:
    (first,) = planned(site)
    assert (first["kind"], first["becomes"]["signing"], lines(first)) == ("PublishRecords", "configure", OWN)
    text = site.type("plan", "service_domains", "--at", HOURS[0], "--snapshot", site.day_two).out
    assert f"selector1 and selector2._domainkey.{DOMAIN} CNAME, as Exchange names them" in text
    assert run(site)["done"] == {"PublishRecords": 1}
    assert exchange.configuration() == (True, False)
    written = (site.folder / "dns" / "publish" / f"{DOMAIN}.zone").read_text("utf-8")
    assert all(line.rsplit(maxsplit=1)[-1] in written for line in ALIASES)
    assert planned(site, HOURS[1]) == []
    said = site.type("saas", "verify", "bulkday", "--zone", zone(site, tmp_path), "--at", HOURS[1])
    assert f"ok      Exchange can sign for {DOMAIN}: Enabled False; the next run switches it on" in said.out
    (second,) = planned(site, HOURS[2])
    assert (second["becomes"]["signing"], lines(second)) == ("enable", [*OWN, *ALIASES])
    waits = run(site, HOURS[2])
    assert ("PublishRecords" in waits["done"], exchange.configuration()) == (False, (True, False))
    exchange.sees_the_aliases()
    assert run(site, HOURS[3])["done"] == {"PublishRecords": 1}
    assert exchange.configuration() == (True, True)
    assert planned(site, HOURS[4]) == []
    assert steps(site) == ["configure", "publish", "enable"]
    listed = json.loads(site.type("saas", "list", "--format", "json").out)
    assert [one["state"] for one in listed["requests"] if one["request_id"] == "bulkday"] == ["live"]


def test_where_the_provider_has_its_names_exchange_does_not_sign(site: CommandSite, exchange: Exchange) -> None:
    """R86, R87: two aliases of one name would keep the unit's whole zone from being loaded."""
    asked = site.folder / "services" / "bulkday.toml"
    asked.write_text(asked.read_text("utf-8") + 'dkim = ["selector2 key.bulkday.example"]\n', "utf-8")
    own = [*OWN, f"selector2._domainkey.{DOMAIN} CNAME key.bulkday.example."]
    (first,) = planned(site)
    assert (first["becomes"].get("signing"), lines(first)) == (None, own)
    run(site)
    assert exchange.configuration() == (False, False)
    assert planned(site, HOURS[1]) == []


def test_a_key_of_the_providers_that_comes_later_ends_exchanges_signatures(
    site: CommandSite, exchange: Exchange, tmp_path: Path
) -> None:
    """R86, R87: it is switched off, then its aliases are taken out; mail that is signed finds them until then."""
    signing(site, exchange, tmp_path)
    asked = site.folder / "services" / "bulkday.toml"
    asked.write_text(asked.read_text("utf-8") + 'dkim = ["selector1 key.bulkday.example"]\n', "utf-8")
    assert site.type("run", "--at", HOURS[3], "--snapshot", site.day_two).code == 0
    assert exchange.configuration() == (True, False)
    assert site.type("run", "--at", HOURS[4], "--snapshot", site.day_two).code == 0
    written = (site.folder / "dns" / "publish" / f"{DOMAIN}.zone").read_text("utf-8").splitlines()
    there = [line.split("\t")[0] for line in written if "CNAME" in line and not line.startswith(";")]
    assert there == [f"selector1._domainkey.{DOMAIN}."]
    assert planned(site, "2025-10-02T08:50:00Z") == []


def signing(site: CommandSite, exchange: Exchange, tmp_path: Path) -> str:
    """Brings it so far that Exchange signs; the id of the run that switched it on."""
    run(site)
    verified(site, tmp_path)
    exchange.sees_the_aliases()
    found = run(site, HOURS[2])["run_id"]
    assert exchange.configuration() == (True, True)
    return str(found)


def test_what_was_switched_on_is_undone_and_stays_so(site: CommandSite, exchange: Exchange, tmp_path: Path) -> None:
    """interface.md 3: the inverse, and the records stay as they are."""
    undone = signing(site, exchange, tmp_path)
    plan = site.type("undo", undone, "--at", HOURS[3], "--format", "json").document
    assert [(one["kind"], one["becomes"]["signing"]) for one in plan["changes"]] == [("PublishRecords", "disable")]
    assert site.type("undo", undone, "--apply", "--at", HOURS[3]).code == 0
    assert exchange.configuration() == (True, False)
    assert planned(site, HOURS[4]) == []
    assert run(site, HOURS[4])["done"] == {}
    assert exchange.configuration() == (True, False)


def test_a_product_that_is_dropped_is_signed_for_no_longer(
    site: CommandSite, exchange: Exchange, tmp_path: Path
) -> None:
    """Make before break, the other way about: no signature whose key is gone."""
    signing(site, exchange, tmp_path)
    retire(site)
    assert run(site, HOURS[4])["done"] == {"RetireRecords": 1}
    assert exchange.configuration() == (True, False)
    assert steps(site)[-2:] == ["disable", "retire"]
    written = (site.folder / "dns" / "retire" / f"{DOMAIN}.zone").read_text("utf-8")
    assert all(line.rsplit(maxsplit=1)[-1] in written for line in ALIASES)


def test_a_domain_that_exchange_accepts_later_gets_its_signature_too(site: CommandSite, tmp_path: Path) -> None:
    """And one that it accepts no longer loses the aliases."""
    configure(site, "")
    run(site)
    exchange = Exchange(site)
    assert exchange.configuration() == (False, False)
    exchange.accept()
    (change,) = planned(site, HOURS[1])
    assert change["becomes"]["signing"] == "configure"
    assert change["was"]["records"] == change["becomes"]["records"]
    run(site, HOURS[1])
    verified(site, tmp_path)
    exchange.sees_the_aliases()
    run(site, HOURS[2])
    assert exchange.configuration() == (True, True)
    tenant = EmbeddedTenant.open(exchange.path)
    tenant._book.erase("dkim", DOMAIN)
    tenant._book.erase("domain", DOMAIN)
    tenant.close()
    words = ("plan", "--refresh", "full", "--at", HOURS[3], "--snapshot", site.day_two, "--format", "json")
    (change,) = [one for one in site.type(*words).document["changes"] if one["subject"] == "bulkday"]
    assert (lines(change), "signing" in change["becomes"]) == (OWN, False)


@pytest.mark.parametrize("point", [2, 3, 4, 5])
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(site: CommandSite, exchange: Exchange, point: int) -> None:
    """interface.md 9: before, between and after its two steps; the configuration is made once."""
    words = ["--config", str(site.folder), "run", "service_domains", "--at", HOURS[0], "--snapshot", str(site.day_two)]
    killed = subprocess.run(
        [sys.executable, "-m", "nexusops", *words],
        env={**os.environ, "NEXUSOPS_KILL_AT": str(point)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    run(site)
    assert exchange.configuration() == (True, False)
    written = (site.folder / "dns" / "publish" / f"{DOMAIN}.zone").read_text("utf-8")
    assert all(line.rsplit(maxsplit=1)[-1] in written for line in ALIASES)
    assert planned(site, HOURS[1]) == []
    tenant = EmbeddedTenant.open(exchange.path)
    asked = [one.get("cmdlet") for one in tenant.requests()]
    tenant.close()
    assert asked.count("New-DkimSigningConfig") == 1


def test_an_update_publishes_the_aliases_with_the_others(site: CommandSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from building.name_server import SECRET, name_server

    monkeypatch.setenv("NEXUSOPS_TSIG", SECRET)
    with name_server({"ox.ac.uk": MAIL_HOST}) as server:
        where = f'publish = "dynamic_update"\nserver = "127.0.0.1:{server.port}"\ntsig_name = "nexusops"'
        configure(site, f'{where}\ntsig_secret = "env:NEXUSOPS_TSIG"')
        Exchange(site).accept()
        run(site)
        there = [target for n in (1, 2) for target in server.ask(f"selector{n}._domainkey.{DOMAIN}", "CNAME")]
        assert there == [line.rsplit(maxsplit=1)[-1] for line in ALIASES]
        assert f'"{SPF}"' in server.ask(DOMAIN, "TXT")
