"""Whom somebody may mean who knows a name, or part of one (rules.md 4c)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import SequenceMatcher

from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.ledger import PersonState
from nexusops.pipeline.periods import periods_of
from nexusops.ports import Store
from nexusops.rules.naming import words

FEW = 5
SHORT = 2
"""A single letter stands in everybody's name, and means nobody."""
ALIKE = 0.8
"""So near must a name be to one that was misspelt; one wrong letter in ten is nearer."""
LOOKED_AT = 200
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


def meant_by(store: Store, wanted: str, command: str) -> str:
    """The few who may be meant, and the ``command`` that tells of them, as a sentence; '' where nobody may."""
    if sum(letter.isalpha() for letter in wanted) < SHORT:
        return ""
    found = people_like(store, wanted, FEW + 1) or nearly_like(store, wanted, FEW + 1)
    if not found:
        return ""
    named = [f"{one.username or one.person_id} ({_told_apart(one)})" for one in found[:FEW]]
    others = ", or others" if len(found) > FEW else ""
    whom = (found[0].username or found[0].person_id) if len(found) == 1 else "USERNAME"
    return f"It may be {', '.join(named)}{others}: `{command} {whom}`."


def _told_apart(state: PersonState) -> str:
    """Namesakes are told apart by their units."""
    return ", ".join([name_of(state), *state.served])


def nearly_like(store: Store, wanted: str, most: int) -> Sequence[PersonState]:
    """Whom somebody may mean who misheard an address or a name: in another domain, or all but one word of it as it
    stands, and that one nearly; the nearest first.
    """
    local = wanted.partition("@")[0]
    return (people_like(store, local, most) if local != wanted else ()) or _misspelt(store, local)[:most]


def _misspelt(store: Store, wanted: str) -> Sequence[PersonState]:
    latin = words(wanted.replace(".", " ")) if len(wanted) <= LONGEST else []
    if len(latin) < 2:
        return ()
    rests = ([*latin[:left], *latin[left + 1 :]] for left in range(len(latin)))
    found = {one.person_id: one for rest in rests for one in store.people_like(rest, LOOKED_AT)}
    return _near(".".join(latin), found.values())


def _near(name: str, people: Iterable[PersonState]) -> Sequence[PersonState]:
    nearness = [(SequenceMatcher(None, name, one.base or "").ratio(), one) for one in people]
    near = sorted((pair for pair in nearness if pair[0] >= ALIKE), key=lambda pair: (-pair[0], pair[1].person_id))
    return [one for _, one in near]


def person_named(store: Store, wanted: str) -> PersonId:
    """Whose username it is, whatever its capitals; else it may be a person_id."""
    return store.usernames({wanted.lower()}).get(wanted.lower(), PersonId(wanted))


def person_meant(store: Store, wanted: str) -> PersonId:
    """Whose username it is, or whose address it was last; else it may be a person_id."""
    if "@" in wanted:
        owners = [row.person_id for row in periods_of(store, Address(wanted.lower()))]
        return next((owner for owner in reversed(owners) if owner is not None), PersonId(wanted))
    return person_named(store, wanted)


def called(state: PersonState) -> str:
    """The names on the card; '' where there are none."""
    return " ".join(part for part in state.card_names or () if part)


def as_known(store: Store, name: str) -> str:
    """The name of a unit's mailbox or of a request as the state spells it: no two differ in their capitals alone."""
    known = store.known_boxes()
    if name in known:
        return name
    alike = [one for one in known if one.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else name


def name_of(state: PersonState) -> str:
    """The names on the card; where there are none, what else they are called."""
    return called(state) or state.username or state.person_id
