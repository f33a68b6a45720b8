"""The figures, as whole processes on this machine: medians of five, wall time and peak memory.

make bench                       all of them
python benchmarks/run.py help    those whose names contain the word
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
    if os.waitstatus_to_exitcode(status) != 0:
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


FIGURES = (
    Figure("nexusops --help", "150 ms", _help),
    Figure("a whole plan for 20,000 people", "5 s, 400 MiB", _plan),
    Figure("applying about 1,000 creations (mailbox, address, sender)", "30 s", _apply),
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
