"""What goes wrong in registration data in a random hour: clashes, look-alikes, rows that flicker, ids that merge."""

from __future__ import annotations

from typing import Any

from building.happenings import ALIASES, BOXES, Event, day_of
from building.town import DOMAINS, UNITS, Town

OWN = ("office@chem.ox.ac.uk", "office@law.ox.ac.uk", "desk@ball.ox.ac.uk", "adminday@chem.ox.ac.uk")
PEOPLES = ("ann.lee@chem.ox.ac.uk", "ann.lee2@chem.ox.ac.uk", "ann.lee@ball.ox.ac.uk", "bo.lee@law.ox.ac.uk")
TECHNICAL = ("chem0001@nexus.ox.ac.uk", "chem-office@nexus.ox.ac.uk", "admin-day@nexus.ox.ac.uk")
CLASHING = (*OWN, *PEOPLES, *TECHNICAL, *ALIASES)
LOST = ("persons", "cards", "affiliations", "nonpersonal_mailboxes", "nonpersonal_addresses", "it_staff", "reorgs")
MOST = 40
"""Rows of a table; more of them make an hour slow, and no other."""


def clash(town: Town, event: Event) -> None:
    """An alias, or a mailbox's own address, that is somebody else's: a mailbox's, a person's, a technical one."""
    address = CLASHING[event.who % len(CLASHING)]
    unit = next((u for u in ("CHEM", "LAW", "BALL") if address.endswith(DOMAINS[u])), "CHEM")
    box = BOXES[event.c % 3]
    if event.b % 4 == 0:
        town.drop("nonpersonal_addresses", address=address)
    elif event.b % 4 == 1:
        for row in town.rows("nonpersonal_mailboxes", mailbox_id=box):
            row.update(address=address, unit_id=unit)
    else:
        to: dict[str, Any] = {"mailbox_id": box, "target": None}
        if event.b % 4 == 2:
            to = {"mailbox_id": None, "target": ("x@mail.example", "mailbox:chem0002", CLASHING[event.a])[event.c % 3]}
        town.put("nonpersonal_addresses", {"address": address}, unit_id=unit, requested_by="registration", **to)


def _capital(value: str) -> str:
    return value.upper() if value.islower() else value.title()


LOOKS = (
    _capital,
    str.lower,
    lambda value: f"{value} ",
    lambda value: f"{value}\u200b",
    lambda value: value.replace("o", "\u043e"),
    lambda value: value.replace("e", "\uff45"),
)
"""Another spelling that a person takes for the same: capitals, white space, nothing visible, Cyrillic, full width."""
KEYS = (
    ("persons", "username"),
    ("persons", "person_id"),
    ("cards", "person_id"),
    ("affiliations", "unit_id"),
    ("nonpersonal_mailboxes", "mailbox_id"),
    ("nonpersonal_mailboxes", "address"),
    ("nonpersonal_mailboxes", "owner_person_id"),
    ("nonpersonal_addresses", "address"),
    ("nonpersonal_addresses", "mailbox_id"),
    ("routing", "address"),
    ("sender_choices", "address"),
    ("units", "domain"),
)


def spelling(town: Town, event: Event) -> None:
    """A key or an address is written another way; sometimes beside the row that it looks like."""
    table, column = KEYS[event.who % len(KEYS)]
    rows = [row for row in town.rows(table) if row.get(column)]
    if not rows:
        return
    row = rows[event.a % len(rows)]
    other = LOOKS[event.b % len(LOOKS)](str(row[column]))
    if event.c % 4 == 0 and len(town.rows(table)) < MOST:
        town.data.row(table, **{**row, column: other})
    else:
        row[column] = other


def lose(town: Town, event: Event) -> None:
    """Rows that are there again in the next run, or not before somebody notices."""
    table = LOST[event.who % len(LOST)]
    rows = town.rows(table)
    if len(rows) > 2:
        row = rows[event.a % len(rows)]
        town.data.tables[table].remove(row)
        town.away.append((town.hours + (1, 1, 2, 9)[event.b % 4], table, row))


def double(town: Town, event: Event) -> None:
    """A row stands there twice, with or without another column that differs."""
    table = LOST[event.who % len(LOST)]
    rows = town.rows(table)
    if rows and len(rows) < MOST:
        row = rows[event.a % len(rows)]
        twin = dict(row)
        if event.b % 2:
            for column in ("start_date", "owner_person_id", "unit_id", "deceased", "months"):
                if column in twin and rows[event.c % len(rows)].get(column) != twin[column]:
                    twin[column] = rows[event.c % len(rows)].get(column)
                    break
        town.data.tables[table].append(twin)


def single(town: Town, event: Event) -> None:
    """What was there twice is there once again."""
    for table, rows in town.data.tables.items():
        town.data.tables[table] = [row for number, row in enumerate(rows) if row not in rows[:number]]
    for row in town.rows("persons"):
        row["username"] = str(row["username"]).lower().strip() if row["username"] else None


def merge(town: Town, event: Event) -> None:
    """Two ids turn out to be one human: everything goes to the one, and the other goes, or stays empty."""
    one, other = town.person(event.who), town.person(event.a)
    if one == other or len(town.rows("persons")) < 4:
        return
    for table in ("cards", "affiliations", "it_staff", "sender_choices", "external_routes"):
        for row in town.rows(table, person_id=other):
            row["person_id"] = one
    for row in town.rows("nonpersonal_mailboxes", owner_person_id=other):
        row["owner_person_id"] = one
    (kept,) = town.rows("persons", person_id=one)[:1]
    (gone,) = town.rows("persons", person_id=other)[:1]
    if event.b % 3 == 0:
        kept["username"], gone["username"] = gone["username"], kept["username"]
    if event.c % 2:
        town.drop("persons", person_id=other)


def unit(town: Town, event: Event) -> None:
    """A unit has another name, kind or id; it closes, or is there again."""
    name = tuple(UNITS)[event.a % 5]
    what = event.b % 5
    rows = town.rows("units", unit_id=name)
    if what == 0:
        for row in rows:
            row["name"] = f"{name} {event.c}"
    elif what == 1:
        for row in rows:
            row["kind"] = ("college", "department", "other", "faculty")[event.c % 4]
    elif what == 2 and rows:
        town.data.tables["units"].remove(rows[0])
        town.away.append((town.hours + (1, 3, 12)[event.c % 3], "units", rows[0]))
    elif what == 3:
        for row in town.rows("affiliations", unit_id=name):
            row["unit_id"] = tuple(UNITS)[event.c % 5]
    elif rows:
        rows[0]["domain"] = (None, DOMAINS[tuple(UNITS)[event.c % 5]], "nowhere.ox.ac.uk", DOMAINS[name])[event.c % 4]


def reorganise_more(town: Town, event: Event) -> None:
    """While something is being reorganised: another source, another target, another day, another number of months."""
    name = f"r{event.c % 3}"
    source, target = tuple(UNITS)[event.a % 5], tuple(UNITS)[event.b % 5]
    rows = town.rows("reorgs", reorg_id=name)
    if rows and event.who % 4 == 0:
        rows[0]["effective_on"] = day_of(town, (-40, 0, 1, 30)[event.b % 4])
    elif rows and event.who % 4 == 1:
        rows[0]["months"] = (1, 2, 5, 9)[event.b % 4]
    elif source != target and len(rows) < 4:
        key = {"reorg_id": name, "source_unit": source, "target_unit": target}
        kind = rows[0]["kind"] if rows else ("merge", "rename", "split")[event.who % 3]
        on = rows[0]["effective_on"] if rows else day_of(town, (0, 0, 10, 40)[event.c % 4])
        town.put("reorgs", key, kind=kind, effective_on=on, months=(2, 6)[event.who % 2], negotiated_ref=None)
        if kind == "split":
            member = {"reorg_id": name, "person_id": town.person(event.who)}
            town.put("reorg_members", member, target_unit=target)


def domain_ends(town: Town, event: Event) -> None:
    """A domain ends, whoever is still in it: in a grace, disabled, or at work."""
    name = DOMAINS[tuple(UNITS)[event.a % 5]]
    state = ("winddown", "failing", "deregistered", "active", "agreed")[event.b % 5]
    start = day_of(town, (-70, -1, 0, 20)[event.c % 4]) if state in ("winddown", "failing") else None
    town.put("domains", {"domain": name}, state=state, winddown_start=start, winddown_months=start and 2 + event.c % 3)
