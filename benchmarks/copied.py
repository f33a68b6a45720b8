"""A state copied from SQLite to an empty PostgreSQL, table by table, and the configuration pointed at it.

python -m benchmarks.copied CONFIG NEW-CONFIG POSTGRES-URL
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql

from nexusops.demo.stage import TENANT
from nexusops.store import open_store
from nexusops.store.schema import metadata

STATE = Path("state") / "nexusops.db"


def copied(config: Path, other: Path, url: str) -> None:
    shutil.copytree(config, other, ignore=shutil.ignore_patterns("nexusops.db*"))
    text = (other / "nexusops.toml").read_text("utf-8")
    address = url.replace("postgresql://", "postgresql+psycopg://")
    (other / "nexusops.toml").write_text(text.replace("sqlite:///state/nexusops.db", address), "utf-8")
    open_store(address, site=TENANT, base_dir=other).close()
    with closing(sqlite3.connect(config / STATE)) as source, psycopg.connect(url, autocommit=True) as target:
        for table in metadata.sorted_tables:
            _copy(source, target, table.name, [column.name for column in table.columns])
        target.execute("VACUUM ANALYZE")  # as its own process does within a minute


def _copy(source: sqlite3.Connection, target: psycopg.Connection, table: str, columns: list[str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with target.cursor().copy(copy) as rows:
        quoted = ", ".join(f'"{column}"' for column in columns)
        for row in source.execute(f'SELECT {quoted} FROM "{table}"'):
            rows.write_row(row)


if __name__ == "__main__":
    copied(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
