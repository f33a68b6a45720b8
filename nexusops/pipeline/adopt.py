"""First use on a tenant that already has mailboxes: they become the ledger's, as they are. The tenant is only read.

So does what a tenant was given since the state was backed up, once the backup is back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from nexusops.model.addresses import Allocation
from nexusops.model.dates import local_date
from nexusops.model.findings import Finding, box_scope, in_order, person_scope
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.journal import Acceptance, LedgerRow, RowChange, RunRecord
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import MailboxKind, MailboxState
from nexusops.model.rows import TABLES, key_of, rule_of
from nexusops.model.snapshot import Snapshot
from nexusops.model.tenant import Actual, ActualMailbox
from nexusops.pipeline.decide import read_tables
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.sight import everything
from nexusops.plan.adoption.findings import finding, nobodys, several, unknown_person, usernames_of
from nexusops.plan.adoption.known import gained
from nexusops.plan.adoption.mailbox import Adopted, Adopting, Adoption, adopt_box, reserve, setting_of
from nexusops.plan.adoption.person import adopt_person
from nexusops.plan.compare import MISPLACED, misplaced
from nexusops.plan.slices import bases_of
from nexusops.ports import SnapshotTables


@dataclass(slots=True)
class _Work:
    """What an adoption works through, and what it has so far."""

    ledger: Ledger
    setting: Adopting
    holders: dict[Address, Allocation]
    live: frozenset[str]
    """``person:ID`` and ``box:NAME`` of mailboxes that the ledger has."""
    adopted: list[Adopted]
    reserved: list[Allocation]
    gained: list[Allocation]
    findings: list[Finding]
    known: int = 0
    without: int = 0


def adopt(ports: Ports, *, at: datetime, fresh: bool, dry_run: bool, actor: str, reason: str = "") -> Adoption:
    """Takes over what the tenant has and the ledger has not. ``fresh``: a snapshot was named, and is read.

    Repeating it is harmless: a mailbox that the ledger has is left as it is. Raises SnapshotRefused, TenantUnreadable.
    """
    if dry_run:
        return _found(ports, at, fresh=fresh, dry_run=True, actor=actor)
    with ports.store.lock("adopt"):
        found = _found(ports, at, fresh=fresh, dry_run=False, actor=actor)
        rows = _changes(ports.store.ledger(None, None), found)
        if not rows:
            return found
        run_id = uuid.uuid4().hex
        _commit(ports, found, rows, run_id, actor, reason)
    return replace(found, run_id=run_id)


def _found(ports: Ports, at: datetime, *, fresh: bool, dry_run: bool, actor: str) -> Adoption:
    tables = _tables(ports, at, fresh=fresh)
    snapshot = tables.slice(None, ports.services)
    work = _work(ports, snapshot, at, actor)
    actual = ports.tenant().read(everything(work.ledger))
    _people(work, snapshot, actual)
    _boxes(work, snapshot, actual)
    findings = [*work.findings, *(said for one in work.adopted for said in one.findings)]
    return Adoption(
        at=at,
        site=ports.site.name,
        dry_run=dry_run,
        adopted=tuple(one for one in work.adopted if one.mailbox is not None),
        reserved=tuple(sorted(work.reserved, key=lambda row: row.address)),
        gained=tuple(sorted(work.gained, key=lambda row: row.address)),
        known=work.known,
        without=work.without,
        findings=in_order(findings),
    )


def _tables(ports: Ports, at: datetime, *, fresh: bool) -> SnapshotTables:
    """The last accepted snapshot; before there is one, or where one is named, the source through the gate (D27)."""
    return read_tables(ports, at) if fresh or ports.store.accepted() is None else accepted_tables(ports)


def _work(ports: Ports, snapshot: Snapshot, at: datetime, actor: str) -> _Work:
    ledger = ports.store.ledger(None, None)
    today = local_date(at, ports.policy.time.zone)
    boxes = [box for box in ledger.mailboxes.values() if box.state is not MailboxState.PURGED]
    holders: dict[Address, Allocation] = {}
    for row in sorted(ledger.allocations.values(), key=lambda row: row.period):
        holders[row.address] = row
    return _Work(
        ledger=ledger,
        setting=setting_of(snapshot, ports.policy, ports.site, today, actor),
        holders=holders,
        live=frozenset(box.scope for box in boxes),
        adopted=[],
        reserved=[],
        gained=[],
        findings=[],
    )


def _people(work: _Work, snapshot: Snapshot, actual: Actual) -> None:
    usernames, since = usernames_of(snapshot.people), gained(work.ledger, work.setting)
    for person_id, users in sorted(actual.ambiguous.items()):
        work.findings.append(several(person_id, users))
        for found in users if person_scope(person_id) not in work.live else ():
            _reserve(work, found)
    for person_id, found in sorted(actual.people.items()):
        record, is_known = snapshot.people.get(person_id), person_scope(person_id) in work.live
        if found.deleted and (found.exchange_guid is None or record is None or is_known):
            continue
        if is_known:
            work.known += 1
            names = bases_of(record, work.ledger, work.setting.policy) if record is not None else ()
            for row in since(person_id, found, work.holders, names):
                work.gained.append(row)
                work.holders[row.address] = row
        elif found.exchange_guid is None:
            work.without += 1
        elif record is None or record.person is None:
            work.findings.append(unknown_person(person_id, found, usernames))
            _reserve(work, found)
        else:
            known = work.ledger.people.get(person_id)
            _take(work, adopt_person(record, found, known, work.setting), found)


def _boxes(work: _Work, snapshot: Snapshot, actual: Actual) -> None:
    wanted, usernames = dict(_wanted(snapshot)), usernames_of(snapshot.people)
    for name, found in sorted(actual.boxes.items()):
        if found.deleted:
            continue
        if box_scope(name) in work.live:
            work.known += 1
        elif name in wanted:
            if found.person_id is not None:
                work.findings.append(finding(MISPLACED, name, misplaced(name, found.person_id), scope=box_scope(name)))
            kind, unit_id, owner, _ = wanted[name]
            _take(work, adopt_box(name, kind, unit_id, owner, found, work.setting), found)
        else:
            work.findings.append(nobodys(name, found, usernames))
            _reserve(work, found)
    where = {address: name for name, found in actual.boxes.items() for address in found.addresses}
    for name, (_, _, _, wish) in wanted.items():
        if wish in where and where[wish] != name:
            message = f"{wish} stands on the mailbox {where[wish]}: give that mailbox the Name {name}, and adopt again"
            work.findings.append(finding("ADDRESS_TAKEN", name, message, scope=box_scope(name)))


Registered = tuple[MailboxKind, UnitId, PersonId | None, Address | None]


def _wanted(snapshot: Snapshot) -> Iterator[tuple[str, Registered]]:
    for row in snapshot.nonpersonal_mailboxes.values():
        yield row.mailbox_id, (MailboxKind(row.kind), row.unit_id, row.owner_person_id, row.address)
    for request in snapshot.services.values():
        yield request.request_id, (MailboxKind.SAAS, request.unit_id, request.owner_person_id, None)


def _take(work: _Work, one: Adopted, found: ActualMailbox) -> None:
    """Takes a mailbox over, but for addresses that are somebody else's in the ledger already."""
    if one.mailbox is None and not found.deleted:
        _reserve(work, found)
    rows: list[LedgerRow] = []
    for row in one.rows:
        placed = _placed(row, work.holders) if isinstance(row, Allocation) else row
        if placed is None:
            taken = row.address if isinstance(row, Allocation) else ""
            message = f"{taken} is somebody else's in the ledger, and stands on this mailbox in the tenant"
            one.findings.append(finding("ADDRESS_TAKEN", taken, message))
            continue
        rows.append(placed)
        if isinstance(placed, Allocation):
            work.holders[placed.address] = placed
    one.rows = rows
    work.adopted.append(one)


def _placed(row: Allocation, holders: Mapping[Address, Allocation]) -> Allocation | None:
    """The row as the next period of its address; one that was only reserved becomes it. None: it is taken."""
    last = holders.get(row.address)
    if last is None:
        return row
    if not last.live:
        return replace(row, period=last.period + 1)
    reserved = last.mailbox_key is None and last.reason == row.reason
    return replace(row, period=last.period) if reserved else None


def _reserve(work: _Work, found: ActualMailbox) -> None:
    for row in reserve(found, work.holders, work.setting):
        work.reserved.append(row)
        work.holders[row.address] = row


def _changes(ledger: Ledger, found: Adoption) -> tuple[RowChange, ...]:
    rows = [*(row for one in found.adopted for row in one.rows), *found.gained, *found.reserved]
    return tuple(
        RowChange(before=getattr(ledger, TABLES[type(row)]).get(key_of(row)), after=row, rule=rule_of(row))
        for row in rows
    )


def _commit(ports: Ports, found: Adoption, rows: tuple[RowChange, ...], run_id: str, actor: str, reason: str) -> None:
    """One transaction: rows, journal, findings, and that the next run has to look at everything adopted."""
    policy_hash, services_hash = ports.store.hashes()
    scopes = {one.mailbox.scope for one in found.adopted if one.mailbox is not None}
    scopes |= {person_scope(row.person_id or "") for row in found.gained}
    run = RunRecord(
        run_id=run_id,
        at=found.at,
        command="adopt",
        actor=actor,
        program_version=ports.program_version,
        result="adopted",
        changes=len(found.adopted) + len(found.gained),
        policy_text=ports.texts.policy,
        services_text=ports.texts.services,
        config_text=ports.texts.config,
    )
    ports.store.accept(
        Acceptance(
            run=run,
            actor=actor,
            reason=reason,
            at=found.at,
            expected_serial=ports.store.serial(),
            snapshot_as_of=found.at,
            rows=rows,
            judged=frozenset({*scopes, "site"}),
            findings=found.findings,
            unfinished=dict.fromkeys(scopes, "adopted"),
            policy_hash=policy_hash,
            services_hash=services_hash,
        )
    )
