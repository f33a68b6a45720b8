"""One run at a time on one site: a row with its owner; that of a dead process is taken over (interface.md 9)."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

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
            raise StateUnavailable(
                f"The state is locked by `nexusops {held['command']}` (process {held['pid']} on {held['host']}, "
                f"since {held['since']}).",
                next_step="Wait until it has ended, then repeat the command.",
            )
        connection.execute(delete(locks).where(locks.c.name == _NAME))
    connection.execute(
        insert(locks).values(
            name=_NAME,
            owner=owner.token,
            host=owner.host,
            pid=owner.pid,
            started=owner.started,
            command=command,
            since=instant(now),
            lease_until=instant(now + LEASE),
        )
    )


def renew(connection: Connection, owner: Owner) -> None:
    connection.execute(
        update(locks).where(locks.c.owner == owner.token).values(lease_until=instant(clock.now() + LEASE))
    )


def release(connection: Connection, owner: Owner) -> None:
    connection.execute(delete(locks).where(locks.c.owner == owner.token))


def _alive(held: RowMapping, owner: Owner, now: datetime) -> bool:
    if held["host"] == owner.host:
        return bool(_started(held["pid"]) == held["started"])
    return now < datetime.fromisoformat(held["lease_until"])


def _started(pid: int) -> str | None:
    """When the process started, in the kernel's ticks; None: there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]
