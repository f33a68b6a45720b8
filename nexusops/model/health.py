"""How a site does, as its state tells it: what monitoring asks. Nothing here names a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from nexusops.model.frozen import frozen


class LockOwner(StrEnum):
    """Whether somebody who holds the state still works (interface.md 9)."""

    ALIVE = "alive"
    SILENT = "silent"
    """The process is there, and has given no sign of life for longer than it should: it hangs, or is stopped."""
    DEAD = "dead"
    """The process is gone, or on another host has been silent for as long as is believed."""


@frozen
class LockHeld:
    """Who holds the state: ``nexusops COMMAND``, on a host, since an instant. ``seen``: its last sign of life."""

    command: str
    host: str
    pid: int
    since: datetime
    seen: datetime
    owner: LockOwner = LockOwner.ALIVE


@frozen
class RunTold:
    """The last run: when, and with which result (``journal.RunRecord``); ``counts`` are its changes by kind."""

    at: datetime
    result: str
    changes: int
    counts: Mapping[str, int] = field(default_factory=dict)


@frozen
class Health:
    """``problems`` are sentences, each with what to do next; none: all is well.

    ``good_at``: when the last run did all that it had planned. ``findings`` counts by (code, severity). ``unfinished``:
    the people and mailboxes to look at again, as `explain` takes them.
    """

    site: str
    at: datetime
    snapshot_as_of: datetime | None
    run: RunTold | None
    good_at: datetime | None
    lock: LockHeld | None
    open_intents: int
    unfinished: tuple[str, ...]
    live_mailboxes: int
    licences: int
    notices_owed: int
    overdue: int
    findings: Mapping[tuple[str, str], int]
    problems: tuple[str, ...] = ()
