"""One run at a time on one site: a row with its owner; that of a dead process is taken over (interface.md 9)."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from nexusops import clock
from nexusops.codec import instant
from nexusops.errors import NexusopsError, StateUnavailable
from nexusops.model.health import LockHeld, LockOwner
from nexusops.store.conflicts import insert_into
from nexusops.store.ready import executed
from nexusops.store.schema import locks

LEASE = timedelta(minutes=10)
"""On another host a lock is believed so long after its owner last gave a sign of life."""
BEAT = timedelta(minutes=2)
"""A living owner gives one so often, also while it reads for long and writes nothing."""
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
            raise _held_by(held, owner, now)
        # Exactly that dead owner's: another process may have taken it over in the meantime.
        connection.execute(delete(locks).where(locks.c.name == _NAME, locks.c.owner == held["owner"]))
    wanted = insert_into(connection.dialect.name, locks).values(
        name=_NAME,
        owner=owner.token,
        host=owner.host,
        pid=owner.pid,
        started=owner.started,
        command=command,
        since=instant(now),
        lease_until=instant(now + LEASE),
    )
    standing = None
    while standing is None:  # whoever was faster may have given it back by now
        connection.execute(wanted.on_conflict_do_nothing())
        # Whose it is the row says: how many rows an INSERT made, SQLAlchemy does not tell for every driver.
        standing = connection.execute(select(locks).where(locks.c.name == _NAME)).mappings().first()
    if standing["owner"] != owner.token:
        raise _held_by(standing, owner, now)


def _held_by(held: RowMapping, owner: Owner, now: datetime) -> StateUnavailable:
    age = int((now - datetime.fromisoformat(held["since"])).total_seconds() // 60)
    said = f"process {held['pid']} on {held['host']}, since {held['since']}, for {age} minute{'' if age == 1 else 's'}"
    next_step = "Wait until it has ended, then repeat the command; `nexusops health` says whether it still works."
    if held["host"] != owner.host:
        next_step += f" If that machine has died, its lock ends by itself at {held['lease_until']}."
    return StateUnavailable(f"The state is locked by `nexusops {held['command']}` ({said}).", next_step=next_step)


_RENEW = update(locks).where(locks.c.owner == bindparam("token")).values(lease_until=bindparam("lease"))
"""With every step of a run: it is made once."""


def renew(connection: Connection, owner: Owner) -> None:
    """A run that writes still lives. Raises StateUnavailable where another one has taken its lock over meanwhile."""
    lease = instant(clock.now() + LEASE)
    renewed = executed(connection, _RENEW, {"token": owner.token, "lease": lease})
    if renewed.rowcount == 0:
        raise StateUnavailable(
            "This run gave no sign of life for so long that its lock was taken over; it ends here.",
            next_step="Wait until the other run has ended, then use `nexusops resume`.",
        )


@contextmanager
def heartbeat(renewed: Callable[[], None], beat: timedelta) -> Iterator[None]:
    """Renews the lease now and then beside the work. Where it cannot, the next write says why, and the work ends."""
    ended = threading.Event()

    def beats() -> None:
        while not ended.wait(beat.total_seconds()):
            try:
                renewed()
            except NexusopsError:
                return

    thread = threading.Thread(target=beats, name="nexusops lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def release(connection: Connection, owner: Owner) -> None:
    connection.execute(delete(locks).where(locks.c.owner == owner.token))


def told(held: RowMapping) -> LockHeld:
    """Who holds the lock, and whether that still works."""
    lease = datetime.fromisoformat(held["lease_until"])
    now, owner = clock.now(), LockOwner.ALIVE
    if not _alive(held, Owner.here(), now):
        owner = LockOwner.DEAD
    elif now >= lease:
        owner = LockOwner.SILENT
    return LockHeld(
        command=held["command"],
        host=held["host"],
        pid=held["pid"],
        since=datetime.fromisoformat(held["since"]),
        seen=lease - LEASE,
        owner=owner,
    )


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
