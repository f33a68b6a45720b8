"""octoDNS itself reads the folder of zone lines, and plans the records into the zone that it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from octodns.manager import Manager
from octodns.zone import Zone

from nexusops.dns.folder import DomainFolder, zone_text
from nexusops.dns.octodns import ServiceDomains
from nexusops.errors import UsageError
from nexusops.model.changes import PublishRecords, RetireRecords, Why
from nexusops.model.dns import DnsRecord

WHY = Why(subject="adminday", rule="R68", because="approved; semicolons stay")
DOMAIN = "admin-day.foodtech.ox.ac.uk"
RECORDS = (
    DnsRecord(type="TXT", name=DOMAIN, value="v=spf1 include:_spf.ox.ac.uk -all"),
    DnsRecord(type="MX", name=DOMAIN, value="10 oxmail.ox.ac.uk."),
    DnsRecord(type="TXT", name=f"s1._domainkey.{DOMAIN}", value="v=DKIM1; k=rsa; p=" + "A" * 400),
    DnsRecord(type="CNAME", name=f"s2._domainkey.{DOMAIN}", value="s2.adminday.example."),
)
CONFIGURATION = """
providers:
  nexusops:
    class: nexusops.dns.octodns.ServiceDomains
    directory: {folder}
  out:
    class: octodns.provider.yaml.YamlProvider
    directory: {out}
    supports_root_ns: false
    escaped_semicolons: false
zones:
  ox.ac.uk.:
    sources: [nexusops]
    targets: [out]
"""


@pytest.fixture
def folder(tmp_path: Path) -> DomainFolder:
    made = DomainFolder(folder=tmp_path / "dns", suffix="zone", written=zone_text, add="add", remove="remove", ttl=600)
    made.publish(PublishRecords(why=WHY, domain=DOMAIN, records=RECORDS, publish_as="zone_lines"))
    return made


def read(folder: DomainFolder, zone: str) -> dict[tuple[str, str], tuple[int, list[str]]]:
    found = Zone(zone, [])
    ServiceDomains("nexusops", str(folder.folder)).populate(found)
    return {(one.fqdn, one._type): (one.ttl, _values(one)) for one in found.records}


def _values(record: object) -> list[str]:
    many = getattr(record, "values", None) or [getattr(record, "value", None)]
    return [str(getattr(one, "exchange", one)) for one in many]


def test_octodns_reads_what_is_published(folder: DomainFolder) -> None:
    """R68, R86."""
    found = read(folder, "ox.ac.uk.")
    assert found == {
        (f"{DOMAIN}.", "TXT"): (600, ["v=spf1 include:_spf.ox.ac.uk -all"]),
        (f"{DOMAIN}.", "MX"): (600, ["oxmail.ox.ac.uk."]),
        (f"s1._domainkey.{DOMAIN}.", "TXT"): (600, ["v=DKIM1\\; k=rsa\\; p=" + "A" * 400]),
        (f"s2._domainkey.{DOMAIN}.", "CNAME"): (600, ["s2.adminday.example."]),
    }


def test_a_zone_gets_only_what_lies_in_it(folder: DomainFolder) -> None:
    assert len(read(folder, "foodtech.ox.ac.uk.")) == 4
    assert read(folder, "x.ac.uk.") == read(folder, "day.foodtech.ox.ac.uk.") == {}


def test_what_is_retired_is_no_longer_there(folder: DomainFolder) -> None:
    folder.retire(RetireRecords(why=WHY, domain=DOMAIN, records=RECORDS, publish_as="zone_lines"))
    assert read(folder, "ox.ac.uk.") == {}


def test_a_file_that_somebody_broke_is_an_error_and_not_an_empty_zone(folder: DomainFolder) -> None:
    """A failed read is never an empty answer: octoDNS would delete the records."""
    (folder.folder / "publish" / f"{DOMAIN}.zone").write_text("nonsense\n", "utf-8")
    with pytest.raises(UsageError, match="line 1"):
        read(folder, "ox.ac.uk.")


def test_a_folder_that_is_not_there_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ServiceDomains("nexusops", str(tmp_path / "nowhere")).populate(Zone("ox.ac.uk.", []))


def test_octodns_plans_and_writes_them_with_its_own_manager(folder: DomainFolder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "ox.ac.uk.yaml").write_text("--- {}\n", "utf-8")
    configuration = tmp_path / "octodns.yaml"
    configuration.write_text(CONFIGURATION.format(folder=folder.folder, out=out), "utf-8")
    assert Manager(str(configuration)).sync(dry_run=False) == 4
    assert "v=spf1 include:_spf.ox.ac.uk -all" in (out / "ox.ac.uk.yaml").read_text("utf-8")
