"""A request as the services see it, an answer, and the ways in which Graph refuses a request (tenant-api.md 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from nexusops.emulator.book import Book, new_id

INSTANT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(slots=True, kw_only=True)
class Call:
    """One request.

    ``path`` has no host and no query; ``origin`` is scheme and host as the client knows them; header names are in small
    letters. ``app_id`` and ``roles`` are those of the token. ``warnings`` go into Exchange's answer. ``unseen`` are the
    objects that were asked for too early (kind, id). ``lag``, ``late`` and ``mailbox_delay`` are armed by a fault; what
    used them stands in ``used``. ``crowded``: four requests for the same mailbox are under way already.
    """

    book: Book
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes = b""
    origin: str = ""
    app_id: str = ""
    roles: frozenset[str] = frozenset()
    cmdlet: str = ""
    items: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unseen: set[tuple[str, str]] = field(default_factory=set)
    lag: int = 0
    late: int = 0
    mailbox_delay: tuple[int, float] = (0, 0)
    used: set[str] = field(default_factory=set)
    crowded: bool = False

    @property
    def body(self) -> Any:
        """The JSON body, None where there is none; Graph's refusal where it is no JSON."""
        if not self.content:
            return None
        try:
            return msgspec.json.decode(self.content)
        except msgspec.DecodeError as error:
            raise refused(400, "BadRequest", "Unable to read JSON request payload.") from error

    @property
    def stamp(self) -> str:
        """Directory time as Graph writes it."""
        return self.book.now().astimezone(UTC).strftime(INSTANT)


@dataclass(slots=True)
class Answer:
    """``body`` is JSON unless it is bytes; None is an empty body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)


class Refusal(Exception):
    """The answer to a request that the real service refuses. What the request wrote so far is undone."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refused(
    status: int,
    code: str,
    message: str,
    *,
    details: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    """Graph's error envelope; ``name_request`` fills in which request it was."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    error["innerError"] = inner_error()
    return Refusal(Answer(status, {"error": error}, headers or {}))


def inner_error() -> dict[str, str]:
    """When: with the request's names, what every error of Graph carries for its support."""
    return {"date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")}


def name_request(call: Call, answer: Answer) -> dict[str, str]:
    """Its own id and the client's, which is the same where the client gave none; an error of Graph tells them, too."""
    request_id = new_id()
    ids = {"request-id": request_id, "client-request-id": call.headers.get("client-request-id", request_id)}
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if isinstance(error, dict) and isinstance(error.get("innerError"), dict):
        error["innerError"] = {**error["innerError"], **{k: v for k, v in ids.items() if k not in error["innerError"]}}
    return ids


def bad_request(message: str, *, details: list[dict[str, str]] | None = None) -> Refusal:
    return refused(400, "Request_BadRequest", message, details=details)


def not_found(object_id: str) -> Refusal:
    """9.4: not there, or not replicated yet."""
    text = "does not exist or one of its queried reference-property objects are not present."
    return refused(404, "Request_ResourceNotFound", f"Resource '{object_id}' {text}")


def conflict(target: str) -> Refusal:
    """9.5, 9.6: a value that another object has."""
    message = f"Another object with the same value for property {target} already exists."
    return bad_request(message, details=[{"code": "ObjectConflict", "message": message, "target": target}])


def denied() -> Refusal:
    """9.3: a missing permission, or a privileged target."""
    return refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def access_denied() -> Refusal:
    """9.12, the wording of RBAC for Applications."""
    return refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def query_of(raw: bytes) -> dict[str, str]:
    """Query options; those of OData are taken in any case (``$orderBy``)."""
    pairs = parse_qsl(raw.decode(), keep_blank_values=True)
    return {name.lower() if name.startswith("$") else name: value for name, value in pairs}
