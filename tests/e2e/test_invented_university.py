"""The invented university: seeded, streamed, and notable."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from nexusops.demo.cast import CAST
from nexusops.demo.days import write_day_one, write_day_two
from nexusops.demo.snapshots import restamped
from nexusops.demo.university import UNITS, members, units

AT = datetime(2025, 10, 1, 8, tzinfo=UTC)


def rows_of(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    first, again, other = list(members(300, 1)), list(members(300, 1)), list(members(300, 2))
    assert first == again
    assert first[: len(CAST)] == other[: len(CAST)] == list(CAST)
    assert first != other


def test_people_are_made_one_at_a_time() -> None:
    assert len(list(islice(members(1_000_000), 100))) == 100


def test_a_larger_university_has_more_units_and_keeps_ids_and_usernames_apart() -> None:
    people = list(members(30_000))
    assert len(people) == len({one.person_id for one in people}) == 30_000
    assert len({one.username for one in people if one.username}) == 29_999
    assert len(units(30_000)) == 88
    assert len(units(1_000_000)) == 250


def test_the_cast_has_names_of_many_scripts_and_units_that_share_a_domain() -> None:
    assert len(CAST) >= 40
    assert len(UNITS) >= 12
    names = " ".join(f"{one.personal_names} {one.family_names}" for one in CAST)
    assert all(part in names for part in ("O'Brien", "O\u2019Brien", "Анна", "王", "محمد", "García López"))
    assert len({unit.domain for unit in UNITS}) == len(UNITS) - 1


def test_a_snapshots_manifest_counts_and_hashes_its_tables(tmp_path: Path) -> None:
    """rules.md 3.1."""
    write_day_one(tmp_path, tenant="oxford-test", at=AT, people=60, seed=1)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert (manifest["schema"], manifest["tenant"], manifest["as_of"]) == (
        1,
        "oxford-test",
        "2025-10-01T07:50:00+00:00",
    )
    for name, entry in manifest["tables"].items():
        content = (tmp_path / f"{name}.csv").read_bytes()
        assert entry == {"rows": len(rows_of(tmp_path, name)), "sha256": hashlib.sha256(content).hexdigest()}
    assert manifest["tables"]["persons"]["rows"] == 59


def test_the_second_day_brings_a_joiner_a_mover_a_new_name_choices_and_a_cancelled_card(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    write_day_one(one, tenant="oxford-test", at=AT, people=48, seed=1)
    write_day_two(two, tenant="oxford-test", at=AT.replace(day=2), people=48, seed=1)
    changed = {
        table: [row for row in rows_of(two, table) if row not in rows_of(one, table)]
        for table in ("persons", "cards", "affiliations", "sender_choices", "name_requests")
    }
    assert {row["person_id"] for row in changed["persons"]} == {"1000044"}
    assert {row["person_id"] for row in changed["cards"]} == {"1000040", "1000041", "1000044"}
    assert {(row["unit_id"], row["end_date"]) for row in changed["affiliations"]} == {
        ("CHEM", "2025-10-01"),
        ("LAW", ""),
        ("ALDG", ""),
    }
    assert [row["address"] for row in changed["sender_choices"]] == [
        "charlotte.dubois@history.ox.ac.uk",
        "priya.subramaniam@stats.ox.ac.uk",
    ]
    assert [row["wanted_local"] for row in changed["name_requests"]] == ["xiaoming.li"]


def test_the_same_tables_can_be_another_hours_snapshot(tmp_path: Path) -> None:
    write_day_one(tmp_path / "1", tenant="oxford-test", at=AT, people=48, seed=1)
    later = restamped(tmp_path / "1", tmp_path / "2", AT.replace(hour=9))
    assert rows_of(later, "persons") == rows_of(tmp_path / "1", "persons")
    assert json.loads((later / "manifest.json").read_text("utf-8"))["as_of"] == "2025-10-01T09:00:00+00:00"
