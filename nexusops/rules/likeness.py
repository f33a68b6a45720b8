"""When one name is likely to be meant for another: a slip of the keyboard, or another form of it (D29, R23)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BETWEEN = re.compile(r"[^a-z]+")
_MOST_PARTS = 4


def one_slip(typed: str, meant: str) -> bool:
    """Whether one character too many, too few or wrong, or two that changed places, is all the difference."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    if len(typed) > len(meant):
        typed, meant = meant, typed
    at = next((n for n, one in enumerate(typed) if one != meant[n]), len(typed))
    if len(typed) < len(meant):
        return typed[at:] == meant[at + 1 :]
    swapped = typed[at : at + 2] == meant[at : at + 2][::-1] and typed[at + 2 :] == meant[at + 2 :]
    return typed[at + 1 :] == meant[at + 1 :] or swapped


def other_forms(local: str) -> Iterator[str]:
    """The first.last that a local part may be another form of: with other marks between, turned round, or numbered."""
    parts = [part for part in _BETWEEN.split(local.lower()) if part]
    if not 2 <= len(parts) <= _MOST_PARTS:
        return
    for at in range(1, len(parts)):
        for first in _joined(parts[:at]):
            for last in _joined(parts[at:]):
                yield from (name for name in (f"{first}.{last}", f"{last}.{first}") if name != local)


def one_word(local: str) -> str:
    """A local part in which no mark stands, as letters alone; '' where it has several parts (``other_forms``)."""
    parts = [part for part in _BETWEEN.split(local.lower()) if part]
    return parts[0] if len(parts) == 1 else ""


def run_together(base: str) -> str:
    """Somebody's first.last without its dot and hyphens."""
    return base.replace(".", "").replace("-", "")


def _joined(parts: list[str]) -> set[str]:
    return {"".join(parts), "-".join(parts)}
