"""interface.md 3: ``snapshot diff A B``."""

from __future__ import annotations

import json
from collections.abc import Callable

from building.snapshot_folder import SnapshotFolder

from nexusops.model.snapshot import SnapshotDifference, TableDifference
from nexusops.registration.difference import compare
from nexusops.registration.tables import Tables
from nexusops.report.snapshot import difference_json, difference_text

Read = Callable[..., Tables]
LATER = "2025-10-01T09:50:00+01:00"


def test_what_was_added_removed_and_changed(college: SnapshotFolder, read: Read) -> None:
    before = read(college.person("2", "abcd0002"))
    after = (
        college.copy().person("3", "abcd0003").remove("persons", person_id="2").affiliation("3", "BALL", "2025-10-01")
    )
    after.change("cards", {"person_id": "1000001"}, family_names="Green")
    assert compare(before, read(after, LATER)) == SnapshotDifference(
        tables=(
            TableDifference(table="persons", added=("3",), removed=("2",)),
            TableDifference(table="cards", changed=("c1000001",)),
            TableDifference(table="affiliations", added=("3/BALL",)),
        ),
        people=("1000001", "2", "3"),
    )


def test_a_repeated_row_is_a_change_of_its_key(college: SnapshotFolder, read: Read) -> None:
    before = read(college)
    after = read(college.copy().affiliation("1000001", "BALL", "2025-10-01"), LATER)
    assert compare(before, after).tables == (TableDifference(table="affiliations", changed=("1000001/BALL",)),)


def test_a_row_that_waits_is_told_like_any_other(college: SnapshotFolder, read: Read) -> None:
    """R60: it concerns nobody yet."""
    after = college.copy().choice("1000001", "a.b@balliol.ox.ac.uk", "2025-12-01T00:00:00Z")
    assert compare(read(college), read(after, LATER)) == SnapshotDifference(
        tables=(TableDifference(table="sender_choices", added=("1000001",)),), people=()
    )


def test_the_difference_as_document_and_as_text(college: SnapshotFolder, read: Read) -> None:
    before, after = read(college), read(college.copy().person("3", "abcd0003"), LATER)
    difference, none = compare(before, after), compare(before, before)
    assert json.loads(difference_json(difference)) == {
        "tables": {"persons": {"added": ["3"], "removed": [], "changed": []}},
        "people": ["3"],
    }
    assert difference_text(difference) == "persons: 1 added, 0 removed, 0 changed\n  + 3\npeople concerned: 1\n"
    assert json.loads(difference_json(none)) == {"tables": {}, "people": []}
    assert difference_text(none) == "No row differs.\npeople concerned: 0\n"
