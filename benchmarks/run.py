"""The figures, as whole processes on this machine: medians, processor time, peak memory, ratios to their yardsticks.

make bench                       all of them
make bench FIGURES=hour          those whose names contain the word
"""

from __future__ import annotations

import atexit
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from benchmarks.estate import HOUR
from benchmarks.measuring import Command, Measured, in_turn, measured, middle
from benchmarks.sites import on_postgresql, settled, year_ahead
from nexusops.demo.stage import Stage

RUNS = int(os.environ.get("NEXUSOPS_BENCH_RUNS", "5"))
PEOPLE = int(os.environ.get("NEXUSOPS_BENCH_PEOPLE", "100000"))
AT = datetime(2025, 10, 1, 8, tzinfo=UTC)
EXECUTABLE = str(Path(sys.executable).with_name("nexusops"))
HASHING = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    hashlib.sha256(path.read_bytes()).hexdigest()
"""

Prepare = Callable[[Path], Command | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """``prepare`` makes what a run needs and gives its command line; None: it cannot be measured here.

    ``beside``: a yardstick of the name ``yardstick``, measured in turn with it.
    """

    name: str
    goal: str
    prepare: Prepare
    yardstick: str = ""
    beside: Prepare | None = None


def _help(_folder: Path) -> Command:
    return [EXECUTABLE, "--help"]


def university(command: str, people: int, folder: Path) -> Command:
    """A fresh site with a snapshot of so many people, and nothing in the tenant."""
    stage = Stage.set_up(folder, people=people, seed=1, call=lambda _words: 0)
    snapshot = stage.first_day(AT)
    site = [EXECUTABLE, "--config", str(folder / "config"), command]
    accept = ["--accept", "Destructive=0"] if command == "run" else []
    return [*site, "--at", "2025-10-01T08:00:00Z", "--snapshot", str(snapshot), *accept]


def _planned(config: Path, hour: str, snapshot: Path) -> Command:
    return [EXECUTABLE, "--config", str(config), "plan", "--at", hour, "--snapshot", str(snapshot)]


def hour(people: int, _folder: Path) -> Command:
    site = settled(people)
    return _planned(site / "config", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}", site / "snapshots" / "next")


def _hour_on_postgresql(_folder: Path) -> Command | None:
    config = on_postgresql(PEOPLE)
    if config is None:
        return None
    return _planned(config, f"{HOUR:%Y-%m-%dT%H:%M:%SZ}", settled(PEOPLE) / "snapshots" / "next")


def hashing(people: int, _folder: Path) -> Command:
    """Reading and hashing the files of the hour's snapshot, and nothing else."""
    return [sys.executable, "-c", HASHING, str(settled(people) / "snapshots" / "next")]


def _quiet_hour(_folder: Path) -> Command:
    """Nothing has changed and nothing is due."""
    site = settled(PEOPLE)
    return _planned(site / "config", "2025-10-01T09:00:00Z", site / "snapshots" / "all")


def _by_ledger(name: str, _folder: Path) -> Command:
    """An hour (``next``, ``merger`` or ``term``) in a tenant that answers at once."""
    site = settled(PEOPLE)
    return [sys.executable, "-m", "benchmarks.planning", str(site / "config"), str(site / "snapshots" / name)]


def _explain(_folder: Path) -> Command:
    at = f"{HOUR:%Y-%m-%dT%H:%M:%SZ}"
    return [EXECUTABLE, "--config", str(settled(PEOPLE) / "config"), "explain", f"naa{min(500, PEOPLE):04}", "--at", at]


def _export(_folder: Path) -> Command:
    return [EXECUTABLE, "--config", str(settled(PEOPLE) / "config"), "state", "export", "--format", "json"]


@cache
def _routed() -> Path:
    config = Path(tempfile.mkdtemp(prefix="nexusops-bench-")) / "config"
    atexit.register(shutil.rmtree, config.parent, ignore_errors=True)
    measured([sys.executable, "-m", "benchmarks.routing", "prepare", str(settled(PEOPLE) / "config"), str(config)])
    return config


def _routing(_folder: Path) -> Command:
    return [sys.executable, "-m", "benchmarks.routing", "build", str(_routed()), "1"]


def _year(_folder: Path) -> Command:
    site = [EXECUTABLE, "--config", str(year_ahead(PEOPLE) / "config")]
    return [*site, "simulate", "--at", "2025-10-02T08:00:00Z", "--until", "2026-10-01"]


OURS = f"{PEOPLE:,} people"
MANY, NEW = min(20_000, PEOPLE), min(1_060, PEOPLE)
"""Of two figures that know a size of their own."""
FIGURES = (
    Figure("nexusops --help", "0.15 s", _help),
    Figure(f"a whole plan for {MANY:,} people", "5 s, 400 MiB", partial(university, "plan", MANY)),
    Figure(f"a whole plan, {OURS}", "10 s, 600 MB", partial(university, "plan", PEOPLE)),
    Figure(f"applying the creations of {NEW:,} people", "30 s", partial(university, "run", NEW)),
    Figure(f"an ordinary hour, {OURS}", "2 s, 300 MiB", partial(hour, PEOPLE), "hashing", partial(hashing, PEOPLE)),
    Figure("  with the state in PostgreSQL", "1.5 x SQLite", _hour_on_postgresql, "SQLite", partial(hour, PEOPLE)),
    Figure(f"an hour in which nothing happens, {OURS}", "1.5 s", _quiet_hour),
    Figure(
        f"a merger of 3,000, {OURS}", "an hour + 10 s", partial(_by_ledger, "merger"), "an hour", partial(hour, PEOPLE)
    ),
    Figure(f"a term's start, {OURS}", "an hour + 10 s", partial(_by_ledger, "term"), "an hour", partial(hour, PEOPLE)),
    Figure(f"explain, {OURS}", "0.5 s", _explain),
    Figure(f"state export, {OURS}", "10 s, flat", _export),
    Figure("routing table, 200,000 addresses", "2 s", _routing),
    Figure(f"a year simulated, {OURS}", "60 s", _year),
)
COLUMNS = f"{'figure':52} {'CPU':>8} {'wall':>8} {'memory':>9}  {'goal':15} {'to its yardstick':34} load"


def told(figure: Figure) -> str | None:
    """Its line of the table; None where it cannot be measured here."""
    load = f"{os.getloadavg()[0]:.1f}"
    ratio = ""
    with tempfile.TemporaryDirectory(prefix="nexusops-bench-") as name:
        command = figure.prepare(Path(name))
        beside = figure.beside(Path(name)) if figure.beside is not None else None
        if command is None:
            return None
        if beside is not None:
            found, _, cpu, wall = in_turn(command, beside, RUNS)
            ratio = f"{cpu:.2f} (wall {wall:.2f}) x {figure.yardstick}"
        else:
            found = middle([_run(figure, command) for _ in range(RUNS)])
    times = f"{found.cpu:7.2f}s {found.wall:7.2f}s {found.peak:5.0f} MiB"
    return f"{figure.name:52} {times}  {figure.goal:15} {ratio:34} {load}"


def _run(figure: Figure, command: Command) -> Measured:
    """Applying changes its site: each run has one of its own."""
    if command[3:4] != ["run"]:
        return measured(command)
    with tempfile.TemporaryDirectory(prefix="nexusops-bench-") as folder:
        fresh = figure.prepare(Path(folder))
        assert fresh is not None
        return measured(fresh)


def main(words: Sequence[str]) -> None:
    print(f"{os.cpu_count()} cores; medians of {RUNS} runs; load as each began\n{COLUMNS}", flush=True)
    for figure in FIGURES:
        if not words or any(word in figure.name for word in words):
            line = told(figure)
            print(line or f"{figure.name:52} not measured: PostgreSQL is not installed", flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what runs beside is stopped, and what was made taken away
    main(sys.argv[1:])
