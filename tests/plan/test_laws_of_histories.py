"""The laws that hold for every university and every history (architecture.md, Tests)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import date

from building.histories import KINDS, Event, days, happen, histories, university
from building.world import Day, World
from hypothesis import Phase, example, given, settings

from nexusops.model.addresses import AddressState
from nexusops.model.changes import SendNotice
from nexusops.model.dates import add_months
from nexusops.model.ids import PersonId
from nexusops.model.journal import RowChange
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import Mailbox, MailboxState, SenderOrigin
from nexusops.model.notices import NoticeState
from nexusops.model.rows import key_of

few = settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
"""Without the phase that explains: a history is short once it is shrunk."""


def _twin(world: World) -> World:
    """Another world with the same past, which goes its own way."""
    other = copy(world)
    for name in (
        "people", "cards", "affiliations", "choices", "requests", "alternatives", "external", "units", "domains",
        "reorgs", "members", "staff", "boxes", "aliases", "services", "faults", "spared", "tenant", "deleted",
    ):  # fmt: skip
        setattr(other, name, copy(getattr(world, name)))
    return other


def _due(world: World, today: date) -> set[str]:
    """Whom the passing of time concerns today: timers, notices still owed, and who is frozen."""
    states = world.ledger.people.values()
    found = {s.person_id for s in states if s.state is Standing.FROZEN or (s.due_on and s.due_on <= today)}
    owed = {n.person_id for n in world.ledger.notices.values() if n.state is NoticeState.OWED}
    return {str(person_id) for person_id in found | owed if person_id}


def _is_due(world: World, today: date) -> bool:
    return bool(_due(world, today))


def _eventful(world: World, history: list[Event], settle: int) -> Iterator[date]:
    """The first day and those on which something happens or is due, once what happens has happened."""
    first = True
    for today, happened in days(history, settle=settle):
        for event in happened:
            happen(world, today, event)
        if happened or first or _is_due(world, today):
            yield today
        first = False


def _lived(history: list[Event], settle: int = 120) -> list[tuple[date, World, Day]]:
    """The days on which something happens or is due, each with the world as it then is."""
    world = university()
    return [(today, _twin(world), world.run(today)) for today in _eventful(world, history, settle)]


LATE_NAME = [Event(days, "card", "1", 0, 0, 0) for days in (0, 25, 28, 42, 48, 64, 65, 67, 70)]
LATE_NAME.append(Event(17, "username", "1", 0, 0, 0))
"""Somebody whose mailbox could not be made before the day on which the end of their card is warned about."""

NAMED_TWICE = [Event(days, "card", "1", 0, 0, 0) for days in (0, 23, 28, 48, 54, 55, 64, 64, 65)]
NAMED_TWICE[1:1] = [Event(0, "channel", "1", 0, 0, 0)]
NAMED_TWICE.append(Event(0, "join", "2", 0, 0, 2))
"""An address that winds down while it also stands in a warning that nobody could be sent."""

JOINED_LATE = [Event(0, "join", "2", 0, 1, 0), Event(1, "join", "2", 0, 0, 0)]
"""An affiliation that began before one that is served already."""

GONE_WITH_THE_UNIT = [
    Event(0, "cancel", "2", 3, 0, 0),
    Event(0, "reorganise", "1", 0, 0, 3),
    Event(90, "card", "1", 0, 0, 0),
]
"""The last address of a domain that winds down goes with the mailbox of somebody whose card was cancelled."""

GIVEN_ON = [Event(3, "cancel", "2", 1, 0, 0), Event(183, "join", "1", 2, 0, 0)]
"""Somebody leaves, and on the first day on which their address is free another of the same name needs one."""
A_DAY_TOO_EARLY = [GIVEN_ON[0], replace(GIVEN_ON[1], after=182)]

TAKEN_BACK = [Event(3, "leave", "2", 0, 0, 0), Event(10, "join", "2", 2, 0, 0)]
"""Somebody leaves a unit, is told what winds down, and comes back."""


@few
@example(LATE_NAME)
@example(NAMED_TWICE)
@example(JOINED_LATE)
@example(GONE_WITH_THE_UNIT)
@given(histories())
def test_a_second_run_on_the_same_day_has_nothing_to_do(history: list[Event]) -> None:
    """Apply, then plan, is empty: no change and no row, but for notices that nobody takes."""
    world = university()
    for today in _eventful(world, history, settle=60):
        world.run(today)
        again = world.plan(today)
        left = [p.change for p in again.changes if not (isinstance(p.change, SendNotice) and not world.channel_works)]
        left = [change for change in left if not (isinstance(change, SendNotice) and not change.to)]
        assert (left, [row for row in again.rows if not _looks_again(row)]) == ([], [])


def _looks_again(row: RowChange) -> bool:
    """A run that sent a notice, or made a mailbox, may look once more at a person for whom nothing is left to do."""
    before, after = row.before, row.after
    if not (isinstance(before, PersonState) and isinstance(after, PersonState)):
        return False
    return replace(before, due_on=after.due_on) == after


@few
@given(histories())
def test_no_address_is_ever_held_by_two(history: list[Event]) -> None:
    """R17, 2.1: one live ownership period an address; R20: one active personal address a person and domain."""
    for today, _, done in _lived(history):
        live = [row for row in done.ledger.allocations.values() if row.live]
        assert len({row.address for row in live}) == len(live), today
        active = [(r.person_id, r.domain) for r in live if r.kind == "personal" and r.state is AddressState.ACTIVE]
        assert len(set(active)) == len(active), today


@few
@example(GIVEN_ON)
@example(A_DAY_TOO_EARLY)
@given(histories())
def test_no_address_is_given_on_within_its_quarantine(history: list[Event]) -> None:
    """R19, D09, D10, D43: only when the owner left more than six months ago, and did not die."""
    seen: set[tuple[str, int]] = set()
    for today, before, done in _lived(history, settle=300):
        rows = done.ledger.allocations
        for (address, period), row in rows.items():
            former = rows.get((address, period - 1))
            if (address, period) in seen or former is None or former.person_id == row.person_id:
                continue
            owner = before.ledger.people[PersonId(str(former.person_id))]
            assert not owner.deceased, (today, address)
            assert owner.left_on is not None, (today, address)
            assert today > add_months(owner.left_on, 6), (today, address)
        seen |= set(rows)


@few
@given(histories())
def test_every_mailbox_that_lives_has_one_sender_and_may_use_it(history: list[Event]) -> None:
    """R3, R40, 2.1: an own active address, the fallback, or an own address outside that was chosen (rules.md 3.7)."""
    for today, world, done in _lived(history):
        for box in done.ledger.mailboxes.values():
            if not box.live or box.name is None or done.ledger.people[_owner(box)].state is Standing.FROZEN:
                continue
            usable = {
                row.address
                for row in done.ledger.allocations.values()
                if row.person_id == box.person_id and row.state is AddressState.ACTIVE
            }
            outside = {r.address for r in world.external.values() if r.person_id == box.person_id}
            chosen = outside if box.sender_origin is SenderOrigin.CHOICE else set()
            assert box.sender in usable | chosen, (today, box.name)


def _owner(box: Mailbox) -> PersonId:
    assert box.person_id is not None
    return box.person_id


@few
@given(histories())
def test_the_tenant_shows_what_the_ledger_promises(history: list[Event]) -> None:
    """R3, R13: a mailbox a username; its primary is the sender, and every address that receives stands on it."""
    world = university()
    for today in _eventful(world, history, settle=60):
        world.run(today)
        for box in world.ledger.mailboxes.values():
            found = world.tenant.get(box.name or "")
            if not box.live or box.name is None:
                continue
            rows = [r for r in world.ledger.allocations.values() if r.mailbox_key == box.key and r.live]
            assert found is not None, (today, box.name)
            assert (found.enabled, found.deleted, found.primary) == (True, False, box.sender), (today, box.name)
            assert {r.address for r in rows if r.state is not AddressState.SUSPENDED} <= found.addresses, today


@few
@given(histories())
def test_no_wind_down_ends_before_its_notice_is_two_months_old(history: list[Event]) -> None:
    """R46, D06: but with its mailbox (D05), or when nobody is left to tell (D43)."""
    for today, before, done in _lived(history):
        for key, row in done.ledger.allocations.items():
            was = before.ledger.allocations.get(key)
            if row.state is not AddressState.DELETED or was is None or not was.live or row.kind != "personal":
                continue
            box = done.ledger.mailboxes[row.mailbox_key] if row.mailbox_key else None
            gone = box is None or box.state in (MailboxState.DELETED, MailboxState.PURGED)
            if gone or done.ledger.people[PersonId(str(row.person_id))].deceased:
                continue
            assert row.notice_sent_on is not None, (today, row.address)
            assert today >= add_months(row.notice_sent_on, 2), (today, row.address)


@few
@example(TAKEN_BACK)
@given(histories())
def test_nobody_is_told_what_is_no_longer_true_and_nothing_twice(history: list[Event]) -> None:
    """R47, D33, D43: what a notice of a wind-down names is winding down that day; a key is sent once."""
    sent: set[str] = set()
    for today, _, done in _lived(history):
        live = {row.address: row for row in done.ledger.allocations.values() if row.live}
        for notice in done.ledger.notices.values():
            if notice.sent_on != today:
                continue
            assert notice.key not in sent, (today, notice)
            person = done.ledger.people[PersonId(str(notice.person_id))]
            assert not person.deceased, (today, notice)
            assert person.state not in (Standing.FROZEN, Standing.MISSING_HOLD), (today, notice)
            states = {live[a].state if a in live else None for a in notice.addresses}
            if notice.kind == "winddown":
                assert states <= {AddressState.WINDDOWN, AddressState.SUSPENDED}, (today, notice)
            if notice.kind == "winddown_cancelled":
                assert states == {AddressState.ACTIVE}, (today, notice)
            if notice.kind in ("cancelled", "status_change"):
                box = done.ledger.mailboxes[notice.mailbox_key] if notice.mailbox_key else None
                assert box is not None
                assert box.state in (MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS)
            assert notice.delete_on is None or notice.delete_on > today, (today, notice)
            sent.add(notice.key)


@few
@given(histories())
def test_a_frozen_person_and_a_missing_one_are_left_alone(history: list[Event]) -> None:
    """D26, D29: no create, no destroy, no notice; timers keep their dates."""
    for today, before, done in _lived(history):
        for person_id, state in done.ledger.people.items():
            if state.state not in (Standing.FROZEN, Standing.MISSING_HOLD):
                continue
            assert [p.change for p in done.changes if p.change.why.subject == person_id] == [], today
            was = before.ledger
            for table in ("mailboxes", "allocations", "notices"):
                mine = {k: r for k, r in getattr(done.ledger, table).items() if r.person_id == person_id}
                assert mine == {k: r for k, r in getattr(was, table).items() if r.person_id == person_id}, today


@few
@given(histories())
def test_the_order_of_people_does_not_matter(history: list[Event]) -> None:
    """D11: the turn decides, not the order of the rows."""
    for today, before, done in _lived(history, settle=30):
        before.backwards = True
        other = before.plan(today)
        assert other.changes == done.changes, today
        assert _rows(other) == _rows(done), today


def _rows(done: Day) -> dict[object, object]:
    return {(type(r.row), key_of(r.row)): (r.before, r.after) for r in done.rows}


@few
@given(histories())
def test_the_plan_from_the_diff_is_the_plan_from_scratch(history: list[Event]) -> None:
    """Driven by diffs: whose rows changed, whose timers are due, and whose work is unfinished; on every single day."""
    world, last = university(), None
    for today, happened in days(history, settle=90):
        holds = world.ledger.holds
        for event in happened:
            happen(world, today, event)
        small = (dict(world.units), dict(world.domains), list(world.reorgs))
        records = {person_id: world.record(person_id) for person_id in world.people}
        if last is not None:
            changed = {p for p, record in records.items() if record != last[1].get(p)}
            desk = {subject for subject, kind in {*holds} ^ {*world.ledger.holds}}
            only = set(world.people) if small != last[0] else changed | desk | _due(world, today)
            diff, whole = world.plan(today, only), world.plan(today)
            assert diff.changes == whole.changes, today
            assert _rows(diff) == _rows(whole), today
        world.run(today)
        last = small, records


@few
@given(histories(tuple(kind for kind in KINDS if kind not in ("channel", "freeze"))))
def test_days_on_which_nothing_is_due_may_be_missed(history: list[Event]) -> None:
    """D03, D04: running every day, and only on days when something happened or is due, gives the same ledger."""
    daily, seldom = university(), university()
    for today, happened in days(history, settle=200):
        for event in happened:
            happen(daily, today, event)
            happen(seldom, today, event)
        daily.run(today)
        if happened or _is_due(seldom, today) or not seldom.ledger.people:
            seldom.run(today)
    assert replace(seldom.ledger, domains=daily.ledger.domains) == daily.ledger
