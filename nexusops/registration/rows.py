"""The rows of a small table, read one by one: a fault or a repeated key becomes a finding about its row (D29)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import TypeVar

from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.registration import fields
from nexusops.registration.fields import BadValue
from nexusops.registration.layout import Layout
from nexusops.registration.shelf import Shelf, name

T = TypeVar("T")
Values = tuple[str | None, ...]
"""Of one row, in the order of its table's columns."""


class Row:
    """One row by column. Each reading method raises BadValue, its reason beginning with the column."""

    __slots__ = ("_values", "key")

    def __init__(self, layout: Layout, values: Values) -> None:
        self._values = dict(zip(layout.columns, values, strict=True))
        self.key = "/".join(self._values[column] or "" for column in layout.key)

    def get(self, column: str) -> str | None:
        return self._values[column]

    def text(self, column: str) -> str:
        value = self._values[column]
        if value is None:
            raise BadValue(f"{column} is empty")
        return value

    def plain(self, column: str) -> str:
        """A key of another row, with nothing around or in it that nobody sees (D29)."""
        value = self.text(column)
        if fields.meant(value) != value:
            raise BadValue(f"{column} is {value!r}, with something around or in it that does not belong there")
        return value

    def one_of(self, column: str, *words: str) -> str:
        value = self.text(column)
        if value not in words:
            raise BadValue(f"{column} is {value!r} and not one of {', '.join(words)}")
        return value

    def day(self, column: str) -> date:
        return self._read(column, fields.day)

    def instant(self, column: str) -> datetime:
        return self._read(column, fields.instant)

    def number(self, column: str) -> int:
        return self._read(column, fields.number)

    def flag(self, column: str, default: bool) -> bool:
        return default if self._values[column] is None else self._read(column, fields.flag)

    def address(self, column: str) -> str:
        value = self.text(column)
        if not fields.is_address(value):
            raise BadValue(f"{column} is {value!r} and not an address")
        return value

    def box(self, column: str) -> str:
        value = self.text(column)
        if not fields.is_box(value):
            raise BadValue(f"{column} is {value!r}, and cannot be the name of a mailbox")
        return value

    def destination(self, column: str) -> str:
        value = self.text(column)
        if not fields.is_destination(value):
            reason = f"{column} is {value!r}; it must be mailbox:<username> or an address"
            raise BadValue(reason, code="BAD_ROUTE")
        return value

    def _read(self, column: str, reader: Callable[[str], T]) -> T:
        try:
            return reader(self.text(column))
        except BadValue as error:
            reason = error.reason if error.reason.startswith(column) else f"{column}: {error.reason}"
            raise BadValue(reason, error.code) from error


class Reading:
    """The small tables of one snapshot, and the findings made on the way."""

    def __init__(self, shelf: Shelf, snapshot: str) -> None:
        self.shelf = shelf
        self.snapshot = snapshot
        self.findings: list[Finding] = []

    def rows(self, layout: Layout) -> list[Row]:
        """Every row in effect, in the order of its columns. Where they all are the key, a row twice is one."""
        distinct = "DISTINCT" if set(layout.key) == set(layout.columns) else ""
        columns = ", ".join(name(column) for column in layout.columns)
        found = self.shelf.rows(
            f"SELECT {distinct} {columns} FROM {self.shelf.schema}.{layout.name} ORDER BY ALL NULLS FIRST"
        )
        return [Row(layout, values) for values in found]

    def sound(
        self,
        layout: Layout,
        build: Callable[[Row], T],
        bad: Callable[[Row, str], None] | None = None,
        then: str = "the row is ignored",
    ) -> Iterator[tuple[Row, T]]:
        """The rows without a fault, as built. Of rows with the same key none is taken. ``bad`` hears of the others, of
        which the findings say what is done ``then``.
        """
        rows = self.rows(layout)
        keys = {row.key: row.key.lower() if layout.caseless else row.key for row in rows}
        times = Counter(keys[row.key] for row in rows)
        told: set[str] = set()
        for row in rows:
            several = times[keys[row.key]]
            try:
                if several > 1:
                    reason = f"the key stands in {several} rows, and none of them can be taken"
                    raise BadValue(reason, DUPLICATES.get(layout.name, "DUP_ROW"))
                built = build(row)
            except BadValue as error:
                if several == 1 or row.key not in told:
                    self.find(error.code, layout, row, f"{error.reason}; {then}")
                told.add(row.key)
                if bad is not None:
                    bad(row, error.code)
                continue
            yield row, built

    def find(self, code: str, layout: Layout, row: Row, reason: str, severity: Severity = Severity.WARNING) -> None:
        """A finding about a row; its subject is the row's unit, domain, address or other key."""
        self.findings.append(
            Finding(
                code=code,
                subject=row.key,
                message=f"{layout.name} row {row.key}: {reason}",
                severity=severity,
                evidence=(Evidence(table=layout.name, key=row.key, snapshot=self.snapshot),),
            )
        )


DUPLICATES = {"units": "DUP_UNIT", "domains": "DUP_DOMAIN"}
