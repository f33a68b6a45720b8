"""What will happen if the registration data stay as they are: the answer of ``simulate``."""

from __future__ import annotations

from datetime import date, datetime

from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.plan import Estimate, GuardReport, Planned, counts_of


@frozen
class Happening:
    """What one run will do. ``purged``: mailboxes whose content the tenant discards on that day; ``ended``: addresses
    on no mailbox that the hubs refuse from then on; ``licences``: in use after it; ``guard``: which limits somebody
    would have to lift.
    """

    at: datetime
    on: date
    changes: tuple[Planned, ...]
    purged: tuple[str, ...]
    findings: tuple[Finding, ...]
    guard: GuardReport
    estimate: Estimate
    licences: int
    live_mailboxes: int
    ended: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        return counts_of(self.changes)


@frozen
class Forecast:
    """The calendar from ``at`` until the end of ``until``: only runs that do something, in order of time.

    ``runs`` is how many were computed; ``licences`` are those in use at the beginning.
    """

    site: str
    at: datetime
    start: date
    until: date
    every: str
    snapshot_as_of: datetime
    snapshot_sha256: str
    licences: int
    runs: int
    happenings: tuple[Happening, ...]
