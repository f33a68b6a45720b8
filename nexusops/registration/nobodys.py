"""Rows of which nobody can tell whose they are: what they may give to somebody stays as it is (D29)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nexusops.model.frozen import frozen
from nexusops.registration.shelf import Shelf

_PLAIN = re.compile(r"[!-~]+", re.ASCII)


@frozen
class Nobodys:
    """``units``: those in affiliations without a person_id that can be one; ``strangers``: unit -> the person_ids in
    its affiliations that persons does not have; ``choices``: the addresses that somebody unknown chose.
    """

    units: frozenset[str]
    strangers: Mapping[str, frozenset[str]]
    choices: frozenset[str]


def read_nobodys(shelf: Shelf) -> Nobodys:
    """The rows of which nobody can tell whose they are, by what they are of."""
    units: set[str] = set()
    strangers: dict[str, set[str]] = {}
    choices: set[str] = set()
    rows = shelf.rows(
        f"{_unknown(shelf, 'affiliations', 'unit_id')} UNION ALL {_unknown(shelf, 'sender_choices', 'address')}"
    )
    for table, key, person in rows:
        if table == "sender_choices":
            choices.add(key)
        elif person is not None and _PLAIN.fullmatch(person):
            strangers.setdefault(key, set()).add(person)
        else:
            units.add(key)
    return Nobodys(
        units=frozenset(units),
        strangers={unit: frozenset(found) for unit, found in strangers.items()},
        choices=frozenset(choices),
    )


def _unknown(shelf: Shelf, table: str, column: str) -> str:
    """The table, and the values of that column with their person_id, where persons does not have it."""
    return (
        f"SELECT DISTINCT '{table}', {column}, person_id FROM {shelf.schema}.{table} WHERE {column} IS NOT NULL"
        " AND coalesce(person_id NOT IN"
        f" (SELECT person_id FROM {shelf.schema}.persons WHERE person_id IS NOT NULL), true)"
    )
