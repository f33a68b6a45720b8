"""The one retry policy, for Graph and Exchange alike (tenant-api.md 5.8, 7.2; interface.md 9).

A read may be repeated. A write is repeated only when it was certainly refused before it was carried out (429, or no
connection); one whose answer was lost is a fault of the class UNKNOWN_OUTCOME, which the caller settles by reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import tenacity

from nexusops.tenant.faults import FaultClass, TenantFault, TransportFault

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
ATTEMPTS = 6
LONGEST = 120.0
"""Seconds: a longer Retry-After ends the attempt instead of holding the run up."""
_REPEATABLE_READ = frozenset({FaultClass.THROTTLED, FaultClass.TRANSIENT, FaultClass.UNKNOWN_OUTCOME})


class Retry:
    """Tenacity's policy with a budget for the whole run, so that a failing service is not asked for ever."""

    def __init__(self, *, budget: int = 2000, sleep: Sleep = asyncio.sleep) -> None:
        self.budget = budget
        self.sleep = sleep

    async def __call__(self, attempt: Callable[[], Awaitable[T]], *, read: bool) -> T:
        """Awaits the attempt until it succeeds, or until repeating it is not allowed any more."""
        policy = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda error: self._again(error, read=read)),
            wait=_wait,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=self.sleep,
            reraise=True,
        )
        async for again in policy:
            with again:
                return await attempt()
        raise AssertionError("the policy ends with a result or an error")

    def _again(self, error: BaseException, *, read: bool) -> bool:
        if not isinstance(error, TenantFault) or self.budget <= 0:
            return False
        if error.retry_after is not None and error.retry_after > LONGEST:
            return False
        again = error.fault in _REPEATABLE_READ if read else error.fault is FaultClass.THROTTLED
        self.budget -= 1 if again else 0
        return again


_BACKOFF = tenacity.wait_random_exponential(multiplier=1, max=60)


def _wait(state: tenacity.RetryCallState) -> float:
    """What the service asks for, and a little more so that not everybody comes back at once; else exponential,
    jittered.
    """
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, TenantFault) else None
    return asked + 0.1 + _BACKOFF(state) * 0.1 if asked is not None else _BACKOFF(state)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header, given in seconds or as an HTTP date; None where it is missing or unreadable."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    from nexusops import clock

    return (
        max(0.0, (at - (now or clock.now())).total_seconds())
        if at.tzinfo
        else max(0.0, (at.replace(tzinfo=UTC) - (now or clock.now())).total_seconds())
    )


def same_host(url: str, base: str) -> str:
    """The link, if it leads where we were told to go; else the fault that ends the run before a token is sent there."""
    wanted, given = urlsplit(base), urlsplit(url)
    if (given.scheme, given.hostname, given.port) != (wanted.scheme, wanted.hostname, wanted.port):
        message = f"a link leads to {given.scheme}://{given.hostname}, which is not the configured {wanted.hostname}"
        raise TransportFault(FaultClass.FOREIGN_HOST, message)
    return url


def transport_fault(error: Exception, *, read: bool) -> TransportFault:
    """What httpx says when there was no whole answer."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        # Nothing was sent, so even a write may be repeated.
        return TransportFault(FaultClass.THROTTLED, f"no connection: {error}", retry_after=1.0)
    fault = FaultClass.TRANSIENT if read else FaultClass.UNKNOWN_OUTCOME
    return TransportFault(fault, f"the connection broke: {type(error).__name__}")


def status_fault(status: int, *, read: bool) -> FaultClass | None:
    """The class that a status alone decides, whatever the body says; None: the body decides."""
    if status == 429:
        return FaultClass.THROTTLED
    if status >= 500:
        return FaultClass.TRANSIENT if read else FaultClass.UNKNOWN_OUTCOME
    return None
