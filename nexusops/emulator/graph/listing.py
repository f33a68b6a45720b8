"""Lists of applications and service principals: $filter, $select, $top, nextLink."""

from __future__ import annotations

from collections.abc import Callable

from nexusops.emulator.book import Object
from nexusops.emulator.graph import filters, odata
from nexusops.emulator.wire import Answer, Call


def listing(call: Call, kind: str, path: str, show: Callable[[Object], Object]) -> Answer:
    """One page of the objects of a kind."""
    odata.check_options(call, {"$select", "$filter", "$top", "$count", "$skiptoken", "$orderby"})
    test = filters.parse(call.query["$filter"]).test if call.query.get("$filter") else None
    top, after = odata.top_of(call), odata.skipped_to(call)
    found = [o for o in call.book.page(kind, after=after) if test is None or test(o)]
    names = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()]
    rows = [show(o) for o in found[:top]]
    if names:
        rows = [odata.shown(row, names) for row in rows]
    body = odata.listed(call, path.strip("/"), rows)
    if len(found) > top:
        body["@odata.nextLink"] = odata.next_link(call, path, found[top - 1]["id"])
    return Answer(200, body)
