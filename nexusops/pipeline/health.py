"""Is the hourly work being done? From the state alone: neither tenant nor registration is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from nexusops.errors import NexusopsError
from nexusops.model.dates import local_date
from nexusops.model.findings import boxes_in, people_in
from nexusops.model.health import Health, LockHeld, LockOwner, RunTold
from nexusops.pipeline.audit.due import overdue
from nexusops.pipeline.fitting import RUNNING
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.undone import LONG, kept
from nexusops.report.view import number_of

GOOD = frozenset({"applied", "nothing", "resumed"})
LOOKED_BACK = 200
"""Among so many of the last runs the last good one is looked for."""
SOON = timedelta(days=30)
"""So long before its end a new certificate should be made."""
LONG_LOCK = timedelta(hours=2)
ASKEW = timedelta(minutes=10)
"""So far two clocks may differ; what is of later than that was written under a wrong one."""


def health(
    ports: Ports,
    *,
    at: datetime,
    oldest: timedelta | None = None,
    sign_in_end: Callable[[], datetime | None] = lambda: None,
) -> Health:
    """``oldest``: how old snapshot and last good run may be; by default two hours more than a snapshot may be (D27).
    ``sign_in_end``: when the certificate ends that the site signs in with, by its file.
    """
    oldest = oldest or timedelta(minutes=ports.policy.snapshot.max_age_minutes + 120)
    store, accepted = ports.store, ports.store.accepted()
    left = store.unfinished()
    runs = store.latest_runs(LOOKED_BACK)
    last = runs[0] if runs else None
    good = next((run for run in runs if run.result in GOOD), None)
    found = Counter((finding.code, finding.severity.value) for finding in store.findings(None))
    seen = Health(
        site=ports.site.name,
        at=at,
        snapshot_as_of=accepted.as_of if accepted is not None else None,
        run=RunTold(at=last.at, result=last.result, changes=last.changes, counts=last.counts) if last else None,
        good_at=good.at if good is not None else None,
        lock=store.lock_held(),
        open_intents=len(store.open_intents()),
        unfinished=tuple(sorted({*people_in(left), *boxes_in(left)})),
        live_mailboxes=store.live_mailboxes(),
        licences=store.licences(),
        notices_owed=len(store.owed()),
        overdue=len(overdue(ports, local_date(at, ports.policy.time.zone))),
        findings=dict(sorted(found.items())),
    )
    return replace(seen, problems=(*_problems(seen, oldest), *_kept_long(ports, at), *_signing_in(at, sign_in_end)))


def _signing_in(at: datetime, sign_in_end: Callable[[], datetime | None]) -> Iterator[str]:
    try:
        end = sign_in_end()
    except NexusopsError as error:
        yield f"{error.message} {error.next_step}".strip()
        return
    if end is not None and end - at < SOON:
        ends = f"ended on {end:%Y-%m-%d}" if end < at else f"ends on {end:%Y-%m-%d}, in {(end - at).days} days"
        yield (
            f"The certificate that the site signs in with {ends}: make a new one, upload it to the application, and "
            "name it in tenant.certificate_path; `nexusops doctor` tries it."
        )


def _kept_long(ports: Ports, at: datetime) -> Iterator[str]:
    """Whoever was to leave has a mailbox until the feed is mended, or somebody lets go (D41)."""
    zone = ports.policy.time.zone
    today = local_date(at, zone)
    if long := [one for one in kept(ports.store.decisions(), zone).values() if one.long_over < today]:
        yield (
            f"{number_of(len(long), 'subject')} kept against the data by an undo for more than {LONG} months: mend the "
            "registration data, or `nexusops desk release` each; `nexusops audit overrides` lists them."
        )


def _problems(seen: Health, oldest: timedelta) -> Iterator[str]:
    if seen.run is None:
        yield "There has been no run yet: make one with `nexusops run`."
        return
    if seen.snapshot_as_of is None or seen.at - seen.snapshot_as_of > oldest:
        age = f"is {_age(seen.at - seen.snapshot_as_of)} old" if seen.snapshot_as_of else "is missing"
        yield f"The accepted snapshot {age}: ask registration for its export, and see `nexusops snapshot check DIR`."
    later = max(seen.run.at, seen.snapshot_as_of or seen.run.at)
    if later - seen.at > ASKEW:
        yield (
            f"The last run or its snapshot is of {later:%Y-%m-%dT%H:%M:%SZ}, later than now: a clock is or was wrong, "
            "and what is older is refused until then: see docs/runbook.md, A clock is wrong."
        )
    if seen.good_at is None or seen.at - seen.good_at > oldest:
        since = f"for {_age(seen.at - seen.good_at)}" if seen.good_at else "at all"
        yield f"No run has done all that it planned {since} (the last one: {seen.run.result}): see `nexusops history`."
    if seen.run.result == "stopped":
        yield "A guard stopped the last run: read `nexusops plan`, and lift the limit or approve the digest."
    works = seen.lock is not None and seen.lock.owner is not LockOwner.DEAD
    if not works and (seen.open_intents or seen.run.result == RUNNING):
        left = number_of(seen.open_intents, "step")
        yield f"The last run was interrupted, {left} begun and not ended: finish it with `nexusops resume`."
    if seen.lock is not None:
        yield from _of_lock(seen.lock, seen.at)


def _of_lock(lock: LockHeld, at: datetime) -> Iterator[str]:
    """interface.md 9: a dead owner's lock is taken over by the next command that needs it."""
    held = f"`nexusops {lock.command}` on {lock.host} (process {lock.pid})"
    silent = f"has given no sign of life since {lock.seen:%Y-%m-%dT%H:%M:%SZ}"
    if lock.owner is LockOwner.DEAD:
        yield f"{held} died while it held the state: the next run takes over, or finish at once with `nexusops resume`."
    elif lock.owner is LockOwner.SILENT:
        yield f"{held} holds the state and {silent}: it hangs. End that process, then use `nexusops resume`."
    elif at - lock.since > LONG_LOCK:
        yield f"The state has been locked by {held} for {_age(at - lock.since)}: see whether it still works."


def _age(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours = minutes // 60
    if hours >= 3 * 24:
        return f"{hours // 24} days"
    return f"{minutes} minutes" if hours < 2 else f"{hours} hours"
