"""What is asked at the same time goes together (tenant-api.md 5.5, 7.4).

What is asked while an earlier request is under way waits for that one, and then goes with everything else that waits.
So a single question is a plain request at once, and many questions are few requests; nobody waits for a clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from nexusops.tenant.faults import TenantFault

Question = TypeVar("Question")
Answer = TypeVar("Answer")
T = TypeVar("T")


class Item(msgspec.Struct):
    """One answer in a $batch: it has its own status, and its own Retry-After (7.2)."""

    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class Items(msgspec.Struct):
    responses: list[Item]


class Gathered(Generic[Question, Answer]):
    """``alone`` answers one question, ``together`` up to ``most``: each with its own answer, or its own fault.

    A fault of the whole request is everybody's; a request that nobody waits for any more is ended. ``lanes``: how many
    may be under way at the same time; a further one sets out when there is enough to fill it.
    """

    def __init__(
        self,
        alone: Callable[[Question], Awaitable[Answer]],
        together: Callable[[Sequence[Question]], Awaitable[Sequence[Answer | TenantFault]]],
        *,
        most: int,
        lanes: int = 1,
    ) -> None:
        self._alone = alone
        self._together = together
        self._most = most
        self._lanes = lanes
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._open = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, question: Question) -> Answer:
        """Raises the TenantFault of this question, or of the request that it went with."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if not self._open or (self._open < self._lanes and len(self._waiting) >= self._most):
            self._open += 1
            task = asyncio.get_running_loop().create_task(self._lane(), name="gathered")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _lane(self) -> None:
        try:
            while self._waiting:
                part = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                wanted = [(question, future) for question, future in part if not future.done()]
                if wanted:
                    await self._asked(wanted)
        finally:
            self._open -= 1

    async def _asked(self, part: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        questions = [question for question, _ in part]
        asked = self._together(questions) if len(part) > 1 else self._one(questions[0])
        asking = asyncio.ensure_future(asked)

        def unless_wanted(_: asyncio.Future[Answer]) -> None:
            if not asking.done() and all(future.done() for _, future in part):
                asking.cancel()

        for _, future in part:
            future.add_done_callback(unless_wanted)
        await asyncio.wait([asking])
        if asking.cancelled():
            return
        error = asking.exception()
        answers = asking.result() if error is None else [error] * len(part)
        for (_, future), answer in zip(part, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _one(self, question: Question) -> Sequence[Answer | TenantFault]:
        return [await self._alone(question)]


async def all_of(asked: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, or the first fault; then the others are for nothing, and are ended."""
    tasks = [asyncio.ensure_future(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
