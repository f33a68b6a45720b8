"""D27: everything that can be wrong with a folder, with its code and its sentence; the exit code is 3 for all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from building.snapshot_folder import SnapshotFolder, write_manifest

from nexusops.errors import SnapshotRefused
from nexusops.registration.folder import FolderRegistration

AS_OF = "2025-10-01T08:50:00+01:00"
ROWS = {"persons": 2, "cards": 1, "units": 1, "domains": 1, "affiliations": 1}


@pytest.fixture
def folder(college: SnapshotFolder, tmp_path: Path) -> Path:
    return college.person("1000002", "ball1235", known_as="Zoë").write(tmp_path / "snapshot", AS_OF)


def defects(folder: Path, site: str = "oxford-test") -> list[tuple[str, str]]:
    """What reading the folder is refused for."""
    with pytest.raises(SnapshotRefused) as caught:
        FolderRegistration(folder, site, "ox.ac.uk").read()
    assert caught.value.exit_code == 3
    assert "Nothing was changed" in str(caught.value).splitlines()[-1]
    return [(defect.code, defect.message) for defect in caught.value.defects]


def rewritten(folder: Path, table: str, change: Callable[[bytes], bytes], **rows: int) -> Path:
    """The table's file altered, and a manifest that fits it: only the content can give the fault away."""
    path = folder / f"{table}.csv"
    path.write_bytes(change(path.read_bytes()))
    return write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, **rows})


def manifested(folder: Path, **entries: object) -> Path:
    """The manifest with other entries; None takes one away."""
    path = folder / "manifest.json"
    document = {**json.loads(path.read_bytes()), **entries}
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
    return folder


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    assert defects(path) == [("SNAPSHOT_PARTIAL", f"{path}/manifest.json cannot be read: No such file or directory")]


def test_the_name_of_a_folder_is_no_pattern(college: SnapshotFolder, tmp_path: Path) -> None:
    """What was hashed is what is read, and no file of another folder whose name fits."""
    named = college.write(tmp_path / "snapshot[1]", AS_OF)
    college.copy().change("persons", {"person_id": "1000001"}, person_id="1000009").write(tmp_path / "snapshot1", AS_OF)
    assert FolderRegistration(named, "oxford-test", "ox.ac.uk").read().people() == {"1000001"}


def test_a_manifest_that_is_no_json(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"schema": 1,')
    [(code, message)] = defects(folder)
    assert (code, message.partition(":")[0]) == ("SNAPSHOT_PARTIAL", "manifest.json is not JSON")


def test_a_manifest_in_another_encoding(folder: Path) -> None:
    (folder / "manifest.json").write_bytes('{"tenant": "Zoë"}'.encode("latin-1"))
    [(code, message)] = defects(folder)
    assert (code, message.partition(":")[0]) == ("SNAPSHOT_PARTIAL", "manifest.json is not JSON")


def test_a_manifest_that_is_a_list(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")
    assert defects(folder) == [
        ("SNAPSHOT_PARTIAL", "manifest.json is not a JSON object with schema, tenant, as_of and tables")
    ]


@pytest.mark.parametrize("schema", [2, "1", True, None])
def test_another_schema(folder: Path, schema: object) -> None:
    """rules.md 3.1."""
    assert defects(manifested(folder, schema=schema)) == [
        ("SNAPSHOT_SCHEMA", f"the manifest's schema is {schema!r}; this program reads 1")
    ]


@pytest.mark.parametrize("tenant", ["cambridge", 7, None])
def test_another_tenant(folder: Path, tenant: object) -> None:
    """rules.md 3.1: a snapshot of another university must never be taken for ours."""
    assert defects(manifested(folder, tenant=tenant)) == [
        ("SNAPSHOT_TENANT", f"the manifest's tenant is {tenant!r}; 'oxford-test' is expected here, as [site] name says")
    ]


@pytest.mark.parametrize(
    ("as_of", "reason"),
    [
        (None, "it is missing"),
        (20251001, "20251001 is not text"),
        ("2025-10-01T08:50:00", "'2025-10-01T08:50:00' is not an instant with an offset or Z"),
        ("2025-13-01T08:50:00Z", "'2025-13-01T08:50:00Z' is not an instant of the calendar"),
    ],
)
def test_an_as_of_that_is_no_instant(folder: Path, as_of: object, reason: str) -> None:
    assert defects(manifested(folder, as_of=as_of)) == [
        ("SNAPSHOT_PARTIAL", f"the manifest's as_of must be an instant with an offset or Z: {reason}")
    ]


@pytest.mark.parametrize("tables", [None, [], "persons"])
def test_a_manifest_without_its_tables(folder: Path, tables: object) -> None:
    [(code, message)] = defects(manifested(folder, tables=tables))
    assert (code, message[:34]) == ("SNAPSHOT_PARTIAL", "the manifest must list its tables:")


@pytest.mark.parametrize("entry", [7, {}, {"rows": "2", "sha256": "0" * 64}, {"rows": 2, "sha256": "short"}])
def test_an_entry_of_the_manifest_that_says_nothing(folder: Path, entry: object) -> None:
    tables = json.loads((folder / "manifest.json").read_bytes())["tables"]
    assert defects(manifested(folder, tables={**tables, "persons": entry})) == [
        ("SNAPSHOT_PARTIAL", "the manifest's entry for persons must have rows (a number) and sha256 (64 hex digits)")
    ]


def test_a_required_table_that_is_missing(folder: Path) -> None:
    (folder / "cards.csv").unlink()
    rows = {name: count for name, count in ROWS.items() if name != "cards"}
    write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows=rows)
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "the table cards is missing")]


def test_a_listed_table_without_a_file(folder: Path) -> None:
    (folder / "cards.csv").unlink()
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "the manifest lists the table cards, and there is no file of it")]


def test_a_file_that_the_manifest_does_not_list(folder: Path) -> None:
    (folder / "routing.csv").write_text("address,destination,set_by,set_at\n")
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "routing.csv lies there, and the manifest does not list it")]


def test_a_table_in_two_files(folder: Path) -> None:
    (folder / "cards.jsonl").write_text("")
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "the table cards is there more than once: cards.csv, cards.jsonl")]


def test_a_file_that_is_not_the_one_described(folder: Path) -> None:
    with (folder / "persons.csv").open("ab") as file:
        file.write(b"1000003,ball1236,,false\n")
    assert defects(folder) == [
        ("SNAPSHOT_PARTIAL", "persons.csv is not the file that the manifest describes: its SHA-256 is another one")
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_rows(folder: Path, count: int) -> None:
    write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, "persons": count})
    assert defects(folder) == [("SNAPSHOT_PARTIAL", f"persons.csv has 2 rows, and the manifest says {count}")]


def test_a_blank_line_is_no_row(folder: Path) -> None:
    """The manifest's count is the cross-check: a line that the parser skips cannot hide."""
    rewritten(folder, "persons", lambda content: content + b"\n", persons=3)
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "persons.csv has 2 rows, and the manifest says 3")]


HEADER = b"person_id,username,known_as,deceased\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty: not even a header row"),
        (b"\n", "it is empty: not even a header row"),
        (b"person_id,username,deceased\n1,abcd0001,false\n", "the column known_as is missing"),
        (b"1,abcd0001,x,false\n", "the columns person_id, username, known_as, deceased are missing"),
        (b"person_id,username,known_as,deceased,username\n", "its header row names a column twice, or not at all"),
        (b"person_id,username,known_as,,deceased\n", "its header row names a column twice, or not at all"),
        (HEADER + "1,abcd0001,Zoë,false\n".encode("latin-1"), "it is not UTF-8 at byte 50, in line 2"),
        (HEADER + b"1,abcd0001,Zo\0e,false\n", "it holds a NUL character in line 2"),
    ],
)
def test_a_table_that_is_none(folder: Path, content: bytes, reason: str) -> None:
    """D27: the reason is ours, and is the same everywhere."""
    rewritten(folder, "persons", lambda _: content, persons=1)
    assert defects(folder) == [("SNAPSHOT_PARTIAL", f"persons.csv cannot be used: {reason}")]


@pytest.mark.parametrize(
    "content",
    [
        HEADER + b"1,abcd0001,,false\n2,abcd0002\n",  # cut off in a row
        HEADER + b"1,abcd0001,,false\n2,abcd0002,",  # cut off at its end
        HEADER + b"1,abcd0001,,false,extra\n2,abcd0002,,false\n",
        HEADER + b'1,abcd0001,"Zoe,false\n2,abcd0002,,false\n',  # a quote that is never closed
        HEADER + b'1,abcd0001,"Zoe"e,false\n2,abcd0002,,false\n',
        b'person_id,username,"known_as,deceased\n1,abcd0001,,false\n2,abcd0002,,false\n',
    ],
)
def test_a_table_that_is_cut_off_or_misquoted(folder: Path, content: bytes) -> None:
    """D27: the reason is the parser's, and quotes no line of the file, which may hold personal data."""
    rewritten(folder, "persons", lambda _: content)
    [(code, message)] = defects(folder)
    assert (code, message[:28]) == ("SNAPSHOT_PARTIAL", "persons.csv cannot be used: ")
    assert "abcd0001" not in message
    assert "\n" not in message


def test_a_quote_inside_a_field_loses_no_row(folder: Path) -> None:
    """RFC 4180 has no such field, and many exports do; what matters is that no row is swallowed by it."""
    rewritten(folder, "persons", lambda _: HEADER + b'1,abcd0001,Zo"e,false\n2,abcd0002,"a ""b""",false\n')
    people = FolderRegistration(folder, "oxford-test", "ox.ac.uk").read().slice(None, {}).people
    assert [
        (r.person_id, r.person.known_as) for r in people.values() if r.person and r.person.username != "ball1234"
    ] == [
        ("1", 'Zo"e'),
        ("2", 'a "b"'),
    ]


@pytest.mark.parametrize(
    "content",
    [b'{"person_id": "1", "username"', b"[1, 2]\n", b'"text"\n', b"1\n", b'{"person_id": "1"}\n{"person_id": "2"'],
)
def test_json_lines_that_are_none(folder: Path, content: bytes) -> None:
    (folder / "persons.csv").unlink()
    (folder / "persons.jsonl").write_bytes(content)
    write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, "persons": 1})
    [(code, message)] = defects(folder)
    assert (code, message[:30]) == ("SNAPSHOT_PARTIAL", "persons.jsonl cannot be used: ")


def test_json_lines_without_a_key_column(folder: Path) -> None:
    """What is null may be left out of a line; what must never be null may not."""
    (folder / "persons.csv").unlink()
    (folder / "persons.jsonl").write_text('{"username": "abcd0001"}\n')
    write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, "persons": 1})
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "persons.jsonl cannot be used: the column person_id is missing")]


def json_lines(folder: Path, content: str) -> Path:
    (folder / "persons.csv").unlink()
    (folder / "persons.jsonl").write_text(content)
    return write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, "persons": 1})


@pytest.mark.parametrize("value", ['["Min"]', '{"first": "Min"}', "[]"])
def test_json_lines_with_a_list_or_an_object(folder: Path, value: str) -> None:
    """Its text would be taken for somebody's name; a Parquet file of such a type is refused, too."""
    json_lines(folder, f'{{"person_id": "1", "known_as": {value}}}\n')
    reason = "the column known_as holds a list or an object instead of a text"
    assert defects(folder) == [("SNAPSHOT_PARTIAL", f"persons.jsonl cannot be used: {reason}")]


def test_a_refusal_quotes_nobody(folder: Path) -> None:
    """Personal data never stand in a log: of a broken line its number is told, not what it holds."""
    json_lines(folder, '{"person_id": "1", "person_id": "2", "known_as": "Secretname"}\n')
    [(_, message)] = defects(folder)
    assert "in line 1" in message
    assert "Secretname" not in message
    assert "{" not in message


def parquet(folder: Path, query: str) -> Path:
    (folder / "persons.csv").unlink()
    duckdb.sql(f"COPY ({query}) TO '{folder / 'persons.parquet'}' (FORMAT parquet)")
    return write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, "persons": 1})


def test_parquet_of_the_wrong_type(folder: Path) -> None:
    parquet(folder, "SELECT ['1', '2'] AS person_id, 'abcd0001' AS username, NULL AS known_as, false AS deceased")
    reason = "the column person_id holds nested or binary values instead of text"
    assert defects(folder) == [("SNAPSHOT_PARTIAL", f"persons.parquet cannot be used: {reason}")]


def test_parquet_that_is_cut_off(folder: Path) -> None:
    parquet(folder, "SELECT '1' AS person_id, 'abcd0001' AS username, NULL AS known_as, false AS deceased")
    path = folder / "persons.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    write_manifest(folder, tenant="oxford-test", as_of=AS_OF, rows={**ROWS, "persons": 1})
    [(code, message)] = defects(folder)
    assert (code, message[:32]) == ("SNAPSHOT_PARTIAL", "persons.parquet cannot be used: ")


def test_everything_that_is_wrong_is_told_at_once(folder: Path) -> None:
    """D27: all defects together, one line each."""
    (folder / "cards.csv").unlink()
    (folder / "units.csv").write_bytes(b"")
    manifested(folder, schema=9, tenant="cambridge")
    assert [code for code, _ in defects(folder)] == [
        "SNAPSHOT_SCHEMA",
        "SNAPSHOT_TENANT",
        "SNAPSHOT_PARTIAL",
        "SNAPSHOT_PARTIAL",
    ]


def test_an_unknown_table_must_still_be_the_one_described(college: SnapshotFolder, tmp_path: Path) -> None:
    """Its hash is part of the snapshot's."""
    folder = college.row("parking", person_id="1000001", place="7").write(tmp_path / "with parking", AS_OF)
    (folder / "parking.csv").write_text("person_id,place\n1000001,8\n")
    assert defects(folder) == [("SNAPSHOT_PARTIAL", "the table parking is not the file that the manifest describes")]
