"""What staff ask of the state (ports.Store): over SQLite and over PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from building.state_rows import AT, acceptance, allocation, mailbox, new

from nexusops.model.ids import MailboxKey, PersonId, UnitId
from nexusops.model.journal import RunRecord
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import MailboxState
from nexusops.store.sql import SqlStore

CHEM, LAW = UnitId("CHEM"), UnitId("LAW")


def person(person_id: str, username: str, base: str, *served: UnitId) -> PersonState:
    return PersonState(
        person_id=PersonId(person_id), username=username, state=Standing.ENTITLED, base=base, served=served
    )


ANN, BO, CY = (
    person("1000001", "chem0001", "ann.lee", CHEM, LAW),
    person("1000002", "chem0002", "bo.lee", CHEM),
    person("1000003", "law0003", "cy.day", LAW),
)


@pytest.fixture
def store(store: SqlStore) -> SqlStore:
    office = mailbox("box:office:1", name="office", unit_id=CHEM)
    gone = replace(office, key=MailboxKey("box:old:1"), name="old", state=MailboxState.PURGED)
    rows = (ANN, BO, CY, allocation("cy.day2@law.ox.ac.uk", CY.person_id), office, gone)
    store.accept(acceptance(new(*rows)))
    return store


def test_people_are_found_by_pieces_of_their_names_usernames_and_addresses(store: SqlStore) -> None:
    assert store.people_like(["lee"], 10) == [ANN, BO]
    assert store.people_like(["lee", "ann"], 10) == [ANN]
    assert store.people_like(["law0003"], 10) == [CY]
    assert store.people_like(["1000002"], 10) == [BO]
    assert store.people_like(["day2@law"], 10) == [CY]
    assert store.people_like(["lee"], 1) == [ANN]
    assert store.people_like(["%"], 10) == []
    assert store.people_like(["lee"], 1, {LAW}) == [ANN]
    assert store.people_like(["bo"], 1, {LAW}) == []
    assert store.people_like(["lee"], 10, set()) == []


def test_a_units_people_are_those_who_hold_a_place_in_it(store: SqlStore) -> None:
    """D20."""
    assert store.people_of_units({CHEM}) == {ANN.person_id, BO.person_id}
    assert store.people_of_units({CHEM, LAW}) == {ANN.person_id, BO.person_id, CY.person_id}
    assert store.people_of_units(()) == frozenset()
    assert store.people_of_units({UnitId("CHE")}) == frozenset()
    assert store.people_by_unit() == {CHEM: 2, LAW: 2}


def test_a_units_mailboxes_are_those_that_are_not_purged(store: SqlStore) -> None:
    assert [box.name for box in store.boxes_of_units({CHEM})] == ["office"]
    assert store.boxes_of_units({LAW}) == []


def test_runs_are_listed_newest_first(store: SqlStore) -> None:
    second = RunRecord(run_id="r2", at=AT, command="run", actor="cron", program_version="1", result="nothing")
    store.begin(second)
    first = store.latest_runs(10)[1]
    assert [run.run_id for run in store.latest_runs(10)] == ["r2", first.run_id]
    assert [run.run_id for run in store.latest_runs(1)] == ["r2"]
    assert store.run_of("r2") == second
    late = replace(second, run_id="r3", at=datetime(2025, 6, 30, 23, 30, tzinfo=UTC))
    store.begin(late)
    assert [run.run_id for run in store.runs_on(date(2025, 7, 1), "Europe/London")] == ["r3"]
    assert store.runs_on(date(2025, 6, 30), "Europe/London") == store.runs_on(date.min, "UTC") == []
    assert store.run_of("none") is None
