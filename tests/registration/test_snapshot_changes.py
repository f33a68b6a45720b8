"""Whom a new snapshot concerns: set by set, whatever the order of rows, and no fewer than a plain comparison says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from building.snapshot_folder import Row, SnapshotFolder
from hypothesis import given, settings
from hypothesis import strategies as st

from nexusops.registration.folder import FolderRegistration
from nexusops.registration.tables import Tables

Read = Callable[..., Tables]
LATER = "2025-10-01T09:50:00+01:00"


@pytest.fixture
def town(college: SnapshotFolder) -> SnapshotFolder:
    """Four people in four units; LAW and CRIM share a domain, OLD has gone into LAW."""
    for person, unit in (("2", "CHEM"), ("3", "LAW"), ("4", "CRIM"), ("5", "OLD")):
        college.person(person, f"abcd000{person}").card(person, "GR", "Ann", "Lee", "2025-10-01", "2026-09-30")
        college.affiliation(person, unit, "2025-10-01")
    college.unit("CHEM", "department", "chem.ox.ac.uk").domain("chem.ox.ac.uk")
    college.unit("LAW", "department", "law.ox.ac.uk").unit("CRIM", "department", "law.ox.ac.uk").domain("law.ox.ac.uk")
    college.unit("OLD", "department").reorg("r0", "merge", "2024-01-01", "OLD", "LAW")
    college.staff("abcd0002", "2", "CHEM")
    college.mailbox("lab", "CHEM", "lab@chem.ox.ac.uk", "2").mailbox("court", "LAW", "court@law.ox.ac.uk", "3")
    return college.nonpersonal_address("moot@law.ox.ac.uk", "LAW", mailbox_id="court")


Change = Callable[[SnapshotFolder], SnapshotFolder]

CHANGES: dict[str, tuple[Change, set[str]]] = {
    "nothing": (lambda f: f, set()),
    "a card": (lambda f: f.change("cards", {"person_id": "2"}, family_names="Lea"), {"2"}),
    "a value that was empty": (lambda f: f.change("cards", {"person_id": "2"}, cancelled_on="2026-01-01"), {"2"}),
    "a new person": (lambda f: f.person("6", "abcd0006"), {"6"}),
    "a person gone": (lambda f: f.remove("persons", person_id="2"), {"2"}),
    "a username that is now shared": (lambda f: f.person("6", "abcd0002"), {"2", "6"}),
    "a card_id that is now shared": (
        lambda f: f.card("3", "GR", "A", "B", "2025-10-01", "2026-09-30", card_id="c2"),
        {"2", "3"},
    ),
    "the same row twice": (lambda f: f.person("2", "abcd0002"), {"2"}),
    "an affiliation moved": (lambda f: f.change("affiliations", {"person_id": "2"}, unit_id="LAW"), {"2"}),
    "a choice": (lambda f: f.choice("2", "ann.lee@chem.ox.ac.uk"), {"2"}),
    "a name request": (lambda f: f.name_request("n1", "2", "annie.lee"), {"2"}),
    "an alternative": (lambda f: f.alternative("2", "a@mail.example"), {"2"}),
    "an external route": (lambda f: f.external_route("a@stats.ox.ac.uk", "a@b.example", "2"), {"2"}),
    "a split's member": (lambda f: f.reorg_member("r9", "2", "LAW"), {"2"}),
    "IT staff": (lambda f: f.staff("abcd0003", "3", "LAW"), {"3"}),
    "a unit": (lambda f: f.change("units", {"unit_id": "CHEM"}, name="Chemistry"), {"2"}),
    "a unit gone": (lambda f: f.remove("units", unit_id="CHEM"), {"2"}),
    "a unit that shares its domain": (lambda f: f.change("units", {"unit_id": "CRIM"}, name="C"), {"3", "4", "5"}),
    "a domain": (lambda f: f.change("domains", {"domain": "law.ox.ac.uk"}, state="winddown"), {"3", "4", "5"}),
    "a unit that took over a domain": (
        lambda f: f.change("units", {"unit_id": "CHEM"}, domain="law.ox.ac.uk"),
        {"2", "3", "4", "5"},
    ),
    "a reorganisation": (lambda f: f.reorg("r1", "merge", "2025-11-01", "CHEM", "BALL"), {"2", "1000001"}),
    "what follows one": (lambda f: f.reorg("r1", "merge", "2025-11-01", "LAW", "BALL"), {"3", "4", "5", "1000001"}),
    "a unit nobody is in": (lambda f: f.unit("NEW", "department"), set()),
    "a column that is not known": (lambda f: f.change("cards", {"person_id": "2"}, colour="red"), set()),
    "a table that is not known": (lambda f: f.row("parking", person_id="2"), set()),
    "the case of a domain": (lambda f: f.change("domains", {"domain": "law.ox.ac.uk"}, domain="Law.ox.ac.uk"), set()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whom_a_change_concerns(town: SnapshotFolder, read: Read, what: str) -> None:
    """ports: own rows, shared keys, units and their domains, and reorganisations, in both directions of time."""
    change, people = CHANGES[what]
    before, after = read(town), read(change(town.copy()), LATER)
    assert (after.changed(before), before.changed(after)) == (people, people)


BOXES: dict[str, tuple[Change, set[str]]] = {
    "nothing": (lambda f: f, set()),
    "a box": (
        lambda f: f.change("nonpersonal_mailboxes", {"mailbox_id": "lab"}, owner_person_id="3"),
        {"lab", "lab@chem.ox.ac.uk"},
    ),
    "an address attached to a box": (
        lambda f: f.change("nonpersonal_addresses", {"address": "moot@law.ox.ac.uk"}, mailbox_id=None),
        {"moot@law.ox.ac.uk", "court"},
    ),
    "a new box that claims an address": (
        lambda f: f.mailbox("annex", "CHEM", "lab@chem.ox.ac.uk"),
        {"lab", "annex", "lab@chem.ox.ac.uk"},
    ),
    "the unit's domain": (
        lambda f: f.change("domains", {"domain": "chem.ox.ac.uk"}, state="winddown"),
        {"lab", "lab@chem.ox.ac.uk"},
    ),
    "the unit's IT staff": (
        lambda f: f.staff("abcd0003", "3", "LAW"),
        {"court", "court@law.ox.ac.uk", "moot@law.ox.ac.uk"},
    ),
    "a person": (lambda f: f.change("cards", {"person_id": "2"}, family_names="Lea"), set()),
}


@pytest.mark.parametrize("what", BOXES)
def test_which_boxes_a_change_concerns(town: SnapshotFolder, read: Read, what: str) -> None:
    """ports: changed_boxes."""
    change, boxes = BOXES[what]
    assert read(change(town.copy()), LATER).changed_boxes(read(town)) == boxes


def test_which_domains_and_addresses_a_change_concerns(town: SnapshotFolder, read: Read) -> None:
    """Whoever has an address there is affected, though they are in none of its units any more."""
    after = (
        town.copy().change("units", {"unit_id": "CRIM"}, own_mail=True).route("a.b@chem.ox.ac.uk", "mailbox:abcd0002")
    )
    before, now = read(town), read(after, LATER)
    assert (now.changed_domains(before), now.changed_addresses(before)) == ({"law.ox.ac.uk"}, {"a.b@chem.ox.ac.uk"})


def test_a_row_that_waited_has_changed_once_its_time_has_come(town: SnapshotFolder, read: Read) -> None:
    """R60, D34: the rows are the same in both snapshots, and only the later one counts them."""
    town.choice("2", "ann.lee@chem.ox.ac.uk", "2025-10-01T08:50:00.5+01:00")
    town.route("a.b@law.ox.ac.uk", "mailbox:abcd0003", set_at="2025-10-01T09:00:00+01:00")
    nine, ten, eleven = (read(town, f"2025-10-01T{hour}:50:00+01:00") for hour in ("08", "09", "10"))
    assert (ten.changed(nine), eleven.changed(ten)) == ({"2"}, frozenset())
    assert (ten.changed_addresses(nine), eleven.changed_addresses(ten)) == ({"a.b@law.ox.ac.uk"}, frozenset())


def test_a_snapshot_is_compared_with_one_that_was_kept(town: SnapshotFolder, read: Read) -> None:
    """architecture.md: the accepted snapshot comes out of the state."""
    before = read(town)
    kept = FolderRegistration(Path("nowhere"), None, "ox.ac.uk").unpack(before.pack())
    after = read(town.copy().change("cards", {"person_id": "2"}, family_names="Lea"), LATER)
    assert (after.changed(kept), kept.changed(before)) == ({"2"}, frozenset())


@pytest.mark.parametrize(("version", "found"), [("the same", set()), ("an earlier one", {"2"})])
def test_what_another_version_kept_is_compared_row_by_row(
    town: SnapshotFolder, read: Read, version: str, found: set[str]
) -> None:
    """Files with one hash have the same rows, but only where both were read in the same way."""
    now = read(town)
    blobs = dict(now.pack())
    other = read(town.copy().change("cards", {"person_id": "2"}, family_names="LEE")).pack()
    blobs["cards"] = other["cards"]
    if version != "the same":
        blobs["manifest"] = msgspec.json.encode({**msgspec.json.decode(blobs["manifest"]), "read_as": version})
    assert now.changed(FolderRegistration(Path("nowhere"), None, "ox.ac.uk").unpack(blobs)) == found


@settings(max_examples=15)
@given(seed=st.integers())
def test_the_order_of_rows_does_not_matter(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Law: with the rows of every table shuffled, the slice is the same but for its hash, and nobody has changed."""
    rows = _invented(random.Random(seed))
    shuffled = rows.copy()
    for table in shuffled.tables.values():
        random.Random(seed + 1).shuffle(table)
    folder = tmp_path_factory.mktemp("shuffled")
    one, other = (
        FolderRegistration(each.write(folder / name, LATER), None, "ox.ac.uk").read()
        for name, each in (("one", rows), ("other", shuffled))
    )
    assert (other.changed(one), other.changed_boxes(one)) == (frozenset(), frozenset())
    first = repr(one.slice(None, {})).replace(one.record.sha256, "hash")
    assert repr(other.slice(None, {})).replace(other.record.sha256, "hash") == first


@settings(max_examples=25)
@given(seed=st.integers())
def test_a_plain_comparison_finds_nobody_more(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Law: whose rows differ is found by a dictionary just as well; and whose record differs has changed."""
    luck = random.Random(seed)
    before = _invented(luck)
    after = before.copy()
    for _ in range(luck.randint(0, 4)):
        table = luck.choice([name for name, found in after.tables.items() if found])
        row = luck.choice(after.tables[table])
        column = luck.choice(list(row))
        match luck.randint(0, 2):
            case 0:
                after.tables[table].remove(row)
            case 1:
                after.tables[table].append(dict(row))
            case _:
                row[column] = luck.choice([None, "1", "2", "U1", "2026-01-01", "zz", row[column]])
    folder = tmp_path_factory.mktemp("compared")
    old, new = (
        FolderRegistration(each.write(folder / name, LATER), None, "ox.ac.uk").read()
        for name, each in (("old", before), ("new", after))
    )
    found = new.changed(old)
    assert _plainly(before, after) <= found
    was, is_ = old.slice(None, {}).people, new.slice(None, {}).people
    missing = old.slice(list(is_), {}).people
    for person in set(was) | set(is_):
        then = repr(was.get(person) or missing[person]).replace(old.record.sha256, "")
        now = repr(is_.get(person) or new.slice([person], {}).people[person]).replace(new.record.sha256, "")
        assert then == now or person in found


def _plainly(before: SnapshotFolder, after: SnapshotFolder) -> set[str]:
    """Whose own rows differ, by the standard library alone."""

    def bag(rows: list[Row]) -> Counter[tuple[tuple[str, str], ...]]:
        return Counter(tuple(sorted((k, str(v)) for k, v in row.items() if v not in (None, ""))) for row in rows)

    found = set()
    for table in ("persons", "cards", "affiliations", "sender_choices", "alternative_addresses"):
        then, now = bag(before.tables.get(table, [])), bag(after.tables.get(table, []))
        for row in ((then - now) + (now - then)).elements():
            found.add(dict(row).get("person_id"))
    return {person for person in found if person}


def _invented(luck: random.Random) -> SnapshotFolder:
    """A few people with every kind of row, some of them faulty."""
    rows = SnapshotFolder()
    for unit in ("U1", "U2", "U3"):
        rows.unit(unit, luck.choice(["college", "department", "??"]), luck.choice(["a.ox.ac.uk", "b.ox.ac.uk", None]))
    rows.domain("a.ox.ac.uk").domain("b.ox.ac.uk", state=luck.choice(["active", "winddown", "??"]))
    for number in range(luck.randint(0, 6)):
        person = str(number)
        rows.person(person, luck.choice([f"abcd000{number}", "abcd0000", None]))
        rows.card(person, "UG", "Ann", "Lee", "2025-10-01", luck.choice(["2026-10-01", "2024-10-01"]))
        rows.affiliation(person, luck.choice(["U1", "U2", "U3", "U9"]), luck.choice(["2025-10-01", None]))
        rows.affiliation(person, "U1", "2025-10-01")
        rows.choice(luck.choice(["0", person]), "ann.lee@a.ox.ac.uk")
        rows.alternative(person, f"{person}@mail.example", luck.choice(["self", "hris"]))
        rows.mailbox(f"box{luck.randint(0, 3)}", "U1", f"box{number}@a.ox.ac.uk", person)
    if luck.random() < 0.5:
        rows.reorg("r", luck.choice(["merge", "??"]), "2025-11-01", "U1", "U2")
    return rows
