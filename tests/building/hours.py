"""Random hours of a small university in which everything collides: names, usernames, boxes, units, policies."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from building import happenings, meddling, mischief
from building.happenings import ALIASES, BOXES, Event, Hour, day_of
from building.snapshot_folder import Row
from building.town import DOMAINS, UNITS, Town

NAMES = (("Ann", "Lee"), ("Ann Mae", "Lee"), ("Ann", "Lee Roy"), ("Bo", "Chen"), ("李", "安"), ("Bo", "Lee"))
CODES = ("UG", "MC", "CL", "GR", "AV")
GAPS = (1, 1, 2, 5, 24, 24, 25, 48, 24 * 9, 24 * 28, 24 * 31, 24 * 62, 24 * 95, 24 * 190)
"""Hours between two runs: also runs that were left out for weeks, and jumps of months."""
CLOSE = (1, 1, 1, 2, 5, 24, 24, 25, 48, 24 * 9, 24 * 31)
"""Of every second history: much happens in the same days, while all are still here."""


def history(seed: int, hours: int = 24) -> list[Hour]:
    chance = random.Random(seed)
    kinds = tuple(EVENTS)
    gaps, busy = (CLOSE, (1, 2, 3, 4)) if seed % 2 else (GAPS, (0, 0, 1, 1, 2, 4))

    def event() -> Event:
        return Event(chance.choice(kinds), *(chance.randrange(12) for _ in range(4)))

    return [Hour(chance.choice(gaps), tuple(event() for _ in range(chance.choice(busy)))) for _ in range(hours)]


def lived(town: Town, hour: Hour) -> dict[str, Any]:
    """What differs in this hour, after all that happened before it."""
    town.at += timedelta(hours=hour.after)
    for event in hour.events:
        EVENTS[event.kind](town, event)
    return town.run()


def _card(town: Town, event: Event) -> None:
    person, start = town.person(event.who), day_of(town, (-40, 0, 0, 12)[event.b % 4])
    end = start + timedelta(days=(20, 60, 90, 400)[event.c % 4])
    personal, family = NAMES[event.b % 6]
    card = {"card_id": f"{person}-{event.c % 2}"}
    town.put(
        "cards",
        card,
        person_id=person,
        status_code=CODES[event.a % 5],
        personal_names=personal,
        family_names=family,
        start_date=start,
        end_date=end,
        cancelled_on=None,
    )


def _alter_card(town: Town, event: Event, **columns: Any) -> None:
    for row in town.rows("cards", person_id=town.person(event.who)):
        row.update(columns)


def _cancel(town: Town, event: Event) -> None:
    for row in town.rows("cards", person_id=town.person(event.who)):
        day = max(day_of(town, (-30, 0, 0, 20)[event.a % 4]), date.fromisoformat(str(row["start_date"])))
        row["cancelled_on"] = None if event.b % 3 == 0 else day


def _status(town: Town, event: Event) -> None:
    day = (None, town.today, day_of(town, 20), day_of(town, -40))[event.b % 4]
    _alter_card(town, event, status_code=CODES[event.a % 5], status_effective_on=day)


def _extend(town: Town, event: Event) -> None:
    day = day_of(town, (1, 29, 100, 400)[event.a % 4])
    for row in town.rows("cards", person_id=town.person(event.who)):
        row["end_date"] = max(day, date.fromisoformat(str(row["start_date"])))


def _vanish(town: Town, event: Event) -> None:
    if len(town.rows("cards")) > 2:
        town.drop("cards", person_id=town.person(event.who))


def _come(town: Town, event: Event) -> None:
    """Somebody new, with a username of their own, none, or that of somebody else."""
    person_id = f"10001{len(town.rows('persons')):02}"
    usernames = [row["username"] for row in town.rows("persons") if row["username"]]
    username = (None, f"law00{event.a:02}", usernames[event.b % len(usernames)])[event.c % 3]
    town.data.person(person_id, username)
    _card(town, event._replace(who=len(town.rows("persons")) - 1))
    town.put("affiliations", {"person_id": person_id, "unit_id": "CHEM"}, start_date=town.today, end_date=None)


def _username(town: Town, event: Event) -> None:
    person = town.person(event.who)
    others = [row["username"] for row in town.rows("persons") if row["person_id"] != person]
    town.put(
        "persons", {"person_id": person}, username=(f"chem10{event.a:02}", others[event.b % len(others)])[event.c % 2]
    )


def _deceased(town: Town, event: Event) -> None:
    for row in town.rows("persons", person_id=town.person(event.who)):
        row["deceased"] = not row["deceased"]


def _join(town: Town, event: Event) -> None:
    start = day_of(town, (-5, 0, 0, 15)[event.b % 4])
    end = (None, None, start + timedelta(days=30), start + timedelta(days=200))[event.c % 4]
    key: Row = {"person_id": town.person(event.who), "unit_id": tuple(UNITS)[event.a % 5]}
    town.put("affiliations", key, start_date=start, end_date=end)


def _leave(town: Town, event: Event) -> None:
    mine = town.rows("affiliations", person_id=town.person(event.who))
    if mine and len(town.rows("affiliations")) > 2:
        town.drop("affiliations", **mine[event.a % len(mine)])


def _rename(town: Town, event: Event) -> None:
    personal, family = NAMES[event.a % 6]
    _alter_card(town, event, personal_names=personal, family_names=family)


def _choose(town: Town, event: Event) -> None:
    person = town.person(event.who)
    wishes = ("ann.lee@ball.ox.ac.uk", "ann.lee2@chem.ox.ac.uk", "bo.chen@law.ox.ac.uk", "ann@law.ox.ac.uk")
    if event.b % 4 == 0:
        town.drop("sender_choices", person_id=person)
    else:
        town.put("sender_choices", {"person_id": person}, address=wishes[event.a % 4], chosen_at=town.at)


def _request(town: Town, event: Event) -> None:
    person = town.person(event.who)
    outcome = (None, None, "accepted", "rejected")[event.b % 4]
    town.put(
        "name_requests",
        {"request_id": f"{person}r{event.c % 2}"},
        person_id=person,
        made_at=town.at,
        outcome=outcome,
        wanted_local=("anna.lee", "mae.lee", "bo.lee", "ann.roy")[event.a % 4],
        decided_by=outcome and "desk",
        reason=None,
    )


def _routed(town: Town, event: Event) -> None:
    address = ("ann.lee@chem.ox.ac.uk", "ann.lee@ball.ox.ac.uk", "office@chem.ox.ac.uk")[event.a % 3]
    if event.b % 3 == 0:
        town.drop("routing", address=address)
    else:
        to = ("x@mail.example", "mailbox:chem0001", "mailbox:chem-office")[event.c % 3]
        town.put("routing", {"address": address}, destination=to, set_by="registration", set_at=town.at)


def _outside(town: Town, event: Event) -> None:
    to = (None, "ann@mail.example", "mailbox:chem0002", "ann.lee@chem.ox.ac.uk")[event.a % 4]
    town.put(
        "external_routes",
        {"address": ("ann@law.ox.ac.uk", "bo@stats.ox.ac.uk")[event.b % 2]},
        destination=to,
        set_by="registration",
        set_at=town.at,
        person_id=town.person(event.who),
    )


def _alternative(town: Town, event: Event) -> None:
    town.put(
        "alternative_addresses",
        {"person_id": town.person(event.who), "source": ("self", "hris")[event.b % 2]},
        address=("a@mail.example", "b@mail.example")[event.a % 2],
        action=("set", "removed")[event.c % 2],
        at=town.at,
    )


def _box(town: Town, event: Event) -> None:
    name = BOXES[event.a % 3]
    if event.b % 4 == 0:
        town.drop("nonpersonal_mailboxes", mailbox_id=name)
        return
    unit = ("CHEM", "LAW", "BALL")[event.a % 3]
    address = (f"office@{DOMAINS[unit]}", f"desk@{DOMAINS[unit]}", ALIASES[event.c % 3], None)[event.b % 4]
    asked = ("registration", "chem0001")[event.c % 2]
    town.put(
        "nonpersonal_mailboxes",
        {"mailbox_id": name},
        kind=("secondary", "project")[event.c % 2],
        unit_id=unit,
        owner_person_id=town.person(event.who),
        address=address,
        requested_by=asked,
    )


def _alias(town: Town, event: Event) -> None:
    address = ALIASES[event.a % 3]
    if event.b % 3 == 0:
        town.drop("nonpersonal_addresses", address=address)
        return
    target = None if event.b % 3 == 1 else "x@mail.example"
    town.put(
        "nonpersonal_addresses",
        {"address": address},
        unit_id=("BALL", "CHEM", "LAW")[event.a % 3],
        mailbox_id=None if target else BOXES[event.c % 3],
        target=target,
        requested_by="registration",
    )


EVENTS: dict[str, Callable[[Town, Event], None]] = {
    "card": _card,
    "cancel": _cancel,
    "status": _status,
    "extend": _extend,
    "vanish": _vanish,
    "come": _come,
    "username": _username,
    "deceased": _deceased,
    "join": _join,
    "leave": _leave,
    "rename": _rename,
    "choose": _choose,
    "request": _request,
    "routed": _routed,
    "outside": _outside,
    "alternative": _alternative,
    "box": _box,
    "alias": _alias,
    "reorganise": happenings.reorganise,
    "domain": happenings.domain,
    "staff": happenings.staff,
    "policy": happenings.policy,
    "service": happenings.service,
    "desk": happenings.desk,
    "clash": mischief.clash,
    "spelling": mischief.spelling,
    "lose": mischief.lose,
    "double": mischief.double,
    "single": mischief.single,
    "merge": mischief.merge,
    "unit": mischief.unit,
    "reorganise more": mischief.reorganise_more,
    "domain ends": mischief.domain_ends,
    "job": meddling.job,
    "killed": meddling.killed,
    "wish": meddling.wish,
    "undone": meddling.undone,
    "product": meddling.request,
    "by hand": meddling.by_hand,
}
