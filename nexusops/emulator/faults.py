"""Scripted faults, and the documented throttling limits (interface.md 6, tenant-api.md 7).

A fault is ``{"match": {"method", "path", "cmdlet"}, "kind", "times", …}``; every one must be spent, and ``GET
/_emulator/faults`` says which were. Kinds: ``status`` (with ``status``, ``retry_after``, ``body``), ``drop_before``
and ``drop_after`` (the connection breaks before or after the request was carried out), ``truncate`` (half the body),
``nul``, ``html``, ``wrong_type`` (text instead of JSON), ``lag`` (404 for objects just made), ``mailbox_delay``
(``reads``: so many reads until Exchange has a mailbox), ``expired_token``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from nexusops.emulator.wire import Answer, Call

AFTER = frozenset({"drop_after", "truncate", "nul", "html", "wrong_type"})


class Dropped(Exception):
    """The connection breaks here: in process it reaches the client as httpx.ReadError, on loopback as a closed
    socket.
    """


@dataclass(slots=True)
class Fault:
    kind: str
    match: dict[str, str] = field(default_factory=dict)
    times: int = 1
    status: int = 503
    retry_after: int | str | None = None
    body: Any = None
    reads: int = 1
    spent: int = 0

    def fits(self, call: Call, cmdlet: str) -> bool:
        if self.spent >= self.times:
            return False
        method, path, name = self.match.get("method"), self.match.get("path"), self.match.get("cmdlet")
        return (
            (method is None or method.upper() == call.method)
            and (path is None or path in call.path)
            and (name is None or name.lower() == cmdlet.lower())
        )

    def shown(self) -> dict[str, Any]:
        return {"kind": self.kind, "match": self.match, "times": self.times, "spent": self.spent}


def parsed(script: Any) -> list[Fault]:
    """Raises ValueError for what is no fault script."""
    items = script if isinstance(script, list) else [script]
    names = set(Fault.__dataclass_fields__) - {"spent"}
    found = []
    for item in items:
        if not isinstance(item, dict) or "kind" not in item or set(item) - names:
            raise ValueError(f"no fault: {item!r}; known keys: {', '.join(sorted(names))}")
        found.append(Fault(**item))
    return found


def before(fault: Fault) -> Answer | None:
    """What the fault does before the request is carried out."""
    fault.spent += 1
    if fault.kind == "drop_before":
        raise Dropped
    if fault.kind == "status":
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        return Answer(fault.status, fault.body if fault.body is not None else _body(fault.status), headers)
    if fault.kind == "lag":
        text = "Resource does not exist or one of its queried reference-property objects are not present."
        return Answer(404, {"error": {"code": "Request_ResourceNotFound", "message": text}})
    if fault.kind == "expired_token":
        text = "Access token has expired or is not yet valid."
        return Answer(401, {"error": {"code": "InvalidAuthenticationToken", "message": text}})
    return None


def _body(status: int) -> Any:
    codes = {
        429: ("TooManyRequests", "Please retry again later."),
        503: ("ServiceUnavailable", ""),
        504: ("GatewayTimeout", ""),
    }
    code, message = codes.get(status, ("UnknownError", ""))
    return {"error": {"code": code, "message": message, "innerError": {"code": str(status)}}}


def after(fault: Fault, answer: Answer) -> Answer:
    """What the fault does to an answer whose request was carried out."""
    fault.spent += 1
    if fault.kind == "drop_after":
        raise Dropped
    content = answer.content()
    if fault.kind == "truncate":
        return Answer(
            answer.status, content[: len(content) // 2], {**answer.headers, "Content-Type": "application/json"}
        )
    if fault.kind == "nul":
        return Answer(answer.status, b"\x00" * max(16, len(content)), {"Content-Type": "application/json"})
    if fault.kind == "html":
        return Answer(
            answer.status,
            b"<html><body>Our services aren't available right now</body></html>",
            {"Content-Type": "text/html"},
        )
    return Answer(answer.status, b"ok", {"Content-Type": "text/plain"})


@dataclass(slots=True)
class Throttle:
    """3,000 writes in 150 s and 8,000 resource units in 10 s for one application (7.1); ``scale`` speeds the clock
    up.
    """

    scale: float = 1.0
    latency: float = 0.0
    writes: float = 3000.0
    units: float = 8000.0
    at: float = field(default_factory=time.monotonic)

    def refusal(self, call: Call) -> Answer | None:
        now = time.monotonic()
        passed, self.at = (now - self.at) * self.scale, now
        self.writes = min(3000.0, self.writes + passed * 3000 / 150)
        self.units = min(8000.0, self.units + passed * 8000 / 10)
        write = call.method != "GET"
        if (write and self.writes < 1) or self.units < 1:
            missing = (1 - self.writes) / 20 if write and self.writes < 1 else (1 - self.units) / 800
            seconds = max(1, round(missing / self.scale + 0.5))
            return Answer(
                429, _body(429), {"Retry-After": str(seconds), "x-ms-throttle-scope": "Tenant_Application/ReadWrite"}
            )
        self.writes -= 1 if write else 0
        self.units -= 1
        return None
