"""interface.md 2, architecture.md: registration data in a database, read as one state of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import fresh_database

from nexusops.errors import SnapshotRefused, UsageError
from nexusops.model.ids import PersonId
from nexusops.registration.database import DatabaseRegistration

TABLES = """
CREATE TABLE persons (person_id VARCHAR(20), username VARCHAR(20), known_as VARCHAR(200), deceased BOOLEAN);
CREATE TABLE cards (card_id VARCHAR(20), person_id VARCHAR(20), status_code VARCHAR(2), personal_names VARCHAR(300),
 family_names VARCHAR(300), start_date DATE, end_date DATE, status_effective_on DATE, cancelled_on DATE,
 cancel_reason VARCHAR(20));
CREATE TABLE units (unit_id VARCHAR(8), name VARCHAR(99), kind VARCHAR(20), domain VARCHAR(253), own_mail BOOLEAN,
 source VARCHAR(20));
CREATE TABLE domains (domain VARCHAR(253), zone VARCHAR(9), managed BOOLEAN, state VARCHAR(20), winddown_start DATE,
 winddown_months INTEGER, negotiated_ref VARCHAR(20), incoming_cap INTEGER);
CREATE TABLE affiliations (person_id VARCHAR(20), unit_id VARCHAR(8), start_date DATE, end_date DATE);
CREATE VIEW manifest AS SELECT 1 AS "schema", 'oxford-test' AS tenant, '2025-10-01T07:50:00Z' AS as_of;
INSERT INTO persons VALUES ('1', 'abcd0001', NULL, false), ('2', 'abcd0002', NULL, true);
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with two people in it."""
    found = (
        request.getfixturevalue("postgres_database")
        if request.param == "postgresql"
        else f"sqlite:///{tmp_path / 'registration.db'}"
    )
    alter(found, TABLES)
    return found


def alter(url: str, statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def source(url: str) -> DatabaseRegistration:
    return DatabaseRegistration(url, "oxford-test", "ox.ac.uk")


def defects(url: str) -> list[tuple[str, str]]:
    with pytest.raises(SnapshotRefused) as caught:
        source(url).read()
    return [(defect.code, defect.message) for defect in caught.value.defects]


def test_the_same_rows_are_the_same_snapshot(url: str) -> None:
    """architecture.md: the hash is over the sorted rows; a database has no order of its own."""
    before = source(url).read().record
    alter(
        url,
        "DELETE FROM persons;\nINSERT INTO persons VALUES ('2', 'abcd0002', NULL, true), ('1', 'abcd0001', '', false)",
    )
    assert source(url).read().record == before
    alter(url, "UPDATE persons SET known_as = 'Ann' WHERE person_id = '1'")
    assert source(url).read().record.sha256 != before.sha256


def test_a_view_will_do(url: str) -> None:
    """interface.md 2: tables or views."""
    alter(
        url, "ALTER TABLE persons RENAME TO people;\nCREATE VIEW persons AS SELECT * FROM people WHERE person_id = '1'"
    )
    assert source(url).read().people() == {"1"}


def test_as_of_may_be_a_timestamp(postgres_database: str) -> None:
    """A database's own type; its time zone is taken into account."""
    alter(postgres_database, TABLES)
    columns = "1 AS \"schema\", 'oxford-test' AS tenant, TIMESTAMP WITH TIME ZONE '2025-10-01 08:50:00+01' AS as_of"
    alter(
        postgres_database,
        f"DROP VIEW manifest;\nCREATE VIEW manifest AS SELECT {columns}",
    )
    assert source(postgres_database).read().record.as_of == datetime(2025, 10, 1, 7, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("2 AS \"schema\", 'oxford-test' AS tenant, '2025-10-01T07:50:00Z' AS as_of", "SNAPSHOT_SCHEMA"),
        ("1 AS \"schema\", 'cambridge' AS tenant, '2025-10-01T07:50:00Z' AS as_of", "SNAPSHOT_TENANT"),
        ("1 AS \"schema\", 'oxford-test' AS tenant, '2025-10-01' AS as_of", "SNAPSHOT_PARTIAL"),
        ("1 AS \"schema\", 'oxford-test' AS tenant", "SNAPSHOT_PARTIAL"),
    ],
)
def test_the_manifest_is_checked_as_a_folders_is(url: str, columns: str, code: str) -> None:
    """rules.md 3.1."""
    alter(url, f"DROP VIEW manifest;\nCREATE VIEW manifest AS SELECT {columns}")
    assert [found for found, _ in defects(url)] == [code]


def test_a_manifest_must_be_one_row(url: str) -> None:
    alter(url, "ALTER TABLE units RENAME TO units_;\nDROP VIEW manifest")
    assert defects(url) == [("SNAPSHOT_PARTIAL", "the view manifest(schema, tenant, as_of) is missing")]
    alter(url, 'CREATE TABLE manifest ("schema" INTEGER, tenant VARCHAR(20), as_of VARCHAR(40))')
    assert defects(url) == [("SNAPSHOT_PARTIAL", "the view manifest must have one row, and has 0")]


def test_all_that_is_missing_is_told_at_once(url: str) -> None:
    """D27."""
    alter(url, "DROP TABLE cards;\nALTER TABLE units RENAME COLUMN kind TO sort")
    assert defects(url) == [
        ("SNAPSHOT_PARTIAL", "the table cards is missing"),
        ("SNAPSHOT_PARTIAL", "the table units cannot be used: the column kind is missing"),
    ]


def test_a_column_that_is_not_known_is_told_of_and_ignored(url: str) -> None:
    """rules.md 3."""
    before = source(url).read()
    alter(url, "ALTER TABLE persons ADD COLUMN shoe_size INTEGER")
    after = source(url).read()
    assert after.record.sha256 == before.record.sha256
    assert [(f.code, f.subject) for f in after.slice([], {}).findings] == [("UNKNOWN_COLUMN", "persons.shoe_size")]


def test_binary_values_are_no_text(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'binary.db'}"
    alter(url, TABLES)
    alter(url, "UPDATE persons SET known_as = x'00ff' WHERE person_id = '1'")
    reason = "the column known_as holds values of the type bytes instead of texts"
    assert defects(url) == [("SNAPSHOT_PARTIAL", f"the table persons cannot be used: {reason}")]


def test_what_is_written_meanwhile_is_not_seen(postgres_database: str) -> None:
    """architecture.md: one repeatable-read transaction."""
    alter(postgres_database, TABLES)
    alter(
        postgres_database,
        "CREATE TABLE ticks (n INTEGER);\nINSERT INTO ticks VALUES (0)",
    )
    from nexusops.registration import database

    engine, _ = database._engine(postgres_database)
    with database._one_state(engine) as connection:
        assert connection.exec_driver_sql("SELECT n FROM ticks").scalar() == 0
        alter(postgres_database, "UPDATE ticks SET n = 1")
        assert connection.exec_driver_sql("SELECT n FROM ticks").scalar() == 0
    engine.dispose()


def known_as(url: str) -> str | None:
    person = source(url).read().slice([PersonId("1")], {}).people[PersonId("1")].person
    return person.known_as if person is not None else None


def test_a_database_that_knows_no_encoding_is_read_as_utf_8_or_refused(postgres_url: str) -> None:
    """What initdb makes where the locale is C: the driver gave bytes, and the first question was a defect."""
    with fresh_database(postgres_url, "SQL_ASCII") as url:
        settings = f"{url}&client_encoding=utf8"
        alter(settings, TABLES)
        alter(settings, "UPDATE persons SET known_as = 'Zoë' WHERE person_id = '1'")
        assert known_as(url) == "Zoë"
        alter(settings, "UPDATE persons SET known_as = E'Zo\\xeb' WHERE person_id = '1'")
        said = 'the table persons cannot be read: invalid byte sequence for encoding "UTF8": 0xeb'
        assert defects(url) == [("SNAPSHOT_PARTIAL", said)]
        assert known_as(f"{url}&client_encoding=latin1") == "Zoë"


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    """Exit 3: nothing was changed. The password is not told."""
    url = f"postgresql+psycopg://reader:hunter2@/registration?host={tmp_path}&sslpassword=hunter3"
    with pytest.raises(SnapshotRefused) as caught:
        source(url).read()
    assert "hunter" not in str(caught.value)
    assert str(caught.value).startswith("SNAPSHOT_PARTIAL: the registration database postgresql+psycopg://reader:***@")


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="is not there"):
        source(f"sqlite:///{tmp_path / 'missing.db'}").read()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "no url",
        "nosuch://host/name",
        "mysql+nodriver://host/name",
        "postgresql://u:a@hunter2@h/n",
        "postgresql://h:x/n",
    ],
)
def test_a_url_of_nothing(url: str) -> None:
    """Exit 2: a slip in the configuration, and no secret of it is told."""
    with pytest.raises(UsageError, match=r"nexusops\.toml: registration\.url") as caught:
        source(url).read()
    assert "hunter2" not in str(caught.value)


def test_a_column_of_fixed_length_is_read_without_its_padding(postgres_database: str) -> None:
    """CHAR(n) comes filled up with blanks, which are no part of a username or a unit."""
    alter(postgres_database, TABLES.replace("username VARCHAR(20)", "username CHAR(20)"))
    person = source(postgres_database).read().slice([PersonId("1")], {}).people[PersonId("1")].person
    assert person is not None
    assert person.username == "abcd0001"


def with_card(url: str, card: str = "'1', 'UG', 'Zebedee', 'Quimby', '2024-10-01', '2028-09-30'") -> str:
    alter(url, f"INSERT INTO cards VALUES ('c1', {card}, NULL, NULL, NULL);\n")
    return url


def test_a_view_that_fails_is_told_by_its_name_and_without_a_value(url: str) -> None:
    """D27: what the driver quotes may be somebody's name."""
    with_card(url)
    alter(url, "ALTER TABLE cards RENAME TO rows_of_cards;\n")
    fails = "CAST(personal_names AS INTEGER)" if url.startswith("postgresql") else "json_extract(personal_names, '$')"
    view = f"CREATE VIEW cards AS SELECT card_id, person_id, status_code, {fails} AS personal_names, family_names,"
    alter(url, f"{view} start_date, end_date, status_effective_on, cancelled_on, cancel_reason FROM rows_of_cards;\n")
    [(code, told)] = defects(url)
    assert (code, told.partition(":")[0]) == ("SNAPSHOT_PARTIAL", "the table cards cannot be read")
    assert "Zebedee" not in told


def test_text_that_is_none_is_told_without_it(tmp_path: Path) -> None:
    """SQLite keeps any bytes as text, and its driver quotes them."""
    url = f"sqlite:///{tmp_path / 'registration.db'}"
    alter(url, TABLES)
    with_card(url, "'1', 'UG', CAST(x'5ae96265' AS TEXT), 'Quimby', '2024-10-01', '2028-09-30'")
    told = "the table cards cannot be read: Could not decode to UTF-8 column 'personal_names' with text …"
    assert defects(url) == [("SNAPSHOT_PARTIAL", told)]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1.5", "values of the type float instead of texts"),
        ("7", "values of the type int instead of texts"),
        ("x'5a'", "values of the type bytes instead of texts"),
        ("'Z' || char(0) || 'e'", "a NUL character"),
        ("replace(hex(zeroblob(2000000)), '00', 'Z')", "a text of 2000000 characters"),
    ],
)
def test_a_name_that_is_no_name_is_told_by_its_column(value: str, told: str, tmp_path: Path) -> None:
    """A number would have become a name, and the person's address another one."""
    url = f"sqlite:///{tmp_path / 'registration.db'}"
    alter(url, TABLES.replace("personal_names VARCHAR(300)", "personal_names"))
    with_card(url, f"'1', 'UG', {value}, 'Quimby', '2024-10-01', '2028-09-30'")
    assert defects(url) == [
        ("SNAPSHOT_PARTIAL", f"the table cards cannot be used: the column personal_names holds {told}")
    ]


def test_a_manifest_that_holds_bytes_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'registration.db'}"
    alter(url, TABLES.replace("'2025-10-01T07:50:00Z'", "x'00ff'"))
    [(code, told)] = defects(url)
    assert (code, told.startswith("the manifest's as_of cannot be used: it holds values of the type bytes")) == (
        "SNAPSHOT_PARTIAL",
        True,
    )


@pytest.mark.parametrize("day", ["infinity", "-infinity", "0001-01-01 BC"])
def test_a_day_beyond_all_days_freezes_its_person_alone(day: str, request: pytest.FixtureRequest) -> None:
    """D29: PostgreSQL knows such days, its driver does not, and failed on the whole table."""
    url: str = request.getfixturevalue("postgres_database")
    alter(url, TABLES)
    with_card(url, f"'1', 'UG', 'Zebedee', 'Quimby', '2024-10-01', '{day}'")
    found = source(url).read().slice(None, {}).people
    assert {person: record.frozen for person, record in found.items()} == {"1": "BAD_CARD_DATES", "2": None}
