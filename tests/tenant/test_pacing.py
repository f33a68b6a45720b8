"""tenant-api.md 7.1, 7.2: no faster than the documented limits, and slower after each refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from building.embedded import WHY, Slept, person
from building.scripted import BASE, EXCHANGE, OK, Credential, Scripted
from hypothesis import given
from hypothesis import strategies as st

from nexusops.model import pace as limits
from nexusops.model.changes import DisableMailbox, SetSender
from nexusops.model.plan import Estimate, Planned
from nexusops.plan.estimate import estimate
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.graph import Graph
from nexusops.tenant.pacing import WRITE, Bucket, Cost, Gate, Pace, graph_cost, graph_pace, together
from nexusops.tenant.transport import Retry

named = pytest.mark.parametrize


def turns(bucket: Bucket, asked: list[float]) -> Iterator[float]:
    """When each of these goes out, asked for at these instants."""
    for at in asked:
        yield at + bucket.turn(1, at)


@given(st.lists(st.floats(0, 400), min_size=1, max_size=4000))
def test_no_window_holds_more_than_the_limit(asked: list[float]) -> None:
    """Whether the service counts by a bucket or by a window."""
    out = sorted(turns(Bucket(60, 3), sorted(asked)))
    ahead = 0
    for n, at in enumerate(out):
        while out[ahead] <= at - 3 + 1e-6:
            ahead += 1
        assert n - ahead + 1 <= 60


def test_writes_come_at_98_in_100_of_the_documented_rate() -> None:
    out = list(turns(Bucket(limits.WRITES, limits.WRITES_SECONDS), [0.0] * 6000))
    assert out[59] == 0.0
    assert (6000 - 60) / out[-1] == pytest.approx(0.98 * 20)


def test_after_a_refusal_nothing_goes_out_at_once() -> None:
    bucket = Bucket(3000, 150)
    bucket.drain(0.0)
    assert bucket.turn(1, 0.0) == pytest.approx(1 / 19.6)


@named(
    ("method", "url", "cost"),
    [
        ("GET", "/users?$select=id&$top=999", Cost(units=1)),
        ("GET", "https://graph.microsoft.com/v1.0/users?$skiptoken=x", Cost(units=2)),
        ("GET", "/users/delta?$select=id", Cost(units=1)),
        ("GET", "/users/1?$select=id", Cost(units=1)),
        ("GET", "/subscribedSkus", Cost(units=3)),
        ("GET", "/applications", Cost(units=2)),
        ("POST", "/users", Cost(units=1, writes=1)),
        ("PATCH", "/users/1", Cost(units=1, writes=1)),
        ("DELETE", "/users/1", Cost(units=1, writes=1)),
        ("POST", "/users/a@b.example/sendMail", Cost(mailbox="a@b.example")),
        ("PATCH", "/users/1/mailboxSettings", Cost(mailbox="1")),
    ],
)
def test_what_a_request_costs(method: str, url: str, cost: Cost) -> None:
    assert graph_cost(method, url) == cost


def test_a_batch_costs_what_its_items_cost() -> None:
    assert together([WRITE, WRITE, Cost(units=2)]) == Cost(units=4, writes=2)


def test_the_gate_is_halved_by_a_refusal_and_opens_again() -> None:
    async def story() -> list[int]:
        gate, widths = Gate(4), []
        for refused in [True, True, True, *[False] * 200]:
            await gate.enter()
            if refused:
                gate.narrow()
            gate.leave()
            widths.append(gate.width)
        return widths

    widths = asyncio.run(story())
    assert widths[:3] == [2, 1, 1]
    assert [widths[2 + n] for n in (48, 49, 99, 149, 199)] == [1, 2, 3, 4, 4]


def test_no_more_are_inside_than_the_gate_is_wide() -> None:
    async def story() -> int:
        gate, inside, most = Gate(3), 0, 0

        async def one() -> None:
            nonlocal inside, most
            await gate.enter()
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
            gate.leave()

        await asyncio.gather(*(one() for _ in range(20)))
        return most

    assert asyncio.run(story()) == 3


class Paused:
    """A clock that only a sleep moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_one_mailbox_is_asked_four_at_a_time_and_another_beside_it() -> None:
    """Outlook's limits are those of one application and one mailbox."""
    clock = Paused()

    async def story() -> list[str]:
        pace, inside = graph_pace(sleep=clock.sleep), []

        async def one(mailbox: str) -> None:
            await pace.enter(Cost(mailbox=mailbox))
            inside.append(mailbox)

        tasks = [asyncio.create_task(one(mailbox)) for mailbox in "aaaaaab"]
        for _ in range(10):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return inside

    assert asyncio.run(story()) == ["a", "a", "a", "a", "b"]


def test_a_throttled_service_is_asked_more_slowly_and_the_other_one_is_not() -> None:
    slept, waits = Slept(), Slept()
    pace = Pace(writes=Bucket(3000, 150), clock=lambda: 0.0, sleep=waits)
    retry = Retry(sleep=slept, chance=lambda: 0.0)
    refusal = httpx.Response(429, headers={"Retry-After": "7"}, json={"error": {"code": "x", "message": "y"}})
    graph = Graph(
        BASE, Credential(), retry.paced(pace), transport=httpx.MockTransport(Scripted(refusal, httpx.Response(204)))
    )
    exchange = Exchange(EXCHANGE, "t", lambda _: "token", retry, transport=httpx.MockTransport(Scripted(OK)))
    asyncio.run(graph.send("PATCH", "/users/1", {}))
    asyncio.run(exchange.invoke("Set-Mailbox", Identity="g", Alias="a"))
    assert (slept.seconds, waits.seconds) == ([7.0], [pytest.approx(1 / 19.6)])


def test_bulk_work_says_that_it_may_wait() -> None:
    script = Scripted(httpx.Response(204), httpx.Response(204))
    graph = Graph(BASE, Credential(), Retry(), transport=httpx.MockTransport(script))
    for bulk in (False, True):
        graph.bulk = bulk
        asyncio.run(graph.send("PATCH", "/users/1", {}))
    assert [request.headers.get("x-ms-throttle-priority") for request in script.asked] == [None, "low"]


def test_a_plan_is_estimated_by_the_same_numbers() -> None:
    """interface.md 4"""
    on = person()
    sender = SetSender(mailbox=on, why=WHY, was=None, becomes="ada.byron@ox.ac.uk")
    plan = [
        Planned(id="c1", job="disable", change=DisableMailbox(mailbox=on, why=WHY), after=()),
        Planned(id="c2", job="senders", change=sender, after=()),
    ]
    bucket = Bucket(limits.WRITES, limits.WRITES_SECONDS, burst=0.0)
    seconds = 2 / bucket.rate + 3 * limits.EXCHANGE_SECONDS / limits.EXCHANGE_AT_ONCE
    assert estimate(plan) == Estimate(graph_writes=2, exchange_writes=3, seconds=round(seconds, 1))
