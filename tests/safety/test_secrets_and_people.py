"""Marked secrets and marked people, planted in every input, are looked for in everything that comes out."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building.killed import DAYS, KilledSite, first_day, second_day
from building.snapshot_folder import SnapshotFolder

from nexusops.cli import call
from nexusops.config.schema import QueueTable, RegistrationTable, StateTable
from nexusops.config.secrets import Secret
from nexusops.console.session import Session, Sessions
from nexusops.console.settings import SignInSettings
from nexusops.dns.primary import Primary, tsig_key
from nexusops.model.services import SignIn
from nexusops.tenant.applications import PasswordCredential
from nexusops.tenant.doors import _Token
from nexusops.tenant.settings import TenantSettings

SECRETS = {
    "NEXUSOPS_STATE": "s3cret-of-the-state",
    "NEXUSOPS_REGISTRATION": "s3cret-of-registration",
    "NEXUSOPS_CLIENT_SECRET": "s3cret-of-the-client",
    "NEXUSOPS_SMTP": "s3cret-of-the-mail-server",
    "NEXUSOPS_TSIG": "c2VjcmV0LW9mLXRoZS1uYW1lLXNlcnZlcg==",
    "NEXUSOPS_QUEUE": "s3cret-of-the-queue",
}
PEOPLE = ("Zuleika", "Dobsonmark", "zuleika@private-marker.example")
"""A name and an address that occur nowhere else."""
FORMULA = "=HYPERLINK(1)"
MARKUP = "<script>alert(1)</script>"


def marked(data: SnapshotFolder) -> SnapshotFolder:
    """Somebody marked, and a unit whose name is an attack on whoever opens a report."""
    data.person("1000007", "chem0007", known_as=PEOPLE[0]).affiliation("1000007", "CHEM", "2024-10-01")
    data.card("1000007", "MC", PEOPLE[0], PEOPLE[1], "2024-10-01", "2026-09-30")
    data.alternative("1000007", PEOPLE[2])
    data.person("1000008", "chem0008").affiliation("1000008", "CHEM", "2024-10-01")
    data.card("1000008", "MC", FORMULA, MARKUP, "2024-10-01", "2026-09-30")
    return data


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_database: str) -> KilledSite:
    """Secrets in every place that takes one; the state's password stands in a real URL."""
    found = KilledSite.made(tmp_path / "site")
    for day, data in zip(DAYS, (first_day(), second_day(), second_day()), strict=True):
        found.export(day, marked(data))
    name = postgres_database.partition("//")[2].replace("nexus@", f"nexus:{SECRETS['NEXUSOPS_STATE']}@")
    for variable, secret in SECRETS.items():
        monkeypatch.setenv(variable, secret)
    monkeypatch.setenv("NEXUSOPS_STATE", f"postgresql+psycopg://{name}")
    monkeypatch.setenv("NEXUSOPS_QUEUE", f"postgresql://nexus:{SECRETS['NEXUSOPS_QUEUE']}@127.0.0.1:1/queue")
    (tmp_path / "registration").write_text(f"sqlite:////nowhere/{SECRETS['NEXUSOPS_REGISTRATION']}.db\n")
    main = found.folder / "config" / "nexusops.toml"
    text = main.read_text("utf-8").replace('url = "sqlite:///state/nexusops.db"', 'url = "env:NEXUSOPS_STATE"')
    text = re.sub(r"\[tenant\]\n", '[tenant]\nsecret = "env:NEXUSOPS_CLIENT_SECRET"\n', text, count=1)
    text = re.sub(r"\[dns\]\n", '[dns]\ntsig_name = "k."\ntsig_secret = "env:NEXUSOPS_TSIG"\n', text, count=1)
    text = re.sub(r"\[notices\]\n", '[notices]\npassword = "env:NEXUSOPS_SMTP"\n', text, count=1)
    text = re.sub(r"\[queue\]\n", '[queue]\nurl = "env:NEXUSOPS_QUEUE"\n', text, count=1)
    main.write_text(text, "utf-8")
    return found


def commands(site: KilledSite) -> Iterator[list[str]]:
    """A day's work and what goes wrong in one, with the log at its loudest."""
    plan, bad = str(site.folder / "plan.json"), str(site.folder / "bad.json")
    one, two = ("--at", DAYS[0], "--snapshot", str(site.folder / DAYS[0][:10])), ("--at", DAYS[1])
    snapshot = ("--snapshot", str(site.folder / DAYS[1][:10]))
    yield ["config", "show"]
    yield ["config", "show", "--format", "json"]
    yield ["plan", *one, "--out", plan]
    for form in ("json", "html", "csv", "md"):
        yield ["plan", *one, "--format", form]
    yield ["run", *one]
    yield ["run", *two, *snapshot, "--format", "json"]
    yield ["apply", plan, *two]
    yield ["apply", bad, *two]
    yield ["explain", "chem0007", *two]
    yield ["audit", "chem0007", "--format", "json"]
    yield ["audit", "verify"]
    yield ["state", "export", "--format", "json"]
    yield ["state", "journal", "--format", "csv"]
    yield ["routing", "build"]
    yield ["doctor", *two]
    yield ["schedule", "--once"]
    yield ["undo", "nothing", *two]
    yield ["snapshot", "check", str(site.folder / "nowhere")]


def test_no_secret_comes_out_and_nobody_stands_in_a_log(
    site: KilledSite, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """interface.md 1: no secret in any output, log, plan, report, journal, notice or file; no person in a log."""
    said: dict[str, str] = {}
    logs: dict[str, str] = {}
    codes: list[tuple[str, int]] = []
    for words in commands(site):
        capsys.readouterr()
        code = call(["--config", str(site.folder / "config"), "--log-level", "debug", *words])
        out, err = capsys.readouterr()
        codes.append((words[0], code))
        said[" ".join(words)], logs[" ".join(words)] = out, err
    for path in sorted(site.folder.rglob("*")):
        if path.is_file() and not path.is_relative_to(site.folder / "2025-01-15"):
            said[str(path.relative_to(site.folder))] = path.read_bytes().decode("utf-8", "replace")
    assert [code for command, code in codes if command in ("plan", "run", "explain", "state", "routing")] == [0] * 11
    assert dict(codes) == {
        "config": 0,
        "plan": 0,
        "run": 0,
        "apply": 2,
        "explain": 0,
        "audit": 0,
        "state": 0,
        "routing": 0,
        "doctor": 6,
        "schedule": 9,
        "undo": 6,
        "snapshot": 3,
    }
    everything = {**said, **{f"log of {name}": text for name, text in logs.items()}}
    assert {(s, name) for name, text in everything.items() for s in SECRETS.values() if s in text} == set()
    assert {(who, name) for name, text in logs.items() for who in PEOPLE if who.lower() in text.lower()} == set()
    assert any(PEOPLE[1].lower() in text.lower() for text in said.values()), "the people never came in"


def test_a_page_and_a_table_carry_no_attack(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """No markup of anybody's in the HTML, no formula in the CSV (OWASP, CSV injection)."""
    page, table = (output(site, capsys, form) for form in ("html", "csv"))
    assert FORMULA in page
    assert MARKUP not in page
    cells = re.split(r'[,\r\n]+"?', table)
    assert [cell for cell in cells if cell.startswith(("=", "@", "+"))] == []
    assert f"'{FORMULA}" in table


def output(site: KilledSite, capsys: pytest.CaptureFixture[str], form: str) -> str:
    capsys.readouterr()
    assert site.type("plan", DAYS[0], "--format", form) == 0
    return capsys.readouterr().out


def test_a_password_in_an_address_of_the_configuration_is_not_shown(
    fresh: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """A url may stand there as it is; what is shown of it, and kept with each run, has no password."""
    main = fresh.folder / "config" / "nexusops.toml"
    secret = "s3cret-in-the-url"
    url = f'url = "postgresql://nexus:{secret}@db.example/queue"'
    main.write_text(main.read_text("utf-8").replace("[queue]\n", f"[queue]\n{url}\n"), "utf-8")
    capsys.readouterr()
    for form in ("text", "json"):
        assert call(["--config", str(fresh.folder / "config"), "config", "show", "--format", form]) == 0
    assert fresh.type("run", DAYS[1]) == 0
    said = capsys.readouterr()
    assert "nexus:***@db.example" in said.out
    assert secret not in said.out + said.err
    state = (fresh.folder / "config" / "state" / "nexusops.db").read_bytes()
    assert secret.encode() not in state


def test_no_value_that_holds_a_secret_shows_it() -> None:
    """Whoever prints one, or the values around an error, prints no secret."""
    url = "postgresql://nexus:s3cret@db.example/queue"
    values = (
        *(StateTable(url=url), RegistrationTable(url=url), QueueTable(url=url)),
        TenantSettings(tenant_id="t", client_id="c", secret="s3cret", certificate_password="s3cret"),
        SignIn(tenant_id="t", client_id="c", client_secret="s3cret"),
        PasswordCredential(key_id="k", secret_text="s3cret"),
        _Token(access_token="s3cret"),
        Session(sid="s3cret", username="ann", name="Ann", csrf="s3cret", expires=1),
        Sessions(clock=lambda: datetime.now(UTC), lifetime=timedelta(1), secure=True, key=b"s3cret"),
        SignInSettings(client_id="c", client_secret="s3cret", tenant_id="t", authority="https://a", ca_bundle=None),
        Secret(key="k", reference="env:NX", folder=Path(), source=Path(), environment={"NX": "s3cret"}),
        Primary(host="h", port=53, key=tsig_key("k.", "hmac-sha256", "s3cret00")),
    )
    assert [repr(one) for one in values if "s3cret" in repr(one)] == []


def test_state_tenant_and_plans_are_their_owners_alone(fresh: KilledSite) -> None:
    """Whatever the umask says."""
    plan = fresh.folder / "plan.json"
    assert fresh.type("plan", DAYS[1], "--out", str(plan)) == 0
    state = fresh.folder / "config" / "state"
    files = [plan, *(path for path in state.iterdir() if path.is_file())]
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
        path.name: "0o600" for path in files
    }
