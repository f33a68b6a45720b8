"""``saas test`` and ``saas verify``: does it send, and may it do no more (interface.md 7)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from building.signing_keys import ed25519_key
from cli.conftest import CommandSite
from cli.test_saas import AT, DOMAIN_REQUEST, file

from nexusops.cli import call
from nexusops.demo.snapshots import restamped
from nexusops.emulator.tenant import EmbeddedTenant

ZONE = """$ORIGIN ox.ac.uk.
_spf IN TXT "v=spf1 ip4:129.67.0.0/16 ~all"
mail-shot.foodtech IN TXT "v=spf1 include:_spf.ox.ac.uk include:spf.mailshot.example -all"
mail-shot.foodtech IN MX 10 oxmail
$ORIGIN mailshot.example.
spf IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site after its first run: a mailbox through Exchange Online, one through Microsoft SMTP, a service domain."""
    folder = tmp_path_factory.mktemp("saas")
    site = CommandSite.made(folder, None)
    file(site, "adminday")
    file(site, "rota", service_name="Rota", supports_exo=False, from_local="rota")
    file(site, "mailshot", **DOMAIN_REQUEST)
    day = ("--at", "2025-10-01T08:00:00Z", "--snapshot", str(site.day_one))
    assert call(["--config", str(site.folder), "run", *day]) == 0
    return folder


@pytest.fixture
def running(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandSite:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return CommandSite(tmp_path / "site", tmp_path / "1", tmp_path / "2", capsys)


def checks(site: CommandSite, command: str, request_id: str, *words: str | Path) -> tuple[int, dict[str, bool]]:
    said = site.type("saas", command, request_id, *AT, *words, "--format", "json")
    return said.code, {one["check"]: one["passed"] for one in said.document["checks"]}


def tenant(site: CommandSite) -> EmbeddedTenant:
    return EmbeddedTenant.open(site.folder / "state" / "tenant.db")


def secret(site: CommandSite, request_id: str) -> str:
    text = (site.folder / "state" / "handover" / f"{request_id}.toml").read_text("utf-8")
    (line,) = (one for one in text.splitlines() if one.startswith("client_secret"))
    return line.split('"')[1]


def test_both_connections_send_and_reach_nothing_else(running: CommandSite) -> None:
    """R61-R64: the trial sends one message each way; the proof is one line a check, with the answer seen."""
    code, found = checks(running, "test", "adminday", "--to", "ann@mail.example")
    assert (code, found) == (0, {"token": True, "sendMail to ann@mail.example": True})
    said = running.type("saas", "test", "rota", *AT)
    assert said.code == 0
    assert [line.split(": ")[1][:9] for line in said.out.splitlines()[1:5]] == [
        "235 2.7.0",
        "250 2.1.0",
        "250 OK",
        "250 2.0.0",
    ]
    with tenant(running) as held:
        sent = held._book.notes("mail")
    assert [one["sender"] for one in sent] == ["adminday@foodtech.ox.ac.uk", "rota@foodtech.ox.ac.uk"]
    for request_id, answers in (
        ("adminday", ("InScope True", "InScope False", "400 ErrorInvalidRecipients", "403 ErrorAccessDenied")),
        ("rota", ("InScope True", "InScope False", "235 2.7.0", "535 5.7.139")),
    ):
        said = running.type("saas", "verify", request_id, *AT)
        assert (said.code, said.out.count("ok  "), "FAILED" in said.out) == (0, 9, False)
        assert all(answer in said.out for answer in answers)
        assert secret(running, request_id) not in said.out + said.err
    with tenant(running) as held:
        assert held._book.notes("mail") == sent
    state = running.type("state", "export", "--format", "json").document["services"]
    assert {one["request_id"]: one["verified_on"] for one in state}["rota"] == "2025-10-01"


def test_the_other_mailbox_may_be_named_as_staff_know_it(running: CommandSite) -> None:
    """By a username; its address is at the site's fallback domain (interface.md 2)."""
    code, found = checks(running, "verify", "adminday", "--other", "food0042")
    assert (code, "refused at another mailbox, food0042@nexus.ox.ac.uk" in found) == (0, True)


def test_no_secret_is_anywhere_but_in_its_file(running: CommandSite) -> None:
    """interface.md 1: not in the plan, the state, or the journal."""
    for request_id in ("adminday", "rota"):
        hidden = secret(running, request_id)
        for words in (("state", "export", "--format", "json"), ("audit", request_id, "--format", "json")):
            assert hidden not in running.type(*words).out
        assert hidden.encode() not in (running.folder / "state" / "nexusops.db").read_bytes()


def test_a_right_that_is_too_wide_is_found(running: CommandSite) -> None:
    """R61: consented for the whole tenant, the product is let in where it must not be; exit 6."""
    with tenant(running) as held:
        book = held._book
        (app,) = book.find("application", "uniqueName", "nexusops-saas-adminday")
        (principal,) = book.find("servicePrincipal", "appId", app["appId"])
        (graph,) = book.find("servicePrincipal", "appId", "00000003-0000-0000-c000-000000000000")
        (role,) = (one for one in graph["appRoles"] if one["value"] == "Mail.Send")
        grant = {"id": "a1", "principalId": principal["id"], "resourceId": graph["id"], "appRoleId": role["id"]}
        held._write(lambda: book.put("assignment", "a1", grant))
    code, found = checks(running, "verify", "adminday")
    assert code == 6
    assert [name for name, passed in found.items() if not passed] == [
        "it has no permission for the whole tenant",
        "the product itself is turned away at another mailbox postmaster@nexus.ox.ac.uk",
    ]


def test_what_was_switched_off_is_found(running: CommandSite) -> None:
    """4.10: SMTP AUTH of the mailbox; the trial says what the server said."""
    with tenant(running) as held:
        holder = str(held._book.holder("rota@foodtech.ox.ac.uk"))
        mailbox: dict[str, Any] = held._book.get("mailbox", holder) or {}
        mailbox["_cas"]["SmtpClientAuthenticationDisabled"] = True
        held._write(lambda: held._book.put("mailbox", holder, mailbox))
    said = running.type("saas", "test", "rota", *AT)
    assert said.code == 6
    assert "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox." in said.out
    assert checks(running, "verify", "rota")[0] == 6


def test_what_is_not_here_any_more_is_proved_without_it(running: CommandSite) -> None:
    """The file was handed over and deleted: Exchange is still asked; only the product itself can try."""
    (running.folder / "state" / "handover" / "adminday.toml").unlink()
    code, found = checks(running, "verify", "adminday")
    assert (code, len(found)) == (0, 7)
    refused = running.type("saas", "test", "adminday", *AT)
    assert (refused.code, refused.out) == (6, "")
    assert running.type("saas", "test", "mailshot", *AT).code == 6
    assert running.type("saas", "verify", "nothing", *AT).code == 6


def test_a_service_domain_is_live_once_the_dns_equals_the_plan(running: CommandSite) -> None:
    """R68-R70, R85, 2.4: each record with the answer seen, and the record within the limits (D40)."""
    zone = running.folder / "zone.txt"
    zone.write_text(ZONE.replace("MX 10 oxmail", "MX 10 elsewhere"), "utf-8")
    code, found = checks(running, "verify", "mailshot", "--zone", zone)
    assert (code, list(found.values())) == (6, [True, False, True])
    zone.write_text(ZONE, "utf-8")
    said = running.type("saas", "verify", "mailshot", *AT, "--zone", zone)
    assert (said.code, said.out.splitlines()[-1]) == (0, "mailshot: all passed; it is live.")
    assert "ok, 2 look-ups" in said.out
    rows = {one["request_id"]: one for one in running.type("saas", "list", "--format", "json").document["requests"]}
    assert (rows["mailshot"]["state"], rows["mailshot"]["review_on"]) == ("live", "2026-10-01")
    assert running.on_day_two("plan", "saas_mailboxes", "service_domains", "--format", "json").document["changes"] == []


def test_what_was_reviewed_is_no_problem_any_more(running: CommandSite, tmp_path: Path) -> None:
    """2.4: the proof ends the review at once, also in the list; it does not wait for the next run."""
    (running.folder / "zone.txt").write_text(ZONE, "utf-8")
    proof = ("saas", "verify", "mailshot", "--zone", running.folder / "zone.txt", "--at")
    assert running.type(*proof, "2025-10-01T09:00:00Z").code == 0
    year = datetime(2026, 10, 1, 8, tzinfo=UTC)
    snapshot = restamped(running.day_one, tmp_path / "year", year - timedelta(minutes=10))

    def problem() -> tuple[str, str | None]:
        found = running.type("saas", "list", "--format", "json").document["requests"]
        return next((one["state"], one["problem"]) for one in found if one["request_id"] == "mailshot")

    assert running.type("run", "service_domains", "--at", "2026-10-01T08:00:00Z", "--snapshot", snapshot).code == 0
    state, due = problem()
    assert (state, str(due).split(":")[0]) == ("review_due", "REVIEW_DUE")
    assert running.type(*proof, "2026-10-01T09:00:00Z").code == 0
    assert problem() == ("live", None)


def test_a_request_explains_itself(running: CommandSite) -> None:
    """rules.md 4: rule, dates and evidence, of a service domain and of a mailbox."""
    said = running.type("explain", "mailshot", *AT)
    assert said.code == 0
    assert "request:     provisioning, since 2025-10-01" in said.out
    assert "record:      mail-shot.foodtech.ox.ac.uk MX 10 oxmail.ox.ac.uk. (R68)" in said.out
    assert "request:     live, since 2025-10-01" in running.type("explain", "adminday", *AT).out
    for name in ("mail-shot.foodtech.ox.ac.uk", "News@Mail-Shot.foodtech.ox.ac.uk"):
        assert running.type("explain", name, *AT).out == said.out, "what the desk sees in a header leads there too"
    assert running.type("explain", "news@other-shot.foodtech.ox.ac.uk", *AT).code == 6


def test_dkim_is_proved_with_the_other_records(running: CommandSite) -> None:
    """R86: the provider's name, and a key of which every letter counts."""
    path = file(running, "mailshot", **DOMAIN_REQUEST)
    key = ed25519_key()
    keys = f'dkim = ["s1 s1.dkim.mailshot.example", "s2 v=DKIM1; k=ed25519; p={key}"]\n'
    path.write_text(path.read_text("utf-8") + keys, "utf-8")
    assert running.type("run", *AT, "--snapshot", running.day_one).code == 0
    zone = running.folder / "zone.txt"
    dkim = f"""$ORIGIN mail-shot.foodtech.ox.ac.uk.
s1._domainkey IN CNAME s1.dkim.mailshot.example.
s2._domainkey IN TXT "v=DKIM1; k=ed25519; p={key}"
"""
    zone.write_text(ZONE + dkim, "utf-8")
    assert checks(running, "verify", "mailshot", "--zone", zone)[0] == 0
    zone.write_text(ZONE + dkim.replace(key, key.swapcase()), "utf-8")
    assert list(checks(running, "verify", "mailshot", "--zone", zone)[1].values()) == [True, True, True, False, True]


def test_what_a_run_gave_is_taken_back_and_given_again(running: CommandSite) -> None:
    """interface.md 4: the undo of a grant and of records is exact, and so is that of the undo; the secret works on."""
    file(running, "late", service_name="Late", from_local="late")
    file(running, "lateshot", **{**DOMAIN_REQUEST, "service_name": "Late Shot"})
    later = ("--at", "2025-10-01T08:10:00Z")
    assert running.type("run", *later, "--snapshot", running.day_one).code == 0
    before = secret(running, "late")

    def last_run() -> str:
        return str(running.type("state", "export", "--format", "json").document["runs"][-1]["run_id"])

    def states() -> list[str]:
        rows = running.type("saas", "list", "--format", "json").document["requests"]
        return [one["state"] for one in rows if one["request_id"].startswith("late")]

    plan = running.type("undo", last_run(), *later, "--format", "json").document
    assert [one["kind"] for one in plan["changes"]] == ["RevokeAccess", "RetireRecords", "DeleteMailbox"]
    assert running.type("undo", last_run(), "--apply", *later).code == 0
    undone = last_run()
    assert states() == ["draft", "draft"]
    assert checks(running, "verify", "adminday")[0] == 0
    with tenant(running) as held:
        assert held._book.get("scope", "nexusops late") is None
    again = running.type("plan", *later, "--snapshot", running.day_one, "--format", "json").document
    assert (again["changes"], {one["code"] for one in again["findings"] if one["subject"] == "late"}) == (
        [],
        {"UNDONE"},
    )
    assert running.type("undo", undone, "--apply", *later).code == 0
    assert states() == ["live", "provisioning"]
    assert secret(running, "late") == before
    assert checks(running, "verify", "late")[0] == 0
