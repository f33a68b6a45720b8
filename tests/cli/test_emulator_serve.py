"""``emulator serve`` (interface.md 6): one JSON line, answers on loopback, ends on SIGTERM with 0."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from building.patience import PATIENCE

from nexusops.cli import call


def test_the_server_says_where_it_is_gives_tokens_and_ends_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nexusops", "emulator", "serve", "--path", str(tmp_path / "tenant.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = json.loads(server.stdout.readline())
            answer = httpx.post(
                f"{line['authority']}/{line['tenant_id']}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": line["client_id"],
                    "client_secret": line["client_secret"],
                    "scope": "https://graph.microsoft.com/.default",
                },
            )
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=PATIENCE)
        finally:
            server.kill()
    assert set(line) == {"authority", "graph", "exchange", "tenant_id", "client_id", "client_secret"}
    assert answer.json().get("token_type") == "Bearer", answer.text
    assert code == 0
    assert (tmp_path / "tenant.db").exists()


def test_a_fault_script_that_is_none_is_a_usage_error(tmp_path: Path, capsys: object) -> None:
    script = tmp_path / "faults.json"
    script.write_text('[{"kindd": "status"}]', "utf-8")
    assert call(["emulator", "serve", "--faults", str(script)]) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--grant", "User.Fly.All"], "User.Fly.All: no permission or role of the embedded tenant."),
        (["--accept", "no domain"], "'no domain' is not a domain"),
        (["--path", "{folder}/text"], "file is not a database"),
        (["--path", "/proc/none/tenant.db"], "No such file or directory"),
        (["--faults", "{folder}/text"], "it is not JSON"),
    ],
)
def test_what_cannot_be_served_is_a_usage_error(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("This is no database, and no JSON either." * 20, "utf-8")
    assert call(["emulator", "serve", *[one.replace("{folder}", str(tmp_path)) for one in arguments]]) == 2
    printed = capsys.readouterr()
    assert (printed.out, told in printed.err) == ("", True), printed.err
