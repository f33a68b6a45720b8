"""docs/answers.md and docs/monitoring.md: the examples run as they stand on the demo's site, and name what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nexusops.cli import call
from nexusops.model.health import Health
from nexusops.report.health import metrics_text

ROOT = Path(__file__).parents[2]
PAGES = ("answers.md", "monitoring.md")


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert call(["demo", "--keep", "tour"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_run_as_they_stand(name: str, tour: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", text_of(name), re.MULTILINE | re.DOTALL)
    assert blocks
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tour,
        env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    if name == "answers.md":
        assert "the lowest number that was free" in done.stdout
        assert "winddown.months" in done.stdout


def test_the_metrics_that_the_page_and_the_alerts_name_are_those_there_are() -> None:
    from datetime import UTC, datetime

    from nexusops.model.health import RunTold

    at = datetime(2025, 10, 1, tzinfo=UTC)
    run = RunTold(at=at, result="applied", changes=1, counts={"SetSender": 1})
    seen = Health(
        site="s",
        at=at,
        snapshot_as_of=at,
        run=run,
        good_at=at,
        lock=None,
        open_intents=0,
        unfinished=(),
        live_mailboxes=0,
        licences=0,
        notices_owed=0,
        overdue=0,
        findings={("MISSING_CARD", "alert"): 1},
    )
    there = set(re.findall(r"^(nexusops_[a-z_]+)\{", metrics_text(seen, 0, certificate_end=at), re.MULTILINE))
    assert set(re.findall(r"`(nexusops_[a-z_]+)", text_of("monitoring.md"))) == there
    alerts = (ROOT / "docs" / "alerts.yml").read_text("utf-8")
    assert set(re.findall(r"\bnexusops_[a-z_]+", alerts)) <= there


def test_every_alarm_has_its_part_of_the_runbook() -> None:
    alerts = (ROOT / "docs" / "alerts.yml").read_text("utf-8")
    named = re.findall(r"alert: (\w+)", alerts)
    assert len(named) > 5
    assert set(re.findall(r"`(Nexusops\w+)`", text_of("runbook.md"))) == set(named)
