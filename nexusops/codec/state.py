"""The state document, written as it is read: a state of any size takes the same memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

ROWS = 2_000
"""So many rows are encoded at once."""


def state_bytes(parts: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """The JSON object of these parts on one line; a value that is an iterator becomes a list."""
    opening = b"{"
    for name, value in parts:
        yield opening + msgspec.json.encode(name) + b":"
        if isinstance(value, Iterator):
            yield from _list(value)
        else:
            yield msgspec.json.encode(value)
        opening = b","
    yield b"}\n"


def _list(rows: Iterator[Any]) -> Iterator[bytes]:
    opening = b"["
    while some := list(islice(rows, ROWS)):
        yield opening + msgspec.json.encode(some)[1:-1]
        opening = b","
    yield b"]" if opening == b"," else b"[]"
