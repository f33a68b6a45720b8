"""tenant-api.md 5.5, 7.2, 7.4: reads go together, each judged by itself; what failed is asked for again alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.gathering import Gathered, all_of

GONE = TenantFault(FaultClass.NOT_FOUND, "gone")


class Service:
    """Answers a number with its double; what is asked waits until the service is let go on."""

    def __init__(self, *, lanes: int = 1, broken: bool = False) -> None:
        self.asked: list[list[int]] = []
        self.free = asyncio.Semaphore(0)
        self.broken = broken
        self.reads = Gathered(self.alone, self.together, most=4, lanes=lanes)

    async def alone(self, question: int) -> int:
        (answer,) = await self.together([question])
        if isinstance(answer, TenantFault):
            raise answer
        return answer

    async def together(self, questions: Sequence[int]) -> list[int | TenantFault]:
        self.asked.append(list(questions))
        await self.free.acquire()
        if self.broken:
            raise TenantFault(FaultClass.TRANSIENT, "no answer")
        return [GONE if question < 0 else question * 2 for question in questions]


def test_one_question_goes_alone_and_at_once_and_what_comes_meanwhile_goes_together() -> None:
    async def story() -> list[list[int]]:
        service = Service()
        tasks = []
        for question in range(1, 7):
            tasks.append(asyncio.create_task(service.reads(question)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for _ in range(3):
            service.free.release()
        assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10, 12]
        return service.asked

    assert asyncio.run(story()) == [[1], [2, 3, 4, 5], [6]]


def test_questions_of_the_same_moment_go_together_and_a_full_one_sets_out_beside_another() -> None:
    async def story() -> list[list[int]]:
        service = Service(lanes=2)
        task = asyncio.ensure_future(all_of(service.reads(question) for question in range(10)))
        for _ in range(5):
            await asyncio.sleep(0)
        under_way = list(service.asked)
        for _ in range(3):
            service.free.release()
        assert await task == [question * 2 for question in range(10)]
        return under_way

    assert asyncio.run(story()) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_each_item_has_its_own_answer_or_its_own_fault() -> None:
    async def story() -> list[int | BaseException]:
        service = Service()
        service.free.release()
        return await asyncio.gather(*(service.reads(n) for n in (1, -1, 3)), return_exceptions=True)

    assert asyncio.run(story()) == [2, GONE, 6]


def test_a_fault_of_the_request_is_everybodys_and_the_next_ones_are_asked() -> None:
    async def story() -> tuple[list[FaultClass], int]:
        service = Service(broken=True)
        service.free.release()
        found = await asyncio.gather(*(service.reads(n) for n in (1, 2)), return_exceptions=True)
        service.broken = False
        service.free.release()
        return [fault.fault for fault in found if isinstance(fault, TenantFault)], await service.reads(4)

    assert asyncio.run(story()) == ([FaultClass.TRANSIENT, FaultClass.TRANSIENT], 8)


def test_whoever_stopped_waiting_is_not_asked_for() -> None:
    async def story() -> list[list[int]]:
        service = Service()
        first, second, third = (asyncio.create_task(service.reads(n)) for n in (1, 2, 3))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        service.free.release()
        await asyncio.gather(first, second, third, return_exceptions=True)
        return service.asked

    assert asyncio.run(story()) == [[1, 3]]


def test_a_request_that_nobody_waits_for_any_more_is_ended_and_the_next_one_is_asked() -> None:
    """It may still wait for its turn, and what stops a run stops what was not sent."""

    async def story() -> tuple[bool, int]:
        service = Service()
        tasks = [asyncio.create_task(service.reads(n)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        service.free.release()
        answer = await service.reads(4)
        return service.free.locked(), answer

    assert asyncio.run(story()) == (True, 8)


def test_after_the_first_fault_the_others_are_ended() -> None:
    ended = []

    async def patient() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("patient")

    async def failing() -> None:
        raise GONE

    async def story() -> None:
        await all_of([patient(), failing()])

    with pytest.raises(TenantFault, match="gone"):
        asyncio.run(story())
    assert ended == ["patient"]
