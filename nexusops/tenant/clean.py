"""Whether a cassette may be shown to anybody: what must not stand in it, and where it does (interface.md 1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nexusops.tenant.cassettes import PROVENANCES, REQUEST_HEADERS, RESPONSE_HEADERS, lines_of
from nexusops.tenant.scrubbing import REPLACED, Scrubber

FIELDS = frozenset(
    {
        *("provenance", "recorded_at", "method", "url", "request_headers", "request"),
        *("status", "response_headers", "response", "source"),
    }
)


def faults_of(path: Path) -> Iterator[str]:
    """A sentence for each thing that is wrong, with its line and place; the thing itself is not repeated."""
    for number, text in enumerate(lines_of(path), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            yield f"line {number}: it is no JSON"
            continue
        yield from (f"line {number}: {fault}" for fault in _line(line))


def _line(line: Any) -> Iterator[str]:
    if not isinstance(line, dict) or not {"method", "url", "status", "provenance"} <= line.keys():
        yield "an exchange has a method, a url, a status and a provenance"
        return
    if line["provenance"] not in PROVENANCES:
        yield f"provenance is one of {', '.join(PROVENANCES)}"
    if line["provenance"] == "documentation" and not line.get("source"):
        yield "an answer from documentation names its source"
    for unknown in sorted(line.keys() - FIELDS):
        yield f"{unknown} is no field of a cassette"
    for name, allowed in (("request_headers", REQUEST_HEADERS), ("response_headers", RESPONSE_HEADERS)):
        for header in sorted(set(line.get(name) or {}) - set(allowed)):
            yield f"{name}: {header} is not among the headers that are kept"
    people = line["provenance"] == "tenant"
    yield from _differences(line, _Marking(people=people).exchange(line), "")


class _Marking(Scrubber):
    """A scrubber that knows stand-ins, whoever made them, and leaves them as they are."""

    def _instead(self, value: str, kind: str) -> str:
        head, _, number = value.rpartition("-")
        if head.isalnum() and number.isdecimal():
            return value
        return super()._instead(value, kind)


def _differences(value: Any, clean: Any, where: str) -> Iterator[str]:
    """Where scrubbing would change something: a secret, or a datum of a person."""
    if isinstance(value, dict) and isinstance(clean, dict):
        for key, inner in value.items():
            yield from _differences(inner, clean[key], f"{where}/{key}")
    elif isinstance(value, list) and isinstance(clean, list):
        for index, inner in enumerate(value):
            yield from _differences(inner, clean[index], f"{where}/{index}")
    elif value != clean:
        what = "a secret" if REPLACED in str(clean) and REPLACED not in str(value) else "a datum of a person"
        yield f"{where.lstrip('/')}: {what}, or what looks like one"
