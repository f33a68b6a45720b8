"""A request as the services see it, an answer, and the ways in which a request is refused."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec


@dataclass(slots=True)
class Call:
    """One request. ``path`` is without host and query; ``roles`` are those of the token, ``app`` its application."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes
    app: str = ""
    roles: frozenset[str] = frozenset()
    now: str = ""
    base: str = ""

    @property
    def body(self) -> Any:
        if not self.content:
            return None
        try:
            return msgspec.json.decode(self.content)
        except msgspec.DecodeError as error:
            raise refused(400, "BadRequest", "Unable to read JSON request payload.") from error


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
    """The answer to a request that the real service refuses."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refused(status: int, code: str, message: str, *, details: list[dict[str, str]] | None = None) -> Refusal:
    """Graph's error envelope (tenant-api.md 9)."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    error["innerError"] = {
        "date": "2026-01-01T00:00:00",
        "request-id": str(uuid.uuid4()),
        "client-request-id": str(uuid.uuid4()),
    }
    return Refusal(Answer(status, {"error": error}))


def bad_request(message: str, **more: Any) -> Refusal:
    return refused(400, "Request_BadRequest", message, **more)


def not_found(object_id: str) -> Refusal:
    message = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return refused(404, "Request_ResourceNotFound", message)


def conflict(target: str) -> Refusal:
    """tenant-api.md 9.5, 9.6."""
    message = f"Another object with the same value for property {target} already exists."
    return bad_request(message, details=[{"code": "ObjectConflict", "message": message, "target": target}])


def query_of(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode(), keep_blank_values=True))
