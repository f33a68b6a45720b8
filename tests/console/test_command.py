"""``nexusops console`` as its user starts it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from building.patience import PATIENCE
from console.conftest import configure

from nexusops.cli import call


def test_it_says_where_it_is_once_it_answers_and_ends_when_told_to(site: Path) -> None:
    """interface.md 3: one JSON line on stdout, on 127.0.0.1."""
    command = [sys.executable, "-m", "nexusops", "--config", str(site), "console", "--actor", "ann"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert list(line) == ["url"]
        assert line["url"].startswith("http://127.0.0.1:")
        answer = httpx.get(line["url"] + "units", timeout=PATIENCE)
        assert answer.status_code == 200
        assert "acts as <b>ann</b>" in answer.text
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
        assert process.stdout.read() == ""


def test_a_sign_in_that_is_half_configured_is_a_usage_error_and_no_single_user_mode(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """interface.md 1: the file, the key path, and what to do next."""
    configure(site, 'client_id = "00000000-0000-0000-0000-000000000001"')
    assert call(["--config", str(site), "console"]) == 2
    assert "console.client_secret: missing" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(site: Path, capsys: pytest.CaptureFixture[str]) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert call(["--config", str(site), "console", "--port", str(taken.getsockname()[1])]) == 2
    assert "Name a free port" in capsys.readouterr().err
