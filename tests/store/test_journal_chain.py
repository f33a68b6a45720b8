"""The journal's chain finds what somebody did to it, and nothing else (interface.md 9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from building.state_rows import AT, acceptance, entry, new, person
from sqlalchemy import Connection, text

from nexusops.errors import StateUnavailable
from nexusops.model.journal import Phase
from nexusops.store import open_store
from nexusops.store.chain import COLUMNS, hashed
from nexusops.store.sql import SqlStore


@pytest.fixture
def store(store: SqlStore) -> SqlStore:
    """Five rows of every sort."""
    store.accept(acceptance(new(person("1", "abcd0001"), person("2"))))
    store.record([entry(Phase.INTENT, after={"kind": "AddAddress", "n": 1.5, "é": None})])
    full = {"before": {"a": [1]}, "after": [], "request_id": "q1", "reason": "by looking"}
    store.record([entry(Phase.DONE, at=AT + timedelta(microseconds=1), **full), entry(Phase.WAITING, change_id=None)])
    return store


def touch(store: SqlStore, act: Callable[[Connection], object]) -> None:
    with store.engine.begin() as connection:
        act(connection)


def sql(store: SqlStore, statement: str) -> None:
    touch(store, lambda connection: connection.execute(text(statement)))


def test_an_untouched_journal_is_whole(store: SqlStore) -> None:
    assert len(list(store.journal())) == 5
    assert store.verify() == []
    store.record([entry(Phase.INTENT)])
    assert store.verify() == []


def test_an_empty_journal_is_whole(tmp_path: Path) -> None:
    opened = open_store("sqlite:///state.db", site="oxford-test", base_dir=tmp_path)
    assert opened.verify() == []
    opened.close()


@pytest.mark.parametrize("column", [*(name for name in COLUMNS if name != "seq"), "hash"])
def test_a_row_with_an_edited_column_is_found(store: SqlStore, column: str) -> None:
    """interface.md 9: it covers every column of a row; a hash that was edited breaks its successor as well."""
    sql(store, f"UPDATE journal SET {column} = 'x' WHERE seq = 4")
    assert store.verify() == ([4, 5] if column == "hash" else [4])


def test_a_column_that_was_emptied_is_found(store: SqlStore) -> None:
    sql(store, "UPDATE journal SET reason = NULL WHERE seq = 4")
    assert store.verify() == [4]


def test_a_row_that_was_edited_and_hashed_anew_breaks_the_next_one(store: SqlStore) -> None:
    def forge(connection: Connection) -> None:
        rows = connection.execute(text("SELECT * FROM journal WHERE seq IN (2, 3) ORDER BY seq")).mappings().all()
        forged = {**rows[1], "actor": "nobody"}
        values = {"actor": "nobody", "hash": hashed(forged, rows[0]["hash"])}
        connection.execute(text("UPDATE journal SET actor = :actor, hash = :hash WHERE seq = 3"), values)

    touch(store, forge)
    assert store.verify() == [4]


@pytest.mark.parametrize(("gone", "found"), [("1", [2]), ("3", [4]), ("2, 3", [4]), ("5", [5]), ("4, 5", [5])])
def test_a_row_that_was_taken_away_is_found_even_at_the_end(store: SqlStore, gone: str, found: list[int]) -> None:
    sql(store, f"DELETE FROM journal WHERE seq IN ({gone})")
    assert store.verify() == found


def test_what_was_taken_from_the_end_is_missed_after_the_next_run_too(store: SqlStore) -> None:
    sql(store, "DELETE FROM journal WHERE seq IN (4, 5)")
    store.record([entry(Phase.INTENT)])
    assert store.verify() == [6]


def test_a_journal_that_was_taken_away_altogether_is_missed(store: SqlStore) -> None:
    sql(store, "DELETE FROM journal")
    assert store.verify() == [5]


def test_rows_that_changed_places_are_found(store: SqlStore) -> None:
    for becomes, was in ((99, 3), (3, 4), (4, 99)):
        sql(store, f"UPDATE journal SET seq = {becomes} WHERE seq = {was}")
    assert store.verify() == [3, 4, 5]


def slip_in(store: SqlStore, seq: int, *, chained: bool) -> None:
    """A row at the end, whose hash continues the chain or not; the head of the chain knows nothing of it."""

    def forge(connection: Connection) -> None:
        row = dict(connection.execute(text("SELECT * FROM journal WHERE seq = 5")).mappings().one())
        forged = {**row, "seq": seq, "actor": "nobody"}
        forged["hash"] = hashed(forged, row["hash"]) if chained else row["hash"]
        columns = ", ".join(forged)
        values = ", ".join(f":{name}" for name in forged)
        connection.execute(text(f"INSERT INTO journal ({columns}) VALUES ({values})"), forged)

    touch(store, forge)


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("seq", [6, 9])
def test_a_row_that_was_slipped_in_at_the_end_is_found(store: SqlStore, seq: int, chained: bool) -> None:
    slip_in(store, seq, chained=chained)
    assert store.verify() == [seq]


def test_a_row_in_place_of_the_last_one_is_found(store: SqlStore) -> None:
    sql(store, "UPDATE journal SET hash = 'x' WHERE seq = 5")
    assert store.verify() == [5]
    sql(store, "UPDATE journal SET seq = 6 WHERE seq = 5")
    assert store.verify() == [6, 5]


def test_nothing_is_recorded_after_rows_of_somebody_else(store: SqlStore) -> None:
    """interface.md 9: what is the matter, and what to do; the disk is not to blame."""
    slip_in(store, 6, chained=True)
    with pytest.raises(StateUnavailable) as caught:
        store.record([entry(Phase.INTENT)])
    assert caught.value.message == (
        "The journal has rows after 5, the last one that nexusops wrote and the head of its chain: somebody has added "
        "to it. Nothing more can be recorded, so nothing more is done."
    )
    assert "nexusops audit verify" in caught.value.next_step
    sql(store, "DELETE FROM journal WHERE seq = 6")
    store.record([entry(Phase.INTENT)])
    assert store.verify() == []


def test_another_refusal_of_the_database_is_not_blamed_on_somebody(store: SqlStore) -> None:
    """What it is that the database refuses is told; nobody has added rows."""
    with pytest.raises(StateUnavailable) as caught:
        store.record([entry(Phase.INTENT, actor=None)])
    assert caught.value.message.startswith("The state cannot be used: ")
    assert "actor" in caught.value.message
    assert store.verify() == []
