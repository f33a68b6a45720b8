"""A tenant that answers nobody: the run comes to an end in good time, and one bad mailbox is not taken for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from building.embedded import WHY, Room, creation, person
from building.outcomes import outcomes_of
from building.scripted import OK, READS, WRITES, Clients

from nexusops.model.changes import AddAddress, OnMailbox
from nexusops.model.journal import Step, StepOutcome
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.transport import DOWN_AFTER, PATIENCE, Retry

PEOPLE = [person(f"abcd{n:04d}", f"{n:07d}") for n in range(1, 61)]
TROUBLES: list[httpx.Response | Exception] = [
    httpx.Response(503),
    httpx.Response(503, headers={"Retry-After": "120"}),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("late"),
]
named = pytest.mark.parametrize("trouble", TROUBLES, ids=["503", "503 for long", "refused", "time-out"])


class Failing(httpx.AsyncBaseTransport):
    """Answers with the trouble what it is told to; everything else goes through."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.trouble: httpx.Response | Exception | None = None
        self.to: Callable[[bytes], bool] = lambda _: True
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.trouble is None or not self.to(request.url.raw_path + await request.aread()):
            return await self.inner.handle_async_request(request)
        if isinstance(self.trouble, Exception):
            raise self.trouble
        return httpx.Response(self.trouble.status_code, headers=self.trouble.headers)


class Building:
    """A room, and the transport between the adapter and the embedded tenant."""

    def __init__(self, path: Path) -> None:
        self.failing: list[Failing] = []

        def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
            self.failing.append(Failing(inner))
            return self.failing[0]

        self.room = Room(path, wrap=wrap)

    def made(self) -> list[OnMailbox]:
        """The people, with their mailboxes."""
        found = self.all(*(Step(change_id=on.name, name="user", change=creation(on)) for on in PEOPLE))
        users = {one.change_id: one.user_id for one in found}
        for name in ("licence", "mailbox"):
            self.all(*(Step(change_id=on.name, name=name, change=creation(on)) for on in PEOPLE))
        return [person(on.name, on.key.split(":")[1], user_id=users[on.name]) for on in PEOPLE]

    def all(self, *steps: Step) -> list[StepOutcome]:
        return outcomes_of(self.room.tenant, steps)


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Building]:
    made = Building(tmp_path / "tenant.db")
    yield made
    made.room.tenant.close()


def adding(on: OnMailbox) -> Step:
    change = AddAddress(mailbox=on, why=WHY, address=f"new.{on.name}@ox.ac.uk")
    return Step(change_id=on.name, name="address", change=change)


@named
def test_a_tenant_that_answers_nobody_is_soon_asked_no_more(
    building: Building, trouble: httpx.Response | Exception
) -> None:
    """Everything that was not carried out is said to be so, and waits for the next run."""
    boxes = building.made()
    slot, before = building.failing[0], len(building.room.slept.seconds)
    slot.trouble, slot.asked = trouble, 0
    outcomes = building.all(*map(adding, boxes), *map(adding, boxes))
    assert Counter(one.result.value for one in outcomes) == {"failed": 2 * len(boxes)}
    assert sum(building.room.slept.seconds[before:]) / 40 < PATIENCE
    assert slot.asked < 60
    untried = [one for one in outcomes if one.unreachable]
    assert len(untried) > len(outcomes) / 2
    assert all("the service has stopped answering" in one.message for one in untried)
    asked = slot.asked
    assert building.all(adding(boxes[0]))[0].result.value == "failed"
    assert slot.asked == asked


@named
def test_a_mailbox_that_is_never_answered_stops_no_other(
    building: Building, trouble: httpx.Response | Exception
) -> None:
    boxes = building.made()
    bad = boxes[7]
    slot = building.failing[0]
    slot.trouble, slot.to = trouble, lambda asked: b"$batch" not in asked and (bad.user_id or "").encode() in asked
    steps = [step for on in boxes for step in (adding(on), adding(bad))]
    outcomes = [one for start in range(0, len(steps), 10) for one in building.all(*steps[start : start + 10])]
    found = Counter((one.change_id == bad.name, one.result.value) for one in outcomes)
    assert found[False, "done"] == len(boxes) - 1


@pytest.mark.parametrize("ask", READS + WRITES)
def test_an_answer_in_between_begins_the_count_anew(ask: Callable[[Clients], None]) -> None:
    never = [httpx.ConnectError("refused")] * 6
    clients = Clients(*never, *never[:1], OK, *never, *never[:1], OK)
    for _ in range(2):
        for _ in range(DOWN_AFTER - 1):
            with pytest.raises(TenantFault):
                ask(clients)
        ask(clients)
    assert clients.script.script == []


def test_a_refusal_is_an_answer() -> None:
    clients = Clients(*[httpx.Response(404, json={"error": {"code": "x", "message": "no"}})] * 9)
    for _ in range(9):
        with pytest.raises(TenantFault) as raised:
            clients.get()
        assert raised.value.fault is FaultClass.NOT_FOUND


def test_two_services_are_judged_each_by_itself() -> None:
    clients = Clients(*[httpx.ReadTimeout("late")] * 8, OK)
    mailboxes = clients.retry.paced()
    asyncio.run(_exhausted(clients))
    assert asyncio.run(_asked(mailboxes)) == "answered"


async def _exhausted(clients: Clients) -> None:
    for _ in range(DOWN_AFTER):
        with pytest.raises(TenantFault):
            await clients.graph.users()
    with pytest.raises(TenantFault) as raised:
        await clients.graph.users()
    assert raised.value.fault is FaultClass.DOWN


async def _asked(retry: Retry) -> str:
    async def answer() -> str:
        return "answered"

    return await retry(answer, read=True)
