"""$batch of both services: items in order, each with its own status (tenant-api.md 5.5, 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from nexusops.emulator.book import Object
from nexusops.emulator.wire import Answer, Call, Refusal, query_of, refused

GRAPH_MOST, EXCHANGE_MOST = 20, 10
Perform = Callable[[Call], Answer]


def graph_batch(call: Call, perform: Perform) -> Answer:
    """At most 20 items with relative urls; an item whose ``dependsOn`` failed is 424. The whole is 200."""
    requests = _requests(call, GRAPH_MOST, typed=True)
    done: dict[str, int] = {}
    responses = []
    for request in requests:
        if any(not 200 <= done.get(str(i).lower(), 0) < 300 for i in request.get("dependsOn") or ()):
            answer = Answer(424, {"error": {"code": "424", "message": "Failed Dependency"}})
        else:
            answer = perform(_item(call, request, "/v1.0" + _relative(request["url"])))
        done[str(request["id"]).lower()] = answer.status
        responses.append(_response(request, answer))
    return Answer(200, {"responses": responses})


def exchange_batch(call: Call, perform: Perform) -> Answer:
    """At most 10 items, each an InvokeCommand with its whole or relative url."""
    requests = _requests(call, EXCHANGE_MOST, typed=False)
    responses = []
    for request in requests:
        path = _path_and_query(request["url"])
        if "/InvokeCommand" not in path:
            path = call.path.replace("$batch", "InvokeCommand")
        responses.append(_response(request, perform(_item(call, request, path))))
    return Answer(200, {"responses": responses})


def _requests(call: Call, most: int, *, typed: bool) -> list[Object]:
    """The items, checked. ``typed``: one with a body needs a Content-Type; of Exchange nothing like it is known."""
    body = call.body
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise _invalid("Invalid batch payload format.")
    if len(requests) > most:
        raise _invalid(f"Number of batch request steps exceeds the maximum value of {most}.")
    seen: set[str] = set()
    for request in requests:
        _check(request, seen, typed=typed)
    return requests


def _check(request: Any, seen: set[str], *, typed: bool) -> None:
    if not isinstance(request, dict) or not all(isinstance(request.get(n), str) for n in ("id", "method", "url")):
        raise _invalid("Invalid batch request step: id, method and url are required.")
    if request["id"].lower() in seen:
        raise _invalid(f"Duplicate request id found: {request['id']}.")
    if not isinstance(request.get("headers") or {}, dict) or not isinstance(request.get("dependsOn") or [], list):
        raise _invalid("Invalid batch request step: headers is an object, dependsOn a list.")
    for needed in request.get("dependsOn") or ():
        if str(needed).lower() not in seen:
            raise _invalid(f"Invalid dependsOn: {needed} is not an earlier request.")
    seen.add(request["id"].lower())
    names = {name.lower() for name in request.get("headers") or {}}
    if typed and request.get("body") is not None and "content-type" not in names:
        raise _invalid(f"Write request id : {request['id']} does not contain Content-Type header or body.")


def _relative(url: str) -> str:
    """Items name what follows the version; one that names a host or a version is refused."""
    if "://" in url:
        raise _invalid("Request url must be relative to the version of the batch.")
    return url if url.startswith("/") else "/" + url


def _path_and_query(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _invalid(message: str) -> Refusal:
    return refused(400, "BadRequest", message)


def _item(call: Call, request: Object, target: str) -> Call:
    path, _, query = target.partition("?")
    headers = {name.lower(): str(value) for name, value in (request.get("headers") or {}).items()}
    body = request.get("body")
    content = b"" if body is None else body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    return Call(
        book=call.book,
        method=request["method"].upper(),
        path=path,
        query=query_of(query.encode()),
        headers={**headers, "authorization": call.headers.get("authorization", "")},
        content=content,
        origin=call.origin,
    )


def _response(request: Object, answer: Answer) -> Object:
    body = answer.body.decode("utf-8", "replace") if isinstance(answer.body, bytes) else answer.body
    headers = {"Cache-Control": "no-cache"} | ({"Content-Type": "application/json"} if answer.body is not None else {})
    return {"id": request["id"], "status": answer.status, "headers": {**headers, **answer.headers}, "body": body}
