"""Lists of applications and service principals: $filter, $search, $orderby, $select, $top, $count, nextLink."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from nexusops.emulator.book import Object
from nexusops.emulator.graph import odata, queries
from nexusops.emulator.wire import Answer, Call


def listing(
    call: Call,
    kind: str,
    path: str,
    show: Callable[[Object], Object],
    known: Iterable[str],
    *,
    deleted: bool = False,
) -> Answer:
    """One page of the objects of a kind; ``known`` are their properties."""
    odata.check_options(call, queries.OPTIONS)
    known = tuple(known)
    question = queries.asked(call, queries.clause(kind, known))

    def found(after: str, _count: int) -> Iterator[Object]:
        return (o for o in call.book.page(kind, deleted=deleted, after=after) if question.test(o))

    page, following = queries.page(call, question, found)
    names = odata.select_of(call, kind, known, ())
    rows = [odata.shown(show(o), names) if names else show(o) for o in page]
    body: Object = {"@odata.context": odata.context(call, odata.selected(call, f"{kind}s", names))}
    if odata.counting(call):
        body["@odata.count"] = sum(1 for _ in found("", -1))
    if following:
        body["@odata.nextLink"] = odata.next_link(call, path, following)
    return Answer(200, {**body, "value": rows})


def counted(call: Call, kind: str, known: Iterable[str]) -> Answer:
    """``GET /applications/$count`` and its like."""
    number = lambda question: sum(1 for o in call.book.page(kind) if question.test(o))  # noqa: E731
    return queries.number(call, number, queries.clause(kind, known))
