"""Registration snapshots looked at for themselves, as text and JSON: what is wrong in one, what two differ in."""

from __future__ import annotations

from collections.abc import Iterable

from nexusops.codec import instant, to_text
from nexusops.errors import Defect
from nexusops.model.findings import Finding
from nexusops.model.journal import SnapshotRecord
from nexusops.model.snapshot import SnapshotDifference
from nexusops.report.blocks import Line, written


def refused_text(defects: Iterable[Defect]) -> str:
    """One line a defect."""
    return _lines(f"{one.code}: {one.message}" for one in defects)


def refused_json(defects: Iterable[Defect]) -> str:
    return to_text({"ok": False, "defects": [{"code": one.code, "message": one.message} for one in defects]})


def checked_text(record: SnapshotRecord, findings: Iterable[Finding]) -> str:
    """What it is, how many rows its tables have, and one line a row that freezes or spares somebody."""
    return _lines(
        [
            f"OK, as of {instant(record.as_of)}, {record.sha256[:12]}",
            *(f"{name:<24} {rows}" for name, rows in sorted(record.rows.items())),
            *(f"{one.code}: {one.subject}: {one.message}" for one in findings),
        ]
    )


def checked_json(record: SnapshotRecord, findings: Iterable[Finding]) -> str:
    return to_text(
        {
            "ok": True,
            "as_of": instant(record.as_of),
            "sha256": record.sha256,
            "rows": dict(record.rows),
            "defects": [],
            "findings": [
                {"code": one.code, "subject": one.subject, "message": one.message, "severity": one.severity.value}
                for one in findings
            ],
        }
    )


def difference_text(difference: SnapshotDifference) -> str:
    """One line a table, then one line a key; at last how many people it concerns."""
    lines = [] if difference.tables else ["No row differs."]
    for found in difference.tables:
        lines.append(
            f"{found.table}: {len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed"
        )
        marked = [("+", found.added), ("-", found.removed), ("~", found.changed)]
        lines += [f"  {mark} {key}" for mark, keys in marked for key in keys]
    return _lines([*lines, f"people concerned: {len(difference.people)}"])


def difference_json(difference: SnapshotDifference) -> str:
    """``{"tables": {TABLE: {"added", "removed", "changed"}}, "people"}``; a row is told by its key."""
    return to_text(
        {
            "tables": {
                found.table: {
                    "added": list(found.added),
                    "removed": list(found.removed),
                    "changed": list(found.changed),
                }
                for found in difference.tables
            },
            "people": list(difference.people),
        }
    )


def _lines(texts: Iterable[str]) -> str:
    return written(Line(text=text) for text in texts)
