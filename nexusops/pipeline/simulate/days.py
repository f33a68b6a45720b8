"""What will happen to whom if the registration data stay as they are: the same line, day by day, in memory.

Days on which nothing is due are skipped; they would change nothing. What is planned counts as done at once, guards as
lifted (which they would have to be is told), and notices as accepted by their channel. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nexusops.apply.settle import Books
from nexusops.errors import UsageError
from nexusops.model.addresses import Allocation
from nexusops.model.dates import earliest, local_date
from nexusops.model.forecast import Forecast, Happening
from nexusops.model.journal import RowChange, StepOutcome, StepResult
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.policy import Policy
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.decide import decide
from nexusops.pipeline.decision import PLANNED, Decision
from nexusops.pipeline.inputs import Deciding, accepted_tables
from nexusops.pipeline.simulate.state import Imagined
from nexusops.pipeline.simulate.tenant import ImaginedTenant, Remembered
from nexusops.pipeline.watching import Looked, looked
from nexusops.ports import SnapshotTables

Progress = Callable[[date], None]
PATIENCE = 3
"""Days without anything done after which, of a few scopes, what only waits (a notice that nobody can be told) is tried
on others' days alone.
"""


def simulate(
    ports: Deciding,
    *,
    at: datetime,
    until: date,
    every: str = "day",
    tables: SnapshotTables | None = None,
    only: Collection[str] | None = None,
    boxes: frozenset[str] | None = None,
    forced: Collection[str] = (),
    most: int | None = None,
    progress: Progress = lambda _day: None,
) -> Forecast:
    """Every run from ``at`` to the last of ``until``, or until ``most`` have done something. ``tables`` in place of the
    last accepted snapshot; ``only`` these scopes, as they would go on under the present policy; ``forced`` are looked
    at in the first run whether they are due or not; ``boxes``: all that is of what hangs on these.

    Raises UsageError where the end lies before the beginning, Refused where there is no snapshot to go by.
    """
    start = _checked(local_date(at, ports.policy.time.zone), until)
    tables = tables if isinstance(tables, Remembered) else Remembered(tables or accepted_tables(ports))
    memory = _memory(ports, tables, until, only, boxes, forced)
    days = _days_of_change(tables.slice(memory.coming(), ports.services))
    licences = memory.licences()
    inputs = imagined_inputs(ports, memory, looked(ports, tables, start, ask=False), boxes)
    found: list[Happening] = []
    runs = 0
    for instant in _instants(memory, at, until, every, ports.policy, days, PATIENCE if most else None):
        progress(local_date(instant, ports.policy.time.zone))
        runs += 1
        happening = _happen(inputs, memory, tables, instant)
        if _did_something(happening, memory):
            found.append(happening)
        if len(found) == most:
            break
    return Forecast(
        site=ports.site.name,
        at=at,
        start=start,
        until=until,
        every=every,
        snapshot_as_of=tables.record.as_of,
        snapshot_sha256=tables.record.sha256,
        licences=licences,
        runs=runs,
        happenings=tuple(found),
    )


def _memory(
    ports: Deciding,
    tables: SnapshotTables,
    until: date,
    only: Collection[str] | None,
    boxes: Collection[str] | None,
    forced: Collection[str],
) -> Imagined:
    """The state so far; what a few scopes ask of it is read at once."""
    memory = Imagined(ports.store, until, only)
    memory.leave((), forced)
    if only is not None:
        memory.accept(tables.record, (ports.policy_hash, ports.services_hash))
    if boxes is None:
        memory.boxes_owned_by(memory.coming())
    return memory


def _did_something(happening: Happening, memory: Imagined) -> bool:
    did = bool(happening.changes or happening.purged or happening.ended)
    memory.idle = 0 if did else memory.idle + 1
    return did


def _checked(start: date, until: date) -> date:
    if until < start:
        raise UsageError(f"{until} lies before {start}.", next_step="Name a later day with --until.")
    return start


def imagined_inputs(
    ports: Deciding, memory: Imagined, told: Looked | None = None, boxes: frozenset[str] | None = None
) -> Deciding:
    """The same site, deciding over what is only imagined; the DNS stays as the last run found it."""
    tenant = ImaginedTenant(memory, ports.site)
    return Deciding(
        store=memory,
        registration=ports.registration,
        tenant=lambda: tenant,
        jobs=ports.jobs,
        policy=ports.policy,
        site=ports.site,
        guard=ports.guard,
        services=ports.services,
        faulty_services=ports.faulty_services,
        told=told,
        boxes=boxes,
    )


def _days_of_change(snapshot: Snapshot) -> tuple[date, ...]:
    """Days on which units or domains become others: addresses that have no date of their own are concerned (R27)."""
    reorgs = (reorg.effective_on for reorg in snapshot.reorgs)
    domains = (domain.winddown_start for domain in snapshot.domains.values())
    return tuple(sorted({day for day in (*reorgs, *domains) if day is not None}))


def _instants(
    memory: Imagined,
    at: datetime,
    until: date,
    every: str,
    policy: Policy,
    days: tuple[date, ...],
    patience: int | None,
) -> Iterator[datetime]:
    """``at`` itself, then the first run of each later day on which something is due; or each hour of such a day.
    ``patience``: how many runs may do nothing before what waits from earlier is no longer tried every day.
    """
    zone = ZoneInfo(policy.time.zone)
    day: date | None = local_date(at, policy.time.zone)
    instant = at
    while day is not None and day <= until:
        yield instant
        if every == "hour":
            hours = _rest_of_the_day(instant, day, policy.time.zone)
            yield from (hour for hour in hours if memory.overdue(day))
        waiting = patience is None or memory.idle < patience
        day = earliest(memory.next_due(day, waiting=waiting), next((one for one in days if one > day), None))
        if day is not None:
            instant = datetime.combine(day, time(), zone).astimezone(UTC)


def _rest_of_the_day(instant: datetime, day: date, zone: str) -> Iterator[datetime]:
    """The full hours that follow on the same day; a day has 23, 24 or 25 of them (R60)."""
    following = instant.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while local_date(following, zone) == day:
        yield following
        following += timedelta(hours=1)


def _happen(inputs: Deciding, memory: Imagined, tables: SnapshotTables, at: datetime) -> Happening:
    decision = decide(inputs, tables, at=at, jobs=(), full=False, accept={})
    rows = decision.rows()
    purged = tuple(sorted(row.name or row.key for row in _purged(rows)))
    carry_out(memory, inputs, decision, rows, at)
    memory.accept(tables.record, (inputs.policy_hash, inputs.services_hash))
    plan = decision.plan
    return Happening(
        at=at,
        on=plan.today,
        changes=plan.changes,
        purged=purged,
        findings=decision.findings,
        guard=plan.guard,
        estimate=plan.estimate,
        licences=memory.licences(),
        live_mailboxes=memory.live_mailboxes(),
        ended=tuple(sorted(_ended(rows))),
    )


def _purged(rows: tuple[RowChange, ...]) -> Iterator[Mailbox]:
    for change in rows:
        if isinstance(change.after, Mailbox) and change.after.state is MailboxState.PURGED:
            yield change.after


def _ended(rows: tuple[RowChange, ...]) -> Iterator[str]:
    """Addresses that stand on no mailbox end without a change of the tenant (R27, R29)."""
    for change in rows:
        row, before = change.after, change.before
        if isinstance(row, Allocation) and isinstance(before, Allocation) and row.mailbox_key is None:
            if before.live and not row.live:
                yield row.address


def carry_out(memory: Imagined, inputs: Deciding, decision: Decision, rows: Iterable[RowChange], at: datetime) -> None:
    """As if every planned change had been done at once. ``rows``: what the decision makes of the ledger."""
    memory.take(rows)
    books = Books(decision.ledger, inputs.policy, local_date(at, inputs.policy.time.zone))
    for planned in decision.plan.changes:
        done = StepOutcome(change_id=planned.id, step="", result=StepResult.DONE)
        memory.take(books.settle(planned.change, done, last=True))
    left: Mapping[str, str] = decision.unfinished
    memory.leave(decision.judged, [scope for scope, reason in left.items() if not reason.startswith(PLANNED)])
