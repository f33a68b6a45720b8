"""The routing table of 200,000 addresses: built anew from the ledger, compared with the last hour's, and written.

python -m benchmarks.routing prepare CONFIG NEW-CONFIG      a copy of the state, cut to so many, with a first table
python -m benchmarks.routing build NEW-CONFIG HOURS         what is measured: the table of so many hours later
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from benchmarks.estate import HOUR
from nexusops import wiring
from nexusops.pipeline.inputs import accepted_tables
from nexusops.pipeline.routing import build_routing
from nexusops.report.routing import routing_written

ADDRESSES = 200_000


def prepare(config: Path, other: Path) -> None:
    shutil.copytree(config, other)
    with closing(sqlite3.connect(other / "state" / "nexusops.db")) as state, state:
        state.execute(f"DELETE FROM addresses WHERE rowid NOT IN (SELECT rowid FROM addresses LIMIT {ADDRESSES})")
    build(other, 0)


def build(config: Path, hours: int) -> None:
    """Nothing is spared: the kept table's ground counts as another one, so that all of it is built and compared."""
    with closing(sqlite3.connect(config / "state" / "nexusops.db")) as state, state:
        state.execute("UPDATE routing_builds SET signature = 'another'")
    with wiring.opened(config) as site:
        build_routing(site.ports, accepted_tables(site.ports, only=()), HOUR + timedelta(hours=hours))
        table = site.ports.store.routing_table()
        assert table is not None
        print(routing_written(table, "exim").text, end="")


if __name__ == "__main__":
    gc.disable()  # as the program does
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        build(Path(sys.argv[2]), int(sys.argv[3]))
