"""The gate of D27: whether a snapshot may follow the one accepted before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from nexusops.codec import instant
from nexusops.errors import Defect
from nexusops.model.journal import SnapshotRecord
from nexusops.model.policy import Policy
from nexusops.registration.layout import REQUIRED

NEVER_EMPTY = ("persons", "cards", "affiliations", "units")
"""A snapshot in which one of these is suddenly empty is a broken export, whatever its size was."""

ROUTING = ("nonpersonal_mailboxes", "nonpersonal_addresses", "routing", "external_routes", "it_staff")
"""These say where mail goes. Their units take rows away as they like, and no guard counts it; that of one with many
nothing is left is a broken export.
"""


def gate(new: SnapshotRecord, last: SnapshotRecord | None, at: datetime, policy: Policy) -> tuple[Defect, ...]:
    """All the reasons, together, for which ``new`` is refused at the instant ``at``; none: it may be accepted.

    The same snapshot again (as_of and hash) is a re-run and passes. Before the first acceptance only its age counts.
    """
    found = list(_age(new, at, policy))
    if last is not None:
        found += _order(new, last, at)
        found += _losses(new, last, policy)
    return tuple(found)


def _age(new: SnapshotRecord, at: datetime, policy: Policy) -> Iterator[Defect]:
    most = policy.snapshot.max_age_minutes
    if new.as_of > at:
        yield Defect(
            code="SNAPSHOT_FUTURE",
            message=f"the snapshot is as of {instant(new.as_of)}, after the run's {instant(at)}; check both clocks",
        )
    elif at - new.as_of > timedelta(minutes=most):
        yield Defect(
            code="SNAPSHOT_STALE",
            message=f"the snapshot is as of {instant(new.as_of)}, more than {most} minutes before the run's"
            f" {instant(at)}",
        )


def _order(new: SnapshotRecord, last: SnapshotRecord, at: datetime) -> Iterator[Defect]:
    if new.as_of < last.as_of:
        yield Defect(
            code="SNAPSHOT_ORDER",
            message=f"the snapshot is as of {instant(new.as_of)}, older than the accepted one of {instant(last.as_of)}"
            + (", which is still to come: it was accepted under a wrong clock" if last.as_of > at else ""),
        )
    elif new.as_of == last.as_of and new.sha256 != last.sha256:
        yield Defect(
            code="SNAPSHOT_CONFLICT",
            message=f"another snapshot as of {instant(new.as_of)} was accepted, with the hash {last.sha256[:12]}",
        )


def _losses(new: SnapshotRecord, last: SnapshotRecord, policy: Policy) -> Iterator[Defect]:
    for table in sorted(set(last.rows) - set(new.rows)):
        yield Defect(
            code="SNAPSHOT_PARTIAL", message=f"the table {table} is missing, and the last accepted snapshot had it"
        )
    for table in (*REQUIRED, *ROUTING):
        before, now = last.rows.get(table, 0), new.rows.get(table, 0)
        lost = before - now
        if table not in new.rows or lost <= 0 or (table in ROUTING and now > 0):
            continue
        if now == 0 and table in NEVER_EMPTY:
            yield Defect(
                code="SNAPSHOT_PARTIAL", message=f"the table {table} is empty, and had {before} rows in the last one"
            )
        elif lost >= policy.snapshot.shrink_rows and lost * 100 > policy.snapshot.shrink_percent * before:
            yield Defect(
                code="SNAPSHOT_SHRUNK",
                message=f"the table {table} has {now} rows, {lost} fewer than the {before} of the last one",
            )
