"""Ledger rows to table rows and back, driven by the dataclass fields."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

import msgspec
from sqlalchemy import JSON, Row

from nexusops.model.journal import LedgerRow
from nexusops.model.mailboxes import Mailbox
from nexusops.store.schema import plain_type

T = TypeVar("T")


Decoders = tuple[tuple[str, Callable[[Any], Any] | None], ...]
_KNOWN: dict[type, Decoders] = {}


def _decoders(row: type) -> Decoders:
    if row not in _KNOWN:
        _KNOWN[row] = _made(row)
    return _KNOWN[row]


def _made(row: type) -> Decoders:
    hints = typing.get_type_hints(row)
    found: list[tuple[str, Callable[[Any], Any] | None]] = []
    for field in fields(row):
        hint = hints[field.name]
        decode: Callable[[Any], Any] | None = None
        if plain_type(hint) is JSON:
            decode = _converter(hint)
        else:
            kinds = [part for part in (typing.get_args(hint) or (hint,)) if isinstance(part, type)]
            decode = next((_optional(kind) for kind in kinds if issubclass(kind, Enum)), None)
        found.append((field.name, decode))
    return tuple(found)


def _optional(kind: type[Enum]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else kind(value)


def _converter(hint: Any) -> Callable[[Any], Any]:
    return lambda value: None if value is None else msgspec.convert(value, hint)


def decoded(kind: type[T], row: Row[Any]) -> T:
    """The dataclass of a table row."""
    values = row._mapping
    return kind(**{name: decode(values[name]) if decode else values[name] for name, decode in _decoders(kind)})


def encoded(row: LedgerRow) -> dict[str, Any]:
    """The table row of a dataclass, with what the database alone needs (a box's due date)."""
    values: dict[str, Any] = {}
    for name, decode in _decoders(type(row)):
        value = getattr(row, name)
        if isinstance(value, Enum):
            value = value.value
        elif decode is not None and value is not None:
            value = msgspec.to_builtins(value)
        values[name] = value
    if isinstance(row, Mailbox):
        values["due_on"] = row.next_date
    return values
