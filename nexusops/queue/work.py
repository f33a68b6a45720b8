"""A worker: takes the jobs of its sites, one after another, and takes up what a lost worker left."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import procrastinate
from procrastinate.exceptions import ConnectorException

from nexusops.errors import NexusopsError
from nexusops.model.frozen import frozen
from nexusops.pipeline import act
from nexusops.queue.app import opened
from nexusops.queue.sites import Sites, in_words, looked_at_again
from nexusops.report.view import number_of
from nexusops.telemetry import measured, site_of

ACTOR = "worker"


@frozen
class Pace:
    """Seconds: between two looks for a job, between two signs of life, and from when a silent worker is lost.

    A job waits for the one before it of the same site until the next look, so that is short.
    """

    looks: float = 1.0
    beats: float = 10.0
    lost: float = 60.0


def work(sites: Sites, *, now: Callable[[], datetime], told: Callable[[str], None], pace: Pace | None = None) -> None:
    """Works until it is stopped by a signal; then the run in hand is finished first."""
    # Procrastinate tells of each job in its own log; what a job was about is told by us.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    asyncio.run(_work(sites, now, told, pace or Pace()))


async def _work(sites: Sites, now: Callable[[], datetime], told: Callable[[str], None], pace: Pace) -> None:
    async with opened(sites.queue, lambda site: _run(site, sites.folders[site], now, told)) as app:
        stopped = _until_a_signal()
        while not stopped.done():
            for line in (f"works for {', '.join(sites.folders)}", *in_words(sites)):
                told(line)
            mended = asyncio.create_task(_until_mended(sites, pace))
            works: list[asyncio.Future[Any]] = [
                mended,
                *map(asyncio.create_task, (_worker(app, sites, pace), _rescue(app, sites, pace, told))),
            ]
            await asyncio.wait([stopped, *works], return_when=asyncio.FIRST_COMPLETED)
            ended = [work for work in works if work.done()]
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)  # the run in hand is finished first
            for work in ended:
                work.result()  # what failed is raised
            sites = mended.result() if mended in ended else sites


def _until_a_signal() -> asyncio.Future[None]:
    """Done when the process is asked to end."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[None] = loop.create_future()

    def ask() -> None:
        if not asked.done():
            asked.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask)
    return asked


async def _until_mended(sites: Sites, pace: Pace) -> Sites:
    """Sites that were left out are looked at again; the answer is what has changed."""
    while True:
        await asyncio.sleep(pace.lost)
        found = looked_at_again(sites)
        if list(in_words(found)) != list(in_words(sites)):
            return found


async def _worker(app: procrastinate.App, sites: Sites, pace: Pace) -> None:
    await app.run_worker_async(
        queues=list(sites.folders),
        fetch_job_polling_interval=pace.looks,
        update_heartbeat_interval=pace.beats,
        stalled_worker_timeout=pace.lost,
        delete_jobs="never",
        install_signal_handlers=False,
    )


def _run(site: str, folder: Path, now: Callable[[], datetime], told: Callable[[str], None]) -> None:
    """One run of one site. Its refusals are told, and raised, so that the queue knows whether to try again."""
    try:
        with site_of(folder, told) as wired:
            at = now()
            with measured(wired, at, "run", told) as ending:
                outcome = act.run(wired.ports, at=at, actor=ACTOR, reason="the hourly run")
                ending.end(outcome.exit_code)
    except NexusopsError as error:
        told(f"{site}: ended with {error.exit_code}: {error.message.splitlines()[0]} Next: {error.next_step}")
        raise
    left = len(outcome.set_aside) + len(outcome.failed)
    after = f", after finishing {outcome.resumed}" if outcome.resumed else ""
    told(f"{site}: run {outcome.run_id}: {number_of(outcome.done, 'change')} done, {left} not{after}")


async def _rescue(app: procrastinate.App, sites: Sites, pace: Pace, told: Callable[[str], None]) -> None:
    """Jobs whose worker has given no sign of life go back to the queue: the next run finishes what it had begun."""
    manager = app.job_manager
    while True:
        await asyncio.sleep(pace.beats)
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=pace.lost):
            if job.queue not in sites.folders:
                continue
            # Another worker may have been faster.
            with suppress(ConnectorException):
                await manager.retry_job(job)
                told(f"{job.queue}: its worker is lost; the job is queued again")
