"""The sites that the figures are measured on, made once for all runs, each by a process of its own: the peak memory of
a child counts from its parent's.

NEXUSOPS_BENCH_SITES names a folder in which they stay for the next time; a million people take half an hour to make.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from building.cluster import binaries, cluster

KEPT = os.environ.get("NEXUSOPS_BENCH_SITES")
LEDGER_ROWS = 5
"""So many rows of the ledger a person, history included."""


@cache
def _folder() -> Path:
    if KEPT:
        Path(KEPT).mkdir(parents=True, exist_ok=True)
        return Path(KEPT)
    folder = Path(tempfile.mkdtemp(prefix="nexusops-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _made(name: str, *command: str) -> Path:
    """What the command makes in the folder that ``{}`` stands for; half of one is never taken for a whole."""
    folder = _folder() / name
    if not folder.exists():
        part = folder.with_name(f"{name}.part")
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([sys.executable, *(word.format(part) for word in command)], check=True)
        part.rename(folder)
    return folder


def settled(people: int) -> Path:
    """A university in the middle of its year (benchmarks/estate.py)."""
    return _made(str(people), "-m", "benchmarks.estate", "{}", str(people))


def year_ahead(people: int) -> Path:
    """One of which it is known who leaves when in the next year (benchmarks/large_site.py)."""
    return _made(f"{people}-ahead", "-m", "benchmarks.large_site", "{}", str(people), str(people * LEDGER_ROWS))


@cache
def on_postgresql(people: int) -> Path | None:
    """The configuration of the settled university with its state in PostgreSQL; None where that is not installed."""
    programs = binaries()
    if programs is None:
        return None
    running = cluster(programs)
    url = running.__enter__()
    atexit.register(running.__exit__, None, None, None)
    config = Path(tempfile.mkdtemp(prefix="nexusops-bench-")) / "config"
    atexit.register(shutil.rmtree, config.parent, ignore_errors=True)
    source = settled(people) / "config"
    subprocess.run([sys.executable, "-m", "benchmarks.copied", str(source), str(config), url], check=True)
    return config
