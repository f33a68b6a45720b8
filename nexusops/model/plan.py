"""A plan: changes in order, what was found, what the guard says, what carrying it out costs (interface.md 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from nexusops.model.changes import Change, Kind, kind_of
from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen


@frozen
class Planned:
    """A change at its place in a plan: ``id`` is ``c1``, ``c2``, …; ``after`` the ids that must be done before it."""

    id: str
    job: str
    change: Change
    after: tuple[str, ...] = ()


@frozen
class GuardReport:
    """What the guard counted, against which limits, and which are exceeded (D28). The limit itself passes.

    ``accepted`` are limits that were lifted for this run by naming exactly the number planned. Where more than one of
    ``approvers`` must have read the plan, that lifts nothing: only its approved digest does.
    """

    counts: Mapping[str, int]
    limits: Mapping[str, int]
    tripped: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    approvers: int = 1

    @property
    def lifts(self) -> str:
        """The options that let exactly this plan pass; those that were given already are given again."""
        return " ".join(f"--accept {name}={self.counts.get(name, 0)}" for name in (*self.accepted, *self.tripped))


@frozen
class Estimate:
    """What carrying the plan out costs: requests that write, and the seconds of the pacing schedule."""

    graph_writes: int
    exchange_writes: int
    seconds: float


@frozen
class Plan:
    """Everything that a run would do, and why. ``digest`` covers what would be done, not when or by which version."""

    plan_id: str
    digest: str
    at: datetime
    today: date
    site: str
    snapshot_as_of: datetime
    snapshot_sha256: str
    ledger_serial: int
    changes: tuple[Planned, ...]
    findings: tuple[Finding, ...]
    guard: GuardReport
    estimate: Estimate
    program_version: str = ""
    """Of the program that made it; '' of one that did not say."""

    @property
    def counts(self) -> dict[str, int]:
        return counts_of(self.changes)


def counts_of(changes: Iterable[Planned]) -> dict[str, int]:
    """Number of changes by kind, in the order of the closed set; kinds without a change are left out."""
    found: dict[Kind, int] = {}
    for planned in changes:
        kind = kind_of(planned.change)
        found[kind] = found.get(kind, 0) + 1
    return {kind.value: found[kind] for kind in Kind if kind in found}
