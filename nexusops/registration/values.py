"""What a database gives, as the text that a CSV would hold (rules.md 3): by its type, and by that of its column."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nexusops.registration.layout import Layout
from nexusops.registration.lines import LONGEST_FIELD
from nexusops.registration.reading import Unreadable

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_ZONELESS = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?", re.ASCII)


class Holding(StrEnum):
    """What a column holds, where that says more than its values do: SQLite keeps all of these as text or numbers."""

    FLAG = "flag"
    DAY = "day"
    INSTANT = "instant"
    PADDED = "padded"
    TEXT = "text"


def holding_of(layout: Layout, name: str, type_: TypeEngine[Any]) -> Holding:
    from sqlalchemy import CHAR, Boolean, DateTime

    if name in layout.dates:
        return Holding.DAY
    if isinstance(type_, Boolean):
        return Holding.FLAG
    if isinstance(type_, CHAR):
        return Holding.PADDED
    return Holding.INSTANT if name == layout.instant and isinstance(type_, DateTime) else Holding.TEXT


def text_of(value: object, holding: Holding = Holding.TEXT) -> str:
    """A value of any type as the text of a CSV field; an instant without a zone is in UTC. Raises Unreadable."""
    match value:
        case None:
            return ""
        case str() if holding is Holding.PADDED:
            return value.rstrip(" ")
        case str():
            return f"{value}Z" if holding is Holding.INSTANT and _ZONELESS.fullmatch(value) else value
        case bool():
            return "true" if value else "false"
        case datetime() if holding is Holding.DAY:
            return value.date().isoformat()
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case 0 | 1 if holding is Holding.FLAG:
            return "true" if value else "false"
        case int():
            return str(value)
        case float() | Decimal() if _is_nan(value):
            return ""  # as Parquet and JSON have what is no value
        case float() | Decimal():
            return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
        case _:
            raise Unreadable(f"it holds values of the type {type(value).__name__}, which no column of it may have")


def line_of(row: Sequence[object], holding: Mapping[str, Holding], layout: Layout) -> tuple[str, ...]:
    """The row's values as texts. Raises Unreadable that names its column, and none of its values."""
    found = []
    for value, (name, kind) in zip(row, holding.items(), strict=True):
        if name in layout.texts and not isinstance(value, str) and value is not None and not _is_nan(value):
            raise Unreadable(f"the column {name} holds values of the type {type(value).__name__} instead of texts")
        try:
            text = text_of(value, kind)
        except Unreadable as error:
            raise Unreadable(f"the column {name}: {error}") from error
        if "\0" in text or len(text) > LONGEST_FIELD // 2:
            fault = "a NUL character" if "\0" in text else f"a text of {len(text)} characters"
            raise Unreadable(f"the column {name} holds {fault}")
        found.append(text)
    return tuple(found)


def _is_nan(value: object) -> bool:
    return isinstance(value, float | Decimal) and math.isnan(value)
