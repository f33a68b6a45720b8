"""How the figures grow from 10,000 people to a million: measured, kept as a table, and drawn.

PYTHONPATH=tests python -m benchmarks.growth 10000 100000 1000000      docs/growth.csv and docs/growth.svg
PYTHONPATH=tests python -m benchmarks.growth                           draws docs/growth.svg anew from docs/growth.csv

NEXUSOPS_BENCH_SITES keeps the universities (benchmarks/sites.py). Of a whole plan one run is measured: that of a
million people takes minutes, and five gigabytes.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import run
from benchmarks.chart import Point, drawn
from benchmarks.measuring import Measured, in_turn, measured
from benchmarks.run import hashing, hour, university

TABLE = Path("docs") / "growth.csv"
CHART = Path("docs") / "growth.svg"
HOUR, WHOLE, HASHING = "an ordinary hour", "a whole plan", "reading and hashing the snapshot"
RUNS = min(3, run.RUNS)


def points(sizes: Sequence[int]) -> Iterator[Point]:
    nowhere = Path()
    for people in sizes:
        ours, theirs, _, _ = in_turn(hour(people, nowhere), hashing(people, nowhere), RUNS)
        yield _point(HOUR, people, ours)
        yield _point(HASHING, people, theirs)
        with tempfile.TemporaryDirectory(prefix="nexusops-bench-") as folder:
            yield _point(WHOLE, people, measured(university("plan", people, Path(folder))))


def _point(line: str, people: int, found: Measured) -> Point:
    print(f"{line:34} {people:9,} {found.cpu:7.2f} s CPU {found.wall:7.2f} s {found.peak:6.0f} MiB", flush=True)
    return Point(line=line, people=people, seconds=round(found.cpu, 2), memory=round(found.peak))


def write(found: Sequence[Point]) -> None:
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("line", "people", "seconds", "memory"))
        rows.writerows((point.line, point.people, point.seconds, point.memory) for point in found)


def read() -> list[Point]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Point(line=row["line"], people=int(row["people"]), seconds=float(row["seconds"]), memory=int(row["memory"]))
            for row in csv.DictReader(file)
        ]


def main(sizes: Sequence[int]) -> None:
    if sizes:
        write(list(points(sizes)))
    CHART.write_text(drawn(read()), encoding="utf-8")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
