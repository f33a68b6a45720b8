"""``snapshot diff``: what two snapshots have that the other has not, table by table and key by key."""

from __future__ import annotations

from nexusops.model.snapshot import SnapshotDifference, TableDifference
from nexusops.ports import SnapshotTables
from nexusops.registration.changes import bags
from nexusops.registration.layout import LAYOUTS, Layout
from nexusops.registration.shelf import Shelf
from nexusops.registration.tables import shelf_of


def compare(old: SnapshotTables, new: SnapshotTables) -> SnapshotDifference:
    """The rows as they were exported: those that wait for a later run (R60) are told like all others."""
    ours, theirs = shelf_of(new), shelf_of(old)
    tables = [_table(ours, theirs, layout) for layout in LAYOUTS.values()]
    return SnapshotDifference(
        tables=tuple(found for found in tables if found.added or found.removed or found.changed),
        people=tuple(sorted(new.changed(old))),
    )


def _table(new: Shelf, old: Shelf, layout: Layout) -> TableDifference:
    ours, theirs = f"{new.schema}.raw_{layout.name}", f"{old.schema}.raw_{layout.name}"
    key = "concat(" + ", '/', ".join(f"coalesce({column}, '')" for column in layout.key) + ")"
    rows = new.rows(
        f"WITH keys AS (SELECT DISTINCT {key} AS k FROM {bags(ours, theirs)})"
        f" SELECT k, k IN (SELECT {key} FROM {theirs}), k IN (SELECT {key} FROM {ours}) FROM keys ORDER BY k"
    )
    return TableDifference(
        table=layout.name,
        added=tuple(k for k, before, now in rows if not before),
        removed=tuple(k for k, before, now in rows if not now),
        changed=tuple(k for k, before, now in rows if before and now),
    )
