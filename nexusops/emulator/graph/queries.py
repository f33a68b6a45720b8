"""$filter, $search and $orderby of a list of directory objects, and the page that is answered (tenant-api.md 4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from nexusops.emulator.book import Object
from nexusops.emulator.graph import filters, odata
from nexusops.emulator.wire import Answer, Call, Refusal, bad_request, refused

OPTIONS = frozenset({"$select", "$filter", "$top", "$count", "$skiptoken", "$orderby", "$search"})
_PHRASE = re.compile(r'"(\w+):([^"]+)"')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Question:
    """Which objects (None: all), in which order (a property, and whether downwards; None: of their ids)."""

    chosen: filters.Filter | None
    order: tuple[str, bool] | None

    def test(self, found: Object) -> bool:
        return self.chosen is None or self.chosen.test(found)


def asked(
    call: Call, spelt: Callable[[str], str] = str, fits: Callable[[str, Any], bool] = filters.anything
) -> Question:
    """Raises the refusals of a clause that is malformed, names a property that is not there (``spelt``), compares one
    with a value of another type (``fits``), or needs the header and $count (4.1, 9.14).
    """
    chosen = filters.parse(call.query["$filter"], spelt, fits) if call.query.get("$filter") else None
    order = _order(call.query.get("$orderby", ""), spelt)
    if search := call.query.get("$search"):
        if not eventual(call):
            raise refused(
                400,
                "Request_UnsupportedQuery",
                "Request with $search query parameter only works through MSGraph with a special request header: "
                "'ConsistencyLevel: eventual'",
            )
        return Question(_both(chosen, _search(search)), order)
    if chosen is not None and (chosen.advanced or order) and not odata.counting(call):
        raise refused(400, "Request_UnsupportedQuery", "Unsupported Query.")
    return Question(chosen, order)


def eventual(call: Call) -> bool:
    return call.headers.get("consistencylevel", "").lower() == "eventual"


def page(call: Call, question: Question, found: Callable[[str, int], Iterable[Object]]) -> tuple[list[Object], str]:
    """One page, and where the next one begins ('': there is none).

    ``found`` gives so many objects (-1: all) that pass, in the order of their ids, beginning after one.
    """
    top, after = odata.top_of(call), odata.skipped_to(call)
    if question.order is None:
        rows = list(islice(found(after, top + 1), top + 1))
        return rows[:top], rows[top - 1]["id"] if len(rows) > top else ""
    name, downwards = question.order
    start = int(after) if after.isdigit() else 0
    rows = sorted(found("", -1), key=lambda o: str(o.get(name) or "").lower(), reverse=downwards)
    return rows[start : start + top], str(start + top) if len(rows) > start + top else ""


def clause(kind: str, known: Iterable[str], extensions: re.Pattern[str] | None = None) -> Callable[[str], str]:
    """For ``asked``: what may stand in a $filter or $orderby of objects of a kind."""
    return odata.speller("Invalid filter clause", kind, known, extensions)


def number(call: Call, count: Callable[[Question], int], spelt: Callable[[str], str] = str) -> Answer:
    """``…/$count``: a number as text; only with the header (4.1)."""
    if not eventual(call):
        raise bad_request("$count is not currently supported.")
    return Answer(200, str(count(asked(call, spelt))).encode(), {"Content-Type": "text/plain"})


def _order(text: str, spelt: Callable[[str], str]) -> tuple[str, bool] | None:
    if not text.strip():
        return None
    match = re.fullmatch(r"\s*(\w+)(?:\s+(asc|desc))?\s*", text, re.IGNORECASE)
    if match is None:
        raise bad_request(f"Invalid $orderby clause: '{text}'.")
    return spelt(match[1]), (match[2] or "").lower() == "desc"


def _search(text: str) -> filters.Test:
    """Phrases "property:value", with OR and AND between them: a word of the property begins with the value."""
    alternatives = [re.split(r"\s+AND\s+", part.strip()) for part in re.split(r"\s+OR\s+", text)]
    terms = [[_phrase(one.strip()) for one in part] for part in alternatives]
    return lambda o: any(all(test(o) for test in part) for part in terms)


def _phrase(text: str) -> filters.Test:
    match = _PHRASE.fullmatch(text)
    if match is None:
        raise _malformed(text)
    name, wanted = match[1], [word.lower() for word in _WORD.findall(match[2])]

    def holds(found: Object) -> bool:
        value = found.get(name)
        words = _WORD.findall(" ".join(value) if isinstance(value, list) else str(value or ""))
        return all(any(word.lower().startswith(one) for word in words) for one in wanted)

    return holds


def _malformed(text: str) -> Refusal:
    return bad_request(f"Invalid $search clause: '{text}' is not of the form \"property:value\".")


def _both(chosen: filters.Filter | None, search: filters.Test) -> filters.Filter:
    if chosen is None:
        return filters.Filter(search)
    return filters.Filter(lambda o: chosen.test(o) and search(o), chosen.keys)
