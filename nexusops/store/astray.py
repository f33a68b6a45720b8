"""Rows of the ledger that are not as the journal last wrote them: its chain covers the journal alone."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from nexusops.codec.promises import kind_in, object_of
from nexusops.codec.rows import row_from_json, row_to_json
from nexusops.errors import StateUnavailable
from nexusops.model.addresses import Allocation
from nexusops.model.audits import Breach
from nexusops.model.journal import LedgerRow, Phase
from nexusops.store.mapping import decoded
from nexusops.store.schema import LEDGER, journal, runs

_PART = 1000

Key = tuple[str, int]
"""What a row is called in the journal, and of an address the period."""


class _Image(msgspec.Struct):
    period: int = 0


def astray(connection: Connection) -> Iterator[Breach | None]:
    """One for each row of the ledger, None where all is well; then those, and the runs, that are there no more."""
    last = _last_written(connection)
    for kind, table in LEDGER.items():
        for row in connection.execution_options(yield_per=_PART).execute(select(table)):
            yield _compared(connection, kind, decoded(kind, row), last)
    for (name, _), (seq, _) in sorted(last.items()):
        yield Breach(rule="2.1", subject=_subject(name), message=f"is gone; row {seq} of the journal left it there")
    known = select(runs.c.run_id)
    lost = select(journal.c.run_id, func.min(journal.c.seq)).where(
        journal.c.run_id != "", journal.c.run_id.not_in(known)
    )
    for run_id, seq in connection.execute(lost.group_by(journal.c.run_id)):
        yield Breach(rule="2.1", subject=f"run {run_id}", message=f"is gone; it wrote the journal from row {seq} on")


def _last_written(connection: Connection) -> dict[Key, tuple[int, bytes]]:
    """Of what is there by the journal: the row that wrote it last, and a digest of what it wrote."""
    found: dict[Key, tuple[int, bytes]] = {}
    columns = (journal.c.seq, journal.c.object, journal.c.before, journal.c.after)
    rows = select(*columns).where(journal.c.phase == Phase.PROMISE.value).order_by(journal.c.seq)
    for seq, name, before, after in connection.execution_options(yield_per=_PART).execute(rows):
        text = after or before
        kind = kind_in(name)
        if kind is None or text is None:
            continue
        key = (name, msgspec.json.decode(text, type=_Image).period if kind is Allocation else 0)
        if after is None:
            found.pop(key, None)
        else:
            found[key] = (seq, _digest(after))
    return found


def _compared(
    connection: Connection, kind: type[LedgerRow], row: LedgerRow, last: dict[Key, tuple[int, bytes]]
) -> Breach | None:
    name = object_of(row)
    written = last.pop((name, row.period if isinstance(row, Allocation) else 0), None)
    if written is None:
        return Breach(rule="2.1", subject=_subject(name), message="is there, and no row of the journal wrote it")
    seq, digest = written
    now = row_to_json(row)
    if digest == _digest(msgspec.json.encode(now, order="sorted").decode()):
        return None
    other = _others(connection, kind, seq, now)
    if not other:
        return None
    return Breach(rule="2.1", subject=_subject(name), message=f"is not as row {seq} of the journal left it: {other}")


def _others(connection: Connection, kind: type[LedgerRow], seq: int, now: Any) -> str:
    """The fields that are another; an earlier version may have written fewer than there are now."""
    text = connection.execute(select(journal.c.after).where(journal.c.seq == seq)).scalar_one()
    try:
        then = row_to_json(row_from_json(kind, msgspec.json.decode(text)))
    except StateUnavailable:
        return "what it wrote does not read"
    return ", ".join(sorted(name for name in {*now, *then} if now.get(name) != then.get(name)))


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _subject(name: str) -> str:
    return name.partition(":")[2] if name.startswith("address:") else name
