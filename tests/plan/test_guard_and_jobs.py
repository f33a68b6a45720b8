"""The guard, the order of a plan, and what a job may carry out of it (D28; interface.md 4; architecture.md, Tests)."""

from __future__ import annotations

from datetime import date
from typing import Any

from building.histories import Event, days, happen, histories, university
from building.oxford import oxford, student
from building.world import Day, World
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nexusops.model.changes import (
    DeleteMailbox,
    Kind,
    OnMailbox,
    RemoveAddress,
    SetSender,
    Why,
    WindDownAddress,
    kind_of,
)
from nexusops.model.ids import MailboxKey, UnitId
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.plan import GuardReport, Planned
from nexusops.plan.arrange import select
from nexusops.plan.guard import DESTRUCTIVE, DESTRUCTIVE_KINDS, GuardLimits, Limit, check

few = settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
BY_DEFAULT = GuardLimits(limits={DESTRUCTIVE: Limit(count=50, percent=2.0)})


def _leavers(count: int) -> tuple[Planned, ...]:
    """So many people's addresses in Chemistry enter wind-down on one day."""
    world = oxford()
    for number in range(1, count + 1):
        student(world, str(number), f"Ann Lee{number:03}", "BALL", "CHEM")
        world.affiliation(str(number), "CHEM", "2024-10-01", "2025-01-14")
    world.run("2024-10-01")
    return world.run("2025-01-15").changes


def _checked(changes: tuple[Planned, ...], live: int, **accept: int) -> GuardReport:
    return check(changes, BY_DEFAULT, live, {}, accept)


def test_the_limit_itself_passes_and_one_more_does_not() -> None:
    """D28, interface.md 4: max(50, 2 % of the live mailboxes)."""
    changes = _leavers(51)
    assert _checked(changes[:50], 51).tripped == ()
    stopped = _checked(changes, 51)
    assert (stopped.counts, stopped.limits, stopped.tripped) == ({DESTRUCTIVE: 51}, {DESTRUCTIVE: 50}, (DESTRUCTIVE,))
    assert [_checked(changes, live).tripped for live in (2549, 2550)] == [(DESTRUCTIVE,), ()]


def test_a_limit_is_lifted_by_naming_exactly_the_number_planned() -> None:
    """D28: approval is exact; one more or one less is another plan."""
    changes = _leavers(51)
    lifted = _checked(changes, 51, Destructive=51)
    assert (lifted.tripped, lifted.accepted) == ((), (DESTRUCTIVE,))
    assert [_checked(changes, 51, Destructive=n).tripped for n in (50, 52)] == [(DESTRUCTIVE,), (DESTRUCTIVE,)]


def test_a_unit_may_have_a_limit_of_its_own_and_so_may_a_kind() -> None:
    """interface.md 4: single kinds or units, counts or percentages."""
    changes = _leavers(3)
    units = {"1": (UnitId("CHEM"),), "2": (UnitId("CHEM"), UnitId("LAW"))}
    limits = GuardLimits(limits={"unit:CHEM": Limit(count=1), "unit:LAW": Limit(count=1), "SetForward": Limit(count=0)})
    report = check(changes, limits, 100, units, {})
    assert (report.counts, report.tripped) == ({"SetForward": 0, "unit:CHEM": 2, "unit:LAW": 1}, ("unit:CHEM",))


def test_what_belongs_to_a_unit_counts_to_its_limit() -> None:
    """interface.md 4: the subject of such a change is the unit itself."""
    why = Why(subject="CHEM", rule="R30", because="Chemistry asked for it")
    box = OnMailbox(name="chemoffice", key=MailboxKey("box:chemoffice:1"), kind=MailboxKind.SECONDARY)
    deleted = Planned(
        id="c1", job="disable_cancelled", change=DeleteMailbox(mailbox=box, why=why, addresses=()), after=()
    )
    report = check([deleted], GuardLimits(limits={"unit:CHEM": Limit(count=0)}), 100, {}, {})
    assert (report.counts, report.tripped) == ({"unit:CHEM": 1}, ("unit:CHEM",))


def test_creations_are_not_guarded() -> None:
    """R50: a big unit that begins makes many addresses, and destroys nothing."""
    world = oxford()
    for number in range(1, 61):
        student(world, str(number), f"Ann Lee{number:03}")
    changes = world.run("2024-10-01").changes
    assert (len(changes) >= 120, _checked(changes, 1).counts) == (True, {DESTRUCTIVE: 0})


def _plans(history: list[Event]) -> list[Day]:
    """What the days of a history planned, where they planned anything."""
    world = university()
    plans = []
    for today, happened in days(history, settle=40):
        for event in happened:
            happen(world, today, event)
        plans.append(world.run(today))
    return [done for done in plans if done.changes]


@few
@given(histories(), st.integers(0, 5), st.data())
def test_the_guard_is_monotone(history: list[Event], count: int, data: st.DataObject) -> None:
    """D28: what stops a part of a plan stops the whole; more live mailboxes never stop more."""
    limits = GuardLimits(limits={DESTRUCTIVE: Limit(count=count), "RemoveAddress": Limit(count=0)})
    for done in _plans(history):
        part = tuple(p for p in done.changes if data.draw(st.booleans()))
        whole = check(done.changes, limits, 10, {}, {})
        assert set(check(part, limits, 10, {}, {}).tripped) <= set(whole.tripped)
        assert all(whole.counts[name] <= whole.limits[name] for name in whole.counts if name not in whole.tripped)
        destroyed = sum(kind_of(p.change) in DESTRUCTIVE_KINDS for p in done.changes)
        assert whole.counts[DESTRUCTIVE] == destroyed


def test_nobody_is_told_that_a_wind_down_is_over_before_it_is() -> None:
    """D23: the job of the notices alone waits for that of the addresses, which brings it back; it told it twice."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2025-01-10")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-10")
    world.run("2025-01-11")
    world.run("2025-01-12")
    world.affiliation("1", "CHEM", "2024-10-01")
    back = world.plan(date(2025, 1, 13)).changes
    assert [kind_of(p.change) for p in back] == [Kind.REVIVE_ADDRESS, Kind.SEND_NOTICE]
    chosen, waits = select(back, frozenset({Kind.SEND_NOTICE}))
    assert (chosen, [f.code for f in waits]) == ((), ["WAITS_FOR"])


@few
@given(histories(), st.frozensets(st.sampled_from(tuple(Kind))))
def test_a_jobs_plan_is_a_part_of_the_whole_and_needs_nothing_outside_it(
    history: list[Event], kinds: frozenset[Kind]
) -> None:
    """A job is a lens: its kinds only, in the same order, with everything that must be done first; the rest waits."""
    for done in _plans(history):
        chosen, waits = select(done.changes, kinds)
        ids = {p.id for p in chosen}
        assert chosen == tuple(p for p in done.changes if p.id in ids)
        assert all(kind_of(p.change) in kinds and set(p.after) <= ids for p in chosen)
        left = [p for p in done.changes if kind_of(p.change) in kinds and p.id not in ids]
        assert sorted(f.subject for f in waits) == sorted(p.change.why.subject for p in left)


@few
@given(histories())
def test_every_change_stands_after_what_must_be_done_first(history: list[Event]) -> None:
    """rules.md 0: make before break; an address is removed or wound down only after the sender has left it."""
    for done in _plans(history):
        place = {p.id: number for number, p in enumerate(done.changes)}
        assert [p.id for p in done.changes] == [f"c{number + 1}" for number in range(len(done.changes))]
        for planned in done.changes:
            assert all(place[other] < place[planned.id] for other in planned.after)
        changes = [p.change for p in done.changes]
        senders = {c.mailbox.key: c.becomes for c in changes if isinstance(c, SetSender)}
        for change in changes:
            if isinstance(change, RemoveAddress | WindDownAddress) and change.mailbox is not None:
                assert senders.get(change.mailbox.key) != change.address


@few
@given(histories(most=10), st.integers(0, 2**9 - 1))
def test_missed_nights_do_no_harm(history: list[Event], nights: int) -> None:
    """D03, D04, D06: where the days of change were seen, missing others only moves ends to later days."""
    late = ("vanish", "freeze", "channel", "desk")  # what counts from the day of a run, or is not done by one
    daily, gappy = university(), university()
    for today, happened in days([e for e in history if e.kind not in late], settle=330):
        for event in happened:
            happen(daily, today, event)
            happen(gappy, today, event)
        daily.run(today)
        seen = happened or not gappy.ledger.people or _begins(gappy, today)
        if seen or nights >> today.toordinal() % 10 & 1 or today.day in (1, 16):
            gappy.run(today)
    gappy.run(today)
    assert _ends(gappy) == _ends(daily)


def _begins(world: World, today: date) -> bool:
    """An affiliation or a merger that begins and a card that ends in one gap would give no address: in a grace nothing
    is new.
    """
    reorgs = {reorg.effective_on for reorg in world.reorgs}
    cards = [day for card in world.cards.values() for day in (card.start_date, card.status_effective_on)]
    return today in {*reorgs, *cards, *(affiliation.start_date for affiliation in world.affiliations.values())}


def _ends(world: World) -> dict[str, Any]:
    addresses = {person_id: dict(sorted(world.states(person_id).items())) for person_id in world.people}
    boxes = {name: world.box(name).state for name in {b.name for b in world.ledger.mailboxes.values()} if name}
    return {"addresses": addresses, "mailboxes": boxes, "left": {p: s.left_on for p, s in world.ledger.people.items()}}
