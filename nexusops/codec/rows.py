"""Rows of the ledger as JSON objects, for the journal's before and after, and back again."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from nexusops.errors import StateUnavailable
from nexusops.model.journal import JsonObject, LedgerRow

Row = TypeVar("Row")


def plain(value: object) -> JsonObject:
    """The fields of a dataclass under their names; through JSON itself, so that tuples become lists."""
    written: JsonObject = msgspec.json.decode(msgspec.json.encode(value))
    return written


def row_to_json(row: LedgerRow) -> JsonObject:
    """All fields of a row under their names; dates ``YYYY-MM-DD``, closed sets as their words, tuples as lists."""
    return plain(row)


def row_from_json(kind: type[Row], document: object) -> Row:
    """The row that ``row_to_json`` wrote, or another value that the state keeps so.

    Raises StateUnavailable (9): what our own state holds must read back.
    """
    try:
        return msgspec.convert(document, type=kind)
    except msgspec.ValidationError as error:
        raise StateUnavailable(
            f"A {kind.__name__} row of the state does not read: {error}.",
            next_step="Run `nexusops audit verify`; the state was written by another version or altered by hand.",
        ) from error
