"""The promises: a fold over the affected people, then over the boxes (rules.md 0, 2; D11).

What passes from one person to the next is only the addresses taken so far.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from nexusops.model.addresses import Allocation
from nexusops.model.findings import Finding, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import LedgerRow, RowChange
from nexusops.model.ledger import Hold, HoldKind, Ledger, PersonState, Standing
from nexusops.model.mailboxes import Mailbox
from nexusops.model.policy import Policy
from nexusops.model.rows import TABLES, key_of, rule_of
from nexusops.model.services import WAITING, Service
from nexusops.model.site import Site
from nexusops.model.snapshot import Snapshot
from nexusops.plan.boxes.judgement import JudgedBox
from nexusops.plan.boxes.mailboxes import judge_boxes
from nexusops.plan.boxes.orphans import owed_to_units
from nexusops.plan.boxes.roles import told_of_roles
from nexusops.plan.boxes.shelf import shared_names
from nexusops.plan.domains import judge_domains, missing_posts
from nexusops.plan.holding import Held, goes_on, held_finding, items_of, mark_of_box, mark_of_person, withheld
from nexusops.plan.people.case import Case, Judged
from nexusops.plan.people.endings import strangers_by_domain, unclaimed_domains
from nexusops.plan.people.person import judge
from nexusops.plan.people.senders import refuse_circles
from nexusops.plan.people.turns import in_turn, promised
from nexusops.plan.setting import Setting
from nexusops.rules.book import Book
from nexusops.rules.judging import Known
from nexusops.rules.reorganising import unit_map
from nexusops.rules.routes import judge_routes
from nexusops.rules.routing import RouteBook, accepted_states


@frozen
class Advanced:
    """The ledger as promised, what was found, who was judged (``boxes``: their scopes), and who must be looked at again
    whatever happens.
    """

    ledger: Ledger
    findings: tuple[Finding, ...]
    people: tuple[PersonId, ...]
    boxes: tuple[str, ...]
    unfinished: Mapping[str, str]

    @property
    def judged(self) -> frozenset[str]:
        """The scopes of those whom this replaces what was known of. Of everybody nobody asks."""
        return frozenset({"site", *map(person_scope, self.people), *self.boxes})


@dataclass(slots=True)
class _Fold:
    """The new rows so far, and the book of addresses that the next person sees."""

    rows: list[LedgerRow]
    removed: list[LedgerRow]
    findings: list[Finding]
    unfinished: dict[str, str]
    people: list[PersonId]
    boxes: list[str]
    holders: dict[Address, tuple[Allocation, ...]]

    @property
    def judged(self) -> bool:
        return bool(self.people or self.boxes)

    def hold(self, row: Allocation) -> None:
        known_rows = self.holders.get(row.address)
        if known_rows is None:
            self.holders[row.address] = (row,)
            return
        others = [known for known in known_rows if known.period != row.period]
        self.holders[row.address] = tuple(sorted((*others, row), key=lambda known: known.period))


def advance(
    ledger: Ledger, snapshot: Snapshot, boxes: Collection[str], policy: Policy, site: Site, today: date
) -> Advanced:
    """Decides for everybody in the slice, and for these boxes (names of non-personal mailboxes, addresses of aliases).

    Pure: the same values give the same promises, in whatever order they come.
    """
    units = unit_map(snapshot, policy, today)
    states = {**ledger.owners, **ledger.people}  # as they are so far: a former owner may die or come back today
    fold = _Fold([], [], [*snapshot.findings, *units.findings], {}, [], [], _book(ledger))
    routes, told = _routes(ledger, fold, snapshot, states, policy, site)  # and so they stay where nobody is judged
    boxes_now = dict(routes.boxes)
    setting = Setting(
        policy=policy,
        site=site,
        units=units,
        today=today,
        snapshot=snapshot.sha256,
        usernames=ledger.usernames,
        owners=states,
        routes=replace(routes, boxes=boxes_now),
        shared=shared_names({**ledger.reached, **ledger.mailboxes}.values()),
        unclaimed=unclaimed_domains(snapshot),
        strangers=strangers_by_domain(snapshot, states),
        unread=snapshot.unclaimed,
    )
    book = replace(setting.book(fold.holders), promised=promised(snapshot, units, policy, site, today))
    forwarding: list[Case] = []
    for case in in_turn(ledger, snapshot, policy, today):
        hold = _undone(case.person_id, mark_of_person(case.record, snapshot), ledger, fold) if case.undone else None
        judged = judge(case, book, setting, Held(items=items_of(hold), before=ledger) if hold is not None else None)
        if hold is not None:
            fold.findings.append(held_finding(hold, case.scope))
        _take(fold, judged, book)
        states[case.person_id] = judged.case.state
        if case.box is not None and case.box.name is not None:
            boxes_now[case.box.name] = case.box
            if case.box.forward is not None:
                forwarding.append(case)
    _refuse_circles(forwarding, fold, setting)
    domains = judge_domains(ledger, snapshot, units, policy, today)
    with_domains = replace(ledger, domains={**ledger.domains, **{row.domain: row for row in domains}})
    for box in judge_boxes(boxes, with_domains, snapshot, fold.holders, setting):
        box.rows = _box_as_undone(box, ledger, snapshot, fold)
        _take_box(fold, box)
    _owe_to_units(ledger, fold, setting)
    fold.findings.extend((*missing_posts(ledger, snapshot), *told_of_roles(snapshot, fold.holders, fold.rows)))
    fold.rows.extend(domains)
    fold.findings.extend(_routes(ledger, fold, snapshot, states, policy, site)[1] if fold.judged else told)
    return _advanced(ledger, fold)


def _refuse_circles(forwarding: Iterable[Case], fold: _Fold, setting: Setting) -> None:
    for refused in refuse_circles(forwarding, setting):
        fold.rows.append(refused.box)
        fold.findings.append(refused.finding)


def _owe_to_units(ledger: Ledger, fold: _Fold, setting: Setting) -> None:
    shared = (row for row in fold.rows if isinstance(row, Mailbox) and row.person_id is None)
    last_rows = (rows[-1] for rows in fold.holders.values())
    fold.rows.extend(owed_to_units(shared, last_rows, ledger.notices, setting.policy, setting.today))


def _box_as_undone(box: JudgedBox, ledger: Ledger, snapshot: Snapshot, fold: _Fold) -> list[LedgerRow]:
    name = box.scope.removeprefix("box:")
    hold = _undone(name, mark_of_box(name, snapshot), ledger, fold)
    if hold is None:
        return box.rows
    rows = fold.holders.get(Address(name), ())
    if rows and not rows[-1].live and Address(name) not in snapshot.nonpersonal_addresses:
        fold.removed.append(hold)  # what was kept has ended with its mailbox
        return box.rows
    box.findings.append(held_finding(hold, box.scope))
    return list(withheld(box.rows, ledger, items_of(hold)))


def _undone(subject: str, mark: str, ledger: Ledger, fold: _Fold) -> Hold | None:
    """The hold of an undo, while it is in force; one that the rows have overtaken falls away, another version's is
    written anew, on the rows as they are now.
    """
    hold = ledger.holds.get((subject, HoldKind.UNDONE))
    if hold is None or hold.fingerprint == mark:
        return hold
    if not goes_on(hold, mark):
        fold.removed.append(hold)
        return None
    fold.rows.append(replace(hold, fingerprint=mark))
    return hold


def _routes(
    ledger: Ledger,
    fold: _Fold,
    snapshot: Snapshot,
    states: Mapping[PersonId, PersonState],
    policy: Policy,
    site: Site,
) -> tuple[RouteBook, tuple[Finding, ...]]:
    """Routes as they stand with what the fold holds so far (R16, R57)."""
    boxes = {**ledger.reached, **ledger.mailboxes, **{row.key: row for row in fold.rows if isinstance(row, Mailbox)}}
    accepted = accepted_states(policy)
    known = Known(holders=fold.holders, boxes=boxes.values(), states=states, accepted=accepted, routed=ledger.routed)
    return judge_routes(snapshot, known, site.fallback_domain)


def _take(fold: _Fold, judged: Judged, book: Book) -> None:
    fold.rows.extend(judged.rows)
    fold.removed.extend(judged.removed)
    fold.findings.extend(judged.findings)
    fold.people.append(judged.case.person_id)
    if judged.case.state.state is Standing.FROZEN:
        fold.unfinished[judged.case.scope] = f"frozen: {judged.case.state.frozen}"
    elif judged.case.waits:
        fold.unfinished[judged.case.scope] = judged.case.waits
    for row in judged.rows:
        if isinstance(row, Allocation):
            fold.hold(row)
            if row.deleted_on == book.today:
                book.freed(row)
    if judged.case.state != judged.case.before:
        book.left(judged.case.state)


def _take_box(fold: _Fold, box: JudgedBox) -> None:
    fold.rows.extend(box.rows)
    fold.findings.extend(box.findings)
    fold.boxes.append(box.scope)
    if box.waits:
        fold.unfinished[box.scope] = box.waits
    for row in box.rows:
        if isinstance(row, Allocation):
            fold.hold(row)
        elif isinstance(row, Service) and row.state in WAITING:
            fold.unfinished[box.scope] = f"waits: {row.state}"


def _book(ledger: Ledger) -> dict[Address, tuple[Allocation, ...]]:
    found: dict[Address, list[Allocation]] = {}
    for row in {**ledger.holders, **ledger.allocations}.values():
        found.setdefault(row.address, []).append(row)
    return {key: tuple(sorted(rows, key=lambda row: row.period)) for key, rows in found.items()}


def _advanced(ledger: Ledger, fold: _Fold) -> Advanced:
    fold.holders.clear()  # nobody looks anything up any more, and the new ledger can have its room
    return Advanced(
        ledger=with_rows(ledger, fold.rows, fold.removed),
        findings=tuple(fold.findings),
        people=tuple(fold.people),
        boxes=tuple(fold.boxes),
        unfinished=fold.unfinished,
    )


def with_rows(ledger: Ledger, rows: Iterable[LedgerRow], removed: Iterable[LedgerRow] = ()) -> Ledger:
    """The slice with these rows in place of those of the same keys."""
    tables: dict[str, dict[object, LedgerRow]] = {name: dict(getattr(ledger, name)) for name in set(TABLES.values())}
    for row in rows:
        tables[TABLES[type(row)]][key_of(row)] = row
    for row in removed:
        tables[TABLES[type(row)]].pop(key_of(row), None)
    return replace(ledger, **tables)  # type: ignore[arg-type]


def differences(before: Ledger, after: Ledger) -> tuple[RowChange, ...]:
    """The rows that became others, appeared, or fell away, each with the rule that moved it; by table and key, whatever
    the order in which the state gave them.
    """
    changes: list[RowChange] = []
    for table in dict.fromkeys(TABLES.values()):
        was, becomes = getattr(before, table), getattr(after, table)
        for key in sorted(key for key in {**was, **becomes} if was.get(key) != becomes.get(key)):
            row = becomes.get(key) or was[key]
            changes.append(RowChange(before=was.get(key), after=becomes.get(key), rule=rule_of(row)))
    return tuple(changes)
