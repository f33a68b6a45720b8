"""interface.md 6: azure-identity, msal and msgraph-sdk work unchanged against ``emulator serve --tls``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.demo.cast import CAST
from nexusops.demo.days import BEFORE_THE_RUN
from nexusops.demo.snapshots import write_snapshot
from nexusops.demo.story import FIRST
from nexusops.demo.university import domain_rows, unit_rows

ROTA = """service_name = "Rota"
unit_id = "FOOD"
requester = "food0007"
provider = "Rota GmbH"
oxford_domain_needed = true
direction = "send"
supports_exo = false
supports_ms_smtp = true
auth = "oauth2"
owner_person_id = "1000007"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "nexusops", "emulator", "serve", "--tls", "--smtp"]
    command += ["--path", str(tmp_path / "far.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_a_first_day_is_planned_and_run_with_the_real_clients(
    server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    write_starter(site)
    main = site / "nexusops.toml"
    real = (
        f'kind = "microsoft365"\ntenant_id = "{server["tenant_id"]}"\nclient_id = "{server["client_id"]}"\n'
        f'credential = "secret"\nsecret = "env:NX_TEST_SECRET"\nauthority = "{server["authority"]}"\n'
        f'graph_base_url = "{server["graph"]}"\nexchange_base_url = "{server["exchange"]}"\n'
        f'ca_bundle = "{server["ca_bundle"]}"\nsmtp = "{server["smtp"]}"\n'
    )
    text = main.read_text("utf-8")
    before, _, rest = text.partition('kind = "embedded"')
    main.write_text(before + real + "#" + rest.replace('path = "state/tenant.db"', "", 1), "utf-8")
    monkeypatch.setenv("NX_TEST_SECRET", server["client_secret"])
    tables = {"units": unit_rows(0), "domains": domain_rows(0), "it_staff": [("food0007", "1000007", "FOOD")]}
    (site / "services" / "rota.toml").write_text(ROTA, "utf-8")
    as_of = FIRST - BEFORE_THE_RUN
    write_snapshot(site / "snapshot", tenant="oxford-test", as_of=as_of, members=CAST[:7], tables=tables)
    at = ("--at", "2025-10-01T08:00:00Z")
    assert call(["--config", str(site), "doctor", "--format", "json", *at]) == 6
    told = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["permissions"]
    assert len(set(told["permissions"]["too_many"])) == len(told["permissions"]["too_many"])
    assert (told["permissions"]["missing"], "AppRoleAssignment.ReadWrite.All" in told["permissions"]["too_many"]) == (
        [],
        True,
    )
    text = main.read_text("utf-8")
    main.write_text(text.replace('[notices]\nkind = "folder"', '[notices]\nkind = "tenant"'), "utf-8")
    assert call(["--config", str(site), "doctor", *at]) == 6
    assert "FAIL  sender         postmaster@nexus.ox.ac.uk has no mailbox in the tenant" in capsys.readouterr().out
    main.write_text(text, "utf-8")
    assert call(["--config", str(site), "run", *at]) == 0, capsys.readouterr()
    capsys.readouterr()
    assert call(["--config", str(site), "plan", "--refresh", "full", "--detailed-exitcode", *at]) == 0
    printed = capsys.readouterr()
    assert "No changes." in printed.out
    for request in ("test", "verify"):
        assert call(["--config", str(site), "saas", request, "rota", *at]) == 0, capsys.readouterr()
    proved = capsys.readouterr().out
    assert "235 2.7.0 Authentication successful" in proved
    assert "refused at another mailbox, food0007@nexus.ox.ac.uk" in proved
    kept = "".join(path.read_text("utf-8", errors="replace") for path in site.rglob("*") if path.is_file())
    assert server["client_secret"] not in kept + printed.out + printed.err
