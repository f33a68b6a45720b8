"""What goes on beside a run: people approve, others plan, and another run begins."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from building.state_rows import AT, acceptance, entry
from sqlalchemy import text

from nexusops.errors import StateUnavailable
from nexusops.model.journal import Phase, SnapshotRecord
from nexusops.store import lock, open_store, staging
from nexusops.store.sql import SqlStore

APPROVERS, EACH, STEPS = 3, 20, 50
APPROVING = """
import sys, pathlib
from datetime import UTC, datetime
from nexusops.model.journal import Approval
from nexusops.store import open_store
url, actor, times = sys.argv[1:]
store = open_store(url, site="oxford-test", base_dir=pathlib.Path("/"))
sys.stdin.readline()
for number in range(int(times)):
    at = datetime(2025, 10, 1, 8, 0, number, tzinfo=UTC)
    store.approve(Approval(digest="sha256:d", actor=actor, at=at, reason=f"{number}"))
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_approvals_beside_a_run_all_find_their_place_in_the_chain(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """D28; interface.md 9."""
    url = f"sqlite:///{tmp_path}/state.db" if kind == "sqlite" else request.getfixturevalue("postgres_database")
    store = open_store(url, site="oxford-test", base_dir=tmp_path)
    actors = [f"approver-{number}" for number in range(APPROVERS)]
    with ExitStack() as ends, store.lock("run"):
        commands = [[sys.executable, "-c", APPROVING, url, actor, f"{EACH}"] for actor in actors]
        people = [ends.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE)) for command in commands]
        for one in people:
            assert one.stdin is not None
            one.stdin.close()  # which ends their wait for a line
        while not store.approvals("sha256:d"):
            assert all(one.poll() is None for one in people)
        for _ in range(STEPS):
            store.record([entry(Phase.INTENT), entry(Phase.DONE)])
        assert [one.wait() for one in people] == [0] * APPROVERS
    written = Counter(row.entry.actor for row in store.journal())
    assert written == {**dict.fromkeys(actors, EACH), "op": 2 * STEPS}
    assert len(store.approvals("sha256:d")) == APPROVERS * EACH
    assert store.verify() == []
    store.close()


@pytest.fixture
def two(postgres_database: str) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Two processes on one database, as far as that can tell."""
    stores = [open_store(postgres_database, site="oxford-test", base_dir=Path("/")) for _ in range(2)]
    yield stores[0], stores[1]
    for store in stores:
        store.close()


def until_somebody_waits(store: SqlStore) -> None:
    """Until a transaction stands before another one's row."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(waiting).scalar():
            pass


def test_of_two_that_take_the_lock_at_the_same_moment_one_has_it(two: tuple[SqlStore, SqlStore]) -> None:
    """interface.md 9: the second finds no lock when it looks, and the first one's when it takes it."""
    first, second = two

    def late() -> None:
        with second.lock("run"):
            pass

    with ThreadPoolExecutor() as threads:
        with first.engine.begin() as connection:
            lock.acquire(connection, lock.Owner.here(), "run")
            refused = threads.submit(late)
            until_somebody_waits(first)
        with pytest.raises(StateUnavailable, match="The state is locked by `nexusops run`"):
            refused.result()


def test_a_plan_beside_a_run_takes_no_snapshot_away_from_it(two: tuple[SqlStore, SqlStore]) -> None:
    """Both stage the same one in the same moment, and afterwards once more."""
    run, plan = two
    record = SnapshotRecord(sha256="s1", as_of=AT, rows={"persons": 1})
    with ThreadPoolExecutor() as threads:
        with run.engine.begin() as connection:
            staging.stage(connection, record, {"persons": b"1"})
            planned = threads.submit(plan.stage, record, {"persons": b"1"})
            until_somebody_waits(run)
        planned.result()
        with plan.engine.begin() as connection:
            staging.stage(connection, record, {"persons": b"1"})
            accepted = threads.submit(run.accept, acceptance(snapshot_sha256="s1"))
            until_somebody_waits(plan)
        accepted.result()
    assert run.accepted() == record
    assert run.tables("s1") == {"persons": b"1"}
