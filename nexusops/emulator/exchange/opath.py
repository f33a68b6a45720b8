"""OPATH filters of Exchange, of -Filter and of management scopes: comparisons, -and, -or, -not, parentheses."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nexusops.emulator.exchange.errors import failed
from nexusops.emulator.wire import Refusal

Test = Callable[[dict[str, Any]], bool]
_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|\"([^\"]*)\"|([(){}])|([^\s(){}'\"]+))")


@dataclass(frozen=True, slots=True)
class Opath:
    """``test`` takes a row of properties; a row that passes has one of ``keys`` (property in small letters, value)."""

    test: Test
    keys: frozenset[tuple[str, str]] | None


def parse(text: str) -> Opath:
    """Raises Exchange's refusal of a filter that it cannot read."""
    reader = _Reader(text)
    found = reader.alternatives()
    if reader.at < len(reader.tokens):
        raise reader.wrong()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, bool]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.wrong()
            quoted = match[1] if match[1] is not None else match[2]
            plain = match[3] or match[4] or ""
            self.tokens.append((quoted.replace("''", "'"), True) if quoted is not None else (plain, False))
            position = match.end()
        self.at = 0

    def wrong(self) -> Refusal:
        text = f"Cannot bind parameter 'Filter' to the target. Invalid filter syntax: {self.text}"
        return failed("Microsoft.Exchange.Data.ParsingException", text)

    def word(self) -> str:
        token, quoted = self.tokens[self.at] if self.at < len(self.tokens) else ("", True)
        return "" if quoted else token.lower()

    def take(self) -> tuple[str, bool]:
        if self.at >= len(self.tokens):
            raise self.wrong()
        self.at += 1
        return self.tokens[self.at - 1]

    def alternatives(self) -> Opath:
        terms = [self._conjunction()]
        while self.word() == "-or":
            self.take()
            terms.append(self._conjunction())
        if len(terms) == 1:
            return terms[0]
        tests = [term.test for term in terms]
        known = [term.keys for term in terms if term.keys is not None]
        keys = frozenset().union(*known) if len(known) == len(terms) else None
        return Opath(lambda row: any(test(row) for test in tests), keys)

    def _conjunction(self) -> Opath:
        terms = [self._term()]
        while self.word() == "-and":
            self.take()
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        tests = [term.test for term in terms]
        keys = next((term.keys for term in terms if term.keys is not None), None)
        return Opath(lambda row: all(test(row) for test in tests), keys)

    def _term(self) -> Opath:
        if self.word() == "-not":
            self.take()
            inner = self._term()
            return Opath(lambda row: not inner.test(row), None)
        if self.word() in ("(", "{"):
            closing = {"(": ")", "{": "}"}[self.take()[0]]
            found = self.alternatives()
            if self.take() != (closing, False):
                raise self.wrong()
            return found
        return self._comparison()

    def _comparison(self) -> Opath:
        name, operator, (text, quoted) = self.take()[0].lower(), self.take()[0].lower(), self.take()
        value: Any = text if quoted else {"$true": True, "$false": False, "$null": None}.get(text.lower(), text)
        match operator:
            case "-eq":
                keys = frozenset({(name, value.lower())}) if isinstance(value, str) else None
                return Opath(lambda row: _equal(row, name, value), keys)
            case "-ne":
                return Opath(lambda row: not _equal(row, name, value), None)
            case "-like":
                pattern = str(value).lower()
                return Opath(lambda row: any(fnmatch.fnmatchcase(v, pattern) for v in _values(row, name)), None)
            case "-notlike":
                pattern = str(value).lower()
                return Opath(lambda row: not any(fnmatch.fnmatchcase(v, pattern) for v in _values(row, name)), None)
        raise self.wrong()


def _values(row: dict[str, Any], name: str) -> list[str]:
    """The values of a property in small letters; an address also without its type."""
    value = next((row[key] for key in row if key.lower() == name), None)
    found = [str(item).lower() for item in (value if isinstance(value, list) else [value]) if item is not None]
    return found + [v.partition(":")[2] for v in found if name == "emailaddresses"]


def _equal(row: dict[str, Any], name: str, value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _values(row, name)
    found = next((row[key] for key in row if key.lower() == name), None)
    return (found in (None, "", [])) if value is None else bool(found == value)
