"""D27: whatever an exporter or a disk does to a table, it is refused in a sentence, or says what it said before."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from building.snapshot_folder import SnapshotFolder
from building.spoiled_files import NO_FILES, READ, REFUSED, Bytes

from nexusops.errors import SnapshotRefused
from nexusops.model.findings import Finding
from nexusops.model.ids import PersonId
from nexusops.model.snapshot import Snapshot
from nexusops.registration.folder import FolderRegistration

AS_OF = "2025-10-01T08:50:00+01:00"
CANARIES = ("Zebedee", "Quimby", "ball1234", "private.example")
"""What stands in the tables, and in no message."""
TABLES = ("persons", "affiliations")
"""One whose last field is never empty, and one in which it is."""


@pytest.fixture
def folder(college: SnapshotFolder, tmp_path: Path) -> Path:
    college.person("1000002", "ball1235", known_as="Zebedee").card(
        "1000002", "GR", "Zebedee", "Quimby", "2024-10-01", "2028-09-30"
    )
    college.affiliation("1000002", "BALL", "2024-10-01").choice("1000002", "zebedee.quimby@balliol.ox.ac.uk")
    college.choice("1000001", "mary.brown@balliol.ox.ac.uk").unit("CHEM", "department", "chem.ox.ac.uk")
    college.domain("chem.ox.ac.uk").mailbox("lab", "CHEM", "lab@chem.ox.ac.uk", "1000002")
    college.mailbox("office", "CHEM", "office@chem.ox.ac.uk", "1000002")
    return college.write(tmp_path / "snapshot", AS_OF)


def read(folder: Path) -> Snapshot:
    return FolderRegistration(folder, "oxford-test", "ox.ac.uk").read().slice(None, {})


def spoiled(folder: Path, table: str, spoil: Bytes) -> Path:
    """The table's file after the spoil, and a manifest that fits it: only the content can give it away."""
    path = folder / f"{table}.csv"
    path.write_bytes(spoil(path.read_bytes()))
    return stamped(folder, table, path)


def stamped(folder: Path, table: str, path: Path) -> Path:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["tables"][table]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def refusals(folder: Path) -> Iterator[str]:
    with pytest.raises(SnapshotRefused) as caught:
        read(folder)
    assert {defect.code for defect in caught.value.defects} == {"SNAPSHOT_PARTIAL"}
    for defect in caught.value.defects:
        assert [canary for canary in CANARIES if canary in defect.message] == []
        assert len(defect.message) < 400
        yield defect.message


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("spoil", REFUSED)
def test_what_cannot_be_read_without_guessing_is_refused(spoil: str, table: str, folder: Path) -> None:
    """D27: with the file, and not a word of what stands in it."""
    [told] = refusals(spoiled(folder, table, REFUSED[spoil]))
    assert told.startswith(f"{table}.csv ")


def test_the_line_is_named(folder: Path) -> None:
    too_many = REFUSED["with a comma too many in the middle"]
    assert list(refusals(spoiled(folder, "affiliations", too_many))) == [
        "affiliations.csv cannot be used: the row in line 3 has 5 fields, and the header row 4"
    ]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("spoil", READ)
def test_another_form_says_the_same(spoil: str, table: str, folder: Path) -> None:
    """rules.md 3: LF or CRLF, in whatever order the columns come; what is not known is told, and nothing else."""
    before = read(folder)
    after = read(spoiled(folder, table, READ[spoil]))
    assert after.people == before.people
    assert (after.units, after.nonpersonal_mailboxes) == (before.units, before.nonpersonal_mailboxes)
    new = [finding.code for finding in after.findings if _other(finding, before)]
    assert new == (["UNKNOWN_COLUMN"] if spoil == "with a column too many" else [])


def _other(finding: Finding, before: Snapshot) -> bool:
    return (finding.code, finding.subject) not in {(one.code, one.subject) for one in before.findings}


@pytest.mark.parametrize("name", ["persons.csv", "it_staff.csv", "manifest.json"])
@pytest.mark.parametrize("other", NO_FILES)
def test_what_is_no_file_is_not_waited_for(other: str, name: str, folder: Path) -> None:
    """A pipe that nobody writes to would hold the hour up for ever."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["tables"].setdefault("it_staff", {"rows": 0, "sha256": "0" * 64})
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    if name != "it_staff.csv":
        (folder / "it_staff.csv").write_text("staff_id,person_id,unit_id\n", "utf-8")
    (folder / name).unlink(missing_ok=True)
    NO_FILES[other](folder / name)
    told = list(refusals(folder))
    assert any(name.partition(".")[0] in one for one in told)


@pytest.mark.parametrize("near", ["persons.csv.gz", "PERSONS.CSV", "persons.xlsx"])
def test_a_file_with_nearly_that_name_is_named(near: str, folder: Path) -> None:
    (folder / "persons.csv").rename(folder / near)
    assert list(refusals(folder)) == [
        f"the manifest lists the table persons, and there is no file of it; {near} is none: persons.csv is expected"
    ]


def as_json_lines(folder: Path, **columns: object) -> Path:
    """The cards as JSON Lines, the last of them with these columns."""
    text = (folder / "cards.csv").read_text("utf-8")
    rows: list[dict[str, object]] = [dict(row) for row in csv.DictReader(text.splitlines())]
    rows[-1] |= columns
    (folder / "cards.csv").unlink()
    (folder / "cards.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return stamped(folder, "cards", folder / "cards.jsonl")


@pytest.mark.parametrize("value", [True, 1.5, 7])
def test_a_number_is_no_name(value: object, folder: Path) -> None:
    """JSON has types, and an exporter that mixes them up must not rename people."""
    assert list(refusals(as_json_lines(folder, personal_names=value))) == [
        "cards.jsonl cannot be used: the column personal_names holds numbers or truth values instead of texts"
    ]


def test_what_is_no_number_is_no_value(folder: Path) -> None:
    """NaN is what some exporters have for what is missing."""
    assert (
        read(as_json_lines(folder, personal_names=float("nan"))).people[PersonId("1000002")].cards[0].personal_names
        == ""
    )


def test_columns_that_differ_in_capitals_alone_are_told(folder: Path) -> None:
    assert list(refusals(as_json_lines(folder, Start_Date="2025-01-01"))) == [
        "cards.jsonl cannot be used: it has the column start_date twice, in other capitals"
    ]


def test_parquet_that_was_spoiled_is_refused_without_its_values(folder: Path) -> None:
    """D27: byte by byte."""
    path = folder / "cards.parquet"
    duckdb.sql(f"COPY (FROM read_csv('{folder / 'cards.csv'}', all_varchar=true)) TO '{path}' (FORMAT parquet)")
    (folder / "cards.csv").unlink()
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        stamped(folder, "cards", path)
        try:
            read(folder)
        except SnapshotRefused as refused:
            told = " ".join(defect.message for defect in refused.defects)
            assert [canary for canary in CANARIES if canary in told] == []


def test_a_file_that_changes_while_it_is_read_is_refused(folder: Path) -> None:
    """D27: what was hashed and what was read must be the same."""
    path, done = folder / "persons.csv", threading.Event()

    def touch() -> None:
        for second in itertools.count(1):
            os.utime(path, (second, second))
            if done.is_set():
                return

    thread = threading.Thread(target=touch)
    thread.start()
    try:
        assert next(told for told in map(_refusal, itertools.repeat(folder, 200)) if told) == [
            "persons.csv was changed while it was read"
        ]
    finally:
        done.set()
        thread.join()
    assert read(folder).people


def _refusal(folder: Path) -> list[str]:
    try:
        read(folder)
    except SnapshotRefused as refused:
        return [defect.message for defect in refused.defects]
    return []
