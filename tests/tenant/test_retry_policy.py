"""tenant-api.md 5.8, 7.2, 7.3: one policy for Graph and Exchange; a write is repeated only if it was surely refused."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from building.embedded import Slept
from building.scripted import BASE, EXCHANGE, OK, READS, WRITES, Clients, Scripted

from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.graph import Graph
from nexusops.tenant.headers import retry_after
from nexusops.tenant.transport import ANEW, Retry

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
def test_a_lost_answer_is_known_by_the_id_that_its_request_had(ask: Callable[[Clients], None]) -> None:
    """tenant-api.md 5.1, 9: the service's support has nothing else to look for."""
    clients = Clients(httpx.ReadError("reset"))
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    [asked] = clients.script.asked
    assert raised.value.request_id == asked.headers["client-request-id"]
    assert len(asked.headers["client-request-id"]) == 36


class Dripping(httpx.AsyncByteStream):
    """A byte now and then, each in time, and never the last one."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.001)


@named(
    ("ask", "found"), [(one, FaultClass.TRANSIENT) for one in READS] + [(w, FaultClass.UNKNOWN_OUTCOME) for w in WRITES]
)
def test_an_answer_that_comes_to_no_end_is_none(ask: Callable[[Clients], None], found: FaultClass) -> None:
    """interface.md 9: no pause between two bytes is too long, and the run would hold the lock for ever."""
    clients = Clients(*[httpx.Response(200)] * 6, answered=0.05, stream=Dripping())
    with pytest.raises(TenantFault, match="the answer has come to no end in 0 seconds") as raised:
        ask(clients)
    assert raised.value.fault is found


@named("ask", WRITES)
def test_a_write_that_never_left_is_repeated(ask: Callable[[Clients], None]) -> None:
    clients = Clients(httpx.ConnectError("refused"), OK)
    ask(clients)
    assert len(clients.script.asked) == 2


@named("ask", READS + WRITES)
def test_a_wait_that_is_too_long_is_not_begun(ask: Callable[[Clients], None]) -> None:
    clients = Clients(throttled("181"))
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    assert (raised.value.fault, raised.value.retry_after) == (FaultClass.THROTTLED, 181.0)
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
    """7.2: nobody asks before the largest Retry-After of its items is over."""
    people = [f"{n:07d}" for n in range(45)]
    ok = {"status": 200, "headers": {}, "body": {"value": []}}

    def late(seconds: str) -> dict[str, Any]:
        return {"status": 429, "headers": {"Retry-After": seconds}, "body": {"error": {"code": "x", "message": "y"}}}

    clients = Clients(
        httpx.Response(
            200, json={"responses": [{"id": "1", **late("8")}, {"id": "0", **ok}, {"id": "2", **late("9")}]}
        ),
        httpx.Response(200, json={"responses": [{"id": "1", **ok}, {"id": "0", **ok}]}),
    )
    assert asyncio.run(clients.graph.users_of(people)) == []
    sent = [[r["id"] for r in json.loads(asked.content)["requests"]] for asked in clients.script.asked]
    assert (sent, clients.slept.seconds) == ([["0", "1", "2"], ["0", "1"]], [8.0, 9.0])


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
        OK,
    )
    assert asyncio.run(clients.exchange.mailboxes(["a", "b"])) == {}
    first, alone = (json.loads(asked.content) for asked in clients.script.asked)
    sent = [r["body"]["CmdletInput"]["Parameters"]["Identity"] for r in first["requests"]]
    assert (sent, alone["CmdletInput"]["Parameters"]) == (["a", "b"], {"Identity": "b"})
    assert clients.slept.seconds == [5.0]


@named(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Wed, 01 Oct 2025 08:00:30 GMT", 30.0),
        ("Wed, 01 Oct 2025 07:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2025, 10, 1, 8, tzinfo=UTC)) == seconds


def test_a_refused_token_is_replaced_once_by_one_that_the_claims_ask_for() -> None:
    """tenant-api.md 3.1: continuous access evaluation; even a write may be sent again, as nothing was carried out."""
    wanted = '{"access_token": {"nbf": {"essential": true}}}'
    claims = base64.urlsafe_b64encode(wanted.encode()).decode().rstrip("=")
    challenge = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{claims}"'}
    script = Scripted(httpx.Response(401, headers=challenge), OK, httpx.Response(401), httpx.Response(401))
    given: list[str | None] = []

    def token(claims: str | None) -> str:
        given.append(claims)
        return claims or "old"

    exchange = Exchange(EXCHANGE, "t", token, Retry(sleep=Slept()), transport=httpx.MockTransport(script))
    asyncio.run(exchange.invoke("Set-Mailbox", Identity="g", Alias="a"))
    with pytest.raises(TenantFault) as raised:
        asyncio.run(exchange.invoke("Set-Mailbox", Identity="g", Alias="a"))
    assert raised.value.fault is FaultClass.AUTH
    assert given == [None, wanted, None, None, ANEW]
    assert [r.headers["authorization"] for r in script.asked] == [f"Bearer {t}" for t in ("old", wanted, "old", ANEW)]


class Cached:
    """As azure-identity does: what was given is given again, unless there are claims."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.token = "old"

    def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        self.asked.append(claims)
        self.token = claims or self.token
        return AccessToken(self.token, 4102444800)


def test_a_token_of_graph_that_is_refused_without_claims_is_replaced_once() -> None:
    """tenant-api.md 3.1: the one in the cache would only be refused again."""
    refused = httpx.Response(401, json={"error": {"code": "InvalidAuthenticationToken", "message": "has expired"}})
    script, known = Scripted(refused, OK, refused, refused), Cached()
    graph = Graph(BASE, known, Retry(sleep=Slept()), transport=httpx.MockTransport(script))
    asyncio.run(graph.users())
    assert [r.headers["authorization"] for r in script.asked] == ["Bearer old", f"Bearer {ANEW}"]
    with pytest.raises(TenantFault) as raised:
        asyncio.run(graph.users())
    assert (raised.value.fault, len(script.asked)) == (FaultClass.AUTH, 4)
