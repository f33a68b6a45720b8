"""What a test says to the tenant itself, under ``/_emulator`` (interface.md 6). Never logged, never faulty.

GET    requests            what was asked, in order
GET    mail                what sendMail accepted
GET    faults              the script, with ``left`` and ``spent``; POST adds to it, DELETE empties it
POST   clock               ``{"now": "2025-10-01T08:00:00Z"}``: directory time; null: real time again
POST   throttle            ``{"enabled": true, "scale": 1.0, "latency_ms": 0}``
POST   dns                 ``{"published": ["a.example"]}``: domains whose verification and DKIM records are found
POST   users/{id}          read-only marks: ``{"onPremisesSyncEnabled": true, "privileged": true}``
POST   recipients          ``{"address", "name", "kind": "MailContact"}``: a recipient that is no mailbox
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from nexusops.emulator import faults, mailboxes
from nexusops.emulator.accounts import put_user, taken
from nexusops.emulator.book import Book, new_id
from nexusops.emulator.throttle import Throttle
from nexusops.emulator.wire import Answer, Call


def answer(call: Call, throttle: Throttle) -> Answer:
    """One control request; 400 with a sentence where it cannot be done."""
    name, _, rest = call.path.removeprefix("/_emulator/").partition("/")
    way = _WAYS.get((call.method, name))
    if way is None:
        return Answer(404, {"error": f"there is no {call.method} /_emulator/{name}"})
    try:
        body = msgspec.json.decode(call.content) if call.content else None
        return Answer(200, way(call, throttle, body, rest))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return Answer(400, {"error": str(error) or type(error).__name__})


Way = Callable[[Call, Throttle, Any, str], Any]


def _requests(call: Call, _throttle: Throttle, _body: Any, _rest: str) -> Any:
    return call.book.notes("asked")


def _mail(call: Call, _throttle: Throttle, _body: Any, _rest: str) -> Any:
    return call.book.notes("mail")


def _faults(call: Call, _throttle: Throttle, _body: Any, _rest: str) -> Any:
    return call.book.setting("faults") or []


def _add_faults(call: Call, _throttle: Throttle, body: Any, _rest: str) -> Any:
    faults.add(call.book, body)
    return call.book.setting("faults")


def _drop_faults(call: Call, _throttle: Throttle, _body: Any, _rest: str) -> Any:
    call.book.keep("faults", [])
    return []


def _clock(call: Call, _throttle: Throttle, body: Any, _rest: str) -> Any:
    if not isinstance(body, dict) or "now" not in body:
        raise ValueError('expected {"now": "2025-10-01T08:00:00Z"}, or null for real time')
    set_clock(call.book, datetime.fromisoformat(body["now"]) if body["now"] is not None else None)
    return {"now": call.stamp}


def set_clock(book: Book, instant: datetime | None) -> None:
    """Moves directory time; what is due by then is purged. The caller commits."""
    if instant is not None and instant.tzinfo is None:
        raise ValueError("directory time needs a time zone")
    book.keep("clock", instant.isoformat() if instant is not None else None)
    mailboxes.purge_due(book)


def _throttle(_call: Call, throttle: Throttle, body: Any, _rest: str) -> Any:
    throttle.enabled = bool(body.get("enabled", throttle.enabled))
    throttle.scale = float(body.get("scale", throttle.scale))
    throttle.latency_ms = float(body.get("latency_ms", throttle.latency_ms))
    if throttle.scale <= 0 or throttle.latency_ms < 0:
        raise ValueError("scale is above 0, latency_ms at least 0")
    throttle.buckets.clear()
    return {"enabled": throttle.enabled, "scale": throttle.scale, "latency_ms": throttle.latency_ms}


def _dns(call: Call, _throttle: Throttle, body: Any, _rest: str) -> Any:
    return {"published": published(call.book, body["published"])}


def published(book: Book, domains: Iterable[str]) -> list[str]:
    """From now on the records of these are found too; all that are."""
    known = sorted({*(book.setting("published") or []), *(name.lower() for name in domains)})
    book.keep("published", known)
    return known


def _mark(call: Call, _throttle: Throttle, body: Any, rest: str) -> Any:
    user = call.book.get("user", rest)
    if user is None:
        raise ValueError(f"there is no user {rest}")
    names = {"privileged": "_privileged"}
    put_user(call.book, {**user, **{names.get(name, name): value for name, value in body.items()}}, user)
    return {"id": rest}


def _recipient(call: Call, _throttle: Throttle, body: Any, _rest: str) -> Any:
    return {"Guid": add_recipient(call.book, body["address"], body["name"], body.get("kind", "MailContact"))}


def add_recipient(book: Book, address: str, name: str, kind: str) -> str:
    """A contact or a group that holds an address; returns its guid. Raises ValueError where the address is taken."""
    if taken(book, address):
        raise ValueError(f"{address} is taken")
    guid = new_id()
    recipient = {
        "Guid": guid,
        "Identity": name,
        "Name": name,
        "Alias": name,
        "DisplayName": name,
        "ExternalDirectoryObjectId": guid,
        "PrimarySmtpAddress": address,
        "EmailAddresses": [f"SMTP:{address}"],
        "RecipientType": kind,
        "RecipientTypeDetails": kind,
        "IsDirSynced": False,
    }
    book.put("recipient", guid, recipient)
    book.hold(guid, [address])
    return guid


_WAYS: dict[tuple[str, str], Way] = {
    ("GET", "requests"): _requests,
    ("GET", "mail"): _mail,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _drop_faults,
    ("POST", "clock"): _clock,
    ("POST", "throttle"): _throttle,
    ("POST", "dns"): _dns,
    ("POST", "users"): _mark,
    ("POST", "recipients"): _recipient,
}
