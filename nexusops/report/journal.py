"""The whole journal for keeping: every column and both hashes, so that the chain can be checked without the program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from nexusops.codec import instant
from nexusops.model.journal import JournalRow, JsonObject
from nexusops.report.csvtable import harmless

COLUMNS = (
    "seq", "at", "run_id", "phase", "actor", "rule", "object", "scope", "change_id", "step", "before", "after",
    "request_id", "reason", "previous_hash", "hash",
)  # fmt: skip


def journal_lines(rows: Iterable[JournalRow], form: str) -> Iterator[str]:
    """JSON Lines, a row a line, or CSV (RFC 4180) in which no cell is a formula. Nothing is held in memory."""
    if form == "csv":
        yield _csv(list(COLUMNS))
    for row in rows:
        document = _document(row)
        if form == "csv":
            yield _csv([harmless(_cell(document[name])) for name in COLUMNS])
        else:
            yield json.dumps(document, ensure_ascii=False, sort_keys=False) + "\n"


def _document(row: JournalRow) -> JsonObject:
    entry = row.entry
    return {
        "seq": row.seq,
        "at": instant(entry.at),
        "run_id": entry.run_id,
        "phase": entry.phase.value,
        "actor": entry.actor,
        "rule": entry.rule,
        "object": entry.object,
        "scope": entry.scope,
        "change_id": entry.change_id,
        "step": entry.step,
        "before": entry.before,
        "after": entry.after,
        "request_id": entry.request_id,
        "reason": entry.reason,
        "previous_hash": row.previous_hash,
        "hash": row.hash,
    }


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _csv(cells: list[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
