"""The journal's hash chain: every row vouches for all its columns and for the row before (interface.md 9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from nexusops.codec import instant
from nexusops.errors import StateUnavailable
from nexusops.model.journal import Entry, JournalRow, Phase

VERSION = 1
FIRST = "0" * 64
COLUMNS = (
    "seq",
    "at",
    "run_id",
    "phase",
    "actor",
    "rule",
    "object",
    "scope",
    "change_id",
    "step",
    "before",
    "after",
    "request_id",
    "reason",
)
_IN_ORDER = itemgetter(*COLUMNS)


def hashed(values: Mapping[str, Any] | RowMapping, previous: str) -> str:
    """sha256 over a version byte and the canonical JSON of the row's columns and the hash before it."""
    content = msgspec.json.encode((*_IN_ORDER(values), previous))
    return hashlib.sha256(bytes([VERSION]) + content).hexdigest()


def linked(entries: Iterable[Entry], last_seq: int, last_hash: str) -> list[dict[str, Any]]:
    """The table rows of new entries, chained on to the last row."""
    rows = []
    for seq, entry in enumerate(entries, start=last_seq + 1):
        values: dict[str, Any] = {
            "seq": seq,
            "at": instant(entry.at),
            "run_id": entry.run_id,
            "phase": entry.phase.value,
            "actor": entry.actor,
            "rule": entry.rule,
            "object": entry.object,
            "scope": entry.scope,
            "change_id": entry.change_id,
            "step": entry.step,
            "before": _text(entry.before),
            "after": _text(entry.after),
            "request_id": entry.request_id,
            "reason": entry.reason,
        }
        last_hash = hashed(values, last_hash)
        rows.append({**values, "hash": last_hash})
    return rows


def broken(rows: Iterable[RowMapping], last: tuple[int, str]) -> Iterator[int]:
    """The seq of every row that does not continue the chain: edited, removed before it, out of order, or added.

    ``last``: seq and hash of the row that was written last, the chain's head: what comes after it is nobody's, however
    well it is hashed; where it is gone, or another, its seq is given.
    """
    previous, expected, whole = FIRST, 1, last == (0, FIRST)
    for row in rows:
        if row["seq"] != expected or row["seq"] > last[0] or hashed(row, previous) != row["hash"]:
            yield row["seq"]
            whole = whole or row["seq"] == last[0]  # it is told
        previous, expected = row["hash"], row["seq"] + 1
        whole = whole or (row["seq"], previous) == last
    if not whole:
        yield last[0]


def added(last_seq: int) -> StateUnavailable:
    """Where the next row would stand there is one already, of which the chain's head knows nothing."""
    return StateUnavailable(
        f"The journal has rows after {last_seq}, the last one that nexusops wrote and the head of its chain: somebody "
        "has added to it. Nothing more can be recorded, so nothing more is done.",
        next_step="`nexusops audit verify` names those rows. Keep a copy of the state for whoever looks into it, then "
        "restore it from its backup.",
    )


def read(row: RowMapping, previous: str) -> JournalRow:
    entry = Entry(
        at=datetime.fromisoformat(row["at"]),
        run_id=row["run_id"],
        phase=Phase(row["phase"]),
        actor=row["actor"],
        rule=row["rule"],
        object=row["object"],
        scope=row["scope"],
        change_id=row["change_id"],
        step=row["step"],
        before=_value(row["before"]),
        after=_value(row["after"]),
        request_id=row["request_id"],
        reason=row["reason"],
    )
    return JournalRow(seq=row["seq"], entry=entry, previous_hash=previous, hash=row["hash"])


def _text(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value, order="sorted").decode()


def _value(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)
