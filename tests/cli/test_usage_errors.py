"""Usage errors end with 2, on stderr only, and say what to do next (interface.md 1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexusops.cli import call

D = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plann"], "Did you mean plan?"),
        (["plan", "--colour"], "--colour"),
        (["plan", "--at", "2025-10-01T08:00:00"], "with an offset"),
        (["plan", "--at", "2025-10-01"], "RFC 3339"),
        (["plan", "--at", "2025-10-01 08:00:00Z"], "RFC 3339"),
        (["plan", "--at", "2025-02-30T08:00:00Z"], "not a real instant"),
        (["plan", "--at", "20251001T080000Z"], "RFC 3339"),
        (["plan", "--at", "2025-10-01T08:00:00+24:00"], "RFC 3339"),
        (["plan", "--at", "2025-10-01T08:00:00+01:60"], "RFC 3339"),
        (["plan", "--at", "9999-12-31T23:59:59Z"], "1970 to 2999"),
        (["explain", "x", "--at", "0001-01-01T00:00:00Z"], "1970 to 2999"),
        (["simulate", "--until", "20300101"], "not a date"),
        (["simulate", "--until", "9999-12-31"], "1970 to 2999"),
        (["plan", "--format", "yaml"], "yaml"),
        (["run", "--accept", "DisableMailbx=3"], "DisableMailbox"),
        (["run", "--accept", "DisableMailbox"], "exactly the number planned"),
        (["run", "--accept", "DisableMailbox=-3"], "exactly the number planned"),
        (["run", "--accept", "DisableMailbox=3", "--accept", "DisableMailbox=4"], "once"),
        (["run", "--approve", "12"], "64 hex digits"),
        (["plan", "--out", "-"], "names no file"),
        (["plan", "--until", "2026-09-30"], "--until goes with --policy"),
        (["plan", "addresses", "--policy", "policy.toml"], "no JOB, --out or --detailed-exitcode goes with it"),
        (["plan", "--policy", "policy.toml", "--out", "plan.json"], "no JOB, --out or --detailed-exitcode"),
        (["plan", "--policy", "policy.toml", "--until", "2999-12-31"], "20 years ahead at most"),
        (["history", "--config", "site"], "--config stands before the command: nexusops --config … history."),
        (["apply"], "PLANFILE"),
        (["explain", "m\udcfcller"], "The argument m\\udcfcller is not UTF-8."),
        (["emulator", "serve", "--port", "70000"], "70000"),
    ],
)
def test_a_usage_error_says_what_is_wrong_and_where_to_look(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "--help` for what it takes." in printed.err
    assert printed.out == ""


def test_a_missing_configuration_folder_is_a_configuration_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["--config", str(tmp_path / "none"), "plan"]) == 2
    printed = capsys.readouterr()
    assert "nexusops init DIR" in printed.err
    assert printed.out == ""


def test_the_environment_names_the_configuration_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["init", str(tmp_path / "site")]) == 0
    monkeypatch.setenv("NEXUSOPS_CONFIG", str(tmp_path / "site"))
    capsys.readouterr()
    assert call(["config", "show"]) == 0
    assert capsys.readouterr().out.startswith(f"# {tmp_path / 'site'}\n")
