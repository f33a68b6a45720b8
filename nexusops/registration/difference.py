"""``snapshot diff``: what two snapshots have that the other has not, table by table and key by key."""

from __future__ import annotations

from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.ports import SnapshotTables
from nexusops.registration.changes import bags
from nexusops.registration.layout import LAYOUTS, Layout
from nexusops.registration.shelf import Shelf
from nexusops.registration.tables import shelf_of


@frozen
class TableDifference:
    """Keys of rows, in order; parts of a key are joined by ``/``."""

    table: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@frozen
class Difference:
    """The tables that differ, and the people whom it concerns (also through units and domains)."""

    tables: tuple[TableDifference, ...]
    people: tuple[PersonId, ...]


def compare(old: SnapshotTables, new: SnapshotTables) -> Difference:
    """The rows as they were exported: those that wait for a later run (R60) are told like all others."""
    ours, theirs = shelf_of(new), shelf_of(old)
    tables = [_table(ours, theirs, layout) for layout in LAYOUTS.values()]
    return Difference(
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


def describe_difference(old: SnapshotTables, new: SnapshotTables) -> tuple[JsonObject, list[str]]:
    """The difference as a document and as lines of text: one line a table, then one line a key."""
    difference = compare(old, new)
    tables: dict[str, JsonValue] = {
        found.table: {"added": list(found.added), "removed": list(found.removed), "changed": list(found.changed)}
        for found in difference.tables
    }
    document: JsonObject = {"tables": tables, "people": list(difference.people)}
    lines = [] if difference.tables else ["No row differs."]
    for found in difference.tables:
        lines.append(
            f"{found.table}: {len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed"
        )
        marked = [("+", found.added), ("-", found.removed), ("~", found.changed)]
        lines += [f"  {mark} {key}" for mark, keys in marked for key in keys]
    lines.append(f"people concerned: {len(difference.people)}")
    return document, lines
