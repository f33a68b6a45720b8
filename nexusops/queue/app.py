"""The queue: a database of its own, Procrastinate's tables in it, and the one task that there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import procrastinate
import psycopg

from nexusops.errors import StateUnavailable, TenantUnreadable
from nexusops.queue.tables import prepare

HOURLY = "nexusops.run"
ATTEMPTS = 5
WAIT = 30
"""Seconds between attempts, times the attempt: a tenant that cannot be read, or a state that another run holds."""

Runs = Callable[[str], None]
"""Runs one site by its name, and raises what the run raises."""


@asynccontextmanager
async def opened(url: str, runs: Runs) -> AsyncIterator[procrastinate.App]:
    """The queue with its one task. Raises StateUnavailable (9) where its database does not answer."""
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await prepare(connection)
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4))
        _with_task(app, runs)
        async with app.open_async():
            yield app
    except (psycopg.Error, procrastinate.exceptions.ConnectorException) as error:
        cause = str(error.__cause__ or error).strip().splitlines()
        raise StateUnavailable(
            f"The queue cannot be used: {cause[0] if cause else type(error).__name__}.",
            next_step="Check [queue] url and that its PostgreSQL answers, then start `nexusops worker` or"
            " `nexusops schedule` again; nothing is lost.",
        ) from error


def _with_task(app: procrastinate.App, runs: Runs) -> None:
    retry = procrastinate.RetryStrategy(
        max_attempts=ATTEMPTS, linear_wait=WAIT, retry_exceptions=(StateUnavailable, TenantUnreadable)
    )

    @app.task(name=HOURLY, retry=retry, pass_context=True)
    def run(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001 - the hour, for whoever looks
        runs(context.job.queue)
