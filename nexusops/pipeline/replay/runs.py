"""The runs again, from nothing and from the same snapshots: the same plans, and the same state (rules.md 4e).

What the program decides is decided anew by the line itself, each run under the policy and the requests that it kept.
What it was given is taken from the journal: what people decided, and how each step in the tenant ended. The tenant
itself is asked nothing: it is as the ledger says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from nexusops.codec import change_of, digest_of
from nexusops.model.changes import PROMISES, kind_of, target_of
from nexusops.model.ids import Domain
from nexusops.model.journal import (
    Acceptance,
    JournalRow,
    JsonObject,
    Phase,
    RowChange,
    RunRecord,
    Step,
    StepOutcome,
    StepResult,
)
from nexusops.model.mailboxes import Mailbox
from nexusops.model.plan import Plan
from nexusops.pipeline.act import run as run_again
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.replay.dns import told_at
from nexusops.pipeline.replay.kept import kept_by
from nexusops.pipeline.simulate.tenant import ImaginedTenant
from nexusops.plan.guard import GuardLimits
from nexusops.ports import Publisher, Registration, Store, Tenant
from nexusops.report.replay import Replay, Replayed, Verdict

PLANNED = frozenset({"run", "apply"})
COMPARED = ("people", "mailboxes", "addresses", "alternatives", "name_requests", "notices", "services")


def replay(
    ports: Ports, store: Store, snapshots: Mapping[str, Registration], told: Callable[[str], None] = lambda _at: None
) -> Replay:
    """``store`` is an empty state of the same site; ``snapshots`` by their hashes; ``told``: which run it is at."""
    tenant = _Again(store, ports)
    again = replace(
        ports,
        store=store,
        # Of all that they can be asked, a run that is not interrupted asks what stands below.
        tenant=lambda: cast(Tenant, tenant),
        notifier=lambda _at: tenant,
        publisher=lambda: cast(Publisher, tenant),
        guard=GuardLimits(),
        gate=lambda *_known: (),
    )
    done: list[Replayed] = []
    tenant.ids = dict(_ids(ports.store.journal()))
    serials = dict(_serials(ports.store))
    for record in ports.store.runs():
        if record.result == "stopped" or record.command == "resume":
            continue  # what an interrupted run had left was done with that run
        told(f"{record.at:%Y-%m-%d %H:%M}")
        one = _replayed(ports, again, tenant, record, snapshots, serials[record.run_id])
        done.append(one)
        if one.verdict is Verdict.MISSING:
            return Replay(runs=tuple(done), differences=None)
    return Replay(runs=tuple(done), differences=_differences(ports.store, store))


def _serials(store: Store) -> Iterator[tuple[str, int]]:
    """Run -> the ledger's serial before it. From scratch a date of the program's own may be noted an hour earlier than
    a run that looked at what was due did it: that is no other plan, though the serial rises with it.
    """
    serial, dirty = 0, False
    for record in store.runs():
        yield record.run_id, serial
        scopes = [row.entry.scope for row in store.journal(run_id=record.run_id) if row.entry.phase is Phase.PROMISE]
        serial += any(not scope for scope in scopes)
        dirty = dirty or any(scopes)
        if dirty and record.result != "resumed":
            serial, dirty = serial + 1, False


def _replayed(
    ports: Ports, again: Ports, tenant: _Again, record: RunRecord, snapshots: Mapping[str, Registration], serial: int
) -> Replayed:
    rows = list(ports.store.journal(run_id=record.run_id))
    if record.command not in PLANNED or record.snapshot_sha256 is None:
        _take_over(again.store, record, rows)
        return Replayed(run=record, verdict=Verdict.TAKEN)
    registration = snapshots.get(record.snapshot_sha256)
    if registration is None:
        return Replayed(run=record, verdict=Verdict.MISSING)
    # An interrupted run's last steps failed for nothing but the interruption; its end is what the resumption made.
    tenant.answers = {} if record.result == "resumed" else dict(_answers(rows))
    # From scratch, which gives the same plan as from the difference: what was taken over marked nobody.
    then = kept_by(record)
    under = replace(
        again,
        registration=registration,
        policy=then.policy,
        services=then.services,
        faulty_services=then.faulty,
    )
    promised = [change for row in rows if (change := change_of(row.entry)) is not None]
    under = replace(under, told=told_at(under, promised))
    outcome = run_again(under, at=record.at, actor=record.actor, refresh="full")
    now = _digest(under, outcome.plan, serial) if outcome.plan is not None else None
    if now == record.digest:
        return Replayed(run=record, verdict=Verdict.SAME, now=now)
    begun, planned = set(_begun(rows)), set(_in_tenant(outcome.plan))
    return Replayed(
        run=record,
        verdict=Verdict.OTHER,
        now=now,
        then_alone=tuple(sorted(begun - planned)),
        now_alone=tuple(sorted(planned - begun)),
    )


def _begun(rows: Iterable[JournalRow]) -> Iterator[tuple[str, str]]:
    """Kind and target of what a run set out to do in the tenant: each has its intent."""
    for row in rows:
        after = row.entry.after
        if row.entry.phase is Phase.INTENT and isinstance(after, dict):
            yield str(after.get("kind")), str(after.get("target"))


def _in_tenant(plan: Plan | None) -> Iterator[tuple[str, str]]:
    for planned in plan.changes if plan is not None else ():
        if (kind := kind_of(planned.change)) not in PROMISES:
            yield kind.value, target_of(planned.change)


def _digest(ports: Ports, plan: Plan, serial: int) -> str:
    return digest_of(plan.changes, plan.today, plan.snapshot_sha256, serial, ports.policy_hash, ports.services_hash)


def _take_over(store: Store, record: RunRecord, rows: Sequence[JournalRow]) -> None:
    """What people decided, as the journal has it: in one step, and what steps in the tenant brought after it."""
    promises = [row for row in rows if row.entry.phase is Phase.PROMISE]
    at_once = (change_of(row.entry) for row in promises if not row.entry.scope)
    later = [row for row in promises if row.entry.scope]
    _accept(store, record, tuple(change for change in at_once if change is not None))
    for row in later:
        if (change := change_of(row.entry)) is not None:
            store.record([replace(row.entry, phase=Phase.DONE, before=None, after=None)], [[change]])
    store.finish(record)


def _accept(store: Store, record: RunRecord, rows: tuple[RowChange, ...]) -> None:
    policy_hash, services_hash = store.hashes()
    store.accept(
        Acceptance(
            run=record,
            actor=record.actor,
            at=record.at,
            expected_serial=store.serial(),
            snapshot_as_of=record.at,
            rows=rows,
            policy_hash=policy_hash,
            services_hash=services_hash,
        )
    )


def _answers(rows: Iterable[JournalRow]) -> Iterator[tuple[tuple[str, str], tuple[StepResult, JsonObject | None]]]:
    """How each step ended and what it left, by change and step: an application's id, the end of its secret."""
    for row in rows:
        entry = row.entry
        after = entry.after if isinstance(entry.after, dict) else None
        if entry.change_id is not None and entry.phase not in (Phase.PROMISE, Phase.INTENT):
            yield (entry.change_id, entry.step or ""), (StepResult(entry.phase.value), after)


def _ids(rows: Iterable[JournalRow]) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
    """What the tenant called the user and the mailbox, by the mailbox's key: it never changes."""
    for row in rows:
        change = change_of(row.entry, {Mailbox})
        if change is not None and isinstance(change.after, Mailbox):
            yield change.after.key, (change.after.user_id, change.after.exchange_guid)


class _Again(ImaginedTenant):
    """The tenant as the ledger says it is, the channel and the DNS: each step ends as it did."""

    def __init__(self, store: Store, ports: Ports) -> None:
        super().__init__(store, ports.site)
        self.answers: Mapping[tuple[str, str], tuple[StepResult, JsonObject | None]] = {}
        self.ids: Mapping[str, tuple[str | None, str | None]] = {}

    def prepare(self, domains: Collection[Domain], at: datetime) -> None:
        """Nothing has to be prepared."""

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        yield [self._one(step) for step in steps]

    def _one(self, step: Step) -> StepOutcome:
        result, after = self.answers.get((step.change_id, step.name), (StepResult.DONE, None))
        mailbox = getattr(step.change, "mailbox", None)
        user_id, guid = self.ids.get(mailbox.key, (None, None)) if mailbox is not None else (None, None)
        return StepOutcome(
            change_id=step.change_id, step=step.name, result=result, after=after, user_id=user_id, exchange_guid=guid
        )

    def close(self) -> None:
        """Nothing is open."""


def _differences(was: Store, now: Store) -> dict[str, int]:
    """How many rows of the state document are not in both."""
    first, second = _tables(was), _tables(now)
    return {name: len(first[name] ^ second[name]) for name in COMPARED}


def _tables(store: Store) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, value in store.export():
        rows: Any = value
        if name in COMPARED:
            found[name] = {repr(row) for row in rows}
        elif isinstance(rows, Iterator):
            for _ in rows:
                pass
    return found
