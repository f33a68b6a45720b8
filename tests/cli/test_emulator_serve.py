"""``emulator serve`` (interface.md 6): one JSON line, answers on loopback, ends on SIGTERM with 0."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx

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
            code = server.wait(timeout=10)
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
