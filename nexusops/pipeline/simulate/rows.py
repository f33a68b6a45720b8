"""Ledger rows in memory, found by the columns that a database would have indexed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from nexusops.model.addresses import Allocation, same_name
from nexusops.model.ids import Domain
from nexusops.model.journal import LedgerRow
from nexusops.model.ledger import Alternative, DomainRow, Hold, NameDecision, NameOverride, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.rows import key_of
from nexusops.model.services import Service

Row = TypeVar("Row")
NAME, STEM = "name", "stem"
CUT = 50
"""A suffix cuts at most the last letters of sixty: so many are the same."""
_COLUMNS: Mapping[type, tuple[str, ...]] = {
    PersonState: ("person_id", "username"),
    Mailbox: ("person_id", "name", "key", "owner_person_id"),
    Allocation: ("person_id", "mailbox_key", "address", "domain"),
    NameOverride: ("person_id",),
    NameDecision: ("person_id",),
    Alternative: ("person_id",),
    Notice: ("person_id", "mailbox_key", "unit_id"),
    Hold: ("subject",),
    DomainRow: (),
    Service: ("request_id", "owner_person_id"),
}
"""By what the rows of each kind are looked up."""
_DIGITS = "0123456789"


class Rows:
    """``removed`` keys stay known, so that a row that fell away does not come back from where it was first read."""

    def __init__(self) -> None:
        self._rows: dict[type, dict[object, LedgerRow | None]] = {kind: {} for kind in _COLUMNS}
        self._index: dict[tuple[type, str], dict[object, dict[object, None]]] = {}

    def learn(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
        """Takes rows as they were read; what is here already is newer, and stays. Returns those that were new."""
        fresh = [row for row in rows if key_of(row) not in self._rows[type(row)]]
        for row in fresh:
            self.put(row)
        return fresh

    def put(self, row: LedgerRow) -> LedgerRow | None:
        """The row in place of the one of its key, which is returned."""
        kind, key = type(row), key_of(row)
        table = self._rows[kind]
        before = table.get(key)
        table[key] = row
        if before is not None and _found_alike(before, row):
            return before
        old = set(_looked_up(before)) if before is not None else set()
        now = set(_looked_up(row))
        for column, value in old - now:
            self._index[kind, column][value].pop(key, None)
        for column, value in now - old:
            self._index.setdefault((kind, column), {}).setdefault(value, {})[key] = None
        return before

    def remove(self, row: LedgerRow) -> None:
        kind, key = type(row), key_of(row)
        for column, value in _looked_up(row):
            self._index.get((kind, column), {}).get(value, {}).pop(key, None)
        self._rows[kind][key] = None

    def get(self, kind: type[Row], key: object) -> Row | None:
        return cast("Row | None", self._rows[kind].get(key))

    def find(self, kind: type[Row], column: str, values: Collection[Any] | None) -> Iterator[Row]:
        """Rows whose column is one of these values (None: all of the kind)."""
        table = self._rows[kind]
        keys: Iterable[object] = table
        if values is not None:
            index = self._index.get((kind, column))
            if index is None:  # of most kinds there are few rows, or none
                return
            keys = (key for value in values if value in index for key in index[value])
        for key in keys:
            row = table[key]
            if row is not None:
                yield cast("Row", row)

    def named(self, domain: Domain, base: str) -> Iterator[Allocation]:
        """Addresses of a domain whose local part is this base, or the base and digits. Most names are nobody's."""
        if (domain, base) in self._index.get((Allocation, NAME), ()):
            yield from self.find(Allocation, NAME, [(domain, base)])
        if len(base) >= CUT:
            for row in self.find(Allocation, STEM, [(domain, base[:CUT])]):
                if same_name(row.local, base):
                    yield row


def _found_alike(before: LedgerRow, row: LedgerRow) -> bool:
    """Whether two rows of one key are looked up by the same values, as most are that change."""
    return all(getattr(before, column) == getattr(row, column) for column in _COLUMNS[type(row)])


def _looked_up(row: LedgerRow) -> Iterator[tuple[str, object]]:
    for column in _COLUMNS[type(row)]:
        value = getattr(row, column)
        if value is not None:
            yield column, value
    if isinstance(row, Allocation):
        yield from ((NAME, (row.domain, base)) for base in _bases(row.local))
        if len(row.local) >= CUT:
            yield STEM, (row.domain, row.local[:CUT])


def _bases(local: str) -> Iterator[str]:
    """The names of which this may be the suffixed form: ``ann.lee12`` is that of ``ann.lee1`` and ``ann.lee``."""
    yield local
    while local and local[-1] in _DIGITS:
        local = local[:-1]
        yield local
