"""Read and decide: one decision, which is a plan and what accepting it would commit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from nexusops.apply.noted import before_disabling
from nexusops.codec import digest_of
from nexusops.model.changes import Change, DisableMailbox, EnableMailbox
from nexusops.model.dates import local_date
from nexusops.model.findings import Finding, in_order
from nexusops.model.frozen import frozen
from nexusops.model.ids import Domain, PersonId, UnitId
from nexusops.model.journal import SnapshotRecord
from nexusops.model.ledger import HoldKind, Ledger, PersonState, Standing
from nexusops.model.plan import Plan, Planned
from nexusops.model.policy import ACCEPT
from nexusops.model.progress import Progress, Stage
from nexusops.model.snapshot import Snapshot
from nexusops.model.tenant import Actual
from nexusops.pipeline.affected import Affected, affected
from nexusops.pipeline.decision import Decision
from nexusops.pipeline.fitting import sealed
from nexusops.pipeline.inputs import Deciding, Ports
from nexusops.pipeline.refusing import refused
from nexusops.pipeline.routing import staff_of, with_held, with_routes
from nexusops.pipeline.sight import read_tenant
from nexusops.pipeline.watching import Looked, looked
from nexusops.pipeline.whom import units_counted
from nexusops.plan.advance import advance, differences
from nexusops.plan.arrange import arrange, select
from nexusops.plan.boxes.services import domains_held, wanted_domains
from nexusops.plan.compare import compare, drafted
from nexusops.plan.domains import ending_domains
from nexusops.plan.estimate import estimate
from nexusops.plan.first_use import found_without_history, no_history
from nexusops.plan.guard import check
from nexusops.plan.leavers import with_leavers
from nexusops.plan.licences import within_stock
from nexusops.plan.observe import observe, recognise, settled
from nexusops.plan.project import project
from nexusops.plan.promises import notices_of, promises_of, unreachable
from nexusops.plan.service_changes import service_drafts
from nexusops.plan.slices import candidate_names, former_owners, usernames_of
from nexusops.ports import SnapshotTables
from nexusops.rules.services.signing import domains_to_ask


def make_plan(
    ports: Ports,
    *,
    at: datetime,
    jobs: Sequence[str] = (),
    refresh: str = "delta",
    accept: Mapping[str, int] | None = None,
) -> Plan:
    """The planned changes, sealed, and staged with the snapshot that they rest on. Never writes to the tenant.

    Raises SnapshotRefused where the snapshot is not fit (D27), TenantUnreadable where the tenant cannot be read.
    """
    full = refresh == "full"
    # The tables are nobody's but decide's, which lets them go before it judges.
    decision = decide(ports, read_tables(ports, at), at=at, jobs=jobs, full=full, accept=accept or {}, watch=True)
    return sealed(ports.store, decision.plan)


def read_tables(ports: Ports, at: datetime) -> SnapshotTables:
    """The present snapshot, through the gate of D27, and staged in the state."""
    ports.watch(Progress(stage=Stage.READING))
    tables = ports.registration.read()
    last = ports.store.accepted()
    defects = tuple(ports.gate(tables.record, last, at, ports.policy))
    if defects:
        raise refused(defects)
    if last is None or last.sha256 != tables.record.sha256:
        ports.store.stage(tables.record, tables.pack())
    ports.watch(Progress(stage=Stage.PLANNING))
    return tables


def decide(
    ports: Deciding,
    tables: SnapshotTables,
    *,
    at: datetime,
    jobs: Sequence[str],
    full: bool,
    accept: Mapping[str, int],
    only: Affected | None = None,
    watch: bool = False,
) -> Decision:
    """From the tables and the state to a decision; only the tenant's reads lie between, ``watch``: and the DNS's.
    ``only``: these are judged, in place of whoever is affected.
    """
    record, today = tables.record, local_date(at, ports.policy.time.zone)
    who = affected(ports, tables, today, full=full) if only is None else only
    dns = looked(ports, tables, today, ask=watch)
    seen = _seen(ports, tables, replace(who, boxes=who.boxes | dns.to_judge), dns, full=full)
    del tables, who  # of a whole plan they are large; so is what has been seen, once it is judged
    promised = _promised(ports, seen, today)
    del seen
    before, after = promised.before, promised.after
    changes, found = _changes(ports, promised)
    changes += promises_of(differences(before, after), after)
    notices = notices_of(after, promised.staff, ports.policy.deleted.purge_after_days)
    changes += [notice for notice in notices if notice.to]
    whole = with_restores(ports, arrange(changes, ports.job_of_kinds()))
    licensed, waiting = within_stock(whole, promised.actual)
    chosen, waits = select(licensed, ports.kinds_of(jobs))
    strange = no_history(ports.site.name, promised.strangers)
    fresh = (*promised.findings, *found, *waiting, *waits, *unreachable(notices), *dns.unknown, *strange)
    carried = _carried(ports, promised.judged)
    return Decision(
        plan=plan_of(ports, record, at, chosen, (*carried, *fresh), after, accept, promised.strangers),
        whole=whole,
        before=before,
        ledger=after,
        judged=promised.judged,
        findings=fresh,
        waiting=promised.waiting,
    )


@frozen
class _Seen:
    """The slices of the three sources, and the ledger as the rules are to see it."""

    who: Affected
    snapshot: Snapshot
    before: Ledger
    actual: Actual
    ledger: Ledger


@frozen
class _Promised:
    """What the rules make of what is there. The registration data are done with: they are the larger part of it.
    ``judged``: None for everybody. ``strangers``: mailboxes in the tenant beside a state that knows none.
    """

    before: Ledger
    after: Ledger
    actual: Actual
    findings: tuple[Finding, ...]
    judged: frozenset[str] | None
    waiting: Mapping[str, str]
    staff: Mapping[UnitId, tuple[str, ...]]
    unrouted: frozenset[Domain]
    strangers: int


def _seen(ports: Deciding, tables: SnapshotTables, who: Affected, dns: Looked, *, full: bool) -> _Seen:
    snapshot = _slice(ports, tables, who)
    before = ports.store.ledger(None if who.everyone else who.people, None if who.everyone else who.boxes)
    requests = [request for name, request in snapshot.services.items() if name in who.boxes]
    signing = domains_to_ask(before.services.values(), requests, snapshot.units)
    actual = read_tenant(ports, before, who, signing, full=full)
    ledger = _with_names(ports, observe(before, actual), snapshot, who)
    ledger = replace(ledger, watched=dns.notes, looked_up=dns.requests)
    return _Seen(who=who, snapshot=snapshot, before=before, actual=actual, ledger=ledger)


def _promised(ports: Deciding, seen: _Seen, today: date) -> _Promised:
    """Applies the rules: the only part of a decision that judges."""
    snapshot, before, boxes = seen.snapshot, seen.before, seen.who.boxes
    advanced = advance(seen.ledger, snapshot, boxes, ports.policy, ports.site, today)
    after = recognise(advanced.ledger, seen.actual)
    return _Promised(
        before=before,
        after=after,
        actual=seen.actual,
        findings=advanced.findings,
        judged=None if seen.who.everyone else advanced.judged,
        waiting=advanced.unfinished,
        staff=_staff_addresses(snapshot, {**seen.ledger.owners, **after.people}, ports),
        unrouted=frozenset(domain for domain, row in snapshot.domains.items() if not row.managed),
        strangers=found_without_history(before, seen.actual, boxes),
    )


def _changes(ports: Deciding, promised: _Promised) -> tuple[list[Change], list[Finding]]:
    """What makes the tenant as it should be, and what was found there."""
    quiet = settled(promised.before, promised.after, ports.store.unfinished())
    mailboxes = compare(project(promised.after, ports.site), promised.actual, quiet)
    mailboxes = with_leavers(mailboxes, promised.after, promised.unrouted)
    drafts = (*mailboxes, *service_drafts(promised.after, ports.faulty_services, ports.site.publish))
    return drafted(drafts), [finding for draft in drafts for finding in draft.findings]


def _slice(ports: Deciding, tables: SnapshotTables, who: Affected) -> Snapshot:
    """The affected people's records; somebody who has gone from every table has one like everybody else's."""
    snapshot = tables.slice(None if who.everyone else who.people, ports.services)
    snapshot = with_held(ports, replace(snapshot, frozen_services=ports.faulty_services))
    gone = who.people - snapshot.people.keys()
    rest = tables.slice(gone, ports.services).people if gone else {}
    return replace(snapshot, people={**snapshot.people, **rest}) if gone else snapshot


def _with_names(ports: Deciding, ledger: Ledger, snapshot: Snapshot, who: Affected) -> Ledger:
    """The second step of the two-step read: who holds the names that may be wanted, and when former owners left."""
    store = ports.store
    names = {r.person.username for r in snapshot.people.values() if r.person is not None and r.person.username}
    names |= {name.lower() for name in who.boxes if "@" not in name}
    if not who.everyone:
        wanted = candidate_names(snapshot, ledger, who.boxes, ports.policy, ports.site.fallback_domain)
        rows = store.holders(wanted)
        ledger = replace(ledger, holders={(row.address, row.period): row for row in rows})
    ledger = with_routes(ports, ledger, snapshot)
    alike = () if who.everyone else store.reached(names, ())
    ledger = replace(ledger, reached={**ledger.reached, **{box.key: box for box in alike}})
    strangers = {PersonId(one) for ids in snapshot.strangers.values() for one in ids}
    answering = owners_of(snapshot, ledger) | staff_of(snapshot)
    missing = (former_owners(ledger) | answering | strangers) - set(ledger.people)
    return replace(
        ledger,
        owners={state.person_id: state for state in store.owners(missing)},
        usernames=usernames_of(ledger) if who.everyone else store.usernames(names),
        domain_ends=store.domain_ends(ending_domains(snapshot)),
        domain_holders=domains_held(store.services_of(wanted_domains(snapshot, who.boxes))),
    )


def owners_of(snapshot: Snapshot, ledger: Ledger) -> frozenset[PersonId]:
    """Owners of boxes, whose standing decides whether they may be; the desk may have named others (D31)."""
    held = {PersonId(hold.value) for hold in ledger.holds.values() if hold.kind is HoldKind.HANDOVER}
    rows = (row.owner_person_id for row in snapshot.nonpersonal_mailboxes.values())
    requests = (request.owner_person_id for request in snapshot.services.values())
    return frozenset(owner for owner in (*rows, *requests, *held) if owner is not None)


def _staff_addresses(
    snapshot: Snapshot, states: Mapping[PersonId, PersonState], ports: Deciding
) -> dict[UnitId, tuple[str, ...]]:
    """Where a unit's IT staff are told (D31): each at their own fallback address; who has left is no staff (3.13)."""
    found: dict[UnitId, tuple[str, ...]] = {}
    for staff in sorted(snapshot.staff, key=lambda row: (row.unit_id, row.staff_id)):
        state = states.get(staff.person_id)
        if state is not None and state.state is Standing.OUT:
            continue
        found[staff.unit_id] = (*found.get(staff.unit_id, ()), f"{staff.staff_id}@{ports.site.fallback_domain}")
    return found


def _carried(ports: Deciding, judged: frozenset[str] | None) -> Sequence[Finding]:
    """Findings of whom this run did not judge; they still hold."""
    return ports.store.findings(judged) if judged is not None else ()


def with_restores(ports: Deciding, whole: Sequence[Planned]) -> tuple[Planned, ...]:
    """Enablings with what the journal noted before the disabling (tenant-api.md 12, 5), and disablings with what the
    mailbox answers afterwards (D08).
    """
    disabled = ports.policy.disabled
    reply = disabled.reply if disabled.inbound == ACCEPT else None
    found = []
    for planned in whole:
        change = planned.change
        if isinstance(change, EnableMailbox):
            noted = before_disabling(ports.store.journal({f"mailbox:{change.mailbox.key}"}))
            found.append(replace(planned, change=replace(change, restore=noted.flags, reply=noted.reply)))
        elif isinstance(change, DisableMailbox) and reply is not None:
            found.append(replace(planned, change=replace(change, reply=reply)))
        else:
            found.append(planned)
    return tuple(found)


def plan_of(
    ports: Deciding,
    record: SnapshotRecord,
    at: datetime,
    changes: tuple[Planned, ...],
    findings: Sequence[Finding],
    ledger: Ledger,
    accept: Mapping[str, int],
    taken_over: int = 0,
) -> Plan:
    """With digest, guard and estimate. ``taken_over``: mailboxes in the tenant beside a state that knows of none."""
    today = local_date(at, ports.policy.time.zone)
    serial, sha256 = ports.store.serial(), record.sha256
    units = units_counted(changes, ledger, ports.store, ports.guard)
    report = check(changes, ports.guard, ports.store.live_mailboxes(), units, accept, taken_over)
    return Plan(
        plan_id=uuid.uuid4().hex,
        digest=digest_of(changes, today, sha256, serial, ports.policy_hash, ports.services_hash),
        at=at,
        today=today,
        site=ports.site.name,
        snapshot_as_of=record.as_of,
        snapshot_sha256=sha256,
        ledger_serial=serial,
        changes=changes,
        findings=in_order(findings),
        guard=report,
        estimate=estimate(changes),
        program_version=ports.program_version,
    )
