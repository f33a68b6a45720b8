"""$batch of Graph (20 items, dependsOn) and of Exchange (10 items): tenant-api.md 5.5, 7.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from nexusops.emulator.wire import Answer, Call, Refusal, query_of, refused

Answering = Callable[[Call], Answer]


def answer(call: Call, one: Answering, *, most: int) -> Answer:
    """The overall status is 200; each item has its own. A dependant whose parent failed gets 424."""
    body = call.body
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or len(items) > most:
        raise refused(400, "BadRequest", f"Number of batch request steps must be between 1 and {most}.")
    ids = [str(item.get("id", "")).lower() for item in items]
    if len(set(ids)) != len(ids) or "" in ids:
        raise refused(400, "BadRequest", "Every batch request step must have a unique id.")
    done: dict[str, int] = {}
    responses = []
    for item in items:
        result = _item(call, item, done, one)
        done[str(item["id"]).lower()] = result.status
        content = result.body if not isinstance(result.body, bytes) else None
        headers = {"Content-Type": "application/json", **result.headers}
        responses.append({"id": item["id"], "status": result.status, "headers": headers, "body": content})
    return Answer(200, {"responses": responses})


def _item(call: Call, item: dict[str, Any], done: dict[str, int], one: Answering) -> Answer:
    for parent in item.get("dependsOn") or []:
        if done.get(str(parent).lower(), 500) >= 400:
            return Answer(424, {"error": {"code": "424", "message": "Failed Dependency"}})
    headers = {str(k).lower(): str(v) for k, v in (item.get("headers") or {}).items()}
    if item.get("body") is not None and "content-type" not in headers:
        return Answer(
            400, {"error": {"code": "BadRequest", "message": "Write request id does not contain Content-Type header."}}
        )
    path, _, query = str(item.get("url", "")).partition("?")
    inner = Call(
        method=str(item.get("method", "")).upper(),
        path=path if path.startswith(("/", "http")) else "/" + path,
        query=query_of(query.encode()),
        headers={"authorization": call.headers.get("authorization", ""), **headers},
        content=msgspec.json.encode(item["body"]) if item.get("body") is not None else b"",
        app=call.app,
        roles=call.roles,
        now=call.now,
        base=call.base,
    )
    try:
        return one(inner)
    except Refusal as refusal:
        return refusal.answer
