"""Act: guard, accept in one transaction, carry out step by step, finish."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from nexusops.apply.executor import Acting, Execution, Tally
from nexusops.apply.settle import Books
from nexusops.errors import SnapshotRefused
from nexusops.model.changes import Kind
from nexusops.model.dates import local_date
from nexusops.model.findings import box_scope
from nexusops.model.ids import Domain, PersonId
from nexusops.model.journal import Acceptance, OpenIntent, RunRecord
from nexusops.model.plan import Plan
from nexusops.model.progress import Progress, Stage
from nexusops.pipeline.affected import Affected, hanging_on
from nexusops.pipeline.decide import decide, read_tables
from nexusops.pipeline.decision import Decision
from nexusops.pipeline.fitting import RUNNING, must_fit
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.outcome import Outcome, findings_of, result_of, waits
from nexusops.pipeline.refusing import refused
from nexusops.pipeline.routing import build_routing
from nexusops.pipeline.settling import closed
from nexusops.pipeline.stopping import Mandate, must_pass
from nexusops.pipeline.whom import units_counted
from nexusops.plan.guard import TAKEN_OVER, check
from nexusops.ports import SnapshotTables


def run(
    ports: Ports,
    *,
    at: datetime,
    jobs: Sequence[str] = (),
    accept: Mapping[str, int] | None = None,
    approve: str | None = None,
    actor: str,
    reason: str = "",
    refresh: str = "delta",
) -> Outcome:
    """The scheduled form: plan, guard, apply, notices. What an earlier run left open is finished first.

    Raises SnapshotRefused, GuardStopped, StalePlan, TenantUnreadable; then nothing else was changed.
    """
    mandate = Mandate(command="run", actor=actor, reason=reason, at=at, accept=accept or {}, approve=approve)
    with ports.store.lock("run"):
        begun = {record.digest for record in ports.store.runs() if record.result == RUNNING}
        # It rests on a snapshot that was accepted, so it need not wait for the next good one (interface.md 8).
        first = finish_interrupted(ports, mandate)
        tables = _tables_after(first, ports, at)
        if first is not None and mandate.approve in begun:
            mandate = replace(mandate, approve=None)  # what was approved has just been finished
        ports.watch(Progress(stage=Stage.PLANNING))
        decision = decide(ports, tables, at=at, jobs=jobs, full=refresh == "full", accept=mandate.accept, watch=True)
        outcome = carry_out(ports, tables, decision, decision.plan, mandate)
    return replace(outcome, resumed=first.resumed) if first is not None else outcome


def _tables_after(first: Outcome | None, ports: Ports, at: datetime) -> SnapshotTables:
    """The present snapshot. Where it is refused, it is told what was done before it was looked at."""
    try:
        return read_tables(ports, at)
    except SnapshotRefused as error:
        if first is None:
            raise
        done = f"The interrupted run {first.resumed} was finished first; of this snapshot nothing was taken."
        raise refused(error.defects, done) from error


def apply_plan(
    ports: Ports,
    plan: Plan,
    *,
    at: datetime,
    accept: Mapping[str, int] | None = None,
    approve: str | None = None,
    actor: str,
    reason: str = "",
) -> Outcome:
    """Carries out exactly this plan. Raises StalePlan where it no longer fits; then nothing was done."""
    mandate = Mandate(command="apply", actor=actor, reason=reason, at=at, accept=accept or {}, approve=approve)
    with ports.store.lock("apply"):
        ports.watch(Progress(stage=Stage.FITTING))
        must_fit(ports, plan, at)
        tables = ports.registration.unpack(ports.store.tables(plan.snapshot_sha256))
        decision = decide(ports, tables, at=at, jobs=(), full=False, accept=mandate.accept, watch=True)
        units = units_counted(plan.changes, decision.ledger, ports.store, ports.guard)
        over = decision.plan.guard.counts.get(TAKEN_OVER, 0)
        guard = check(plan.changes, ports.guard, ports.store.live_mailboxes(), units, mandate.accept, over)
        return carry_out(ports, tables, decision, replace(plan, guard=guard), mandate)


def resume(ports: Ports, *, at: datetime, actor: str, reason: str = "") -> Outcome:
    """Finishes an interrupted run from the last accepted snapshot: its promises stand, its changes had passed the
    guard.
    """
    mandate = Mandate(command="resume", actor=actor, reason=reason, at=at, accept={})
    with ports.store.lock("resume"):
        return finish_interrupted(ports, mandate) or Outcome(run_id=None, plan=None)


def finish_interrupted(ports: Ports, mandate: Mandate) -> Outcome | None:
    """What an interrupted run had left to do, as of its own day and for its own kinds of change: only that had passed
    the guard. What has fallen due since is for the next plan, and so are notices, which say dates.
    """
    runs = ports.store.runs()
    interrupted = [record for record in runs if record.result == RUNNING]
    if not interrupted or ports.store.accepted() is None:
        return None
    zone, since = ports.policy.time.zone, interrupted[-1].at
    today = local_date(since, zone) == local_date(mandate.at, zone)
    kinds = {kind for record in interrupted for kind in record.counts} - (set() if today else {Kind.SEND_NOTICE.value})
    jobs = [job.name for job in ports.jobs.values() if kinds & {kind.value for kind in job.kinds}]
    outcome = Outcome(run_id=interrupted[-1].run_id, plan=None)
    if jobs:
        tables = accepted_tables(ports)
        decision = decide(ports, tables, at=since, jobs=jobs, full=False, accept={})
        alone = runs[-1].result == RUNNING
        outcome = carry_out(
            ports, tables, decision, decision.plan, replace(mandate, command="resume", guarded=not alone)
        )
    for record in interrupted:
        ports.store.finish(replace(record, result="resumed"))
    return replace(outcome, resumed=interrupted[-1].run_id)


def carry_out_for(ports: Ports, tables: SnapshotTables, people: frozenset[PersonId], mandate: Mandate) -> Outcome:
    """The line for these people alone, from a snapshot that was accepted before: the desk's immediate actions."""
    with ports.store.lock(mandate.command):
        only = Affected(people, frozenset(), everyone=False)
        decision = decide(ports, tables, at=mandate.at, jobs=(), full=False, accept={}, only=only)
        boxes = hanging_on(people, frozenset(), tables, ports)
        again = dict.fromkeys(map(box_scope, boxes), "the desk acted on somebody it hangs on")
        decision = replace(decision, waiting={**decision.waiting, **again})
        return carry_out(ports, tables, decision, decision.plan, replace(mandate, builds_routing=False, partial=True))


def carry_out(ports: Ports, tables: SnapshotTables, decision: Decision, plan: Plan, mandate: Mandate) -> Outcome:
    """Guard, acceptance, the steps, the end of the run, the routing table.

    Raises GuardStopped, StalePlan or TenantUnreadable before anything was accepted; what fails later is in the outcome.
    """
    store = ports.store
    record = _record(ports, plan, mandate)
    if mandate.guarded:
        must_pass(ports, plan, mandate, record)
    acting = _acting(ports, tables, plan, mandate, record)
    open_intents = _open_intents(ports, decision, mandate)
    store.accept(_acceptance(ports, tables, decision, plan, mandate, record))
    if open_intents:
        whole, actor = decision.whole, mandate.actor
        store.record(closed(ports, open_intents, whole, run_id=record.run_id, actor=actor, at=mandate.at))
    books = Books(decision.ledger, ports.policy, local_date(mandate.at, ports.policy.time.zone))
    held = decision.held(plan.changes)
    tally = Execution(acting, books, plan.changes, held).carry_out() if acting else Tally()
    store.finish(replace(record, result=result_of(tally)), findings_of(tally))
    if mandate.builds_routing:
        ports.watch(Progress(stage=Stage.ROUTING))
        build_routing(ports, tables, mandate.at)
    return Outcome(
        run_id=record.run_id,
        plan=plan,
        done=len(tally.done),
        waiting=tuple((planned, waits(planned)) for planned in tally.waiting),
        set_aside=tuple(tally.set_aside),
        failed=tuple(tally.failed),
        handed_over=tuple(tally.handed_over),
        unreachable=tally.unreachable,
    )


def _acceptance(
    ports: Ports, tables: SnapshotTables, decision: Decision, plan: Plan, mandate: Mandate, record: RunRecord
) -> Acceptance:
    known = ports.policy_hash, ports.services_hash
    policy_hash, services_hash = ports.store.hashes() if mandate.partial else known
    return Acceptance(
        run=record,
        actor=mandate.actor,
        reason=mandate.reason,
        lifted={name: (plan.guard.counts[name], plan.guard.limits[name]) for name in plan.guard.accepted},
        at=mandate.at,
        expected_serial=plan.ledger_serial,
        snapshot_sha256=plan.snapshot_sha256,
        snapshot_as_of=tables.record.as_of,
        snapshot_again=_exported_again(ports, tables),
        rows=decision.rows_for(plan.changes),
        judged=decision.judged,
        findings=decision.findings_for(plan.changes),
        unfinished={**decision.unfinished, **decision.left_out(plan.changes)},
        policy_hash=policy_hash,
        services_hash=services_hash,
    )


def _open_intents(ports: Ports, decision: Decision, mandate: Mandate) -> list[OpenIntent]:
    """What an interrupted run left open, as far as this decision looked there."""
    found = ports.store.open_intents()
    if not mandate.partial or decision.judged is None:
        return list(found)
    return [intent for intent in found if intent.entry.scope in decision.judged]


def _exported_again(ports: Ports, tables: SnapshotTables) -> Mapping[str, bytes] | None:
    last, now = ports.store.accepted(), tables.record
    again = last is not None and last.sha256 == now.sha256 and last.as_of != now.as_of
    return tables.pack() if again else None


def _record(ports: Ports, plan: Plan, mandate: Mandate) -> RunRecord:
    return RunRecord(
        run_id=uuid.uuid4().hex,
        at=mandate.at,
        command=mandate.command,
        actor=mandate.actor,
        program_version=ports.program_version,
        result=RUNNING,
        snapshot_sha256=plan.snapshot_sha256,
        digest=plan.digest,
        changes=len(plan.changes),
        counts=plan.counts,
        policy_text=ports.texts.policy,
        services_text=ports.texts.services,
        config_text=ports.texts.config,
    )


def _acting(ports: Ports, tables: SnapshotTables, plan: Plan, mandate: Mandate, record: RunRecord) -> Acting | None:
    """Tenant and channel are opened before anything is accepted: what is not configured ends the run in time."""
    if not plan.changes:
        return None
    tenant, notifier, publisher = ports.tenant(), ports.notifier(mandate.at), ports.publisher()
    tenant.prepare({*tables.slice((), ports.services).domains, Domain(ports.site.fallback_domain)}, mandate.at)
    return Acting(
        store=ports.store,
        tenant=tenant,
        notifier=notifier,
        publisher=publisher,
        run_id=record.run_id,
        actor=mandate.actor,
        at=mandate.at,
        watch=lambda done: ports.watch(
            Progress(stage=Stage.APPLYING, done=done, of=len(plan.changes), seconds=plan.estimate.seconds)
        ),
    )
