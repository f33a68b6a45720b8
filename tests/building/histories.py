"""Small universities and random histories: few names and shared domains, so that everything collides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st

from building.oxford import oxford
from building.world import World
from nexusops.model.ids import UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.people import Card
from nexusops.model.units import Reorg

START = date(2023, 12, 30)
PEOPLE = {"1": "ball0001", "2": "ball0002", "3": "chem0003", "4": None}
NAMES = (("Ann", "Lee"), ("Ann Mae", "Lee"), ("Ann", "Lee Roy"), ("Bo", "Chen"), ("李", "安"))
UNITS = ("BALL", "MERT", "CHEM", "LAW", "HIST", "HMED", "STAT", "NONE")
CODES = ("UG", "MC", "CL", "GR")
WISHES = ("ann.lee@balliol.ox.ac.uk", "ann.lee@chem.ox.ac.uk", "ann.lee2@law.ox.ac.uk", "ann@stats.ox.ac.uk")


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """``after`` days after the one before, something of this kind happens to a person; a, b, c say which."""

    after: int
    kind: str
    person: str
    a: int
    b: int
    c: int

    def __repr__(self) -> str:
        return f"Event({self.after}, {self.kind!r}, {self.person!r}, {self.a}, {self.b}, {self.c})"


def events(kinds: tuple[str, ...] | None = None) -> st.SearchStrategy[Event]:
    small = st.integers(0, 3)
    return st.builds(
        Event,
        after=st.one_of(st.integers(0, 3), st.integers(0, 75)),
        kind=st.sampled_from(kinds or tuple(_EVENTS)),
        person=st.sampled_from(tuple(PEOPLE)),
        a=small,
        b=small,
        c=small,
    )


def histories(kinds: tuple[str, ...] | None = None, most: int = 16) -> st.SearchStrategy[list[Event]]:
    """Up to ``most`` events over about two years, on a university where some people are already there."""
    return st.lists(events(kinds), min_size=2, max_size=most)


def university() -> World:
    """Three people of the same name who have just come, and one who has no username yet."""
    world = oxford()
    for person_id, username in PEOPLE.items():
        world.person(person_id, username)
        code = "UG" if person_id in ("1", "4") else "MC"
        world.card(person_id, code, "Ann", "Lee", "2023-10-01", "2025-03-31", card_id=f"{person_id}c0")
        world.affiliation(person_id, "BALL" if code == "UG" else "CHEM", "2023-10-01")
    return world


def days(history: list[Event], *, settle: int = 0) -> Iterator[tuple[date, list[Event]]]:
    """Every day with what happens before its run, and then ``settle`` quiet days."""
    waiting = list(history)
    today, since = START, 0
    while waiting:
        due: list[Event] = []
        while waiting and since >= waiting[0].after:
            since = 0
            due.append(waiting.pop(0))
            if waiting and waiting[0].after:
                break
        yield today, due
        today, since = today + timedelta(days=1), since + 1
    for _ in range(settle):
        yield today, []
        today += timedelta(days=1)


def happen(world: World, today: date, event: Event) -> None:
    _EVENTS[event.kind](world, today, event)


def _cards(world: World, person_id: str) -> list[Card]:
    return [card for _, card in sorted(world.cards.items()) if card.person_id == person_id]


def _new_card(world: World, today: date, event: Event) -> None:
    start = today + timedelta(days=(-40, 0, 0, 12)[event.b])
    end = start + timedelta(days=(20, 90, 400, 900)[event.c])
    personal, family = NAMES[event.b]
    name = f"{event.person}c{event.c % 2}"
    world.card(event.person, CODES[event.a], personal, family, str(start), str(end), card_id=name)


def _alter_cards(world: World, event: Event, alter: Callable[[Card], Card]) -> None:
    for card in _cards(world, event.person):
        world.cards[card.card_id] = alter(card)


def _cancel(world: World, today: date, event: Event) -> None:
    day = today + timedelta(days=(-30, 0, 0, 20)[event.a])
    _alter_cards(world, event, lambda c: replace(c, cancelled_on=max(day, c.start_date)))


def _uncancel(world: World, today: date, event: Event) -> None:
    _alter_cards(world, event, lambda c: replace(c, cancelled_on=None))


def _status(world: World, today: date, event: Event) -> None:
    day = (None, today, today + timedelta(days=20), today - timedelta(days=40))[event.b]
    _alter_cards(world, event, lambda c: replace(c, status_code=CODES[event.a], status_effective_on=day))


def _extend(world: World, today: date, event: Event) -> None:
    more = timedelta(days=(30, 100, 400, 700)[event.a])
    _alter_cards(world, event, lambda c: replace(c, end_date=max(c.end_date, today) + more))


def _vanish(world: World, today: date, event: Event) -> None:
    for card in _cards(world, event.person)[: 1 + event.a]:
        del world.cards[card.card_id]


def _join(world: World, today: date, event: Event) -> None:
    unit = UNITS[event.a + 4 * (event.b % 2)]
    start = today + timedelta(days=(-5, 0, 0, 15)[event.b])
    end = (None, None, start + timedelta(days=30), start + timedelta(days=200))[event.c]
    world.affiliation(event.person, unit, str(start), str(end) if end else None)


def _leave(world: World, today: date, event: Event) -> None:
    mine = [key for key in sorted(world.affiliations) if key[0] == event.person]
    if mine:
        del world.affiliations[mine[event.a % len(mine)]]


def _rename(world: World, today: date, event: Event) -> None:
    personal, family = NAMES[(event.a + event.b) % len(NAMES)]
    _alter_cards(world, event, lambda c: replace(c, personal_names=personal, family_names=family))


def _request(world: World, today: date, event: Event) -> None:
    wanted = ("anna.lee", "mae.lee", "annmae.lee", "ann.roy")[event.a]
    world.request_name(f"{event.person}r{event.b}", event.person, wanted)


def _choose(world: World, today: date, event: Event) -> None:
    world.choose(event.person, WISHES[event.a])
    if event.b == 0:
        world.choices.pop(event.person)


def _freeze(world: World, today: date, event: Event) -> None:
    marks = world.faults if event.a < 2 else world.spared
    if marks.pop(event.person, None) is None:
        marks[event.person] = "DUP_AFFILIATION"


def _own_mail(world: World, today: date, event: Event) -> None:
    own = not world.units[UnitId("STAT")].own_mail
    world.domain("stats.ox.ac.uk", managed=not own).unit("STAT", "department", "stats.ox.ac.uk", own_mail=own)


def _route(world: World, today: date, event: Event) -> None:
    world.route_outside("ann@stats.ox.ac.uk", (None, "ann@mail.example")[event.a % 2], event.person)


def _reorganise(world: World, today: date, event: Event) -> None:
    if world.reorgs:
        world.reorgs.clear()
        return
    source, target = (("CHEM", "LAW"), ("HIST", "LAW"), ("BALL", "MERT"), ("CHEM", "HMED"))[event.a]
    months, ahead = (2, 3, 6, 6)[event.b], (0, 0, 10, 40)[event.c]
    effective = today + timedelta(days=ahead)
    world.reorgs.append(
        Reorg(
            reorg_id="r1",
            kind="merge",
            effective_on=effective,
            source_unit=UnitId(source),
            target_unit=UnitId(target),
            months=months,
        )
    )


def _username(world: World, today: date, event: Event) -> None:
    if world.people["4"].username is None:
        world.person("4", "chem0004")


def _deceased(world: World, today: date, event: Event) -> None:
    person = world.people[event.person]
    world.people[event.person] = replace(person, deceased=not person.deceased)


def _desk(world: World, today: date, event: Event) -> None:
    held = (event.person, HoldKind.MANUAL_DISABLE)
    if held in world.ledger.holds:
        world.ledger = replace(world.ledger, holds={k: h for k, h in world.ledger.holds.items() if k != held})
        return
    mark = ";".join(sorted(f"{c.card_id}:{c.end_date}" for c in _cards(world, event.person)))
    world.hold(Hold(subject=event.person, kind=held[1], fingerprint=mark, actor="desk", reason="phished"))


def _channel(world: World, today: date, event: Event) -> None:
    world.channel_works = not world.channel_works


_EVENTS: dict[str, Callable[[World, date, Event], None]] = {
    "card": _new_card,
    "cancel": _cancel,
    "uncancel": _uncancel,
    "status": _status,
    "extend": _extend,
    "vanish": _vanish,
    "join": _join,
    "leave": _leave,
    "rename": _rename,
    "request": _request,
    "choose": _choose,
    "freeze": _freeze,
    "own_mail": _own_mail,
    "route": _route,
    "reorganise": _reorganise,
    "username": _username,
    "deceased": _deceased,
    "desk": _desk,
    "channel": _channel,
}
KINDS = tuple(_EVENTS)
