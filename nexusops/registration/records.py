"""The rows of people become PersonRecords, set by set: one query a table, whoever and however many they are."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.snapshot import PersonRecord
from nexusops.model.units import ExternalRoute
from nexusops.registration import layout as tables
from nexusops.registration.draft import Draft
from nexusops.registration.estate import Estate
from nexusops.registration.fields import meant
from nexusops.registration.layout import Layout
from nexusops.registration.person_rows import read_affiliations, read_cards, read_person
from nexusops.registration.rows import Values
from nexusops.registration.shelf import Shelf, name
from nexusops.registration.wishes import read_alternatives, read_choice, read_requests

_OWN = (tables.PERSONS, tables.CARDS, tables.AFFILIATIONS)
_WISHES = (tables.SENDER_CHOICES, tables.NAME_REQUESTS, tables.ALTERNATIVE_ADDRESSES)
_STRANGE = "white space around it, invisible characters, or letters of another width"
PERSONS_OWN = frozenset(layout.name for layout in (*_OWN, *_WISHES))
"""The tables whose rows belong to one person each."""


@frozen
class Clashes:
    """Keys that stand in more than one row, over the whole snapshot (rules.md 3.2, 3.3, 3.8)."""

    people: frozenset[str]
    usernames: frozenset[str]
    cards: frozenset[str]
    requests: frozenset[str]
    meant: Mapping[str, str]
    """person_id -> the table that has it in a row, with characters that do not belong to it."""
    late_choosers: frozenset[str]
    """Whose sender choice was committed too late for this hour (R60)."""


def find_clashes(shelf: Shelf) -> Clashes:
    return Clashes(
        people=_repeated(shelf, "persons", "person_id"),
        usernames=_repeated(shelf, "persons", "username"),
        cards=_repeated(shelf, "cards", "card_id"),
        requests=_repeated(shelf, "name_requests", "request_id"),
        meant={person: table for table in ("cards", "persons") for person in _blurred(shelf, table)},
        late_choosers=_late_choosers(shelf),
    )


def _late_choosers(shelf: Shelf) -> frozenset[str]:
    all_rows, in_effect = f"{shelf.schema}.raw_sender_choices", f"{shelf.schema}.sender_choices"
    rows = shelf.rows(f"SELECT person_id FROM {all_rows} EXCEPT SELECT person_id FROM {in_effect}")
    return frozenset(person for (person,) in rows if person is not None)


def _blurred(shelf: Shelf, table: str) -> Iterator[str]:
    """The ids that are meant where something that nobody sees stands in them."""
    rows = shelf.rows(
        f"SELECT DISTINCT person_id FROM {shelf.schema}.{table} WHERE NOT regexp_full_match(person_id, '[!-~]+')"
    )
    return (meant(person) for (person,) in rows if meant(person) != person)


def _repeated(shelf: Shelf, table: str, column: str) -> frozenset[str]:
    return frozenset(
        value
        for (value,) in shelf.rows(
            f"SELECT {column} FROM {shelf.schema}.{table} WHERE {column} IS NOT NULL"
            f" GROUP BY {column} HAVING count(*) > 1"
        )
    )


def read_records(
    shelf: Shelf, wanted: Sequence[PersonId], everyone: bool, clashes: Clashes, estate: Estate, snapshot: str
) -> dict[PersonId, PersonRecord]:
    """A record for each person wanted, in that order. ``everyone``: all that there are, so unfiltered."""
    if not wanted:
        return {}
    rows = {layout.name: _rows(shelf, layout, None if everyone else wanted) for layout in (*_OWN, *_WISHES)}
    routes = _routes(estate.external_routes.values())
    return {
        person_id: _record(
            Draft(person_id, snapshot),
            {table: found.pop(person_id, []) for table, found in rows.items()},
            routes.get(person_id, ()),
            clashes,
            estate,
        )
        for person_id in wanted
    }


def _rows(shelf: Shelf, layout: Layout, people: Sequence[PersonId] | None) -> dict[str, list[Values]]:
    """Each person's rows of one table, in the order of their columns: that of the file does not matter."""
    columns = ", ".join(name(column) for column in layout.columns)
    where, parameters = ("", []) if people is None else (" WHERE person_id IN (SELECT unnest(?))", [list(people)])
    found: dict[str, list[Values]] = defaultdict(list)
    place = layout.columns.index("person_id")
    for values in shelf.rows(f"SELECT {columns} FROM {shelf.schema}.{layout.name}{where}", parameters):
        if values[place] is not None:
            found[values[place]].append(values)
    for rows in found.values():
        if len(rows) > 1:
            rows.sort(key=lambda values: [value or "" for value in values])
    return found


def _routes(routes: Iterable[ExternalRoute]) -> dict[PersonId, tuple[ExternalRoute, ...]]:
    found: dict[PersonId, tuple[ExternalRoute, ...]] = {}
    for route in routes:
        if route.person_id is not None:
            found[route.person_id] = (*found.get(route.person_id, ()), route)
    return found


def _record(
    draft: Draft, rows: dict[str, list[Values]], routes: tuple[ExternalRoute, ...], clashes: Clashes, estate: Estate
) -> PersonRecord:
    person = read_person(draft, rows["persons"], clashes.people, clashes.usernames)
    known = bool(rows["persons"])
    cards = read_cards(draft, rows["cards"] if known else [], clashes.cards)
    # Rows of somebody who is not in persons are ignored, and told of once for the whole snapshot (rules.md 3.3, 3.5).
    affiliations = read_affiliations(draft, rows["affiliations"] if known else [], estate)
    if not known and rows["affiliations"]:
        draft.spare("ORPHAN_AFFILIATION")
    _freeze_blurred(draft, clashes, here=any(rows.values()))
    if draft.person_id in estate.spared_people:
        draft.spare(estate.spared_people[draft.person_id])
        key = Evidence(table="reorg_members", key=draft.person_id, snapshot=draft.snapshot)
        draft.note(estate.spared_people[draft.person_id], "a reorg_members row of theirs cannot be used", key)
    choice = read_choice(draft, rows["sender_choices"])
    return PersonRecord(
        person_id=draft.person_id,
        person=person,
        cards=cards,
        affiliations=affiliations,
        choice=choice,
        choice_unread=choice is None and (bool(rows["sender_choices"]) or draft.person_id in clashes.late_choosers),
        name_requests=read_requests(draft, rows["name_requests"], clashes.requests),
        alternatives=read_alternatives(draft, rows["alternative_addresses"]),
        external_routes=routes,
        findings=draft.sorted_findings(),
        frozen=draft.frozen,
        spared=draft.spared,
        fingerprint=fingerprint(rows),
    )


def _freeze_blurred(draft: Draft, clashes: Clashes, *, here: bool) -> None:
    """D29: a row whose person_id has something invisible in it is a bad row of the person who is meant."""
    table = clashes.meant.get(draft.person_id)
    if table is not None:
        message = f"a row of {table} has this person_id with {_STRANGE}"
        draft.freeze("BAD_VALUE", message, draft.row(table, draft.person_id))
    elif here and meant(draft.person_id) != draft.person_id:
        message = f"the person_id {draft.person_id!r} is one with {_STRANGE}"
        draft.freeze("BAD_VALUE", message, draft.row("persons", draft.person_id))


def fingerprint(rows: dict[str, list[Values]]) -> str:
    """BLAKE2b over the person's own rows as they stand (persons, cards, affiliations), whatever their order."""
    written = [
        "\x1f".join([layout.name, *[value or "" for value in values]]) + "\x1e"
        for layout in _OWN
        for values in rows[layout.name]
    ]
    return hashlib.blake2b("".join(written).encode(), digest_size=16).hexdigest()
