"""Whole processes, measured: the operating system's own account of each that has ended."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

Command = Sequence[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of wall time, seconds of processor time (user and system), MiB of peak memory."""

    wall: float
    cpu: float
    peak: float


def measured(command: Command) -> Measured:
    """Raises SystemExit, with what it said, where the process fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    told = process.stderr.read().decode() if process.stderr else ""
    if os.waitstatus_to_exitcode(status) not in (0, 4):  # 4: what happens in an hour is too much for a small university
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}: {told}")
    return Measured(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss / 1024)


def middle(runs: Sequence[Measured]) -> Measured:
    """Median by median."""
    return Measured(
        wall=statistics.median(run.wall for run in runs),
        cpu=statistics.median(run.cpu for run in runs),
        peak=statistics.median(run.peak for run in runs),
    )


def in_turn(first: Command, second: Command, runs: int) -> tuple[Measured, Measured, float, float]:
    """A B A B …: both medians, and the medians of the ratios A/B of processor time and of wall time, pair by pair.

    On a machine that others use too, the ratios hold where the times do not.
    """
    pairs = [(measured(first), measured(second)) for _ in range(runs)]
    ratios = [statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs) for what in ("cpu", "wall")]
    return middle([a for a, _ in pairs]), middle([b for _, b in pairs]), ratios[0], ratios[1]
