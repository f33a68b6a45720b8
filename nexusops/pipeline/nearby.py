"""Whom somebody may mean who knows a name, or part of one (rules.md 4c)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nexusops.model.ids import UnitId
from nexusops.model.ledger import PersonState
from nexusops.ports import Store
from nexusops.rules.naming import words

FEW = 5
SHORT = 2
"""A single letter stands in everybody's name, and means nobody."""
LONGEST = 254
"""Characters, of an address (RFC 5321): what is longer is nobody's, and more than a database looks for."""


def people_like(store: Store, wanted: str, most: int, units: Collection[UnitId] | None = None) -> Sequence[PersonState]:
    """People in whose names, username or addresses every word of ``wanted`` stands, whatever its accents; with
    ``units``, those who hold a place in one of them.
    """
    if len(wanted) > LONGEST:
        return ()
    latin = words(wanted.replace(".", " ").replace("@", " "))
    return store.people_like(latin, most, units) if latin else ()


def meant_by(store: Store, wanted: str) -> str:
    """The few who may be meant, in a row; '' where nobody may."""
    if sum(letter.isalpha() for letter in wanted) < SHORT:
        return ""
    found = people_like(store, wanted, FEW + 1)
    named = [f"{one.username or one.person_id} ({name_of(one)})" for one in found[:FEW]]
    return ", ".join([*named, "or others"] if len(found) > FEW else named)


def name_of(state: PersonState) -> str:
    """The names on the card; where there are none, what else they are called."""
    return " ".join(part for part in state.card_names or () if part) or state.username or state.person_id
