"""Changed users (tenant-api.md 4.2): $select is frozen into an opaque token that lives for seven days."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from nexusops.emulator.accounts import EVERYTHING, GONE, LISTS, REMOVED
from nexusops.emulator.book import Object
from nexusops.emulator.graph import odata, properties
from nexusops.emulator.graph.users import show
from nexusops.emulator.wire import INSTANT, Answer, Call, bad_request, refused

LIFETIME = timedelta(days=7)
PAGE = 200
LATEST = "latest"
_PATH = "/users/delta"
_ID = re.compile(r"id\s+eq\s+'([^']+)'", re.IGNORECASE)


def delta(call: Call) -> Answer:
    """``GET /users/delta``: pages with a nextLink, the last with a deltaLink; ``$deltatoken=latest``: from now on."""
    odata.check_options(call, {"$select", "$filter", "$deltatoken", "$skiptoken", "$count"})
    place = call.query.get("$skiptoken") or call.query.get("$deltatoken")
    if place is not None and place != LATEST:
        return _continued(call, _state(call, place))
    chosen = odata.select_of(call, "user", properties.KNOWN, properties.DEFAULT, extensions=properties.EXTENSION)
    where = odata.selected(call, "users", chosen)
    state: Object = {"names": list(dict.fromkeys([*chosen, "id"])), "where": where, "ids": _ids(call)}
    state |= {"from": call.book.last_change(), "after": ""}
    if place == LATEST:
        return Answer(200, _body(call, [], state, "$deltatoken"))
    return _everything(call, state)


def _ids(call: Call) -> list[str]:
    text = call.query.get("$filter")
    if not text:
        return []
    terms = re.split(r"\s+or\s+", text.strip(), flags=re.IGNORECASE)
    matches = [_ID.fullmatch(term.strip()) for term in terms]
    if not all(matches) or len(matches) > 50:
        raise bad_request("Delta query supports only 'id eq' in $filter, for at most 50 objects.")
    return [match[1].lower() for match in matches if match]


def _state(call: Call, token: str) -> Object:
    try:
        state: Object = odata.opened(call, token)
    except ValueError:
        raise expired(call) from None
    if state["at"] < (call.book.now() - LIFETIME).strftime(INSTANT):
        raise expired(call)
    return state


def expired(call: Call) -> Exception:
    """410 and where to begin again (9.13)."""
    text = "The sync state generation is not found. The delta token is expired and data must be synchronized again."
    location = odata.link(call, _PATH, {"$deltatoken": ""})
    return refused(410, "syncStateNotFound", text, headers={"Location": location})


def _continued(call: Call, state: Object) -> Answer:
    return _everything(call, state) if state["after"] is not None else _changes(call, state)


def _everything(call: Call, state: Object) -> Answer:
    """The first round: every user; what changes meanwhile comes with the first deltaLink."""
    size = _size(call)
    users = list(call.book.page("user", after=state["after"], count=size + 1))
    more = len(users) > size
    chosen = [user for user in users[:size] if not state["ids"] or user["id"] in state["ids"]]
    rows = [_shown(call, user, state["names"]) for user in chosen]
    if more:
        return Answer(200, _body(call, rows, {**state, "after": users[size - 1]["id"]}, "$skiptoken"))
    return Answer(200, _body(call, rows, state, "$deltatoken"))


def _changes(call: Call, state: Object) -> Answer:
    size = _size(call)
    # A round counts from one point to its end: what an object was changed in before its last change belongs to it.
    past = state["past"] if "past" in state else state["from"]
    found = call.book.changed_after(state["from"], past, size + 1)
    rows = [row for change in found[:size] if (row := _row(call, change, state)) is not None]
    last = found[:size][-1][1] if found else past
    if len(found) > size:
        return Answer(200, _body(call, rows, {**state, "past": last}, "$skiptoken"))
    return Answer(200, _body(call, rows, {**state, "from": last, "past": last}, "$deltatoken"))


def _row(call: Call, change: tuple[str, int, set[str]], state: Object) -> Object | None:
    """An object as the delta shows it; None where nothing changed that was asked for."""
    object_id, _, names = change
    if state["ids"] and object_id not in state["ids"]:
        return None
    user = call.book.get("user", object_id)
    if user is None:
        return {"id": object_id, "@removed": {"reason": "deleted"}}
    if user.get("deletedDateTime"):
        return {"id": object_id, "@removed": {"reason": "changed"}}
    whole = bool(names & {EVERYTHING, REMOVED, GONE})
    wanted = [name for name in state["names"] if name in names]
    if not whole and not wanted:
        return None
    minimal = "return=minimal" in call.headers.get("prefer", "").replace(" ", "")
    return _shown(call, user, [*wanted, "id"] if minimal and not whole else state["names"])


def _shown(call: Call, user: Object, names: list[str]) -> Object:
    """A property that was never set is left out; one that was cleared is null (user-delta.md)."""
    return show(call, user, [name for name in names if name in user or name in LISTS])


def _size(call: Call) -> int:
    match = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", call.headers.get("prefer", ""))
    return max(1, min(999, int(match[1]))) if match else PAGE


def _body(call: Call, rows: list[Object], state: Object, name: str) -> Object:
    sealed: dict[str, Any] = {**state, "at": call.stamp}
    if name == "$deltatoken":
        sealed["after"] = None
    else:
        sealed["after"] = state["after"]
    label = "@odata.deltaLink" if name == "$deltatoken" else "@odata.nextLink"
    where = odata.link(call, _PATH, {name: odata.sealed(call, sealed)})
    return {"@odata.context": odata.context(call, state.get("where", "users")), label: where, "value": rows}
