"""The queue's tables: made once, and brought forward by Procrastinate's own migrations, whoever comes first.

Procrastinate keeps no record of what was applied, so we do, beside its tables.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from nexusops.errors import StateUnavailable

_OLDEST = "03.02.00_50"
"""As far as the oldest Procrastinate goes that nexusops was ever built with; so are tables without a record."""
_SINCE = {"procrastinate_retry_job_v2": "03.04.00_50"}
"""What such tables hold if they were made by a later one."""


Connection = psycopg.AsyncConnection[tuple[str | None, ...]]


async def prepare(connection: Connection) -> None:
    """Makes the tables, or applies what is missing. ``connection`` commits by itself: a migration may use what the one
    before it added only once that is committed, so each is a transaction of its own, with its record.

    Raises StateUnavailable where the tables are newer than this program.
    """
    await connection.execute("SELECT pg_advisory_lock(hashtext('nexusops queue'))")
    known = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    if not await _has(connection, "to_regclass", "procrastinate_jobs"):
        async with connection.transaction():
            await connection.execute(SchemaManager.get_schema())
            await _record(connection, known)
        return
    done = await _recorded(connection, known)
    if newer := sorted(set(done) - set(known)):
        raise StateUnavailable(
            f"The queue's tables are newer than this nexusops: it does not know {newer[-1]}.",
            next_step="Upgrade nexusops here as on the other machines, then start `nexusops worker` or"
            " `nexusops schedule` again.",
        )
    for name in known:
        if name not in done:
            async with connection.transaction():
                await connection.execute(_sql(name))
                await _record(connection, [name])


def _sql(name: str) -> bytes:
    return (Path(SchemaManager.get_migrations_path()) / name).read_bytes()


async def _made_by(connection: Connection) -> str:
    found = [last for name, last in _SINCE.items() if await _has(connection, "to_regproc", name)]
    return max(found, default=_OLDEST)


async def _has(connection: Connection, look: str, name: str) -> bool:
    query = sql.SQL("SELECT {}(%s)::text").format(sql.Identifier(look))
    row = await (await connection.execute(query, [name])).fetchone()
    return row is not None and row[0] is not None


async def _recorded(connection: Connection, known: list[str]) -> list[str]:
    """The migrations that were applied; where nobody has kept a record yet, it begins here."""
    if not await _has(connection, "to_regclass", "nexusops_queue"):
        last = await _made_by(connection)
        async with connection.transaction():
            await _record(connection, [name for name in known if name[:11] <= last])
    rows = await (await connection.execute("SELECT migration FROM nexusops_queue")).fetchall()
    return [str(row[0]) for row in rows]


async def _record(connection: Connection, names: list[str]) -> None:
    await connection.execute("CREATE TABLE IF NOT EXISTS nexusops_queue (migration text PRIMARY KEY)")
    for name in names:
        await connection.execute("INSERT INTO nexusops_queue VALUES (%s)", [name])
