"""Undoing a run: its inverse as a decision like any other, through the same guard, executor and journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from nexusops.apply.undo.drafts import inverse_drafts, inverse_promises, inverse_services, left_aliases
from nexusops.apply.undo.pieces import changes_of
from nexusops.apply.undo.taking_back import RULE, Undoing, Undone, holds, kept_apart, take_back, users_that_existed
from nexusops.errors import Refused
from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.dates import local_date
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import MailboxKey, PersonId, id_in
from nexusops.model.journal import JournalRow, RowChange, RunRecord
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.plan import Plan
from nexusops.model.services import Service
from nexusops.model.snapshot import PersonRecord
from nexusops.model.tenant import Actual, Wanted
from nexusops.pipeline.act import carry_out, finish_interrupted
from nexusops.pipeline.decide import plan_of, with_restores
from nexusops.pipeline.decision import Decision
from nexusops.pipeline.fitting import RUNNING
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.outcome import Outcome
from nexusops.pipeline.stopping import Mandate
from nexusops.plan.advance import differences, with_rows
from nexusops.plan.arrange import arrange
from nexusops.plan.compare import compare, drafted
from nexusops.plan.holding import mark_of_box, mark_of_person
from nexusops.plan.project import project
from nexusops.ports import SnapshotTables
from nexusops.rules.notices import called_off

COMMAND = "undo"


@frozen
class _Matter:
    """The run, its journal, and the slice of today that it concerns."""

    run: RunRecord
    rows: Sequence[JournalRow]
    changes: Sequence[RowChange]
    people: frozenset[PersonId]
    boxes: frozenset[str]


def plan_undo(ports: Ports, wanted: str, mandate: Mandate) -> Plan:
    """The inverse of a run, only to be shown. Raises Refused (6) where there is no such run, or a later one is open."""
    if any(run.result == RUNNING for run in ports.store.runs()):
        raise Refused("A run was interrupted, and is not finished.", next_step="Use `nexusops resume` first.")
    return _decide(ports, _matter(ports, wanted), accepted_tables(ports), mandate).plan


def undo(ports: Ports, wanted: str, mandate: Mandate) -> Outcome:
    """Carries the inverse out, and holds what was undone against the data until the registration rows change."""
    with ports.store.lock(COMMAND):
        finish_interrupted(ports, replace(mandate, builds_routing=False))
        tables = accepted_tables(ports)
        decision = _decide(ports, _matter(ports, wanted), tables, mandate)
        return carry_out(ports, tables, decision, decision.plan, replace(mandate, partial=True))


def _matter(ports: Ports, wanted: str) -> _Matter:
    run = _run(ports, wanted)
    rows = list(ports.store.journal(run_id=run.run_id))
    changes = changes_of(rows)
    ids = [one.row for one in changes]
    people = {p for row in ids if (p := getattr(row, "person_id", None))}
    subjects = {s for row in ids if (s := getattr(row, "subject", None))}
    people |= {owner.person_id for owner in ports.store.owners({PersonId(s) for s in subjects})}
    boxes = {name for row in ids if not getattr(row, "person_id", None) and (name := _box_of(row))}
    return _Matter(
        run=run, rows=rows, changes=changes, people=frozenset(people), boxes=frozenset(boxes | (subjects - people))
    )


def _box_of(row: object) -> str | None:
    if isinstance(row, Service):
        return row.request_id
    key = getattr(row, "mailbox_key", None) or getattr(row, "key", None)
    if isinstance(key, str) and key.startswith("box:"):
        return id_in(MailboxKey(key))
    found: str | None = getattr(row, "address", None)
    return found


def _run(ports: Ports, wanted: str) -> RunRecord:
    """The run of this id, or of an id that begins so."""
    runs = ports.store.runs()
    found = [run for run in runs if run.run_id == wanted] or [run for run in runs if run.run_id.startswith(wanted)]
    if not wanted:
        found = []
    if len(found) != 1:
        several = f"{len(found)} runs begin with {wanted}." if found else f"There is no run {wanted}."
        raise Refused(several, next_step="See `nexusops history`, and give the id, or as much of it as names one run.")
    if found[0].command == "adopt":
        raise Refused(
            f"The run {wanted} took over what the tenant had: nothing was changed there, and an inverse of it would "
            "delete mailboxes that others made.",
            next_step="Correct ids and data, and use `nexusops adopt` again; before the first run the state may go.",
        )
    if found[0].command == "resume":
        finished = next((run for run in reversed(runs[: runs.index(found[0])]) if run.result == "resumed"), None)
        other = finished.run_id if finished is not None else "RUN"
        raise Refused(
            f"The run {wanted} finished another one, which made the promises.",
            next_step=f"Undo that one: `nexusops undo {other}`.",
        )
    return found[0]


def _decide(ports: Ports, matter: _Matter, tables: SnapshotTables, mandate: Mandate) -> Decision:
    """The ledger with the run taken back, and what the tenant needs for that."""
    before = _ledger(ports, matter)
    undoing = _undoing(ports, matter, mandate)
    undone = take_back(matter.changes, before, undoing)
    items, aliases = undone.items(), left_aliases(undone, matter.rows)
    items = {subject: found | aliases.get(subject, frozenset()) for subject, found in items.items()}
    # What an undo held is free again when that is undone.
    again = matter.run.command == COMMAND
    kept = {} if again else kept_apart(undone, items, before)
    held = holds(kept, _marks(ports, tables, kept, undone.ledger), before, mandate.actor, mandate.reason)
    after = with_rows(undone.ledger, [*held, *_called_off(before, undone.ledger, undoing.today)])
    promises = inverse_promises(differences(before, after), after, undoing)
    drafts = inverse_drafts(compare(project(after, ports.site), _read(ports, after, undone)), undone, items, undoing)
    drafts += inverse_services(after, undone, undoing, ports.site.publish)
    arranged = arrange([*drafted(drafts), *promises], ports.job_of_kinds())
    whole = with_restores(ports, arranged)
    findings = undone.findings
    scopes = {piece.scope or _scope(piece.subject, after) for piece in undone.pieces}
    scopes |= {_scope(subject, after) for subject in kept}
    return Decision(
        plan=plan_of(ports, tables.record, mandate.at, whole, findings, after, mandate.accept),
        whole=whole,
        before=before,
        ledger=after,
        rule=RULE,
        judged=frozenset(),
        findings=(),
        waiting=dict.fromkeys(scopes, "undone; the next run looks at it"),
    )


def _called_off(before: Ledger, after: Ledger, today: date) -> list[Notice]:
    """D23: who had been told of an end that is off now is told so too, by the next run."""
    told: dict[MailboxKey, list[Allocation]] = defaultdict(list)
    for key, row in after.allocations.items():
        was = before.allocations.get(key)
        if row.state is AddressState.ACTIVE and was is not None and was.notice_sent_on is not None and was.mailbox_key:
            told[was.mailbox_key].append(was)
    return [called_off(rows, before.notices, today) for rows in told.values() if rows[0].person_id is not None]


def _undoing(ports: Ports, matter: _Matter, mandate: Mandate) -> Undoing:
    today = local_date(mandate.at, ports.policy.time.zone)
    day = local_date(matter.run.at, ports.policy.time.zone)
    made = {f"mailbox:{one.after.key}" for one in matter.changes if isinstance(one.after, Mailbox) and not one.before}
    return Undoing(
        because=f"run {matter.run.run_id[:8]} of {day} is taken back"
        + (f": {mandate.reason}" if mandate.reason else ""),
        today=today,
        policy=ports.policy,
        existed=users_that_existed(ports.store.journal(made)) if made else frozenset(),
    )


def _ledger(ports: Ports, matter: _Matter) -> Ledger:
    """The slice of today, with whoever holds the addresses concerned."""
    ledger = ports.store.ledger(matter.people, matter.boxes)
    names = {(one.after.domain, one.after.base) for one in matter.changes if isinstance(one.after, Allocation)}
    return replace(ledger, holders={(row.address, row.period): row for row in ports.store.holders(names)})


def _marks(ports: Ports, tables: SnapshotTables, subjects: Collection[str], ledger: Ledger) -> dict[str, str]:
    """Subject -> what its registration rows are now."""
    people = {PersonId(subject) for subject in subjects if PersonId(subject) in ledger.people}
    snapshot = tables.slice(people, ports.services)
    gone = {person_id: PersonRecord(person_id=person_id, person=None) for person_id in people}
    records = {**gone, **snapshot.people}
    return {
        subject: mark_of_person(records[PersonId(subject)], snapshot)
        if subject in people
        else mark_of_box(subject, snapshot)
        for subject in subjects
    }


def _read(ports: Ports, ledger: Ledger, undone: Undone) -> Actual:
    """The mailboxes of which something is undone; nothing is opened where there is none."""
    subjects = {piece.subject for piece in undone.pieces if piece.item}
    latest = {box.person_id or box.name: box for box in sorted(ledger.mailboxes.values(), key=lambda b: b.generation)}
    mine = [box for subject, box in latest.items() if subject in subjects]
    wanted = Wanted(
        people={box.person_id: box.user_id for box in mine if box.person_id is not None},
        boxes={box.name: box.exchange_guid for box in mine if box.person_id is None and box.name is not None},
    )
    return Actual() if wanted.nothing else ports.tenant().read(wanted)


def _scope(subject: str, ledger: Ledger) -> str:
    return person_scope(subject) if PersonId(subject) in ledger.people else box_scope(subject)
