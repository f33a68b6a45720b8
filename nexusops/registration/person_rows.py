"""A person's rows in persons, cards and affiliations, typed strictly; each fault by its code (rules.md 3.2 to 3.5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from sys import intern

from nexusops.model.findings import Evidence
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.people import Affiliation, Card, Person
from nexusops.registration.draft import Draft
from nexusops.registration.estate import Estate
from nexusops.registration.fields import BadValue, day, flag
from nexusops.registration.rows import Values

LONGEST_KNOWN_AS = 100
LONGEST_NAMES = 200
FIRST_DAY = date(1900, 1, 1)
"""Stands for a start that nobody recorded (rules.md 3.5)."""
REASONS = frozenset({"resigned", "discontinued", "other"})
# The site's own form of a username is policy, and judged by the rules; this is what can name an account at all.
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def read_person(
    draft: Draft, rows: Sequence[Values], repeated: Collection[str], usernames: Collection[str]
) -> Person | None:
    """None where the row is gone. Of several rows the first stands, and the person is frozen."""
    if not rows:
        return None
    person_id, username, known_as, deceased = rows[0]
    row = draft.row("persons", person_id)
    if person_id in repeated:
        draft.freeze("DUP_PERSON", f"the person_id stands in {len(rows)} rows of persons", row)
    for clashing in sorted({values[1] for values in rows if values[1] is not None and values[1] in usernames}):
        draft.freeze("DUP_USERNAME", f"the username {clashing} stands in more than one row of persons", row)
    if username is not None and not _USERNAME.fullmatch(username):
        draft.freeze("BAD_USERNAME", f"the username {username!r} cannot be the name of an account", row)
        username = None
    if known_as is not None and len(known_as) > LONGEST_KNOWN_AS:
        draft.note("BAD_KNOWN_AS", f"known_as is longer than {LONGEST_KNOWN_AS} characters and was ignored", row)
        known_as = None
    return Person(
        person_id=draft.person_id, username=username, known_as=known_as, deceased=_deceased(draft, deceased, row)
    )


def _deceased(draft: Draft, value: str | None, row: Evidence) -> bool:
    if value is None:
        return False
    try:
        return flag(value)
    except BadValue as error:
        draft.freeze("BAD_VALUE", f"deceased: {error.reason}", row)
        return False


def read_cards(draft: Draft, rows: Sequence[Values], repeated: Collection[str]) -> tuple[Card, ...]:
    """The cards that can be read, in the order of their ids."""
    cards = []
    for values in rows:
        card_id = values[0]
        if card_id is None:
            draft.freeze("BAD_VALUE", "a card has no card_id", draft.row("cards", card_id))
            continue
        if card_id in repeated:
            message = f"the card_id {card_id} stands in more than one row of cards"
            draft.freeze("DUP_CARD", message, draft.row("cards", card_id))
        try:
            cards.append(_card(draft.person_id, values))
        except BadValue as error:
            draft.freeze(error.code, f"card {card_id}: {error.reason}", draft.row("cards", card_id))
    return tuple(cards)


def _card(person_id: PersonId, values: Values) -> Card:
    card_id, _, status, personal, family, start, end, effective, cancelled, reason = values
    for column, text in (("personal_names", personal), ("family_names", family)):
        if text is not None and len(text) > LONGEST_NAMES:
            raise BadValue(f"{column} is longer than {LONGEST_NAMES} characters", code="BAD_NAME")
    card = Card(
        card_id=card_id or "",
        person_id=person_id,
        status_code=intern(status or ""),  # many have the same: one string for all of them
        personal_names=intern(personal or ""),
        family_names=intern(family or ""),
        start_date=_card_day("start_date", start),
        end_date=_card_day("end_date", end),
        status_effective_on=_card_day("status_effective_on", effective) if effective else None,
        cancelled_on=_card_day("cancelled_on", cancelled) if cancelled else None,
        cancel_reason=reason if reason in REASONS else None,
    )
    if card.start_date > card.end_date:
        raise BadValue("start_date is after end_date", code="BAD_CARD_DATES")
    if card.status_effective_on is not None and card.status_effective_on > card.end_date:
        raise BadValue("status_effective_on is after end_date", code="BAD_CARD_DATES")
    if card.cancelled_on is not None and card.cancelled_on < card.start_date:
        raise BadValue("cancelled_on is before start_date", code="BAD_CARD_DATES")
    return card


def _card_day(column: str, text: str | None) -> date:
    if text is None:
        raise BadValue(f"{column} is empty", code="BAD_CARD_DATES")
    try:
        return day(text)
    except BadValue as error:
        raise BadValue(f"{column}: {error.reason}", code="BAD_CARD_DATES") from error


def read_affiliations(draft: Draft, rows: Sequence[Values], estate: Estate) -> tuple[Affiliation, ...]:
    """One affiliation a unit, in the order of the units; a row of a unit that is not known spares the person (D29)."""
    kept: dict[UnitId, Affiliation] = {}
    for affiliation in _sound(draft, rows, estate):
        earlier = kept.setdefault(affiliation.unit_id, affiliation)
        if earlier is not affiliation:
            row = _affiliation_row(draft, affiliation.unit_id)
            message = f"{affiliation.unit_id} stands in more than one row of affiliations; the earliest start counts, "
            draft.note("DUP_AFFILIATION", f"{message}and the latest end", row)
            kept[affiliation.unit_id] = _from_first_to_last(earlier, affiliation)
    return tuple(kept.values())


def _from_first_to_last(one: Affiliation, other: Affiliation) -> Affiliation:
    """One row too many costs nobody an address (D29): a stint that is over does not end the one that goes on."""
    ends = None if one.end_date is None or other.end_date is None else max(one.end_date, other.end_date)
    return replace(one, start_date=min(one.start_date, other.start_date), end_date=ends)


def _sound(draft: Draft, rows: Sequence[Values], estate: Estate) -> Iterator[Affiliation]:
    for _, unit, start, end in rows:
        if unit is None or unit not in estate.units:
            draft.spare("ORPHAN_AFFILIATION")
            message = f"the unit {unit or '(empty)'} is not known; the affiliation is ignored, nothing is taken away"
            draft.note("ORPHAN_AFFILIATION", message, _affiliation_row(draft, unit))
            continue
        unit_id = estate.units[UnitId(unit)].unit_id  # one string for all its members
        if unit in estate.frozen_units:
            unit_row = draft.row("units", unit)
            draft.freeze(estate.frozen_units[unit], f"the kind of the unit {unit} is not known", unit_row)
        if unit in estate.spared_units:
            draft.spare(estate.spared_units[unit])
        try:
            yield _affiliation(draft, unit_id, start, end)
        except BadValue as error:
            message = f"affiliation to {unit}: {error.reason}"
            draft.freeze("BAD_AFFILIATION_DATES", message, _affiliation_row(draft, unit))


def _affiliation_day(column: str, text: str | None) -> date | None:
    try:
        return day(text) if text else None
    except BadValue as error:
        raise BadValue(f"{column}: {error.reason}") from error


def _affiliation_row(draft: Draft, unit: str | None) -> Evidence:
    return draft.row("affiliations", f"{draft.person_id}/{unit or ''}")


def _affiliation(draft: Draft, unit_id: UnitId, start: str | None, end: str | None) -> Affiliation:
    starts = _affiliation_day("start_date", start) or FIRST_DAY
    ends = _affiliation_day("end_date", end)
    if start is None:
        message = f"the affiliation to {unit_id} has no start_date; {FIRST_DAY} is taken"
        draft.note("NO_AFFILIATION_START", message, _affiliation_row(draft, unit_id))
    if ends is not None and ends < starts:
        raise BadValue("end_date is before start_date")
    return Affiliation(person_id=draft.person_id, unit_id=unit_id, start_date=starts, end_date=ends)
