"""``reorg``: what a merge will do, before it does (R52, R53; rules.md 4d)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from building.snapshot_folder import SnapshotFolder

if TYPE_CHECKING:
    from building.typed import Said
    from cli.conftest import CommandSite

EIGHT = datetime(2025, 10, 1, 8, tzinfo=UTC)
TITLE = "LIFE-26: merge of BIOC and CHEM into LIFE"


def registered() -> SnapshotFolder:
    """Two people of the same name, one in each of the units that are to be one."""
    tables = SnapshotFolder().domain("chem.ox.ac.uk").domain("bioc.ox.ac.uk").domain("life.ox.ac.uk")
    for unit in ("CHEM", "BIOC", "LIFE"):
        tables.unit(unit, "department", f"{unit.lower()}.ox.ac.uk")
    for number, (name, unit) in enumerate((("Ann Lee", "CHEM"), ("Ann Lee", "BIOC"), ("Bob Ray", "CHEM")), start=1):
        first, last = name.split()
        tables.person(f"{number}", f"abcd000{number}").card(f"{number}", "US", first, last, "2025-01-01", "2028-09-30")
        tables.affiliation(f"{number}", unit, f"2025-01-0{number}")
    return tables


def merging(tables: SnapshotFolder, months: int = 3) -> SnapshotFolder:
    for source in ("CHEM", "BIOC"):
        tables.reorg("LIFE-26", "merge", "2025-11-03", source, "LIFE", months)
    return tables


@pytest.fixture
def live(site: CommandSite, tmp_path: Path) -> CommandSite:
    """After the first run, with nothing of a merge."""
    snapshot = registered().write(tmp_path / "first", EIGHT - timedelta(minutes=10))
    assert site.type("run", "--at", EIGHT.isoformat(), "--snapshot", snapshot).code == 0
    return site


def asked(site: CommandSite, tables: SnapshotFolder, folder: Path, *words: str, at: datetime = EIGHT) -> Said:
    later = at + timedelta(hours=1)
    snapshot = tables.write(folder / "next", later - timedelta(minutes=10))
    return site.type("reorg", *words, "--at", later.isoformat(), "--snapshot", snapshot)


def test_who_gets_what_is_told_before_any_run_has_seen_the_merge(live: CommandSite, tmp_path: Path) -> None:
    """R52, D30: the earlier affiliation keeps the plain name; the other one gets a number."""
    before = live.type("state", "export", "--format", "json").out
    said = asked(live, merging(registered()), tmp_path, "plan", "LIFE-26", "--format", "json")
    assert said.code == 0
    found = said.document
    assert [(one["name"], one["gets"], one["taken"], one["loses"], one["ends_on"]) for one in found["moved"]] == [
        ("abcd0001", ["ann.lee@life.ox.ac.uk"], [], ["ann.lee@chem.ox.ac.uk"], "2026-02-03"),
        ("abcd0002", ["ann.lee2@life.ox.ac.uk"], ["ann.lee2@life.ox.ac.uk"], ["ann.lee@bioc.ox.ac.uk"], "2026-02-03"),
        ("abcd0003", ["bob.ray@life.ox.ac.uk"], [], ["bob.ray@chem.ox.ac.uk"], "2026-02-03"),
    ]
    assert (found["members"], found["notices"], found["told_on"]) == (3, 3, "2025-11-04")
    assert (found["ending"], found["guards"]) == ([], [])
    assert (found["effective_on"], found["in_effect"], found["refused"]) == ("2025-11-03", False, [])
    assert live.type("state", "export", "--format", "json").out == before


def test_it_is_what_the_day_brings(live: CommandSite, tmp_path: Path) -> None:
    """The same line decides both."""
    tables = merging(registered())
    foreseen = asked(live, tables, tmp_path, "plan", "LIFE-26", "--format", "json").document["moved"]
    day = datetime(2025, 11, 3, 8, tzinfo=UTC)
    snapshot = tables.write(tmp_path / "day", day - timedelta(minutes=10))
    done = live.type("run", "--at", day.isoformat(), "--snapshot", snapshot, "--format", "json")
    assert done.code == 0
    state = live.type("state", "export", "--format", "json").document
    rows = {row["address"]: row for row in state["addresses"]}
    assert sorted(a for one in foreseen for a in one["gets"]) == sorted(a for a in rows if a.endswith("@life.ox.ac.uk"))
    assert {a: one["ends_on"] for one in foreseen for a in one["loses"]} == {
        a: row["delete_on"] for a, row in rows.items() if row["state"] == "winddown"
    }


def test_whoever_joins_the_same_unit_on_that_day_may_take_the_name_first(live: CommandSite, tmp_path: Path) -> None:
    """D30: two rows of registration, one new unit; the members of the other one are not told of here."""
    tables = registered().reorg("CHEM-26", "merge", "2025-11-03", "CHEM", "LIFE", 3)
    tables.reorg("BIOC-26", "merge", "2025-11-03", "BIOC", "LIFE", 3)
    found = asked(live, tables, tmp_path, "plan", "BIOC-26", "--format", "json").document
    assert [(one["name"], one["taken"]) for one in found["moved"]] == [("abcd0002", ["ann.lee2@life.ox.ac.uk"])]
    assert (found["members"], found["notices"]) == (1, 1)


def test_in_words_the_numbers_come_first_and_then_everybody(live: CommandSite, tmp_path: Path) -> None:
    lines = asked(live, merging(registered()), tmp_path, "plan", "LIFE-26").out.splitlines()
    assert lines[:4] == [
        f"{TITLE} on 2025-11-03",
        "3 members; with a number, since the plain name is taken: 1",
        "Addresses in bioc.ox.ac.uk, chem.ox.ac.uk wind down for 3 months",
        "3 notices on 2025-11-04",
    ]
    assert lines[5:7] == [
        "With a number: 1",
        "  abcd0002  gets ann.lee2@life.ox.ac.uk  ann.lee@bioc.ox.ac.uk until the day before 2026-02-03",
    ]
    assert lines[8] == "Who gets what: 3"


def test_what_ends_with_the_domain_and_what_a_guard_will_stop_are_told(live: CommandSite, tmp_path: Path) -> None:
    """D28, D30: the mailbox of a unit ends with its domain; four ends are more than three."""
    tables = merging(registered())
    tables.mailbox("safety", "CHEM", "safety@chem.ox.ac.uk", "1").staff("abcd0001", "1", "CHEM")
    snapshot = tables.write(tmp_path / "second", EIGHT + timedelta(minutes=50))
    assert live.type("run", "--at", (EIGHT + timedelta(hours=1)).isoformat(), "--snapshot", snapshot).code == 0
    (live.folder / "guard.toml").write_text("[limits]\nDestructive = 3\n")
    words = ("reorg", "plan", "LIFE-26", "--at", (EIGHT + timedelta(hours=2)).isoformat())
    found = live.type(*words, "--format", "json").document
    assert found["ending"] == [{"mailbox": "safety", "delete_on": "2026-02-03"}]
    assert found["guards"] == [{"on": "2026-02-03", "name": "Destructive", "planned": 4}]
    said = live.type(*words).out
    assert (
        "On 2026-02-03 the guard Destructive will stop the run: 4 are planned; have somebody there to lift it" in said
    )
    assert "The mailbox safety ends with its domain on 2026-02-03; nobody gets a notice of that" in said


def test_many_mailboxes_that_end_on_one_day_are_told_at_once(live: CommandSite, tmp_path: Path) -> None:
    """rules.md 4d: what the guard will stop, and who moves, must not stand beneath a page of them."""
    tables = merging(registered()).staff("abcd0001", "1", "CHEM")
    for name in ("safety", "stores", "office"):
        tables.mailbox(name, "CHEM", f"{name}@chem.ox.ac.uk", "1")
    snapshot = tables.write(tmp_path / "second", EIGHT + timedelta(minutes=50))
    assert live.type("run", "--at", (EIGHT + timedelta(hours=1)).isoformat(), "--snapshot", snapshot).code == 0
    lines = live.type("reorg", "plan", "LIFE-26", "--at", (EIGHT + timedelta(hours=2)).isoformat()).out.splitlines()
    at = lines.index("3 mailboxes end with their domain on 2026-02-03; nobody gets a notice of that:")
    assert lines[at + 1] == "  office, safety, stores"


def test_what_ends_with_its_domain_is_told_as_active_since_it_was_given(live: CommandSite, tmp_path: Path) -> None:
    """R26, R27: it has an end from the day of the merger on, and is no address that has just begun."""
    tables = merging(registered()).staff("abcd0001", "1", "CHEM").mailbox("safety", "CHEM", "safety@chem.ox.ac.uk", "1")
    for day in (datetime(2025, 11, 2, 8, tzinfo=UTC), datetime(2025, 11, 3, 8, tzinfo=UTC)):
        snapshot = tables.write(tmp_path / f"{day:%d}", day - timedelta(minutes=10))
        assert live.type("run", "--at", day.isoformat(), "--snapshot", snapshot).code == 0
    found = live.type("explain", "safety", "--at", "2025-11-03T09:00:00Z", "--format", "json").document
    (address,) = [(fact["value"], fact["since"]) for fact in found["facts"] if fact["label"] == "address"]
    assert address == ("safety@chem.ox.ac.uk, active, ends 2026-02-03", "2025-11-02")
    assert found["upcoming"][0]["on"] == "2026-02-03"


def test_one_that_is_refused_moves_nobody_and_says_why(live: CommandSite, tmp_path: Path) -> None:
    """R53: seven months must have been negotiated."""
    said = asked(live, merging(registered(), months=7), tmp_path, "plan", "LIFE-26").out
    assert "refused: 7 months are more than 6 and nothing was negotiated; it is refused" in said
    assert "Who gets what" not in said


def test_one_that_has_begun_says_where_its_wind_downs_are(live: CommandSite, tmp_path: Path) -> None:
    at = datetime(2025, 12, 1, 8, tzinfo=UTC)
    lines = asked(live, merging(registered()), tmp_path, "plan", "LIFE-26", at=at).out.splitlines()
    assert lines == [
        f"{TITLE} has been in effect since 2025-11-03",
        "What still winds down: `nexusops unit show BIOC`, `nexusops unit show CHEM`.",
    ]


def test_the_reorganisations_are_listed_and_an_unknown_one_is_refused(live: CommandSite, tmp_path: Path) -> None:
    assert asked(live, merging(registered()), tmp_path, "list").out == (
        "Reorganisations: 1\n  LIFE-26  2025-11-03  to come  merge of BIOC and CHEM into LIFE\n"
    )
    unknown = live.type("reorg", "plan", "NONE")
    assert (unknown.code, unknown.out) == (6, "")
    assert "There is no reorganisation 'NONE' in the snapshot." in unknown.err
