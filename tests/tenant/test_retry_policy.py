"""tenant-api.md 5.8, 7.2, 7.3: one policy for Graph and Exchange; a write is repeated only if it was surely refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from building.embedded import Slept

from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.graph import Graph
from nexusops.tenant.transport import Retry, retry_after, same_host

BASE = "https://graph.microsoft.com/v1.0"
EXCHANGE = "https://outlook.office365.com"
OK = httpx.Response(200, json={"value": []})
Script = list[httpx.Response | Exception]


class Scripted:
    """Answers one request after the other from a script, and remembers what it was asked."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self.script = list(script)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Credential:
    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("secret-token", 4102444800)


class Clients:
    def __init__(self, *script: httpx.Response | Exception, budget: int = 100, chance: float = 0.0) -> None:
        self.script, self.slept = Scripted(*script), Slept()
        self.retry = Retry(budget=budget, sleep=self.slept, chance=lambda: chance)
        slot = httpx.MockTransport(self.script)
        self.graph = Graph(BASE, Credential(), self.retry, transport=slot)
        self.exchange = Exchange(EXCHANGE, "t", lambda: "secret-token", self.retry, transport=slot)

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
named = pytest.mark.parametrize


def throttled(after: str | None = "17", text: str = "too many") -> httpx.Response:
    headers = {"Retry-After": after, "Content-Type": "text/plain"} if after else {"Content-Type": "text/plain"}
    return httpx.Response(429, headers=headers, text=text)


@named("ask", READS + WRITES)
def test_throttling_is_waited_out_as_long_as_asked(ask: Callable[[Clients], None]) -> None:
    clients = Clients(throttled(), throttled("3"), OK)
    ask(clients)
    assert clients.slept.seconds == [17.0, 3.0]


@named("ask", READS)
@named(
    "trouble",
    [
        httpx.Response(503, html="<html>"),
        httpx.Response(504),
        httpx.Response(500, json={"error": {"code": "x", "message": "y"}}),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("late"),
        httpx.Response(200, content=b'{"value": [{"i'),
    ],
    ids=["503", "504", "500", "reset", "time-out", "truncated"],
)
def test_a_read_is_repeated(ask: Callable[[Clients], None], trouble: httpx.Response | Exception) -> None:
    clients = Clients(trouble, OK)
    ask(clients)
    assert (len(clients.script.asked), clients.slept.seconds) == (2, [0.5])


@named("ask", WRITES)
@named(
    "trouble",
    [httpx.Response(503, headers={"Retry-After": "1"}), httpx.Response(504), httpx.ReadError("reset")],
    ids=["503", "504", "reset"],
)
def test_a_write_whose_answer_was_lost_is_sent_once(
    ask: Callable[[Clients], None], trouble: httpx.Response | Exception
) -> None:
    """interface.md 9; kiota's own handler would have sent it four times (7.3)."""
    clients = Clients(trouble)
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    assert raised.value.fault is FaultClass.UNKNOWN_OUTCOME
    assert len(clients.script.asked) == 1


@named("ask", WRITES)
def test_a_write_that_never_left_is_repeated(ask: Callable[[Clients], None]) -> None:
    clients = Clients(httpx.ConnectError("refused"), OK)
    ask(clients)
    assert len(clients.script.asked) == 2


@named("ask", READS + WRITES)
def test_a_wait_that_is_too_long_is_not_begun(ask: Callable[[Clients], None]) -> None:
    clients = Clients(throttled("121"))
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    assert (raised.value.fault, raised.value.retry_after) == (FaultClass.THROTTLED, 121.0)
    assert clients.slept.seconds == []


@named("ask", READS)
def test_without_retry_after_the_waits_double(ask: Callable[[Clients], None]) -> None:
    clients = Clients(*[throttled(None)] * 5, OK, chance=1.0)
    ask(clients)
    assert clients.slept.seconds == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_the_jitter_is_up_to_a_tenth_of_what_was_asked() -> None:
    clients = Clients(throttled("10"), OK, chance=1.0)
    clients.get()
    assert clients.slept.seconds == [11.05]


def test_the_sixth_refusal_is_the_last() -> None:
    clients = Clients(*[throttled("1")] * 6)
    with pytest.raises(TenantFault):
        clients.get()
    assert len(clients.script.asked) == 6


def test_the_budget_is_that_of_the_whole_run() -> None:
    clients = Clients(*[throttled("1"), OK] * 2, throttled("1"), budget=2)
    clients.get()
    clients.get_mailboxes()
    with pytest.raises(TenantFault):
        clients.get()
    assert clients.slept.seconds == [1.0, 1.0]


def test_while_the_service_throttles_nobody_asks() -> None:
    """7.2: what is sent meanwhile still counts against us."""
    asked: list[str] = []

    async def both() -> None:
        free = asyncio.Event()

        async def sleep(seconds: float) -> None:
            await free.wait()

        retry = Retry(sleep=sleep, chance=lambda: 0.0)

        async def first() -> None:
            asked.append("first")
            if len(asked) == 1:
                raise TenantFault(FaultClass.THROTTLED, "slower", retry_after=1.0)

        async def second() -> None:
            asked.append("second")

        one = asyncio.create_task(retry(first, read=True))
        await asyncio.sleep(0)
        two = asyncio.create_task(retry(second, read=True))
        await asyncio.sleep(0.01)
        assert asked == ["first"]
        free.set()
        await asyncio.gather(one, two)

    asyncio.run(both())
    assert sorted(asked) == ["first", "first", "second"]


def batch(*items: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"responses": items})


def test_of_a_batch_only_what_was_not_answered_is_asked_again() -> None:
    """7.2: after the largest Retry-After of its items."""
    people = [f"{n:07d}" for n in range(40)]
    ok = {"status": 200, "headers": {}, "body": {"value": []}}

    def late(seconds: str) -> dict[str, Any]:
        return {"status": 429, "headers": {"Retry-After": seconds}, "body": {"error": {"code": "x", "message": "y"}}}

    clients = Clients(
        httpx.Response(
            200, json={"responses": [{"id": "2", **late("8")}, {"id": "1", **ok}, {"id": "3", **late("9")}]}
        ),
        httpx.Response(200, json={"responses": [{"id": "3", **ok}, {"id": "2", **ok}]}),
    )
    assert asyncio.run(clients.graph.users_of(people)) == []
    sent = [[r["id"] for r in json.loads(asked.content)["requests"]] for asked in clients.script.asked]
    assert (sent, clients.slept.seconds) == ([["1", "2", "3"], ["2", "3"]], [9.0])


def test_a_batch_of_mailboxes_asks_again_for_the_throttled_ones() -> None:
    gone = {"error": {"details": [{"message": "Ex1|a.ManagementObjectNotFoundException|no"}]}}
    body = {
        "responses": [
            {"id": "1", "status": 429, "headers": {"Retry-After": "5"}},
            {"id": "0", "status": 404, "body": gone},
        ]
    }
    clients = Clients(
        httpx.Response(200, json=body),
        httpx.Response(200, json={"responses": [{"id": "0", "status": 200, "body": {"value": []}}]}),
    )
    assert asyncio.run(clients.exchange.mailboxes(["a", "b"])) == {}
    sent = [
        [r["body"]["CmdletInput"]["Parameters"]["Identity"] for r in json.loads(asked.content)["requests"]]
        for asked in clients.script.asked
    ]
    assert (sent, clients.slept.seconds) == ([["a", "b"], ["b"]], [5.0])


@named(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("Wed, 01 Oct 2025 08:00:30 GMT", 30.0),
        ("Wed, 01 Oct 2025 07:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2025, 10, 1, 8, tzinfo=UTC)) == seconds


@named(
    "link",
    [
        "https://graph.microsoft.com.evil.example/v1.0/users",
        "https://evil.example/v1.0/users",
        "http://graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:8443/v1.0/users",
        "https://graph.microsoft.com@evil.example/",
        "https://me:pw@graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:port/v1.0/users",
        "//evil.example/v1.0/users",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(link: str) -> None:
    """interface.md 9: never followed and never given a token."""
    clients = Clients(httpx.Response(200, json={"value": [], "@odata.nextLink": link}))
    with pytest.raises(TenantFault) as raised:
        clients.get()
    assert raised.value.fault is FaultClass.FOREIGN_HOST
    assert len(clients.script.asked) == 1


def test_a_link_of_exchange_to_elsewhere_is_not_followed() -> None:
    clients = Clients(httpx.Response(200, json={"value": [], "@odata.nextLink": "https://evil.example/adminapi"}))
    with pytest.raises(TenantFault) as raised:
        clients.get_mailboxes()
    assert raised.value.fault is FaultClass.FOREIGN_HOST
    assert len(clients.script.asked) == 1


def test_our_own_links_are_followed() -> None:
    link = "https://GRAPH.microsoft.com:443/v1.0/users?$skiptoken=x"
    assert same_host(link, BASE) == link


@named("ask", READS + WRITES)
@named("location", ["https://evil.example/", "/elsewhere"])
def test_a_redirect_is_neither_followed_nor_taken_for_success(ask: Callable[[Clients], None], location: str) -> None:
    """The SDK's adapter takes one for a success: a notice would count as sent."""
    clients = Clients(httpx.Response(302, headers={"Location": location}, text="moved"))
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    assert raised.value.fault is FaultClass.FOREIGN_HOST
    assert len(clients.script.asked) == 1


@named("ask", READS)
def test_pages_that_lead_in_a_circle_are_no_list(ask: Callable[[Clients], None]) -> None:
    host = "https://graph.microsoft.com/v1.0/x" if ask is Clients.get else "https://outlook.office365.com/adminapi/x"
    page = httpx.Response(200, json={"value": [], "@odata.nextLink": host})
    with pytest.raises(TenantFault) as raised:
        ask(Clients(page, page, page))
    assert "lead back" in raised.value.message


@named("ask", READS)
@named("body", [{}, {"value": None}, {"value": "x"}, {"value": [3]}, [], "x", None], ids=str)
def test_an_answer_without_rows_is_no_empty_list(ask: Callable[[Clients], None], body: Any) -> None:
    """A failed read is never an empty answer."""
    clients = Clients(*[httpx.Response(200, json=body)] * 6)
    with pytest.raises(TenantFault):
        ask(clients)


def test_a_list_that_says_it_was_cut_short_is_no_list() -> None:
    """tenant-api.md 12, 2"""
    warning = "By default, only the first 1000 items are returned. There are more results available than displayed."
    clients = Clients(*[httpx.Response(200, json={"value": [], "@adminapi.warnings": [warning]})] * 6)
    with pytest.raises(TenantFault):
        clients.get_mailboxes()
