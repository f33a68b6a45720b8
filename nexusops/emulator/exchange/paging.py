"""Pages of a list cmdlet: the same body is POSTed again to @odata.nextLink (tenant-api.md 5.4)."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass

from nexusops.emulator.book import Object
from nexusops.emulator.exchange.errors import bad_envelope
from nexusops.emulator.exchange.parameters import Parameters
from nexusops.emulator.graph import odata
from nexusops.emulator.wire import Call, Refusal

MOST = 1000
LIFETIME = 30 * 60
MORE = (
    "There are more results available than are currently displayed. To view them, increase the value for the "
    "ResultSize parameter."
)


@dataclass(frozen=True, slots=True)
class Window:
    """What a page shows: so many rows after a key; ``left`` is what ResultSize still allows (-1: everything)."""

    after: str
    count: int
    left: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A page, and the key after which the next begins; None on the last."""

    rows: list[Object]
    after: str | None = None


def window_of(call: Call, given: Parameters) -> Window:
    """Where the page begins, and how long it may be."""
    match = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", call.headers.get("prefer", ""))
    size = max(1, min(MOST, int(match[1]))) if match else MOST
    after, left = "", _result_size(given)
    token = call.query.get("$skiptoken")
    if token is not None:
        try:
            state = odata.opened(call, token)
        except ValueError:
            raise expired() from None
        if state["made"] + LIFETIME < time.time() or state["of"] != _question(call):
            raise expired()
        after, left = state["after"], state["left"]
    return Window(after, size if left < 0 else min(size, left), left)


def _result_size(given: Parameters) -> int:
    wanted = given.get("ResultSize", MOST)
    if str(wanted).lower() == "unlimited":
        return -1
    if not str(wanted).isdigit() or int(wanted) == 0:
        raise bad_envelope(f"Cannot bind parameter 'ResultSize'. Cannot convert value \"{wanted}\".")
    return int(wanted)


def expired() -> Refusal:
    return bad_envelope("Expired or Invalid pagination request. Default Expiry time is 00:30:00")


def next_link(call: Call, window: Window, shown: int, after: str) -> str | None:
    """None where ResultSize is reached: then a warning says that there is more."""
    left = window.left if window.left < 0 else window.left - shown
    if left == 0:
        call.warnings.append(MORE)
        return None
    token = odata.sealed(call, {"after": after, "left": left, "made": int(time.time()), "of": _question(call)})
    chosen = f"$select={call.query['$select']}&" if call.query.get("$select") else ""
    return f"{call.origin}{call.path}?{chosen}$skiptoken={token}"


def _question(call: Call) -> str:
    """What was asked: the next page is asked for with the same body."""
    return hashlib.sha256(call.content).hexdigest()


def cut(rows: list[Object], window: Window, key: str) -> Rows:
    """A page of a list that is whole in hand; ``key`` names the property in whose order it is."""
    ordered = sorted((row for row in rows if str(row[key]) > window.after), key=lambda row: str(row[key]))
    page = ordered[: window.count]
    return Rows(page, str(page[-1][key]) if len(ordered) > len(page) and page else None)
