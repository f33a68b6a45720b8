"""The snapshots that the state keeps: the one that was accepted, and the one that was staged last."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select, update

from nexusops.codec import instant
from nexusops.errors import StalePlan
from nexusops.model.journal import Acceptance, SnapshotRecord
from nexusops.store.conflicts import insert_into
from nexusops.store.schema import snapshot_tables, snapshots


def stage(connection: Connection, record: SnapshotRecord, tables: Mapping[str, bytes]) -> None:
    """Keeps a snapshot's tables; an earlier one that was only staged makes room. A run may be about to accept the very
    same, which somebody plans with: it is written over, and at no moment gone.
    """
    mine, there = snapshots.c.sha256 == record.sha256, snapshots.c.role == "accepted"
    if connection.execute(select(snapshots.c.sha256).where(mine, there)).first() is not None:
        return
    old = list(connection.execute(select(snapshots.c.sha256).where(snapshots.c.role == "staged", ~mine)).scalars())
    for table in (snapshots, snapshot_tables):
        connection.execute(delete(table).where(table.c.sha256.in_(old)))
    name = connection.dialect.name
    one = insert_into(name, snapshots)
    row = {"sha256": record.sha256, "as_of": instant(record.as_of), "rows": dict(record.rows)}
    again = one.on_conflict_do_update(index_elements=["sha256"], set_={"as_of": one.excluded.as_of})
    connection.execute(again, [{**row, "role": "staged", "place": 0}])
    many = insert_into(name, snapshot_tables)
    content = {"content": many.excluded.content}
    connection.execute(
        many.on_conflict_do_update(index_elements=["sha256", "name"], set_=content),
        [{"sha256": record.sha256, "name": table, "content": blob} for table, blob in tables.items()],
    )


def accepted(connection: Connection, sha256: str) -> None:
    """The accepted one and the latest staged one are kept; older ones go."""
    old = select(snapshots.c.sha256).where(snapshots.c.role == "accepted", snapshots.c.sha256 != sha256)
    gone = list(connection.execute(old).scalars())
    taken = connection.execute(update(snapshots).where(snapshots.c.sha256 == sha256).values(role="accepted"))
    if taken.rowcount == 0:
        raise StalePlan(
            "The snapshot that the plan rests on is no longer the latest one.",
            next_step="Plan again: `nexusops plan --out FILE`.",
        )
    for table in (snapshots, snapshot_tables):
        connection.execute(delete(table).where(table.c.sha256.in_(gone)))


def refreshed(connection: Connection, acceptance: Acceptance, tables: Mapping[str, bytes]) -> None:
    """The accepted one, as it was exported again: the same rows, as of another instant."""
    sha256 = acceptance.snapshot_sha256
    as_of = instant(acceptance.snapshot_as_of)
    connection.execute(update(snapshots).where(snapshots.c.sha256 == sha256).values(as_of=as_of))
    connection.execute(delete(snapshot_tables).where(snapshot_tables.c.sha256 == sha256))
    rows = [{"sha256": sha256, "name": name, "content": content} for name, content in tables.items()]
    connection.execute(insert(snapshot_tables), rows)
