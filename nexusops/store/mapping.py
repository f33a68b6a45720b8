"""Ledger rows to table rows and back, driven by the dataclass fields."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar

import msgspec
from sqlalchemy import JSON, Row

from nexusops.model.frozen import filling
from nexusops.model.journal import LedgerRow
from nexusops.model.mailboxes import Mailbox
from nexusops.store.schema import plain_type

T = TypeVar("T")


Decoders = tuple[tuple[str, Callable[[Any], Any] | None], ...]
_KNOWN: dict[type, Decoders] = {}
_READERS: dict[type, Callable[[Sequence[Any]], Any]] = {}


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
            decode = partial(msgspec.convert, type=hint)
        else:
            kinds = [part for part in (typing.get_args(hint) or (hint,)) if isinstance(part, type)]
            decode = next((cache(kind) for kind in kinds if issubclass(kind, Enum)), None)
        found.append((field.name, decode))
    return tuple(found)


def fields_of(kind: type) -> tuple[str, ...]:
    """The columns of a dataclass, in the order in which ``read_by`` wants them."""
    return tuple(name for name, _ in _decoders(kind))


def read_by(kind: type[T]) -> Callable[[Sequence[Any]], T]:
    """What makes the dataclass of its columns' values. Ledgers have rows by the hundred thousand."""
    if kind not in _READERS:
        _READERS[kind] = _reader(kind)
    return _READERS[kind]


def _reader(kind: type[T]) -> Callable[[Sequence[Any]], T]:
    fill = filling(kind)
    further = [(place, decode) for place, (_, decode) in enumerate(_decoders(kind)) if decode is not None]

    def made(row: Sequence[Any]) -> T:
        values = list(row)
        for place, decode in further:
            value = values[place]
            if value is not None:
                values[place] = decode(value)
        return fill(values)

    return made


def decoded(kind: type[T], row: Row[Any]) -> T:
    """The dataclass of a table row, which may have other columns too."""
    values = row._mapping
    return read_by(kind)([values[name] for name in fields_of(kind)])


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
