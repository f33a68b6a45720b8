"""OData $filter, as far as Graph documents it for directory objects (tenant-api.md 4.1).

expression   and, or, not, parentheses
comparison   name eq|ne|ge|gt|le|lt value, name/part/part eq value, name in ('a', 'b'), startswith(name, 'a'),
             endsWith(name, 'a'), name/any(x:x eq 'a'), name/any(x:startswith(x, 'a')),
             name/any(x:x/part eq a and x/part eq b), name/$count eq 0; an instant stands without quotes
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nexusops.emulator.wire import Refusal, bad_request, refused

Test = Callable[[dict[str, Any]], bool]
Keys = frozenset[tuple[str, str]]
MOST_ALTERNATIVES = 15
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?)|([()/:,])|([$\w.+-]+))")


@dataclass(frozen=True, slots=True)
class Filter:
    """``test`` decides; every object that passes has one of ``keys`` (property, value), None: it may be any object."""

    test: Test
    keys: Keys | None = None
    advanced: bool = False


def anything(_name: str, _value: Any) -> bool:
    return True


def parse(text: str, spelt: Callable[[str], str] = str, fits: Callable[[str, Any], bool] = anything) -> Filter:
    """Raises Graph's 400 for a clause that it does not understand.

    ``spelt`` gives a property as the schema spells it, or raises the refusal of one that is not there; ``fits`` says
    whether it may be compared with a value of this type.
    """
    reader = _Reader(text, spelt, fits)
    found = reader.alternatives()
    if reader.peek() is not None:
        raise invalid(f"Syntax error at '{reader.peek()}' in '{text}'.")
    return found


def invalid(message: str) -> Refusal:
    return bad_request(f"Invalid filter clause: {message}")


class _Reader:
    def __init__(self, text: str, spelt: Callable[[str], str], fits: Callable[[str, Any], bool]) -> None:
        self.spelt, self.fits = spelt, fits
        self.tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise invalid(f"Syntax error at position {position} in '{text}'.")
            self.tokens.append(match[0].strip())
            position = match.end()
        self.at = 0

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if token is None or (wanted is not None and token.lower() != wanted):
            raise invalid(f"'{wanted or 'a value'}' expected, found '{token}'.")
        self.at += 1
        return token

    def alternatives(self) -> Filter:
        terms = [self._conjunction()]
        while (self.peek() or "").lower() == "or":
            self.take()
            terms.append(self._conjunction())
        if len(terms) > MOST_ALTERNATIVES:
            raise _too_many(len(terms))
        if len(terms) == 1:
            return terms[0]
        keys: Keys | None = frozenset[tuple[str, str]]()
        for term in terms:
            keys = None if keys is None or term.keys is None else keys | term.keys
        tests = [term.test for term in terms]
        return Filter(lambda o: any(test(o) for test in tests), keys, any(term.advanced for term in terms))

    def _conjunction(self) -> Filter:
        terms = [self._term()]
        while (self.peek() or "").lower() == "and":
            self.take()
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        tests = [term.test for term in terms]
        keys = min((term.keys for term in terms if term.keys is not None), key=len, default=None)
        return Filter(lambda o: all(test(o) for test in tests), keys, any(term.advanced for term in terms))

    def _term(self) -> Filter:
        word = (self.peek() or "").lower()
        if word == "not":
            self.take()
            inner = self._term()
            return Filter(lambda o: not inner.test(o), None, True)
        if word == "(":
            self.take()
            inner = self.alternatives()
            self.take(")")
            return inner
        if word in ("startswith", "endswith"):
            return self._affix(self._only)
        return self._comparison()

    def _only(self, name: str) -> Callable[[dict[str, Any]], Any]:
        known = self.spelt(name)
        return lambda o: (o.get(known),)

    def _affix(self, values: Callable[[str], Callable[[dict[str, Any]], Any]]) -> Filter:
        word = self.take().lower()
        self.take("(")
        name = self.take()
        self.take(",")
        wanted = unquoted(self.take()).lower()
        self.take(")")
        read = values(name)
        if word == "startswith":
            return Filter(lambda o: any(str(v or "").lower().startswith(wanted) for v in read(o)))
        return Filter(lambda o: any(str(v or "").lower().endswith(wanted) for v in read(o)), None, True)

    def _comparison(self) -> Filter:
        name = self.spelt(self.take())
        if self.peek() == "/":
            self.take()
            part = self.take()
            if part.lower() == "any":
                return self._any(name)
            if part == "$count":
                return _compared(lambda o: len(o.get(name) or ()), self.take(), literal(self.take()), advanced=True)
            path = [name, part]
            while self.peek() == "/":
                self.take()
                path.append(self.take())
            return _compared(lambda o: _at(o, path), self.take(), literal(self.take()))
        word = self.take().lower()
        if word == "in":
            return self._in(name)
        value = literal(self.take())
        if not self.fits(name, value):
            raise bad_request(f"A binary operator with incompatible types was detected, at '{name}'.")
        keys = frozenset({(name, str(value).lower())}) if word == "eq" and isinstance(value, str) else None
        return _compared(lambda o: o.get(name), word, value, keys=keys)

    def _in(self, name: str) -> Filter:
        self.take("(")
        values = [unquoted(self.take()).lower()]
        while self.peek() == ",":
            self.take()
            values.append(unquoted(self.take()).lower())
        self.take(")")
        if len(values) > MOST_ALTERNATIVES:
            raise _too_many(len(values))
        wanted = frozenset(values)
        keys = frozenset((name, value) for value in values)
        return Filter(lambda o: str(o.get(name) or "").lower() in wanted, keys)

    def _any(self, name: str) -> Filter:
        self.take("(")
        variable = self.take()
        self.take(":")
        if (self.peek() or "").lower() in ("startswith", "endswith"):
            found = self._affix(lambda _: lambda o: o.get(name) or ())
            self.take(")")
            return found
        first, wanted = self._element(variable)
        if first is None:
            self.take(")")
            test: Test = lambda o: any(str(v).lower() == wanted for v in o.get(name) or ())  # noqa: E731
            return Filter(test, frozenset({(name, wanted)}))
        parts = [(first, wanted)]
        while (self.peek() or "").lower() == "and":
            self.take()
            part, wanted = self._element(variable)
            parts.append((part or "", wanted))
        self.take(")")
        return Filter(lambda o: any(all(str(v.get(p)).lower() == w for p, w in parts) for v in o.get(name) or ()))

    def _element(self, variable: str) -> tuple[str | None, str]:
        """``x eq 'a'`` or ``x/part eq 'a'`` of an element x: the part, and the value in small letters."""
        self.take(variable.lower())
        part = None
        if self.peek() == "/":
            self.take()
            part = self.take()
        self.take("eq")
        return part, unquoted(self.take()).lower()


def _at(found: Any, path: list[str]) -> Any:
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _compared(
    read: Callable[[dict[str, Any]], Any],
    word: str,
    value: Any,
    *,
    keys: Keys | None = None,
    advanced: bool = False,
) -> Filter:
    wanted = _folded(value)
    match word.lower():
        case "eq":
            return Filter(lambda o: bool(_folded(read(o)) == wanted), keys, advanced)
        case "ne":
            return Filter(lambda o: bool(_folded(read(o)) != wanted), None, True)
        case "ge" | "gt" | "le" | "lt" as order:
            return Filter(lambda o: _ordered(_folded(read(o)), order, wanted), None, advanced)
    raise invalid(f"operator '{word}' is not supported.")


def _ordered(value: Any, order: str, wanted: Any) -> bool:
    if value is None or type(value) is not type(wanted):
        return False
    return bool(getattr(operator, order)(value, wanted))


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def literal(token: str) -> Any:
    if token.startswith("'"):
        return unquoted(token)
    known = {"true": True, "false": False, "null": None}
    if token.lower() in known:
        return known[token.lower()]
    return int(token) if token.isdigit() else token


def unquoted(token: str) -> str:
    return token[1:-1].replace("''", "'") if token.startswith("'") else token


def _too_many(count: int) -> Refusal:
    text = f"Too many child clauses specified in search filter expression containing 'OR' operators: {count}."
    return refused(400, "Request_UnsupportedQuery", f"{text} Max allowed: {MOST_ALTERNATIVES}.")
