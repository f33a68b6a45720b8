"""Scripted faults: a JSON list, each entry spent a number of times (interface.md 6).

    {"match": {"method": "POST", "path": "/users", "cmdlet": "Set-Mailbox"}, "kind": "status", "status": 429,
     "retry_after": 3, "times": 1}

``match``: every part may be left out. ``path`` is a part of the path and query, or a glob where it has ``*`` or ``?``;
``body`` is a part of what was sent, so that one mailbox among others meets a fault.

``kind``              the request is (where only ``status`` is given, it is that)
    status            refused with ``status`` (default 503), ``retry_after`` (seconds, or "http-date") and ``body``;
                      with ``"carried_out": true`` it is carried out all the same
    nul, html         refused with 403 and NUL bytes; with ``status`` (default 503) and a page of HTML
    expired_token     refused as with an expired access token (401); a delta link as expired (410), a page link (400)
    drop_before       not carried out, and not answered
    drop_after        carried out, and not answered
    truncate          carried out; half of the answer arrives
    wrong_type        carried out; the answer has another JSON type than it should
    lag               carried out; what it creates is not there for ``reads`` (default 1) requests
    late              a change: accepted, and carried out when ``reads`` (default 1) requests have looked
    mailbox_delay     carried out; the mailbox that it brings, or brings back, is not there for ``reads`` requests, or
                      ``minutes`` of directory time
"""

from __future__ import annotations

import fnmatch
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from nexusops.emulator.book import Book, Object
from nexusops.emulator.exchange import paging
from nexusops.emulator.graph import delta
from nexusops.emulator.tokens import unauthorised
from nexusops.emulator.wire import Answer, Call, Refusal, inner_error

BEFORE = {"status", "nul", "html", "expired_token", "drop_before"}
AFTER = {"drop_after", "truncate", "wrong_type"}
ARMED = {"lag", "late", "mailbox_delay"}
_FIELDS: dict[str, tuple[tuple[type, ...], str]] = {
    "match": ((dict,), "an object with method, path, cmdlet or body"),
    "kind": ((str,), "a word"),
    "status": ((int,), "a number from 100 to 599"),
    "retry_after": ((int, float, str), "seconds, or http-date"),
    "times": ((int,), "a number from 1"),
    "body": ((object,), "anything"),
    "reads": ((int,), "a number"),
    "minutes": ((int, float), "a number"),
    "carried_out": ((bool,), "true or false"),
    "headers": ((dict,), "an object"),
    "seconds": ((int, float), "a number"),
}
"""Each with the types that it may have, and those in words."""
_ABSENT = object()
_PHRASES = {
    429: ("TooManyRequests", "Please retry again later."),
    500: ("InternalServerError", "An internal server error occurred."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway did not receive a response in time."),
}


def checked(script: Any) -> list[Object]:
    """The entries of a script, ready to be kept; raises ValueError that names the wrong one."""
    if isinstance(script, dict):
        script = script.get("faults", [script])
    if not isinstance(script, list):
        raise ValueError("a fault script is a JSON list")
    found = []
    for number, entry in enumerate(script):
        kind = entry.get("kind", "status" if "status" in entry else None) if isinstance(entry, dict) else None
        if kind not in BEFORE | AFTER | ARMED:
            raise ValueError(f"fault {number}: kind is one of {', '.join(sorted(BEFORE | AFTER | ARMED))}")
        _check_types(number, entry)
        match, times = entry.get("match", {}), entry.get("times", 1)
        if unknown := (set(entry) - set(_FIELDS)) | (set(match) - {"method", "path", "cmdlet", "body"}):
            raise ValueError(f"fault {number}: unknown {', '.join(sorted(unknown))}")
        found.append({**entry, "kind": kind, "match": match, "times": times, "left": times, "spent": False})
    return found


def _check_types(number: int, entry: Object) -> None:
    for name, (types, words) in _FIELDS.items():
        value = entry.get(name, _ABSENT)
        fits = isinstance(value, types) and (not isinstance(value, bool) or name in ("carried_out", "body"))
        if name == "times":
            fits = fits and value >= 1
        if name == "status":
            fits = fits and 100 <= value <= 599
        if name == "retry_after" and isinstance(value, str):
            fits = value == "http-date" or value.isdigit()
        if value is not _ABSENT and not fits:
            raise ValueError(f"fault {number}: {name} is {words}")
    if not all(isinstance(part, str) for part in entry.get("match", {}).values()):
        raise ValueError(f"fault {number}: each part of match is a string")


def add(book: Book, script: Any) -> None:
    book.keep("faults", [*(book.setting("faults") or []), *checked(script)])


def take(call: Call, kinds: set[str]) -> Object | None:
    """The first fault of these kinds that fits, and is not spent; it is spent by this."""
    faults = call.book.setting("faults") or []
    for fault in faults:
        if fault["left"] > 0 and fault["kind"] in kinds and _fits(fault["match"], call):
            _spend(call.book, faults, fault)
            return dict(fault)
    return None


def _spend(book: Book, faults: list[Object], fault: Object) -> None:
    fault["left"] -= 1
    fault["spent"] = fault["left"] == 0
    book.keep("faults", faults)


def _fits(match: Object, call: Call) -> bool:
    if match.get("method", call.method).upper() != call.method:
        return False
    if match.get("cmdlet", call.cmdlet).lower() != call.cmdlet.lower():
        return False
    if match.get("body", "").encode() not in call.content:
        return False
    wanted = match.get("path")
    if wanted is None:
        return True
    whole = call.path + ("?" + "&".join(f"{k}={v}" for k, v in call.query.items()) if call.query else "")
    if "*" in wanted or "?" in wanted:
        return fnmatch.fnmatchcase(call.path, wanted) or fnmatch.fnmatchcase(whole, wanted)
    return wanted in whole


def arm(call: Call) -> None:
    """Lets what the request creates come late; the fault is spent only if something was created (``settle``)."""
    for fault in call.book.setting("faults") or []:
        if fault["left"] > 0 and _fits(fault["match"], call):
            if fault["kind"] == "lag":
                call.lag = call.lag or int(fault.get("reads", 1))
            elif fault["kind"] == "late":
                call.late = int(fault.get("reads", 1))
            elif fault["kind"] == "mailbox_delay":
                default = 0 if "minutes" in fault else 1
                call.mailbox_delay = (int(fault.get("reads", default)), float(fault.get("minutes", 0)))


def settle(call: Call) -> None:
    """Spends the armed faults that were used."""
    for kind in call.used:
        take(call, {kind})


def early(call: Call, fault: Object) -> Answer:
    """The answer of a fault that keeps the request from being carried out."""
    match fault["kind"]:
        case "nul":
            return Answer(403, b"\x00" * 128, {"Content-Type": "application/octet-stream"})
        case "html":
            page = b"<html><head><title>Unavailable</title></head><body>Our services aren't available</body></html>"
            return Answer(fault.get("status", 503), page, {"Content-Type": "text/html", **_headers(fault)})
        case "expired_token":
            return _expired(call).answer
    return status_answer(call, fault)


def _expired(call: Call) -> Refusal:
    if call.query.get("$deltatoken", "latest") != "latest":
        refusal = delta.expired(call)
        assert isinstance(refusal, Refusal)  # noqa: S101
        return refusal
    if "$skiptoken" in call.query and call.path.endswith("InvokeCommand"):
        return paging.expired()
    if call.path.startswith("/adminapi"):
        return Refusal(Answer(401, None, {"WWW-Authenticate": "Bearer"}))
    return unauthorised("Access token has expired or is not yet valid.")


def status_answer(call: Call, fault: Object) -> Answer:
    """A status with the service's own body for it, unless the fault has one."""
    status = int(fault.get("status", 503))
    if "body" in fault:
        body = fault["body"]
        return Answer(status, body.encode() if isinstance(body, str) else body, _headers(fault))
    if status == 429 and call.path.startswith("/adminapi"):
        text = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again."
        return Answer(status, text, {"Content-Type": "text/plain", **_headers(fault)})
    code, message = _PHRASES.get(status, ("UnknownError", ""))
    inner = {"code": str(status), "status": str(status), **inner_error()}
    return Answer(status, {"error": {"code": code, "message": message, "innerError": inner}}, _headers(fault))


def _headers(fault: Object) -> dict[str, str]:
    headers = dict(fault.get("headers", {}))
    wanted = fault.get("retry_after")
    if wanted == "http-date":
        later = datetime.now(UTC) + timedelta(seconds=fault.get("seconds", 1))
        headers["Retry-After"] = format_datetime(later, usegmt=True)
    elif wanted is not None:
        headers["Retry-After"] = str(wanted)
    return headers


def mistyped(answer: Answer) -> Answer:
    """The same answer with a list where an object should be, or the other way round."""
    body = answer.body
    if not isinstance(body, dict):
        return Answer(answer.status, {"value": 0}, answer.headers)
    changed = {**body, "value": {"0": "row"}} if isinstance(body.get("value"), list) else {**body, "id": 0, "value": 0}
    return Answer(answer.status, changed, answer.headers)
