"""The ASGI application: the very same in process and on loopback. Its paths do not depend on the host."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from nexusops.emulator.service import Outcome, Service, call_of
from nexusops.emulator.wire import name_request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AT_ONCE = 4
"""Outlook's limit for one application and one mailbox (tenant-api.md 7.1)."""
_OUTLOOK = re.compile(r"/+v1\.0/+users/+([^/]+)/+(?:sendMail|mailboxSettings)\b", re.IGNORECASE)
_JSON = {
    "/v1.0": "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
    "/admi": "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8",
}


class Application:
    """Reads a request, has it answered, writes the answer, or ends the connection as a fault says."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._busy: Counter[str] = Counter()
        """Requests under way, by the mailbox that they are for ('': none)."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _lifespan(scope, receive, send)
            return
        content = await _content(receive)
        mailbox = _mailbox_of(scope["path"])
        self._busy[mailbox] += 1
        try:
            crowded = mailbox != "" and self._busy[mailbox] > AT_ONCE
            if (pause := self.service.throttle.pause()) > 0:
                await asyncio.sleep(pause)
            call = call_of(self.service.book, scope, content)
            call.crowded = crowded and self.service.throttle.enabled
            outcome = self.service.outcome(call)
        finally:
            self._busy[mailbox] -= 1
        if outcome.ending == "dropped":
            await _drop(receive, send)
            return
        await _reply(outcome, name_request(call, outcome.answer), call.path, receive, send)


def _mailbox_of(path: str) -> str:
    found = _OUTLOOK.match(path)
    return found[1].lower() if found is not None else ""


async def _content(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _reply(outcome: Outcome, ids: dict[str, str], path: str, receive: Receive, send: Send) -> None:
    answer = outcome.answer
    body = answer.content()
    headers = {"Content-Type": _JSON.get(path[:5], "application/json; charset=utf-8"), **ids}
    if not body:
        del headers["Content-Type"]
    headers |= answer.headers
    if answer.status != 204:
        headers["Content-Length"] = str(len(body))
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if outcome.ending == "whole":
        await send({"type": "http.response.body", "body": body})
        return
    transport = _transport(send)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": transport is not None})
    if transport is not None:
        transport.close()
        await receive()


async def _drop(receive: Receive, send: Send) -> None:
    """On loopback the socket is reset; in process the client's transport sees the error of a reset socket."""
    transport = _transport(send)
    if transport is None:
        raise _read_error()
    # Closed without lingering, the kernel resets the connection instead of ending it politely.
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await receive()  # Until the server has seen that its connection is gone: it would send a 500 otherwise.


def _transport(send: Send) -> Any:
    """The socket behind a request: uvicorn's ``send`` is a method of the object that has it. None in process."""
    return getattr(getattr(send, "__self__", None), "transport", None)


def _read_error() -> Exception:
    """httpx's own error where the client is httpx, without importing it here."""
    httpx = sys.modules.get("httpx")
    text = "The embedded tenant dropped the connection (scripted fault)."
    return ConnectionResetError(text) if httpx is None else httpx.ReadError(text)


async def _lifespan(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] != "lifespan":
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
