"""D29, rules.md 3.2, 3.3, 3.5 and 3.7 to 3.9: a bad row concerns its person, and says how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from building.snapshot_folder import SnapshotFolder, Value

from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.people import Affiliation, AlternativeAddress, Card, NameRequest, Person, SenderChoice
from nexusops.model.snapshot import PersonRecord
from nexusops.registration.tables import Tables

MARY = PersonId("1000001")
Read = Callable[..., Tables]


def record(tables: Tables, person: str = MARY) -> PersonRecord:
    return tables.slice([PersonId(person)], {}).people[PersonId(person)]


def verdict(found: PersonRecord) -> tuple[str | None, str | None, list[str]]:
    """What freezes the person, what spares them, and the codes of the findings."""
    return found.frozen, found.spared, [finding.code for finding in found.findings]


def test_a_person_without_a_fault(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.2 to 3.5: strings become the nouns of the model."""
    tables = read(college)
    found = record(tables)
    assert found == PersonRecord(
        person_id=MARY,
        person=Person(person_id=MARY, username="ball1234"),
        cards=(
            Card(
                card_id="c1000001",
                person_id=MARY,
                status_code="UG",
                personal_names="Mary Anne",
                family_names="Brown",
                start_date=date(2025, 10, 1),
                end_date=date(2028, 9, 30),
            ),
        ),
        affiliations=(Affiliation(person_id=MARY, unit_id=UnitId("BALL"), start_date=date(2025, 10, 1)),),
        fingerprint=found.fingerprint,
    )
    assert tables.slice(None, {}).findings == ()


def test_values_keep_their_case_and_their_spaces(college: SnapshotFolder, read: Read) -> None:
    """D13 is the naming rule's: registration hands on what it was given, line breaks and quotes included."""
    names = ' Mary\u00a0Anne "Minnie",\r\nO’Neill '
    college.change("cards", {"card_id": "c1000001"}, personal_names=names)
    assert record(read(college)).cards[0].personal_names == names


def test_a_finding_names_the_row_and_the_snapshot(college: SnapshotFolder, read: Read) -> None:
    """architecture.md, Evidence: table, key and hash; the scope is the person."""
    college.change("cards", {"card_id": "c1000001"}, end_date="2024-01-01")
    tables = read(college)
    assert record(tables).findings == (
        Finding(
            code="BAD_CARD_DATES",
            subject=MARY,
            message="card c1000001: start_date is after end_date; nothing is changed for this person",
            severity=Severity.WARNING,
            scope="person:1000001",
            evidence=(Evidence(table="cards", key="c1000001", snapshot=tables.record.sha256),),
        ),
    )


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"start_date": "2028-10-01"}, "BAD_CARD_DATES"),
        ({"start_date": None}, "BAD_CARD_DATES"),
        ({"end_date": None}, "BAD_CARD_DATES"),
        ({"end_date": "30/09/2028"}, "BAD_CARD_DATES"),
        ({"end_date": "2028-02-30"}, "BAD_CARD_DATES"),
        ({"end_date": "20280930"}, "BAD_CARD_DATES"),
        ({"cancelled_on": "2025-09-30"}, "BAD_CARD_DATES"),
        ({"cancelled_on": "soon"}, "BAD_CARD_DATES"),
        ({"status_effective_on": "2028-10-01"}, "BAD_CARD_DATES"),
        ({"personal_names": "x" * 201}, "BAD_NAME"),
        ({"family_names": "x" * 201}, "BAD_NAME"),
        ({"card_id": None}, "BAD_VALUE"),
    ],
)
def test_a_bad_card_freezes_its_person(
    college: SnapshotFolder, read: Read, columns: dict[str, Value], code: str
) -> None:
    """rules.md 3.3, D29."""
    college.change("cards", {"person_id": MARY}, **columns)
    found = record(read(college))
    assert (verdict(found), found.cards) == ((code, None, [code]), ())


@pytest.mark.parametrize(
    "columns",
    [
        {"personal_names": None, "family_names": None},
        {"personal_names": "x" * 200},
        {"status_effective_on": "2028-09-30"},
        {"cancelled_on": "2025-10-01"},
        {"start_date": "2028-09-30", "status_effective_on": "2020-01-01"},
        {"status_code": "??"},
        {"cancel_reason": "resigned"},
    ],
)
def test_what_may_be_is_no_fault(college: SnapshotFolder, read: Read, columns: dict[str, Value]) -> None:
    """rules.md 3.3, D14; a status code is policy's to judge (D46)."""
    college.change("cards", {"person_id": MARY}, **columns)
    assert verdict(record(read(college))) == (None, None, [])


def test_an_unknown_reason_of_a_cancellation_is_ignored(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.3."""
    college.change("cards", {"person_id": MARY}, cancelled_on="2026-01-01", cancel_reason="bored")
    found = record(read(college))
    assert (verdict(found), found.cards[0].cancel_reason) == ((None, None, []), None)


def test_a_card_id_twice_freezes_everyone_whose_it_is(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.3, D29: duplicates freeze all rows involved."""
    college.person("1000002", "chem0042").card(
        "1000002", "GR", "Ann", "Lee", "2025-10-01", "2026-09-30", card_id="c1000001"
    )
    tables = read(college)
    assert [verdict(record(tables, person)) for person in ("1000001", "1000002")] == [
        ("DUP_CARD", None, ["DUP_CARD"])
    ] * 2


def test_a_username_twice_freezes_both(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.2; also where only one of the two is looked at."""
    college.person("1000002", "ball1234")
    tables = read(college)
    assert [verdict(record(tables, person)) for person in ("1000001", "1000002")] == [
        ("DUP_USERNAME", None, ["DUP_USERNAME"])
    ] * 2


def test_two_people_without_a_username_are_no_duplicates(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.2: NULL is PENDING_USERNAME, which the rules report."""
    tables = read(college.person("1000002").person("1000003"))
    assert [verdict(record(tables, person)) for person in ("1000002", "1000003")] == [(None, None, [])] * 2


def test_a_person_in_two_rows_is_frozen(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.2, even where both rows say the same."""
    assert verdict(record(read(college.person("1000001", "ball1235")))) == ("DUP_PERSON", None, ["DUP_PERSON"])


@pytest.mark.parametrize("username", ["BALL1234", "ball 1234", "ball1234@ox.ac.uk", "-x", "x" * 65])
def test_what_cannot_name_an_account_freezes(college: SnapshotFolder, read: Read, username: str) -> None:
    """rules.md 3.2; the site's own form of a username is policy, and the rules'."""
    college.change("persons", {"person_id": MARY}, username=username)
    assert verdict(record(read(college))) == ("BAD_USERNAME", None, ["BAD_USERNAME"])


def test_a_long_known_as_is_ignored(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.2: a hundred characters pass."""
    college.change("persons", {"person_id": MARY}, known_as="x" * 101).person("2", "chem0042", known_as="x" * 100)
    tables = read(college)
    assert (verdict(record(tables)), record(tables).person) == (
        (None, None, ["BAD_KNOWN_AS"]),
        Person(person_id=MARY, username="ball1234"),
    )
    assert verdict(record(tables, "2")) == (None, None, [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("1", True), ("YES", True), ("false", False), ("0", False), ("No", False), (None, False)],
)
def test_words_for_true_and_false(college: SnapshotFolder, read: Read, value: Value, expected: bool) -> None:
    college.change("persons", {"person_id": MARY}, deceased=value)
    assert record(read(college)).person == Person(person_id=MARY, username="ball1234", deceased=expected)


def test_any_other_word_freezes(college: SnapshotFolder, read: Read) -> None:
    """D29."""
    college.change("persons", {"person_id": MARY}, deceased="perhaps")
    assert verdict(record(read(college))) == ("BAD_VALUE", None, ["BAD_VALUE"])


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"end_date": "2025-09-30"}, "BAD_AFFILIATION_DATES"),
        ({"end_date": "never"}, "BAD_AFFILIATION_DATES"),
        ({"start_date": "1 October"}, "BAD_AFFILIATION_DATES"),
    ],
)
def test_bad_dates_of_an_affiliation_freeze(
    college: SnapshotFolder, read: Read, columns: dict[str, Value], code: str
) -> None:
    """rules.md 3.5."""
    college.change("affiliations", {"person_id": MARY}, **columns)
    assert verdict(record(read(college))) == (code, None, [code])


def test_an_affiliation_without_a_start_began_long_ago(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.5."""
    college.change("affiliations", {"person_id": MARY}, start_date=None)
    found = record(read(college))
    assert found.affiliations == (Affiliation(person_id=MARY, unit_id=UnitId("BALL"), start_date=date(1900, 1, 1)),)
    assert verdict(found) == (None, None, ["NO_AFFILIATION_START"])


@pytest.mark.parametrize(("last", "ends"), [("2027-01-01", date(2027, 1, 1)), (None, None)])
def test_of_an_affiliation_in_two_rows_the_earliest_start_counts_and_the_latest_end(
    college: SnapshotFolder, read: Read, last: str | None, ends: date | None
) -> None:
    """rules.md 3.5, D29: who was in the unit before, and is in it again, is in it."""
    college.change("affiliations", {"person_id": MARY}, end_date=last)
    college.affiliation(MARY, "BALL", "2020-10-01", "2022-01-01").affiliation(MARY, "BALL", "2021-10-01", "2026-01-01")
    found = record(read(college))
    assert found.affiliations == (
        Affiliation(person_id=MARY, unit_id=UnitId("BALL"), start_date=date(2020, 10, 1), end_date=ends),
    )
    assert verdict(found) == (None, None, ["DUP_AFFILIATION"] * 2)


@pytest.mark.parametrize("unit", ["NOWHERE", "ball", None])
def test_an_affiliation_to_an_unknown_unit_is_ignored_and_costs_nothing(
    college: SnapshotFolder, read: Read, unit: str | None
) -> None:
    """rules.md 3.5, D29: only what would be taken away is held."""
    found = record(read(college.row("affiliations", person_id=MARY, unit_id=unit, start_date="2025-10-01")))
    assert verdict(found) == (None, "ORPHAN_AFFILIATION", ["ORPHAN_AFFILIATION"])
    assert [affiliation.unit_id for affiliation in found.affiliations] == ["BALL"]


def test_a_card_of_nobody_is_ignored_and_told_of(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.3: ORPHAN_CARD, a finding about the whole snapshot."""
    tables = read(college.card("1000009", "UG", "No", "Body", "2025-10-01", "2026-09-30"))
    assert record(tables, "1000009") == PersonRecord(
        person_id=PersonId("1000009"), person=None, fingerprint=record(tables, "1000009").fingerprint
    )
    assert tables.people() == {"1000001", "1000009"}
    assert [(f.code, f.subject, f.scope) for f in tables.slice([], {}).findings] == [("ORPHAN_CARD", "1000009", "site")]


def test_an_affiliation_of_nobody_is_told_of_and_costs_nothing(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.5: the row of persons may be missing by mistake."""
    tables = read(college.affiliation("1000009", "BALL", "2025-10-01"))
    assert verdict(record(tables, "1000009")) == (None, "ORPHAN_AFFILIATION", [])
    assert [(f.code, f.subject) for f in tables.slice([], {}).findings] == [("ORPHAN_AFFILIATION", "1000009")]


def test_somebody_who_is_gone_from_every_table(college: SnapshotFolder, read: Read) -> None:
    """ports: a person who is asked for and has no row gets a record without ``person``."""
    found = record(read(college), "1999999")
    assert found == PersonRecord(person_id=PersonId("1999999"), person=None, fingerprint=found.fingerprint)


def test_what_people_asked_for(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.7 to 3.9: addresses in lower case, instants in UTC."""
    college.choice(MARY, "Mary.Brown@Balliol.ox.ac.uk", "2025-09-01T10:00:00+01:00")
    college.name_request("n1", MARY, "Minnie.Brown", "2025-09-02T10:00:00Z", outcome="referred")
    college.alternative(MARY, "Mary@Mail.example", at="2025-09-03T10:00:00.25Z")
    college.alternative(MARY, None, source="hris", action="removed", at="2025-09-03T10:00:00Z")
    found = record(read(college))
    assert (found.choice, found.name_requests, found.alternatives) == (
        SenderChoice(
            person_id=MARY,
            address=Address("mary.brown@balliol.ox.ac.uk"),
            chosen_at=datetime(2025, 9, 1, 9, tzinfo=UTC),
        ),
        (
            NameRequest(
                request_id="n1",
                person_id=MARY,
                wanted_local="minnie.brown",
                made_at=datetime(2025, 9, 2, 10, tzinfo=UTC),
                outcome="referred",
            ),
        ),
        (
            AlternativeAddress(
                person_id=MARY,
                address=Address(""),
                source="hris",
                action="removed",
                at=datetime(2025, 9, 3, 10, tzinfo=UTC),
            ),
            AlternativeAddress(
                person_id=MARY,
                address=Address("mary@mail.example"),
                source="self",
                action="set",
                at=datetime(2025, 9, 3, 10, 0, 0, 250000, tzinfo=UTC),
            ),
        ),
    )
    assert verdict(found) == (None, None, [])


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("sender_choices", {"address": "no address", "chosen_at": "2025-09-01T10:00:00Z"}),
        ("sender_choices", {"address": "a.b@ox.ac.uk", "chosen_at": "2025-09-01 10:00"}),
        ("sender_choices", {"address": None, "chosen_at": "2025-09-01T10:00:00Z"}),
        (
            "name_requests",
            {"request_id": "n", "wanted_local": "a.b", "made_at": "2025-09-01T10:00:00Z", "outcome": "?"},
        ),
        ("name_requests", {"request_id": "n", "wanted_local": None, "made_at": "2025-09-01T10:00:00Z"}),
        ("alternative_addresses", {"address": "a@b.example", "source": "friend", "action": "set", "at": "2025-01-01Z"}),
        ("alternative_addresses", {"address": "a@b.example", "source": "self", "action": "sett", "at": None}),
    ],
)
def test_a_bad_wish_is_ignored(college: SnapshotFolder, read: Read, table: str, columns: dict[str, Value]) -> None:
    """rules.md 3.7 to 3.9: the wish is as if it were not there; the person is not frozen for it."""
    found = record(read(college.row(table, person_id=MARY, **columns)))
    assert (found.choice, found.name_requests, found.alternatives) == (None, (), ())
    assert verdict(found) == (None, None, ["BAD_ROW"])


def test_of_wishes_with_the_same_key_none_counts(college: SnapshotFolder, read: Read) -> None:
    """D29: nobody can say which was meant. A request_id may also stand with somebody else."""
    college.person("1000002", "chem0042")
    college.choice(MARY, "a.b@balliol.ox.ac.uk").choice(MARY, "c.d@balliol.ox.ac.uk")
    college.alternative(MARY, "a@mail.example").alternative(MARY, "b@mail.example")
    college.name_request("n1", MARY, "x.brown").name_request("n1", "1000002", "y.lee")
    tables = read(college)
    assert verdict(record(tables)) == (None, None, ["DUP_ROW"] * 3)
    assert verdict(record(tables, "1000002")) == (None, None, ["DUP_ROW"])
    found = record(tables)
    assert (found.choice, found.name_requests, found.alternatives) == (None, (), ())


def test_a_row_committed_after_the_snapshot_waits(college: SnapshotFolder, read: Read) -> None:
    """R60, D34: at or before counts, half a second later does not."""
    college.choice(MARY, "a.b@balliol.ox.ac.uk", "2025-10-01T08:50:00.5+01:00")
    college.alternative(MARY, "a@mail.example", at="2025-10-01T07:50:00Z")
    tables = read(college, "2025-10-01T08:50:00+01:00")
    found = record(tables)
    assert (found.choice, [row.address for row in found.alternatives]) == (None, ["a@mail.example"])
    assert verdict(found) == (None, None, [])
    assert record(read(college, "2025-10-01T09:50:00+01:00")).choice is not None


def test_the_fingerprint_is_of_the_persons_own_rows(college: SnapshotFolder, read: Read) -> None:
    """architecture.md, Holds: it changes with persons, cards and affiliations, and with nothing else."""
    before = record(read(college)).fingerprint
    other = college.copy().person("1000002", "chem0042").choice(MARY, "a.b@balliol.ox.ac.uk")
    other.change("units", {"unit_id": "BALL"}, name="Another name")
    assert record(read(other, "2025-10-01T08:50:00Z")).fingerprint == before
    for table in ("persons", "cards", "affiliations"):
        column = {"persons": "known_as", "cards": "cancel_reason", "affiliations": "end_date"}[table]
        changed = college.copy().change(table, {"person_id": MARY}, **{column: "2030-01-01"})
        assert record(read(changed)).fingerprint != before
