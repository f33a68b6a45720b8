"""The clients of Graph and Exchange on a script of answers, with a sleep that takes no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
from azure.core.credentials import AccessToken

from building.embedded import Slept
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.graph import Graph
from nexusops.tenant.transport import ANSWERED, Retry

BASE = "https://graph.microsoft.com/v1.0"
EXCHANGE = "https://outlook.office365.com"
OK = httpx.Response(200, json={"value": []})


class Scripted:
    """Answers one request after the other from a script, and remembers what it was asked."""

    def __init__(self, *script: httpx.Response | Exception, stream: httpx.AsyncByteStream | None = None) -> None:
        self.script = list(script)
        self.stream = stream
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if self.stream is not None:
            return httpx.Response(answer.status_code, headers=answer.headers, stream=self.stream)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Credential:
    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("secret-token", 4102444800)


class Clients:
    def __init__(
        self,
        *script: httpx.Response | Exception,
        budget: int = 100,
        chance: float = 0.0,
        answered: float = ANSWERED,
        stream: httpx.AsyncByteStream | None = None,
    ) -> None:
        self.script, self.slept = Scripted(*script, stream=stream), Slept()
        self.retry = Retry(budget=budget, sleep=self.slept, chance=lambda: chance, answered=answered)
        slot = httpx.MockTransport(self.script)
        self.graph = Graph(BASE, Credential(), self.retry, transport=slot)
        self.exchange = Exchange(EXCHANGE, "t", lambda _: "secret-token", self.retry, transport=slot)

    def get(self) -> None:
        asyncio.run(self.graph.users())

    def get_mailboxes(self) -> None:
        asyncio.run(self.exchange.invoke("Get-Mailbox", ResultSize="Unlimited"))

    def post(self) -> None:
        asyncio.run(self.graph.send("POST", "/users", {"a": 1}))

    def set_mailbox(self) -> None:
        asyncio.run(self.exchange.invoke("Set-Mailbox", Identity="g", Alias="a"))


READS: list[Callable[[Clients], None]] = [Clients.get, Clients.get_mailboxes]
WRITES: list[Callable[[Clients], None]] = [Clients.post, Clients.set_mailbox]
