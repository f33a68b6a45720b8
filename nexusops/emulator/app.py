"""The ASGI application: reads a request, answers it within one transaction, and writes down what was asked."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from nexusops.emulator import batch, control, exchange, faults, routes, tokens
from nexusops.emulator.book import Book
from nexusops.emulator.wire import Answer, Call, Refusal, query_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_ADMIN = re.compile(r"^/adminapi/(?:beta|v1\.0)/([^/]+)/(InvokeCommand|\$batch)$")
_SECRET = {"password", "secretText", "client_secret", "client_assertion", "key", "access_token"}


class Application:
    """``base`` is where clients reach it; links point there. One request at a time: the file is the only truth."""

    def __init__(self, book: Book, *, base: str | None = None) -> None:
        self.book = book
        self.base = base
        self.faults: list[faults.Fault] = []
        self.throttle: faults.Throttle | None = None
        self.clock: datetime | None = None
        self._one = threading.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        content = b""
        more = True
        while more:
            message = await receive()
            content += message.get("body", b"")
            more = bool(message.get("more_body"))
        if self.throttle is not None and self.throttle.latency:
            import asyncio

            await asyncio.sleep(self.throttle.latency / self.throttle.scale)
        try:
            answer = self.answer(_call(scope, content, self.now()))
        except faults.Dropped as error:
            await self._drop(send, error)
            return
        body = answer.content()
        headers = {"content-type": "application/json", **{k.lower(): v for k, v in answer.headers.items()}}
        headers |= {"request-id": str(uuid.uuid4()), "content-length": str(len(body))}
        raw = [(k.encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    async def _drop(self, send: Send, error: faults.Dropped) -> None:
        """On loopback a body is announced and never comes, so that the server closes the socket in the middle of it."""
        if self.base is None:
            import httpx

            raise httpx.ReadError("the connection was dropped") from error
        headers = [(b"content-type", b"application/json"), (b"content-length", b"64")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    def now(self) -> datetime:
        return self.clock or datetime.now(UTC)

    def answer(self, call: Call) -> Answer:
        """One request, whole or not at all: what is refused leaves nothing behind but its line in the request log."""
        if call.path.startswith("/_emulator/"):
            with self._one:
                return control.answer(self, call)
        cmdlet = _cmdlet(call)
        fault = next((f for f in self.faults if f.fits(call, cmdlet)), None)
        with self._one:
            return self._answered(call, fault)

    def _answered(self, call: Call, fault: faults.Fault | None) -> Answer:
        early = faults.before(fault) if fault is not None and fault.kind not in faults.AFTER else None
        if early is None and self.throttle is not None and not call.path.endswith("/token"):
            early = self.throttle.refusal(call)
        answer = early if early is not None else self._transaction(call)
        self._note(call, answer)
        return faults.after(fault, answer) if fault is not None and fault.kind in faults.AFTER else answer

    def _transaction(self, call: Call) -> Answer:
        self.book.begin()
        try:
            answer = self._routed(call)
            self.book.commit()
        except Refusal as refusal:
            self.book.rollback()
            answer = refusal.answer
        finally:
            self.book.rollback()
        return answer

    def _note(self, call: Call, answer: Answer) -> None:
        body = None
        if call.content and not call.path.endswith("/token"):
            try:
                body = _scrubbed(msgspec.json.decode(call.content))
            except msgspec.DecodeError:
                body = "(no JSON)"
        line = {"method": call.method, "path": call.path, "query": call.query, "body": body, "status": answer.status}
        self.book.note("asked", {**line, "app": call.app})

    def _routed(self, call: Call) -> Answer:
        path = re.sub(r"/{2,}", "/", call.path)
        if path.startswith("/v1.0/") or path == "/v1.0":
            return self._graph(call, path.removeprefix("/v1.0") or "/")
        admin = _ADMIN.match(path)
        if admin is not None:
            return self._exchange(call, admin[1], admin[2])
        authority = self.base or call.base
        if path.endswith("/oauth2/v2.0/token") and call.method == "POST":
            return tokens.token_endpoint(self.book, call, authority)
        if path.endswith("/.well-known/openid-configuration"):
            return tokens.discovery(self.book, authority)
        if path.endswith("/discovery/instance"):
            return Answer(
                200,
                {
                    "tenant_discovery_endpoint": f"{authority}/{self.book.setting('tenant_id')}/v2.0/.well-known/openid-configuration",
                    "metadata": [],
                },
            )
        return Answer(404, {"error": {"code": "NotFound", "message": f"No resource at {path}."}})

    def _graph(self, call: Call, path: str) -> Answer:
        tokens.authorised(self.book, call, ("graph", tokens.GRAPH_APP, "127.0.0.1", "localhost"))
        call.base = f"{self.base or 'https://graph.microsoft.com'}/v1.0"
        call.path = path
        if path == "/$batch":
            return batch.answer(call, lambda inner: routes.answer(self.book, inner), most=20)
        return routes.answer(self.book, call)

    def _exchange(self, call: Call, tenant: str, endpoint: str) -> Answer:
        tokens.authorised(self.book, call, ("outlook", tokens.EXCHANGE_APP, "127.0.0.1", "localhost"))
        if tenant.lower() != self.book.setting("tenant_id") or call.method != "POST":
            return Answer(404 if call.method == "POST" else 405, {"error": {"code": "NotFound", "message": ""}})
        call.base = f"{self.base or 'https://outlook.office365.com'}/adminapi/beta/{tenant}"
        if endpoint == "InvokeCommand":
            return exchange.invoke(self.book, call)
        return batch.answer(call, lambda inner: exchange.invoke(self.book, inner), most=10)


def _call(scope: Message, content: bytes, now: datetime) -> Call:
    headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
    base = f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=query_of(scope.get("query_string", b"")),
        headers=headers,
        content=content,
        now=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        base=base,
    )


def _cmdlet(call: Call) -> str:
    if not call.path.endswith("/InvokeCommand"):
        return ""
    match = re.search(rb'"CmdletName"\s*:\s*"([^"]+)"', call.content)
    return match[1].decode() if match else ""


def _scrubbed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "(hidden)" if k in _SECRET else _scrubbed(v) for k, v in value.items()}
    return [_scrubbed(item) for item in value] if isinstance(value, list) else value


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
