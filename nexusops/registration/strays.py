"""Rows that belong to nobody, and tables and columns that nobody knows: findings about the whole snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.registration.layout import LAYOUTS
from nexusops.registration.manifest import Manifest
from nexusops.registration.shelf import Shelf

_OF_UNITS = ("affiliations", "nonpersonal_mailboxes", "nonpersonal_addresses")
_OF_PEOPLE = ("sender_choices", "name_requests", "alternative_addresses", "reorg_members")


def find_strays(shelf: Shelf, manifest: Manifest) -> tuple[Finding, ...]:
    """In no particular order; each is about the site, and names table and key."""
    return (
        *_unknown(manifest),
        *_nameless(shelf, manifest),
        *_orphans(shelf, manifest),
        *_units(shelf, manifest),
    )


def _unknown(manifest: Manifest) -> Iterator[Finding]:
    for table in manifest.ignored_tables:
        yield Finding(code="UNKNOWN_TABLE", subject=table, message=f"the table {table} is not known and was ignored")
    for column in manifest.ignored_columns:
        message = f"the column {column} is not known and was ignored"
        yield Finding(code="UNKNOWN_COLUMN", subject=column, message=message)


def _nameless(shelf: Shelf, manifest: Manifest) -> Iterator[Finding]:
    """Rows of persons without a person_id are nobody's."""
    [(count,)] = shelf.rows(f"SELECT count(*) FROM {shelf.schema}.persons WHERE person_id IS NULL")
    if count:
        message = f"{'1 row' if count == 1 else f'{count} rows'} of persons without a person_id: ignored"
        yield Finding(code="BAD_ROW", subject="persons", message=message, evidence=(_row("persons", "", manifest),))


def _orphans(shelf: Shelf, manifest: Manifest) -> Iterator[Finding]:
    """Rows of a person_id that is not in persons (rules.md 3.3, 3.5)."""
    for table, code in (("cards", "ORPHAN_CARD"), ("affiliations", "ORPHAN_AFFILIATION")):
        for key, person in _without_person(shelf, table):
            message = f"the {table} row {key} is of {person or 'nobody'}, who is not in persons; it was ignored"
            yield Finding(code=code, subject=person or key, message=message, evidence=(_row(table, key, manifest),))
    for table in _OF_PEOPLE:
        for key, person in _without_person(shelf, table):
            row = f"the {table} row {key}" if key.strip("/") else f"a row of {table}"
            message = f"{row} is of {person or 'nobody'}, who is not in persons"
            yield Finding(
                code="BAD_ROW",
                subject=person or key,
                message=message,
                severity=Severity.INFO,
                evidence=(_row(table, key, manifest),),
            )


def _without_person(shelf: Shelf, table: str) -> list[tuple[str, str | None]]:
    key = ", '/', ".join(f"coalesce({column}, '')" for column in LAYOUTS[table].key)
    return [
        (found, person)
        for found, person in shelf.rows(
            f"SELECT concat({key}), person_id FROM {shelf.schema}.{table}"
            f" WHERE person_id IS NULL OR person_id NOT IN"
            f" (SELECT person_id FROM {shelf.schema}.persons WHERE person_id IS NOT NULL)"
        )
    ]


def _units(shelf: Shelf, manifest: Manifest) -> Iterator[Finding]:
    """R48: units that people, mailboxes or addresses are in and that nobody describes; all that is left as it is."""
    named = " UNION ALL ".join(f"SELECT unit_id, '{table}' AS place FROM {shelf.schema}.{table}" for table in _OF_UNITS)
    for unit, count, places in shelf.rows(
        f"SELECT unit_id, count(*), string_agg(DISTINCT place, ', ' ORDER BY place) FROM ({named})"
        f" WHERE unit_id IS NOT NULL AND unit_id NOT IN"
        f" (SELECT unit_id FROM {shelf.schema}.units WHERE unit_id IS NOT NULL) GROUP BY unit_id"
    ):
        rows = "1 row names" if count == 1 else f"{count} rows name"
        message = f"the unit {unit} is not in units, and {rows} it in {places}; nothing is taken away"
        yield Finding(code="UNIT_MISSING", subject=unit, message=message, evidence=(_row("units", unit, manifest),))


def _row(table: str, key: str, manifest: Manifest) -> Evidence:
    return Evidence(table=table, key=key, snapshot=manifest.sha256)
