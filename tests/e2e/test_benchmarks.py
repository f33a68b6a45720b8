"""What measures the program still runs: each benchmark at its smallest, once. How long it takes is not looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from building.cluster import binaries
from conftest import needs

from benchmarks import adoption, growth
from benchmarks.chart import drawn
from benchmarks.run import FIGURES
from nexusops.cli import call

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = "60"
SMALLEST = {"NEXUSOPS_BENCH_PEOPLE": PEOPLE, "NEXUSOPS_BENCH_RUNS": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}


def told(folder: Path, *words: str) -> list[str]:
    """The lines of a benchmark that runs in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        check=False,
        env={**os.environ, **SMALLEST, "NEXUSOPS_BENCH_SITES": str(folder / "sites")},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_figure_can_be_measured_and_drawn(tmp_path: Path) -> None:
    """docs/performance.md rests on them."""
    if binaries() is None:
        needs("PostgreSQL is not installed")
    lines = told(tmp_path, "benchmarks.run")[2:]
    assert [line for line in lines if "MiB" not in line] == []
    assert len(lines) == len(FIGURES)
    (tmp_path / "docs").mkdir()
    assert len(told(tmp_path, "benchmarks.growth", PEOPLE)) == 3
    assert len((tmp_path / growth.TABLE).read_text("utf-8").splitlines()) == 4
    assert (tmp_path / growth.CHART).read_text("utf-8").count("<polyline") == 3


def test_the_chart_of_the_documentation_is_that_of_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert drawn(growth.read()) == growth.CHART.read_text("utf-8")


def test_the_tenant_is_measured_at_the_smallest_size(tmp_path: Path) -> None:
    """docs/tenant.md rests on it."""
    lines = told(tmp_path, "benchmarks.tenant", "--changes", "3", "--people", "5", "--scale", "50")
    beginnings = ("nexusops ", "a plain loop", "reading everybody: 11 people")
    assert [begin for begin in beginnings if not any(line.startswith(begin) for line in lines)] == []


def test_a_tenant_of_years_can_be_made_and_taken_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    adoption.made(tmp_path, int(PEOPLE))
    words = ["--config", str(tmp_path / "config"), "adopt", "--at", f"{adoption.AT:%Y-%m-%dT%H:%M:%SZ}"]
    assert call([*words, "--snapshot", str(tmp_path / "snapshot")]) == 0, capsys.readouterr().err
    assert "mailboxes" in capsys.readouterr().out
