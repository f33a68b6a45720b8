"""``doctor`` before a run: what the tenant lacks of what a run will need of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from building.snapshot_folder import SnapshotFolder

from nexusops.config.schema import NoticesTable
from nexusops.doctor.checks import sender_check
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.model.inspection import Checked, Inspection

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


def seen(sender: str | None) -> Inspection:
    refused = () if sender is not None else (("sender", "Access is denied."),)
    nothing: dict[str, Any] = dict.fromkeys(("exchange", "cmdlets", "domains", "ahead", "ends"))
    return Inspection(graph=frozenset(), sender=sender, refused=refused, **nothing)


NAMELESS = (
    "postmaster@nexus.ox.ac.uk has no mailbox in the tenant, so no notice can be sent: make it a shared mailbox, "
    "or name another with [notices] sender"
)
OTHERWISE = (
    "postmaster@nexus.ox.ac.uk is another address of post@ox.ac.uk, and Graph sends by the latter name only: "
    'write sender = "post@ox.ac.uk" under [notices]'
)


@pytest.mark.parametrize(
    ("sender", "code", "message"),
    [
        ("postmaster@nexus.ox.ac.uk", 0, "notices are sent from the mailbox postmaster@nexus.ox.ac.uk"),
        ("", 6, NAMELESS),
        ("post@ox.ac.uk", 6, OTHERWISE),
        (None, 6, "whether postmaster@nexus.ox.ac.uk has a mailbox cannot be read: Access is denied."),
    ],
)
def test_a_sender_without_a_mailbox_is_told_with_what_to_do(sender: str | None, code: int, message: str) -> None:
    """R47, tenant-api.md 4.14: no notice, and so (D06) no end of an address."""
    sends = NoticesTable(kind="tenant", sender="postmaster@nexus.ox.ac.uk")
    assert sender_check(sends, seen(sender)) == Checked("sender", code == 0, message, code)


def test_notices_that_do_not_go_through_the_tenant_need_no_mailbox(site: CommandSite) -> None:
    registered(site, managed=True)
    assert told(site, "sender") == (
        0,
        True,
        "postmaster@nexus.ox.ac.uk needs no mailbox: the notices' kind is folder",
    )


def test_a_mail_server_that_does_not_answer_is_found_before_a_notice_is_due(site: CommandSite) -> None:
    """interface.md 3: doctor checks what can be reached; 6."""
    registered(site, managed=True)
    assert told(site, "notices") == (0, True, f"are written to {site.folder / 'notices'}, one file each")
    main = site.folder / "nexusops.toml"
    smtp = '[notices]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 1\nusername = "u"\npassword = "env:NX_NEVER_SET"\n'
    main.write_text(main.read_text("utf-8").partition("[notices]")[0] + smtp, "utf-8")
    assert told(site, "notices")[:2] == (6, False)
    assert "NX_NEVER_SET is empty or not set" in told(site, "notices")[2]
    main.write_text(main.read_text("utf-8").replace('username = "u"\npassword = "env:NX_NEVER_SET"\n', ""), "utf-8")
    code, fine, message = told(site, "notices")
    assert (code, fine) == (6, False)
    assert "127.0.0.1:1: [Errno 111] Connection refused" in message


def test_a_site_that_is_not_the_one_of_its_data_is_told(site: CommandSite) -> None:
    """D29, D31, D46, 3.17: each is valid by itself, and would hold everybody back, or have no effect."""
    tables = SnapshotFolder("oxford-test").domain("northgate.ac.uk").unit("ARTS", "department", "northgate.ac.uk")
    for number in range(12):
        tables.person(str(number), f"smith.{number}" if number else "arts0001")
        tables.card(str(number), "EMP" if number > 9 else "US", "Ann", "Lee", "2025-01-01", "2028-09-30")
    tables.write(site.folder / "snapshot", AS_OF)
    (site.folder / "policy.toml").write_text(
        '[status_map]\nqualifying = ["STAFF"]\nnon_qualifying = ["US"]\n[deleted]\npurge_after_days = 60\n', "utf-8"
    )
    (site.folder / "guard.toml").write_text('[limits]\n"unit:MATH" = 3\n', "utf-8")
    said = site.type("doctor", "--at", AT, "--format", "json")
    assert said.code == 6
    assert [one["message"].partition(":")[0] for one in said.document["checks"] if one["name"] == "site"] == [
        "no unit's mail domain lies under ox.ac.uk, so nobody is given an address there",
        "nobody may own a unit's mailbox, and those that have an owner will end",
        "deleted.purge_after_days is 60, and Microsoft keeps what was deleted for 30 days",
        "guard.toml limits what is no unit of the registration data",
        "11 of 12 people looked at are frozen",
    ]
    assert "BAD_USERNAME 9, UNKNOWN_STATUS 2" in said.out
    (site.folder / "policy.toml").unlink()
    (site.folder / "guard.toml").unlink()
    registered(site, managed=True)
    assert told(site, "site") == (0, True, "fits the registration data (units: 1, domains: 1)")


def test_what_signs_in_to_a_real_tenant_may_be_configured_before_it_is_there(site: CommandSite) -> None:
    """A trial on the embedded tenant looks at no certificate, and reads no secret."""
    registered(site, managed=True)
    settings = site.folder / "nexusops.toml"
    real = '[tenant]\ncertificate_path = "/nowhere.pem"\ncertificate_password = "env:NX_NEVER_SET"'
    settings.write_text(settings.read_text("utf-8").replace("[tenant]", real), "utf-8")
    assert told(site, "tenant") == (0, True, "embedded: answers, and accepts our credentials")


def test_a_secret_that_everybody_may_read_is_told(site: CommandSite) -> None:
    """It is no reason to fail: in a container nobody else is there."""
    registered(site, managed=True)
    secret = site.folder.parent / "secret"
    secret.write_text("a secret", "utf-8")
    secret.chmod(0o644)
    main = site.folder / "nexusops.toml"
    main.write_text(main.read_text("utf-8").replace("[notices]\n", f'[notices]\npassword = "file:{secret}"\n'), "utf-8")
    said = f"{secret} can be read by everybody on this machine: chmod 600 is enough"
    assert told(site, "secrets") == (0, True, said)
