"""One run at a time on one site: a row with its owner; that of a dead process is taken over (interface.md 9)."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from nexusops import clock
from nexusops.errors import StateUnavailable
from nexusops.store.chain import instant
from nexusops.store.schema import locks

LEASE = timedelta(minutes=10)
"""On another host a lock is believed so long after its owner last wrote something."""
_NAME = "run"


@dataclass(frozen=True, slots=True)
class Owner:
    token: str
    host: str
    pid: int
    started: str

    @classmethod
    def here(cls) -> Owner:
        pid = os.getpid()
        return cls(uuid.uuid4().hex, socket.gethostname(), pid, _started(pid) or "")


def acquire(connection: Connection, owner: Owner, command: str) -> None:
    """Takes the lock, or raises StateUnavailable while a living owner holds it."""
    now = clock.now()
    held = connection.execute(select(locks).where(locks.c.name == _NAME).with_for_update()).mappings().first()
    if held is not None:
        if _alive(held, owner, now):
            raise _held_by(held["command"], held["pid"], held["host"], held["since"])
        # Exactly that dead owner's: another process may have taken it over in the meantime.
        connection.execute(delete(locks).where(locks.c.name == _NAME, locks.c.owner == held["owner"]))
    taken = connection.execute(
        _insert(connection)
        .values(
            name=_NAME,
            owner=owner.token,
            host=owner.host,
            pid=owner.pid,
            started=owner.started,
            command=command,
            since=instant(now),
            lease_until=instant(now + LEASE),
        )
        .on_conflict_do_nothing()
    )
    if taken.rowcount == 0:
        other = connection.execute(select(locks).where(locks.c.name == _NAME)).mappings().one()
        raise _held_by(other["command"], other["pid"], other["host"], other["since"])


def _insert(connection: Connection) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(locks)


def _held_by(command: str, pid: int, host: str, since: str) -> StateUnavailable:
    return StateUnavailable(
        f"The state is locked by `nexusops {command}` (process {pid} on {host}, since {since}).",
        next_step="Wait until it has ended, then repeat the command.",
    )


def renew(connection: Connection, owner: Owner) -> None:
    """A run that writes still lives. Raises StateUnavailable where another one has taken its lock over meanwhile."""
    lease = instant(clock.now() + LEASE)
    renewed = connection.execute(update(locks).where(locks.c.owner == owner.token).values(lease_until=lease))
    if renewed.rowcount == 0:
        raise StateUnavailable(
            "This run wrote nothing for so long that its lock was taken over; it ends here.",
            next_step="Wait until the other run has ended, then use `nexusops resume`.",
        )


def release(connection: Connection, owner: Owner) -> None:
    connection.execute(delete(locks).where(locks.c.owner == owner.token))


def _alive(held: RowMapping, owner: Owner, now: datetime) -> bool:
    if held["host"] == owner.host:
        return bool(_started(held["pid"]) == held["started"])
    return now < datetime.fromisoformat(held["lease_until"])


def _started(pid: int) -> str | None:
    """When the process started, in the kernel's ticks ('' where the kernel does not tell); None: there is no such
    process.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # somebody else's process, and alive
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
