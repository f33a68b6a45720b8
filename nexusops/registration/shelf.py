"""Where a snapshot's tables stand while the program runs: a schema of its own in the process's in-memory DuckDB.

All snapshots of a process share that database, so that two of them can be compared in SQL. Of every table there is
``raw_NAME``, as it was read, and the view ``NAME``, without the rows committed after the snapshot's as_of (R60, D34).
Everything is text, and an empty field is NULL.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nexusops.registration.layout import LAYOUTS, Layout

if TYPE_CHECKING:
    import duckdb

_numbers = itertools.count(1)
# Extensions are never fetched: what the wheel has built in is enough.
_SETTINGS: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def literal(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """A name as SQL takes it in quotes."""
    return '"' + text.replace('"', '""') + '"'


class Shelf:
    """One snapshot's schema. It is dropped when the object goes."""

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect(":memory:nexusops", config=_SETTINGS)
        self._connection.execute("SET TimeZone = 'UTC'")
        self.schema = f"snapshot_{next(_numbers)}"
        self._connection.execute(f"CREATE SCHEMA {self.schema}")
        self.identities: dict[str, str] = {}
        """Of tables whose content is known by a hash, that hash: the same one means the same rows."""
        weakref.finalize(self, _drop, self._connection, self.schema).atexit = False

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(statement, list(parameters))

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.execute(statement, parameters).fetchall()

    def take(self, layout: Layout, relation: str, columns: Collection[str]) -> int:
        """Keeps what ``relation`` (a FROM item, all columns text) yields as this table; returns the number of rows."""
        chosen = ", ".join(_column(layout, column, column in columns) for column in layout.columns)
        table = f"{self.schema}.raw_{layout.name}"
        return int(self.rows(f"CREATE OR REPLACE TABLE {table} AS SELECT {chosen} FROM {relation}")[0][0])

    def finish(self, as_of: datetime) -> None:
        """Makes the tables that are absent, and the views of what is in effect as of this instant."""
        statements = []
        for layout in LAYOUTS.values():
            columns = ", ".join(f"{name(column)} VARCHAR" for column in layout.columns)
            raw = f"{self.schema}.raw_{layout.name}"
            statements.append(f"CREATE TABLE IF NOT EXISTS {raw} ({columns})")
            where = "true"
            if layout.instant is not None:
                # What is no instant is no reason to wait: the row is judged, and found bad.
                committed = f"try_cast(upper({name(layout.instant)}) AS TIMESTAMPTZ)"
                ahead = f"{committed} > TIMESTAMPTZ {literal(as_of.isoformat())} AND isfinite({committed})"
                where = f"NOT coalesce({ahead}, false)"
            view = f"{self.schema}.{layout.name}"
            statements.append(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {raw} WHERE {where}")
        self.execute(";".join(statements))


def _column(layout: Layout, column: str, present: bool) -> str:
    if not present:
        return f"CAST(NULL AS VARCHAR) AS {name(column)}"
    value = f"lower({name(column)})" if column in layout.lowered else name(column)
    return f"nullif({value}, '') AS {name(column)}"


def _drop(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    connection.close()
