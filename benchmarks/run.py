"""The figures, as whole processes on this machine: medians of five, wall time and peak memory.

make bench                       all of them
python -m benchmarks.run help    those whose names contain the word
"""

from __future__ import annotations

import atexit
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from benchmarks.estate import HOUR
from nexusops.demo.stage import Stage

RUNS = 5
AT = datetime(2025, 10, 1, 8, tzinfo=UTC)
EXECUTABLE = Path(sys.executable).with_name("nexusops")


@dataclass(frozen=True, slots=True)
class Figure:
    """``prepare`` makes what a run needs and gives its command line; ``goal`` is the wall time and memory to reach."""

    name: str
    goal: str
    prepare: Callable[[Path], Sequence[str]]


def measured(command: Sequence[str]) -> tuple[float, float]:
    """Seconds of wall time and MiB of peak memory of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    told = process.stderr.read().decode() if process.stderr else ""
    if os.waitstatus_to_exitcode(status) not in (0, 4):  # 4: what happens in an hour is too much for a small university
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}: {told}")
    return seconds, usage.ru_maxrss / 1024


def _help(_folder: Path) -> Sequence[str]:
    return [str(EXECUTABLE), "--help"]


def _university(folder: Path, people: int) -> Sequence[str]:
    """A fresh site with a snapshot of so many people, and nothing in the tenant."""
    stage = Stage.set_up(folder, people=people, seed=1, call=lambda _words: 0)
    snapshot = stage.first_day(AT)
    site = [str(EXECUTABLE), "--config", str(folder / "config")]
    return [*site, "{}", "--at", "2025-10-01T08:00:00Z", "--snapshot", str(snapshot)]


def _plan(folder: Path) -> Sequence[str]:
    return [word.format("plan") for word in _university(folder, 20_000)]


def _apply(folder: Path) -> Sequence[str]:
    return [*(word.format("run") for word in _university(folder, 1_060)), "--accept", "Destructive=0"]


@cache
def _settled(people: int) -> tuple[Path, Path]:
    """A university in the middle of its year, made once for all runs."""
    folder = Path(tempfile.mkdtemp(prefix="nexusops-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # In a process of its own: the peak memory of a child counts from its parent's.
    subprocess.run([sys.executable, "-m", "benchmarks.estate", str(folder), str(people)], check=True)
    return folder / "config", folder / "snapshots" / "next"


def _hour(people: int, _folder: Path) -> Sequence[str]:
    config, snapshot = _settled(people)
    return [str(EXECUTABLE), "--config", str(config), "plan", "--at", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}", *_of(snapshot)]


def _mass_event(name: str, people: int, _folder: Path) -> Sequence[str]:
    """``merger`` or ``term``, planned in a tenant that answers at once."""
    config, snapshot = _settled(people)
    return [sys.executable, "-m", "benchmarks.planning", str(config), str(snapshot.with_name(name))]


def _quiet_hour(people: int, _folder: Path) -> Sequence[str]:
    """Nothing has changed and nothing is due."""
    config, snapshot = _settled(people)
    return [
        str(EXECUTABLE),
        "--config",
        str(config),
        "plan",
        "--at",
        "2025-10-01T09:00:00Z",
        *_of(snapshot.with_name("all")),
    ]


def _yardstick(people: int, _folder: Path) -> Sequence[str]:
    """Reading and hashing the files of the hour's snapshot, and nothing else."""
    _config, snapshot = _settled(people)
    return [sys.executable, "-c", HASHING, str(snapshot)]


def _explain(people: int, _folder: Path) -> Sequence[str]:
    config, _snapshot = _settled(people)
    return [str(EXECUTABLE), "--config", str(config), "explain", "naa0500", "--at", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}"]


def _export(people: int, _folder: Path) -> Sequence[str]:
    config, _snapshot = _settled(people)
    return [str(EXECUTABLE), "--config", str(config), "state", "export"]


def _of(snapshot: Path) -> Sequence[str]:
    return ["--snapshot", str(snapshot)]


HASHING = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    hashlib.sha256(path.read_bytes()).hexdigest()
"""
PEOPLE = int(os.environ.get("NEXUSOPS_BENCH_PEOPLE", "100000"))
FIGURES = (
    Figure("nexusops --help", "150 ms", _help),
    Figure("a whole plan for 20,000 people", "5 s, 400 MiB", _plan),
    Figure("applying about 1,000 creations (mailbox, address, sender)", "30 s", _apply),
    Figure(f"an ordinary hour, {PEOPLE:,} people", "2 s, 300 MiB", partial(_hour, PEOPLE)),
    Figure(f"  reading and hashing its snapshot ({PEOPLE:,})", "yardstick", partial(_yardstick, PEOPLE)),
    Figure(f"a merger of 3,000, {PEOPLE:,} people", "10 s above that", partial(_mass_event, "merger", PEOPLE)),
    Figure(f"a term's start, {PEOPLE:,} people", "10 s above that", partial(_mass_event, "term", PEOPLE)),
    Figure(f"an hour in which nothing happens, {PEOPLE:,} people", "1.5 s", partial(_quiet_hour, PEOPLE)),
    Figure(f"explain, {PEOPLE:,} people", "0.5 s", partial(_explain, PEOPLE)),
    Figure(f"state export, {PEOPLE:,} people", "10 s", partial(_export, PEOPLE)),
)


def main(words: Sequence[str]) -> None:
    interpreter = [measured([sys.executable, "-c", "pass"])[1] for _ in range(RUNS)]
    print(f"bare interpreter: {statistics.median(interpreter):.0f} MiB; {os.cpu_count()} cores; {RUNS} runs each")
    print(f"{'figure':60} {'median':>9} {'min':>9} {'max':>9} {'memory':>9}   goal")
    for figure in FIGURES:
        if words and not any(word in figure.name for word in words):
            continue
        times, peaks = [], []
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory(prefix="nexusops-bench-") as folder:
                command = figure.prepare(Path(folder))
                seconds, peak = measured(command)
            times.append(seconds)
            peaks.append(peak)
        low, middle, high = min(times), statistics.median(times), max(times)
        memory = statistics.median(peaks)
        times_told = f"{middle:8.3f}s {low:8.3f}s {high:8.3f}s"
        print(f"{figure.name:60} {times_told} {memory:5.0f} MiB   {figure.goal}", flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1:])
