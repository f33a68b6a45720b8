"""A job for each site and hour. Several schedulers do no harm: an hour is deferred once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued

from nexusops.queue.app import HOURLY, opened
from nexusops.queue.sites import Sites, in_words, looked_at_again

HOUR = timedelta(hours=1)


def schedule(sites: Sites, *, now: Callable[[], datetime], told: Callable[[str], None], once: bool = False) -> None:
    """Defers the present hour's jobs, then each hour's until it is stopped; with ``once``, only the present hour's.

    Hours that went by while nobody scheduled are caught up by the present one, once. Raises UsageError at the end of
    ``once`` where sites were left out.
    """
    asyncio.run(_schedule(sites, now, told, once=once))


async def _schedule(sites: Sites, now: Callable[[], datetime], told: Callable[[str], None], *, once: bool) -> None:
    async with opened(sites.queue, _never) as app:
        while True:
            sites = looked_at_again(sites)
            hour = now().replace(minute=0, second=0, microsecond=0)
            for site in sites.folders:
                told(f"{site}: {hour:%Y-%m-%dT%H:%MZ}: {await deferred(app, site, hour)}")
            for line in in_words(sites):
                told(line)
            if once and sites.left_out:
                raise next(iter(sites.left_out.values()))
            if once:
                return
            while (left := (hour + HOUR - now()).total_seconds()) > 0:
                await asyncio.sleep(min(left, 30))  # the clock may be set, the machine may sleep


async def deferred(app: procrastinate.App, site: str, hour: datetime) -> str:
    """What became of the hour: ``queued``; ``done before`` by whoever schedules too; ``waits``: one is queued still."""
    at = int(hour.timestamp())
    task = app.configure_task(
        HOURLY, queue=site, lock=site, queueing_lock=site, task_kwargs={"timestamp": at}, allow_unknown=False
    )
    try:
        number = await app.job_manager.defer_periodic_job(task.job, periodic_id=site, defer_timestamp=at)
    except AlreadyEnqueued:
        return "waits for a worker already"
    return "queued" if number is not None else "queued before"


def _never(site: str) -> None:
    raise AssertionError(f"a scheduler runs nothing: {site}")
