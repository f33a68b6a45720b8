"""The one retry policy, for Graph and Exchange alike (tenant-api.md 5.8, 7.2; interface.md 9).

A read may be repeated. A write is repeated only when it was certainly refused before it was carried out (429, or no
connection); one whose answer was lost is a fault of the class UNKNOWN_OUTCOME, which the caller settles by reading.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
import tenacity

from nexusops.tenant.faults import EXPIRED, FaultClass, TenantFault, TransportFault, lost
from nexusops.tenant.pacing import FREE, Cost, Pace, Sleep
from nexusops.tenant.size import TooLarge, bounded
from nexusops.tenant.trust import Verify

T = TypeVar("T")
ATTEMPTS = 6
LONGEST = 180.0
"""Seconds: a longer Retry-After ends the attempt instead of holding the run up. The quota of writes is back in 150."""
PATIENCE = 300.0
"""Seconds after which one request is not repeated any more, waits and time-outs together."""
MOST_PAGES = 20_000
"""Of one list: two million people at the hundred of a short page, and no university has as many. More is no list."""
DOWN_AFTER = 3
"""Requests in a row that were given up while nothing else was answered either, after which nothing more is asked."""
ANSWERED = 1000.0
"""Seconds after which an answer that comes, and comes to no end, is none: Exchange itself gives a cmdlet 900."""
SLOWEST = 60.0
LOG = logging.getLogger("nexusops.throttled")
ANEW = '{"access_token":{"xms_cc":{"values":["CP1"]}}}'
"""Claims that ask for no more than every token of ours has, since what has claims is never taken from a cache: neither
ours nor that of azure-identity beneath it.
"""
LIMITS = httpx.Limits(max_connections=8, max_keepalive_connections=8)
"""More would not be used at the documented rate, and each request looks through all of them."""
_NO_ANSWER = frozenset({FaultClass.THROTTLED, FaultClass.TRANSIENT, FaultClass.UNKNOWN_OUTCOME})
_REFUSED = frozenset({FaultClass.THROTTLED})
"""What a write may be repeated after: it was not carried out."""


@dataclass(slots=True)
class Budget:
    """How many repetitions a run has left, so that a failing service is not asked for ever."""

    left: int


class Retry:
    """Tenacity's policy for one service, with its pace, and the budget of the whole run.

    A service that answers nobody is given up: what one mailbox meets is no reason while others are answered.
    ``sleep`` and ``chance`` (0 to 1, for the jitter) are given, so that a test neither waits nor guesses. ``pace`` is
    asked before every attempt; without one it is as fast as the service answers.
    """

    def __init__(
        self,
        *,
        budget: Budget | int = 2000,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        pace: Pace | None = None,
        answered: float = ANSWERED,
    ) -> None:
        self.budget = Budget(budget) if isinstance(budget, int) else budget
        self.sleep = sleep
        self.chance = chance
        self._pace = pace or Pace()
        self._within = answered
        self._pauses = 0
        self._answers = 0
        self._given_up = 0
        self._free = asyncio.Event()
        self._free.set()

    def paced(self, pace: Pace | None = None) -> Retry:
        """The same for another service: one budget for both, but each has its own pace, and its own pauses."""
        return Retry(budget=self.budget, sleep=self.sleep, chance=self.chance, pace=pace, answered=self._within)

    async def __call__(self, attempt: Callable[[], Awaitable[T]], *, read: bool, cost: Cost | None = FREE) -> T:
        """Awaits the attempt until it succeeds, or until repeating it is not allowed any more.

        ``cost`` None: the attempt waits for its turn itself (``in_turn``). Raises the fault of the last attempt, or
        that of a service that is DOWN.
        """
        self._must_be_up()
        policy = tenacity.AsyncRetrying(
            retry=lambda state: self._again(state, read=read),
            wait=self._wait,
            stop=self._enough,
            sleep=self._pause,
            reraise=True,
        )
        answers = self._answers
        try:
            async for again in policy:
                with again:
                    found = await (attempt() if cost is None else self.in_turn(attempt, cost, read=read))
                    self._answered()
                    return found
        except TenantFault as fault:
            if fault.fault in (_NO_ANSWER if read else _REFUSED) and self._answers == answers:
                self._given_up += 1
                self._must_be_up(fault)
            raise
        raise AssertionError("the policy ends with a result or an error")

    def _answered(self) -> None:
        self._answers, self._given_up = self._answers + 1, 0

    def _must_be_up(self, last: TenantFault | None = None) -> None:
        if self._given_up >= DOWN_AFTER:
            message = "the service has stopped answering, so nothing more is asked of it"
            raise TransportFault(FaultClass.DOWN, f"{message} ({last.message})" if last else message) from last

    async def in_turn(self, attempt: Callable[[], Awaitable[T]], cost: Cost, *, read: bool) -> T:
        """One attempt when its turn has come; while the service throttles nobody's has."""
        await self._pace.enter(cost)
        try:
            await self._free.wait()
            async with asyncio.timeout(self._within):
                return await attempt()
        except TimeoutError as error:
            message = f"the answer has come to no end in {self._within:.0f} seconds"
            raise TransportFault(lost(read=read), message) from error
        finally:
            self._pace.leave(cost)

    def _again(self, state: tenacity.RetryCallState, *, read: bool) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, TenantFault):
            return False
        if error.fault not in _NO_ANSWER:
            self._answered()
        if error.fault is FaultClass.THROTTLED and error.status is not None:
            LOG.info("throttled", extra={"act": {"status": error.status, "retry_after": error.retry_after}})
            if not self._pauses:
                self._pace.refused()
        if self.budget.left <= 0:
            return False
        if error.retry_after is not None and error.retry_after > LONGEST:
            return False
        if self._given_up and error.status != 429:
            return False  # somebody waited long enough for all of us, and nobody has been answered since
        again = error.fault in (_NO_ANSWER if read else _REFUSED)
        # A token that ended on the way was refused before anything was carried out; the credential has a new one.
        again |= error.code == EXPIRED and state.attempt_number == 1
        self.budget.left -= 1 if again else 0
        return again

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        throttled = isinstance(error, TenantFault) and error.status == 429
        # What is throttled may have waited its turn for long; what is not answered has been asked all the time.
        gone = state.idle_for if throttled else max(state.idle_for, state.seconds_since_start or 0.0)
        return state.attempt_number >= ATTEMPTS or gone + state.upcoming_sleep > PATIENCE

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """What the service asks for and up to a tenth more, so that not everybody comes back at once; else (it asks
        for nothing, or for no time at all) jittered, doubling.
        """
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TenantFault) else None
        if asked:
            return asked + self.chance() * (0.1 * asked + 0.05)
        return float(min(SLOWEST, 2 ** (state.attempt_number - 1)) * (0.5 + 0.5 * self.chance()))

    async def _pause(self, seconds: float) -> None:
        """Nobody asks meanwhile: what is sent while the service throttles still counts against us (7.2)."""
        self._pauses += 1
        self._free.clear()
        try:
            await self.sleep(seconds)
        finally:
            self._pauses -= 1
            if not self._pauses:
                self._free.set()


def client_of(transport: httpx.AsyncBaseTransport | None, *, read_within: float, verify: Verify) -> httpx.AsyncClient:
    """A client that follows no redirect, takes none for an answer, and none without an end. ``transport`` None: the
    network; seconds.
    """
    timeout = timeout_of(read_within)
    hooks = {"response": [_no_redirect, bounded]}
    return httpx.AsyncClient(transport=transport, timeout=timeout, verify=verify, event_hooks=hooks, limits=LIMITS)


def timeout_of(read_within: float) -> httpx.Timeout:
    """Seconds without a byte of the answer; to connect, half a minute."""
    return httpx.Timeout(read_within, connect=30)


async def _no_redirect(answer: httpx.Response) -> None:
    # The SDK's adapter takes a redirect for a success: a notice would count as sent.
    if answer.is_redirect:
        host = answer.headers.get("location", "")
        message = f"the service redirects to {host or 'nowhere'}, which is not followed"
        raise TransportFault(FaultClass.FOREIGN_HOST, message, status=answer.status_code)


def next_page(link: str | None, seen: set[str], base: str) -> str | None:
    """The link to the next page of a list, if it may be followed; pages that lead back, or ever on, would never end."""
    if link is None:
        return None
    if link in seen:
        raise TransportFault(FaultClass.TRANSIENT, "the pages of a list lead back to one that was read already")
    if len(seen) >= MOST_PAGES:
        raise TransportFault(FaultClass.TRANSIENT, f"a list has more than {MOST_PAGES} pages, and goes on")
    seen.add(link)
    return same_host(link, base)


def same_host(url: str, base: str) -> str:
    """The link, if it leads where we were told to go; else the fault that ends the run before a token is sent there.

    Judged by httpx's own reading of it, since that is what would be connected to.
    """
    wanted = httpx.URL(base)
    try:
        given = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise TransportFault(FaultClass.FOREIGN_HOST, f"a link cannot be read: {error}") from error
    if (given.scheme, given.host, given.port, given.userinfo) != (wanted.scheme, wanted.host, wanted.port, b""):
        message = f"a link leads to {_place(given)}, which is not the configured {_place(wanted)}"
        raise TransportFault(FaultClass.FOREIGN_HOST, message)
    return url


def _place(url: httpx.URL) -> str:
    """Scheme, host and port; a name before the host is not repeated, since it may be a secret."""
    at = "…@" if url.userinfo else ""
    return f"{url.scheme}://{at}{url.host}" + (f":{url.port}" if url.port else "")


def transport_fault(error: Exception, *, read: bool, asked: str | None = None) -> TransportFault:
    """What httpx says when there was no whole answer. ``asked``: the id that we gave the request, by which the
    service's support finds what became of it.
    """
    if (untrusted := _untrusted(error)) is not None:
        return TransportFault(FaultClass.FOREIGN_HOST, f"its certificate is not believed: {untrusted.verify_message}")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        # Nothing was sent, so even a write may be repeated.
        return TransportFault(FaultClass.THROTTLED, f"no connection: {error}")
    if isinstance(error, TooLarge):
        # To ask once more would only bring it once more; what a write has done is looked for.
        return TransportFault(FaultClass.REFUSED if read else lost(read=read), str(error), request_id=asked)
    return TransportFault(lost(read=read), f"the connection broke: {type(error).__name__}", request_id=asked)


def _untrusted(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Why whoever answers is not taken for the service; asking once more would not change that."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def status_fault(status: int, *, read: bool) -> FaultClass | None:
    """The class that a status alone decides, whatever the body says; None: the body decides."""
    if status == 429:
        return FaultClass.THROTTLED
    if status >= 500:
        return lost(read=read)
    return None
