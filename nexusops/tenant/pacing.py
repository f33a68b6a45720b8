"""The pace of a run: no faster than the limits that the service documents, so that it need not refuse (7.1, 7.2).

What a request costs is known before it is sent. It waits for its turn here; a refusal all the same slows all down.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from nexusops.model import pace as limits

Sleep = Callable[[float], Awaitable[None]]
BURST = 0.02
"""The part of a limit that may be spent at once. The rest comes evenly, and slower by as much: whether the service
counts by a bucket or by a window, no window ever holds more than the limit.
"""
FASTER_AFTER = 50
"""Answers in a row without a refusal, after which one request more may be under way."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, or of all the items of a batch. ``mailbox``: whose, where Outlook's limits for one apply."""

    units: int = 0
    writes: int = 0
    mailbox: str = ""


FREE = Cost()
WRITE = Cost(units=1, writes=1)
_UNITS = (
    (re.compile(r"/subscribedSkus"), 3),
    (re.compile(r"/(applications|servicePrincipals)\b"), 2),
    (re.compile(r"/users(/delta)?$"), 2),
    (re.compile(r"/directory/deletedItems/[^/]*$"), 2),
)
_OUTLOOK = re.compile(r"/users/([^/]+)/(sendMail|mailboxSettings)")


def graph_cost(method: str, url: str) -> Cost:
    """Of a request to Graph: a write is one unit; a list is two, one less with ``$select`` (7.1)."""
    path, _, query = url.partition("?")
    if found := _OUTLOOK.search(path):
        return Cost(mailbox=found[1])
    if method != "GET":
        return WRITE
    units = next((units for pattern, units in _UNITS if pattern.search(path)), 1)
    return Cost(units=max(1, units - ("$select=" in query) + ("$expand=" in query)))


def together(costs: Iterable[Cost]) -> Cost:
    """A batch saves requests, not what its items cost (7.4)."""
    found = list(costs)
    return Cost(units=sum(c.units for c in found), writes=sum(c.writes for c in found))


class Bucket:
    """``limit`` in so many ``seconds``: a part of it at once, the rest evenly. Each taker is given its own turn."""

    def __init__(self, limit: float, seconds: float, *, burst: float = BURST) -> None:
        self._most = max(1.0, limit * burst)
        self.rate = limit * (1 - burst) / seconds
        self._level = self._most
        self._at = 0.0

    def turn(self, cost: float, now: float) -> float:
        """The seconds from ``now`` until this may go out; it counts as taken."""
        self._fill(now)
        self._level -= cost
        return max(0.0, -self._level / self.rate)

    def drain(self, now: float) -> None:
        """After a refusal nothing is left to be spent at once."""
        self._fill(now)
        self._level = min(self._level, 0.0)

    def _fill(self, now: float) -> None:
        self._level = min(self._most, self._level + max(0.0, now - self._at) * self.rate)
        self._at = max(now, self._at)


class Gate:
    """So many at once. A refusal halves it; many answers in a row open it again, up to the width that it had."""

    def __init__(self, width: int) -> None:
        self.width = self._most = width
        self._inside = 0
        self._answered = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        while self._inside >= self.width:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)
        self._inside += 1

    def leave(self) -> None:
        self._inside -= 1
        self._answered += 1
        if self._answered >= FASTER_AFTER and self.width < self._most:
            self.width, self._answered = self.width + 1, 0
        free = self.width - self._inside
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1

    def narrow(self) -> None:
        """After a refusal."""
        self.width, self._answered = max(1, self.width // 2), 0


@dataclass(slots=True)
class MailboxLimit:
    """What one application may ask of one mailbox through Outlook's interface."""

    turns: Bucket
    gate: Gate = field(default_factory=lambda: Gate(limits.OUTLOOK_AT_ONCE))


class Pace:
    """One service's. ``scale``: how many times as fast its clock runs, by which ``sleep`` counts too; for measurements
    only.
    """

    def __init__(
        self,
        *,
        writes: Bucket | None = None,
        units: Bucket | None = None,
        gate: Gate | None = None,
        outlook: bool = False,
        scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._writes, self._units, self.gate = writes, units, gate
        self._outlook = outlook
        self._mailboxes: dict[str, MailboxLimit] = {}
        self._scale, self._clock, self._sleep = scale, clock, sleep

    async def enter(self, cost: Cost) -> None:
        """Waits until a request of this cost may go out; each is followed by one ``leave``."""
        mailbox = self._mailbox(cost)
        now, wait = self._now(), 0.0
        if self._writes is not None and cost.writes:
            wait = self._writes.turn(cost.writes, now)
        if self._units is not None and cost.units:
            wait = max(wait, self._units.turn(cost.units, now))
        if mailbox is not None:
            wait = max(wait, mailbox.turns.turn(1, now))
        if wait:
            await self._sleep(wait)
        for gate in (self.gate, mailbox.gate if mailbox else None):
            if gate is not None:
                await gate.enter()

    def leave(self, cost: Cost) -> None:
        mailbox = self._mailbox(cost)
        for gate in (self.gate, mailbox.gate if mailbox else None):
            if gate is not None:
                gate.leave()

    def refused(self) -> None:
        """The service has had enough: fewer at once, and nothing in advance."""
        if self.gate is not None:
            self.gate.narrow()
        for bucket in (self._writes, self._units):
            if bucket is not None:
                bucket.drain(self._now())

    def _mailbox(self, cost: Cost) -> MailboxLimit | None:
        if not (self._outlook and cost.mailbox):
            return None
        known = self._mailboxes.get(cost.mailbox)
        if known is None:
            known = MailboxLimit(Bucket(limits.OUTLOOK, limits.OUTLOOK_SECONDS))
            self._mailboxes[cost.mailbox] = known
        return known

    def _now(self) -> float:
        return self._clock() * self._scale


def graph_pace(*, scale: float = 1.0, sleep: Sleep = asyncio.sleep) -> Pace:
    """The documented limits of one application in one large tenant."""
    return Pace(
        writes=Bucket(limits.WRITES, limits.WRITES_SECONDS),
        units=Bucket(limits.UNITS, limits.UNITS_SECONDS),
        outlook=True,
        scale=scale,
        sleep=sleep,
    )


def exchange_pace() -> Pace:
    """No documented limit: a few requests at once, fewer after each refusal."""
    return Pace(gate=Gate(limits.EXCHANGE_AT_ONCE))
