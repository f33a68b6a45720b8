"""D27: which snapshots are refused whole, and which may follow the one before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nexusops.model.journal import SnapshotRecord
from nexusops.model.policy import Policy, SnapshotPolicy
from nexusops.registration.gate import gate

AT = datetime(2025, 10, 1, 8, 0, tzinfo=UTC)
TEN_BEFORE = AT - timedelta(minutes=10)
ROWS = {"persons": 1000, "cards": 1000, "units": 40, "domains": 40, "affiliations": 2000}


def snapshot(sha256: str = "a", as_of: datetime = TEN_BEFORE, **rows: int) -> SnapshotRecord:
    return SnapshotRecord(sha256=sha256, as_of=as_of, rows={**ROWS, **rows})


def codes(new: SnapshotRecord, last: SnapshotRecord | None, policy: Policy | None = None) -> list[str]:
    return [defect.code for defect in gate(new, last, AT, policy or Policy())]


HOUR_BEFORE = snapshot("before", TEN_BEFORE - timedelta(hours=1))


def test_the_next_hour_of_the_same_size_passes() -> None:
    """D27."""
    assert codes(snapshot(), HOUR_BEFORE) == []


def test_the_first_snapshot_ever_passes_even_without_a_row() -> None:
    """D27: a table is suspiciously empty only where the last accepted one had rows."""
    assert codes(snapshot(persons=0, cards=0, affiliations=0, units=0, domains=0), None) == []


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (AT - timedelta(minutes=70), []),
        (AT - timedelta(minutes=70, seconds=1), ["SNAPSHOT_STALE"]),
        (AT, []),
        (AT + timedelta(seconds=1), ["SNAPSHOT_FUTURE"]),
    ],
)
def test_a_snapshot_is_of_the_last_seventy_minutes(as_of: datetime, expected: list[str]) -> None:
    """D27: the limits themselves pass."""
    assert codes(snapshot(as_of=as_of), None) == expected


def test_seventy_minutes_are_policy() -> None:
    """D27: snapshot.max_age_minutes."""
    policy = Policy(snapshot=SnapshotPolicy(max_age_minutes=5))
    assert codes(snapshot(), None, policy) == ["SNAPSHOT_STALE"]


def test_a_snapshot_older_than_the_accepted_one_is_out_of_order() -> None:
    """D27."""
    assert codes(snapshot(), snapshot("later", TEN_BEFORE + timedelta(seconds=1))) == ["SNAPSHOT_ORDER"]


def test_the_same_instant_with_other_content_is_a_conflict() -> None:
    """D27."""
    assert codes(snapshot("a"), snapshot("b")) == ["SNAPSHOT_CONFLICT"]


def test_the_very_same_snapshot_is_a_re_run_and_passes() -> None:
    """D27: same as_of and same hash."""
    assert codes(snapshot(), snapshot()) == []


@pytest.mark.parametrize("table", ["persons", "cards", "affiliations", "units"])
def test_a_table_that_is_suddenly_empty_is_a_partial_export(table: str) -> None:
    """D27."""
    assert codes(snapshot(**{table: 0}), HOUR_BEFORE) == ["SNAPSHOT_PARTIAL"]


def test_a_table_that_the_last_one_had_must_be_there() -> None:
    """rules.md 3: optional tables too, once they were accepted."""
    last = snapshot("before", TEN_BEFORE - timedelta(hours=1), routing=3)
    assert [(d.code, d.message) for d in gate(snapshot(), last, AT, Policy())] == [
        ("SNAPSHOT_PARTIAL", "the table routing is missing, and the last accepted snapshot had it")
    ]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (1000, 951, []),  # 49 rows, 4.9 %
        (1000, 950, []),  # exactly 5 %: not more
        (1000, 949, ["SNAPSHOT_SHRUNK"]),
        (100, 76, []),  # 24 rows, though 24 %
        (100, 75, ["SNAPSHOT_SHRUNK"]),
        (1000, 2000, []),
    ],
)
def test_a_table_may_lose_twenty_four_rows_or_five_per_cent(before: int, now: int, expected: list[str]) -> None:
    """D27: at least 25 rows and more than 5 %."""
    last = snapshot("before", TEN_BEFORE - timedelta(hours=1), cards=before)
    assert codes(snapshot(cards=now), last) == expected


@pytest.mark.parametrize(
    "table", ["nonpersonal_mailboxes", "nonpersonal_addresses", "routing", "external_routes", "it_staff"]
)
@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [(8000, 0, ["SNAPSHOT_SHRUNK"]), (25, 0, ["SNAPSHOT_SHRUNK"]), (24, 0, []), (8000, 1, [])],
)
def test_a_table_that_says_where_mail_goes_is_not_suddenly_empty(
    table: str, before: int, now: int, expected: list[str]
) -> None:
    """D27: its units take rows away as they like; of thousands of addresses none was accepted any more, unguarded."""
    last = snapshot("before", TEN_BEFORE - timedelta(hours=1), **{table: before})
    assert codes(snapshot(**{table: now}), last) == expected


def test_all_defects_are_told_together() -> None:
    """D27: a person at a telephone reads all of it out at once."""
    late = snapshot("late", AT - timedelta(hours=3), persons=900, units=0)
    last = snapshot("before", AT - timedelta(hours=2), routing=1)
    assert codes(late, last) == [
        "SNAPSHOT_STALE",
        "SNAPSHOT_ORDER",
        "SNAPSHOT_PARTIAL",
        "SNAPSHOT_SHRUNK",
        "SNAPSHOT_PARTIAL",
    ]
