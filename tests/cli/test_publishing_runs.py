"""Service domains from the request to the DNS: ``run`` publishes and retires them, in each of the three ways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from building.name_server import SECRET, NameServer, name_server

from nexusops.dns.primary import Primary, tsig_key
from nexusops.dns.update import DynamicUpdate
from nexusops.model.changes import PublishRecords, Why
from nexusops.model.dns import DnsRecord

if TYPE_CHECKING:
    from cli.conftest import CommandSite

DOMAIN = "bulk-day.foodtech.ox.ac.uk"
SPF = "v=spf1 include:_spf.ox.ac.uk include:spf.bulkday.example -all"
WHY = Why(subject="bulkday", rule="R68", because="the request was approved")
RECORDS = (
    DnsRecord(type="TXT", name=DOMAIN, value=SPF),
    DnsRecord(type="MX", name=DOMAIN, value="10 oxmail.ox.ac.uk."),
)
MAIL_HOST = "oxmail IN A 129.67.1.1\n"
"""BIND refuses an MX whose host it serves and does not know."""
REQUEST = """
service_name = "Bulk Day"
unit_id = "FOOD"
requester = "food0007"
provider = "Bulk Day Ltd"
oxford_domain_needed = true
direction = "send"
supports_exo = false
supports_ms_smtp = false
auth = "oauth2"
owner_person_id = "1000042"
spf_approver = "food0007"
provider_include = "spf.bulkday.example"
"""


def configure(site: CommandSite, lines: str) -> None:
    path = site.folder / "nexusops.toml"
    path.write_text(path.read_text("utf-8").replace("[dns]\n", f"[dns]\n{lines}\n"), "utf-8")
    (site.folder / "services" / "bulkday.toml").write_text(REQUEST, "utf-8")


def retire(site: CommandSite) -> None:
    (site.folder / "services" / "bulkday.toml").unlink()


def phases(site: CommandSite) -> list[tuple[str, str]]:
    """The steps of the records in the journal."""
    rows = site.type("audit", DOMAIN, "--format", "json").document["rows"]
    return [(row["step"], row["phase"]) for row in rows if row["step"] in ("publish", "retire")]


def published(server: NameServer) -> list[str]:
    return [*server.ask(DOMAIN, "TXT"), *server.ask(DOMAIN, "MX")]


def test_a_run_publishes_by_dynamic_update_and_retires_again(
    site: CommandSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R68, R69; rules.md 2.5: published, then retired, with journal and outcomes like any other change."""
    monkeypatch.setenv("NEXUSOPS_TSIG", SECRET)
    with name_server({"ox.ac.uk": MAIL_HOST}) as server:
        lines = f'publish = "dynamic_update"\nserver = "127.0.0.1:{server.port}"\ntsig_name = "nexusops"'
        configure(site, f'{lines}\ntsig_secret = "env:NEXUSOPS_TSIG"')
        assert site.on_day_one("run", "service_domains").code == 0
        assert published(server) == [f'"{SPF}"', "10 oxmail.ox.ac.uk."]
        serial = server.serial("ox.ac.uk")
        retire(site)
        gone = site.on_day_two("run", "service_domains", "--format", "json")
        assert (gone.code, gone.document["done"]["RetireRecords"]) == (0, 1)
        assert published(server) == []
        assert server.serial("ox.ac.uk") > serial
    assert SECRET not in "".join(
        path.read_text("utf-8", "replace") for path in site.folder.rglob("*") if path.is_file()
    )


def test_a_name_server_that_is_away_leaves_the_rest_done_and_the_records_for_the_next_run(
    site: CommandSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5; the next run tries again."""
    monkeypatch.setenv("NEXUSOPS_TSIG", SECRET)
    with name_server({"example.org": ""}) as server:
        lines = f'publish = "dynamic_update"\nserver = "127.0.0.1:{server.port}"\ntsig_name = "nexusops"'
        configure(site, f'{lines}\ntsig_secret = "env:NEXUSOPS_TSIG"')
        said = site.on_day_one("run", "service_domains", "--format", "json")
    assert said.code == 5
    (failed,) = said.document["failed"]
    assert (failed["kind"], failed["target"], "REFUSED" in failed["message"]) == ("PublishRecords", DOMAIN, True)
    with name_server({"ox.ac.uk": MAIL_HOST}) as server:
        path = site.folder / "nexusops.toml"
        text = path.read_text("utf-8")
        old = next(line for line in text.splitlines() if line.startswith("server = "))
        path.write_text(text.replace(old, f'server = "127.0.0.1:{server.port}"'), "utf-8")
        again = site.on_day_one("run", "service_domains", "--format", "json")
        assert (again.code, again.document["done"]) == (0, {"PublishRecords": 1})
        assert published(server) == [f'"{SPF}"', "10 oxmail.ox.ac.uk."]


def test_what_a_person_publishes_is_handed_over(site: CommandSite) -> None:
    """R69, T13: a file for the zone; it is said where."""
    configure(site, "")
    said = site.on_day_one("run", "service_domains")
    path = site.folder / "dns" / "publish" / f"{DOMAIN}.zone"
    assert said.code == 0
    assert f"{path}: add its lines to the zone" in said.out
    assert f'{DOMAIN}.\t3600\tIN\tTXT\t"{SPF}"' in path.read_text("utf-8").splitlines()
    retire(site)
    assert site.on_day_two("run", "service_domains").code == 0
    assert not path.exists()
    assert (site.folder / "dns" / "retire" / f"{DOMAIN}.zone").exists()
    listed = site.type("domain", "list", "--zone-kind", "service", "--format", "json").document
    assert listed["domains"] == []


def test_a_ticket_asks_the_hostmaster(site: CommandSite) -> None:
    """R78, R88."""
    configure(site, 'publish = "ticket"')
    assert site.on_day_one("run", "service_domains").code == 0
    text = (site.folder / "dns" / "publish" / f"{DOMAIN}.txt").read_text("utf-8")
    assert text.startswith(f"Subject: mail domain {DOMAIN}: please add these records\n")
    assert f'"{SPF}"' in text


def test_what_was_published_is_compared_with_the_dns(site: CommandSite, tmp_path: Path) -> None:
    """R68: a DNS answer that no longer equals the plan."""
    configure(site, "")
    site.on_day_one("run", "service_domains")
    zone = tmp_path / "zone.txt"
    zone.write_text(f'{DOMAIN}. TXT "{SPF}"\n{DOMAIN}. MX 10 other.example.\n', "utf-8")
    said = site.type("domain", "check", DOMAIN, "--zone", zone, "--format", "json", "--at", "2025-10-01T09:00:00Z")
    assert (said.code, said.document["state"]) == (6, "published")
    assert [one["message"] for one in said.document["findings"] if one["code"] == "DNS_DIFFERS"] == [
        f"{DOMAIN} MX should be 10 oxmail.ox.ac.uk., and is 10 other.example."
    ]


def test_the_steps_stand_in_the_journal(site: CommandSite) -> None:
    """interface.md 8: ``audit`` of a domain."""
    configure(site, "")
    site.on_day_one("run", "service_domains")
    assert phases(site) == [("publish", "intent"), ("publish", "done")]


def test_doctor_says_whether_records_can_be_published(site: CommandSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUSOPS_TSIG", SECRET)

    def of_dns() -> tuple[bool, str]:
        (one,) = [one for one in site.type("doctor", "--format", "json").document["checks"] if one["name"] == "dns"]
        return one["ok"], one["message"]

    assert of_dns() == (True, f"records are published as zone_lines, in {site.folder / 'dns'}")
    with name_server({"ox.ac.uk": MAIL_HOST}) as server:
        configure(site, f'publish = "dynamic_update"\nserver = "127.0.0.1:{server.port}"\ntsig_name = "nexusops"\n')
        path = site.folder / "nexusops.toml"
        text = path.read_text("utf-8").replace("[dns]", '[dns]\ntsig_secret = "env:NEXUSOPS_TSIG"')
        path.write_text(text, "utf-8")
        assert of_dns() == (True, f"127.0.0.1:{server.port} answers for ox.ac.uk. and knows our key")
        path.write_text(text.replace("hmac-sha256", "hmac-sha512").replace('nexusops"\n', 'nobody"\n'), "utf-8")
        ok, message = of_dns()
    assert (ok, "nobody" in message, SECRET in message) == (False, True, False)


def test_a_run_that_died_after_its_update_finds_it_there(site: CommandSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """interface.md 9: a write whose outcome was not written down is settled by looking, and is not made again."""
    monkeypatch.setenv("NEXUSOPS_TSIG", SECRET)
    with name_server({"ox.ac.uk": MAIL_HOST}) as server:
        lines = f'publish = "dynamic_update"\nserver = "127.0.0.1:{server.port}"\ntsig_name = "nexusops"'
        configure(site, f'{lines}\ntsig_secret = "env:NEXUSOPS_TSIG"')
        words = ["--config", str(site.folder), "run", "service_domains", "--at", "2025-10-01T08:00:00Z"]
        killed = subprocess.run(
            [sys.executable, "-m", "nexusops", *words, "--snapshot", str(site.day_one)],
            env={**os.environ, "NEXUSOPS_KILL_AT": "2"},
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        primary = Primary(host="127.0.0.1", port=server.port, key=tsig_key("nexusops", "hmac-sha256", SECRET))
        DynamicUpdate(primary=primary, ttl=300).publish(
            PublishRecords(why=WHY, domain=DOMAIN, records=RECORDS, publish_as="dynamic_update")
        )
        serial = server.serial("ox.ac.uk")
        again = site.on_day_one("run", "service_domains", "--format", "json")
        assert (again.code, again.document["resumed"] is not None) == (0, True)
        assert server.serial("ox.ac.uk") == serial
    settled = [("publish", "intent"), ("publish", "done")]
    assert phases(site) == settled * 2
