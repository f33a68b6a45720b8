"""D29, rules.md 3.4, 3.6, 3.10, 3.11, 3.13: faults of units, domains, routes and boxes, and what they do to people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from building.snapshot_folder import SnapshotFolder, Value

from nexusops.model.findings import Evidence, Finding
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.people import Staff
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import (
    DomainState,
    ExternalRoute,
    MailDomain,
    NonpersonalAddress,
    NonpersonalMailbox,
    Reorg,
    ReorgMember,
    Route,
    Unit,
)
from nexusops.registration.folder import FolderRegistration
from nexusops.registration.tables import Tables

Read = Callable[..., Tables]
MARY = PersonId("1000001")
BALL = UnitId("BALL")
BALLIOL = Domain("balliol.ox.ac.uk")


def whole(tables: Tables) -> Snapshot:
    return tables.slice(None, {})


def told(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in snapshot.findings]


def mary(snapshot: Snapshot) -> tuple[str | None, str | None]:
    """What freezes her, and what spares her."""
    return snapshot.people[MARY].frozen, snapshot.people[MARY].spared


def test_every_small_table_becomes_nouns(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.4 to 3.13."""
    college.unit("FOOD", "faculty", "Food.ox.ac.uk", name="Food Science", own_mail=True, source="created")
    college.domain("food.ox.ac.uk", managed=False, state="own_mail")
    college.domain("alumni.example", state="active", incoming_cap=5)
    college.route("Mary.Brown@balliol.ox.ac.uk", "mailbox:ball1234", "itss1", "2025-09-01T10:00:00Z")
    college.external_route("jo.hill@food.ox.ac.uk", None, MARY, set_at="2025-09-01T10:00:00Z")
    college.mailbox("bursary", "BALL", "Bursary@balliol.ox.ac.uk", MARY, requested_by="itss1")
    college.nonpersonal_address("porter@balliol.ox.ac.uk", "BALL", target="mailbox:ball1234")
    college.reorg("r1", "split", "2026-01-01", "BALL", "FOOD", 4).reorg_member("r1", MARY, "FOOD")
    college.staff("itss1", MARY, "BALL").staff("itss1", MARY, "BALL")
    found = whole(read(college))
    assert found.units == {
        "BALL": Unit(unit_id=BALL, name="Balliol College", kind="college", domain=BALLIOL),
        "FOOD": Unit(
            unit_id=UnitId("FOOD"),
            name="Food Science",
            kind="department",
            domain=Domain("food.ox.ac.uk"),
            own_mail=True,
            source="created",
        ),
    }
    assert found.domains == {
        "balliol.ox.ac.uk": MailDomain(domain=BALLIOL, zone="ox", managed=True, state=DomainState.ACTIVE),
        "food.ox.ac.uk": MailDomain(
            domain=Domain("food.ox.ac.uk"), zone="ox", managed=False, state=DomainState.OWN_MAIL
        ),
        "alumni.example": MailDomain(
            domain=Domain("alumni.example"), zone="foreign", managed=True, state=DomainState.ACTIVE, incoming_cap=5
        ),
    }
    at = datetime(2025, 9, 1, 10, tzinfo=UTC)
    address, hill = Address("mary.brown@balliol.ox.ac.uk"), Address("jo.hill@food.ox.ac.uk")
    route = ExternalRoute(address=hill, destination=None, person_id=MARY, set_by="registration", set_at=at)
    assert found.routes == {address: Route(address=address, destination="mailbox:ball1234", set_by="itss1", set_at=at)}
    assert (found.external_routes, found.people[MARY].external_routes) == ({hill: route}, (route,))
    assert found.nonpersonal_mailboxes == {
        "bursary": NonpersonalMailbox(
            mailbox_id="bursary",
            kind="secondary",
            unit_id=BALL,
            owner_person_id=MARY,
            address=Address("bursary@balliol.ox.ac.uk"),
            requested_by="itss1",
        )
    }
    assert list(found.nonpersonal_addresses.values()) == [
        NonpersonalAddress(
            address=Address("porter@balliol.ox.ac.uk"),
            unit_id=BALL,
            mailbox_id=None,
            target="mailbox:ball1234",
            requested_by="registration",
        )
    ]
    assert found.reorgs == (
        Reorg(
            reorg_id="r1",
            kind="split",
            effective_on=date(2026, 1, 1),
            source_unit=BALL,
            target_unit=UnitId("FOOD"),
            months=4,
        ),
    )
    assert found.reorg_members == (ReorgMember(reorg_id="r1", person_id=MARY, target_unit=UnitId("FOOD")),)
    assert found.staff == (Staff(staff_id="itss1", person_id=MARY, unit_id=BALL),)
    assert found.findings == ()


@pytest.mark.parametrize(
    ("kind", "counts_as"),
    [("PPH", "college"), ("society", "college"), ("faculty", "department"), ("other", "other"), ("College", "college")],
)
def test_what_a_unit_calls_itself(college: SnapshotFolder, read: Read, kind: str, counts_as: str) -> None:
    """rules.md 3.4."""
    found = whole(read(college.change("units", {"unit_id": "BALL"}, kind=kind)))
    assert (found.units[BALL].kind, found.findings, mary(found)) == (counts_as, (), (None, None))


def test_a_unit_of_an_unknown_kind_freezes_its_members(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.4: told of once for the unit, and of each member."""
    college.person("1000002", "chem0042")
    tables = read(college.change("units", {"unit_id": "BALL"}, kind="collage"))
    found = whole(tables)
    assert (told(found), mary(found)) == ([("BAD_UNIT_KIND", "BALL")], ("BAD_UNIT_KIND", None))
    assert [finding.evidence for finding in found.people[MARY].findings] == [
        (Evidence(table="units", key="BALL", snapshot=tables.record.sha256),)
    ]
    assert found.people[PersonId("1000002")].frozen is None


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"unit_id": "B"}, "BAD_UNIT_ID"),
        ({"unit_id": "ball"}, "BAD_UNIT_ID"),
        ({"unit_id": "BALLIOL12"}, "BAD_UNIT_ID"),
        ({"kind": None}, "BAD_ROW"),
        ({"own_mail": "perhaps"}, "BAD_ROW"),
    ],
)
def test_a_bad_unit_is_rejected_and_its_members_lose_nothing(
    college: SnapshotFolder, read: Read, columns: dict[str, Value], code: str
) -> None:
    """rules.md 3.4, D29: its affiliations are ORPHAN_AFFILIATION."""
    unit = str(columns.get("unit_id", "BALL"))
    college.change("units", {"unit_id": "BALL"}, **columns).change("affiliations", {"person_id": MARY}, unit_id=unit)
    found = whole(read(college))
    assert (found.units, told(found), mary(found)) == ({}, [(code, unit)], (None, "ORPHAN_AFFILIATION"))


def test_of_two_units_with_one_id_none_is_taken(college: SnapshotFolder, read: Read) -> None:
    """D29: duplicates concern all rows involved."""
    found = whole(read(college.unit("BALL", "department", "balliol.ox.ac.uk")))
    assert (found.units, told(found), mary(found)) == ({}, [("DUP_UNIT", "BALL")], (None, "ORPHAN_AFFILIATION"))


def test_a_unit_that_vanished_costs_its_people_nothing(college: SnapshotFolder, read: Read) -> None:
    """R48: one finding for the unit, and the people's affiliations to it are held."""
    found = whole(read(college.remove("units", unit_id="BALL")))
    assert (told(found), mary(found)) == ([("UNIT_MISSING", "BALL")], (None, "ORPHAN_AFFILIATION"))
    messages = [finding.message for finding in found.findings if finding.code == "UNIT_MISSING"]
    assert messages == ["the unit BALL is not in units, and 1 row names it in affiliations; nothing is taken away"]


@pytest.mark.parametrize(
    ("columns", "code", "domain"),
    [
        ({"domain": "bad_name.ox.ac.uk"}, "BAD_DOMAIN", "bad_name.ox.ac.uk"),
        ({"domain": "-x.ox.ac.uk"}, "BAD_DOMAIN", "-x.ox.ac.uk"),
        ({"domain": "localhost"}, "BAD_DOMAIN", "localhost"),
        ({"domain": f"{'a.' * 125}ox.ac.uk"}, "BAD_DOMAIN", f"{'a.' * 125}ox.ac.uk"),
        ({"managed": "perhaps"}, "BAD_ROW", BALLIOL),
        ({"managed": None}, "BAD_ROW", BALLIOL),
        ({"state": "resting"}, "BAD_ROW", BALLIOL),
        ({"winddown_start": "soon"}, "BAD_ROW", BALLIOL),
        ({"winddown_months": "two"}, "BAD_ROW", BALLIOL),
        ({"incoming_cap": "-1"}, "BAD_ROW", BALLIOL),
    ],
)
def test_a_bad_domain_counts_as_unknown_and_costs_nobody_an_address(
    college: SnapshotFolder, read: Read, columns: dict[str, Value], code: str, domain: str
) -> None:
    """rules.md 3.4, D29: the unit is then without a domain, and its members lose nothing by it."""
    college.change("domains", {"domain": BALLIOL}, **columns)
    found = whole(read(college))
    assert (found.domains, found.units[BALL].domain) == ({}, None)
    assert (told(found), mary(found)) == (
        sorted([(code, domain), ("UNIT_DOMAIN_UNKNOWN", "BALL")]),
        (None, "UNIT_DOMAIN_UNKNOWN"),
    )


def test_a_domain_in_two_rows_counts_as_unknown(college: SnapshotFolder, read: Read) -> None:
    """D29; upper and lower case are one name."""
    found = whole(read(college.domain("Balliol.OX.ac.uk")))
    assert told(found) == [("DUP_DOMAIN", BALLIOL), ("UNIT_DOMAIN_UNKNOWN", "BALL")]


def test_a_unit_with_its_own_mail_and_a_managed_domain(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.4."""
    found = whole(read(college.change("units", {"unit_id": "BALL"}, own_mail=True)))
    assert (told(found), mary(found)) == ([("UNIT_DOMAIN_CONFLICT", "BALL")], (None, None))


@pytest.mark.parametrize(
    ("parent", "says", "is_", "codes"),
    [
        ("ox.ac.uk", "ox", "ox", []),
        ("ox.ac.uk", None, "ox", []),
        ("ox.ac.uk", "foreign", "ox", ["ZONE_MISMATCH"]),
        ("cam.ac.uk", "ox", "foreign", ["ZONE_MISMATCH"]),
        ("iol.ox.ac.uk", "foreign", "foreign", []),
    ],
)
def test_the_zone_is_computed_and_never_believed(
    college: SnapshotFolder, parent: str, says: str | None, is_: str, codes: list[str], tmp_path: Path
) -> None:
    """rules.md 3.17: ox means under the site's own parent domain."""
    college.change("domains", {"domain": BALLIOL}, zone=says)
    path = college.write(tmp_path / "snapshot", "2025-10-01T08:50:00Z")
    found = whole(FolderRegistration(path, "oxford-test", parent).read())
    assert (found.domains[BALLIOL].zone, [code for code, _ in told(found)]) == (is_, codes)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"destination": "ball1234"}, "BAD_ROUTE"),
        ({"destination": "mailbox:"}, "BAD_ROUTE"),
        ({"destination": "a b@ox.ac.uk"}, "BAD_ROUTE"),
        ({"destination": None}, "BAD_ROW"),
        ({"set_at": "yesterday"}, "BAD_ROW"),
        ({"set_by": None}, "BAD_ROW"),
        ({"address": "nobody"}, "BAD_ROW"),
    ],
)
def test_a_bad_route_is_ignored(college: SnapshotFolder, read: Read, columns: dict[str, Value], code: str) -> None:
    """rules.md 3.6."""
    good: dict[str, Value] = {
        "address": "a.b@balliol.ox.ac.uk",
        "destination": "mailbox:ball1234",
        "set_by": "registration",
        "set_at": "2025-09-01T10:00:00Z",
    }
    found = whole(read(college.row("routing", **{**good, **columns})))
    assert (found.routes, [code for code, _ in told(found)]) == ({}, [code])


def test_a_route_set_after_the_snapshot_waits(college: SnapshotFolder, read: Read) -> None:
    """R60: not even its faults are told of."""
    college.route("a.b@balliol.ox.ac.uk", "mailbox:ball1234", set_at="2025-10-01T08:00:00Z")
    college.external_route("x@stats.ox.ac.uk", "bad", set_at="2025-10-01T08:00:00Z")
    found = whole(read(college, "2025-10-01T07:50:00Z"))
    assert (found.routes, found.external_routes, found.findings) == ({}, {}, ())


def test_an_address_routed_in_two_rows_is_routed_by_none(college: SnapshotFolder, read: Read) -> None:
    """D29."""
    college.route("a.b@balliol.ox.ac.uk", "mailbox:ball1234").route("A.b@balliol.ox.ac.uk", "mailbox:ball1235")
    found = whole(read(college))
    assert (found.routes, told(found)) == ({}, [("DUP_ROW", "a.b@balliol.ox.ac.uk")])


@pytest.mark.parametrize(
    "columns",
    [{"kind": "personal"}, {"kind": None}, {"unit_id": None}, {"address": "bursary"}],
)
def test_a_bad_box_is_frozen_and_not_gone(college: SnapshotFolder, read: Read, columns: dict[str, Value]) -> None:
    """rules.md 3.10, D29: a typo in its row must not delete a mailbox."""
    college.mailbox("bursary", "BALL", "bursary@balliol.ox.ac.uk", MARY)
    found = whole(read(college.change("nonpersonal_mailboxes", {"mailbox_id": "bursary"}, **columns)))
    address = str(columns.get("address", "bursary@balliol.ox.ac.uk"))
    assert (found.nonpersonal_mailboxes, told(found)) == ({}, [("BAD_ROW", "bursary")])
    assert found.frozen_boxes == {"bursary": "BAD_ROW", address: "BAD_ROW"}


def test_a_mailbox_id_twice_freezes_the_box(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.10: dup freeze."""
    college.mailbox("bursary", "BALL", "bursary@balliol.ox.ac.uk").mailbox("bursary", "BALL", "b2@balliol.ox.ac.uk")
    found = whole(read(college))
    assert (found.nonpersonal_mailboxes, told(found)) == ({}, [("DUP_ROW", "bursary")])
    assert found.frozen_boxes == dict.fromkeys(
        ["bursary", "bursary@balliol.ox.ac.uk", "b2@balliol.ox.ac.uk"], "DUP_ROW"
    )


def test_a_bad_target_freezes_the_address(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3.10, 3.17: ``target`` is a destination as in 3.6."""
    found = whole(read(college.nonpersonal_address("porter@balliol.ox.ac.uk", "BALL", target="the lodge")))
    assert (found.nonpersonal_addresses, told(found), found.frozen_boxes) == (
        {},
        [("BAD_ROUTE", "porter@balliol.ox.ac.uk")],
        {"porter@balliol.ox.ac.uk": "BAD_ROUTE"},
    )


@pytest.mark.parametrize(
    "columns", [{"kind": "takeover"}, {"effective_on": "soon"}, {"months": None}, {"months": "two"}]
)
def test_a_bad_reorganisation_is_ignored_and_costs_nobody_an_address(
    college: SnapshotFolder, read: Read, columns: dict[str, Value]
) -> None:
    """D29: members of its units may have addresses by it already."""
    college.unit("MERT", "college", "balliol.ox.ac.uk").reorg("r1", "merge", "2026-01-01", "BALL", "MERT")
    found = whole(read(college.change("reorgs", {"reorg_id": "r1"}, **columns)))
    assert (found.reorgs, told(found), mary(found)) == ((), [("BAD_ROW", "r1/BALL/MERT")], (None, "BAD_ROW"))


def test_a_bad_member_of_a_split_is_spared(college: SnapshotFolder, read: Read) -> None:
    """D29."""
    college.reorg_member("r1", MARY, "CHEM").reorg_member("r1", MARY, "LAW")
    found = whole(read(college))
    assert (found.reorg_members, told(found), mary(found)) == (
        (),
        [("DUP_ROW", f"r1/{MARY}")],
        (None, "DUP_ROW"),
    )


def test_columns_and_tables_that_are_not_known_are_ignored(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3: with a warning."""
    college.change("persons", {"person_id": MARY}, shoe_size="42").row("parking", person_id=MARY, place="7")
    found = whole(read(college))
    assert found.findings == (
        Finding(
            code="UNKNOWN_COLUMN",
            subject="persons.shoe_size",
            message="the column persons.shoe_size is not known and was ignored",
        ),
        Finding(code="UNKNOWN_TABLE", subject="parking", message="the table parking is not known and was ignored"),
    )


def test_wishes_of_nobody_are_told_of(college: SnapshotFolder, read: Read) -> None:
    """rules.md 3: a person_id that is not in persons."""
    found = whole(read(college.choice("1000009", "a.b@balliol.ox.ac.uk").row("persons", username="abcd0001")))
    assert told(found) == [("BAD_ROW", "1000009"), ("BAD_ROW", "persons")]
