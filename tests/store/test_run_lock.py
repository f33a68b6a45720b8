"""One run at a time (interface.md 9): who holds the lock is said, and a dead owner's is taken over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from building.patience import PATIENCE
from building.state_rows import entry
from sqlalchemy import text

from nexusops import clock
from nexusops.codec import instant
from nexusops.errors import StateUnavailable
from nexusops.model.journal import Phase
from nexusops.store.sql import SqlStore

HOLDER = """
import sys, pathlib
from nexusops.store import open_store
store = open_store(sys.argv[1], site="oxford-test", base_dir=pathlib.Path("/"))
with store.lock("run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(state_url: str, store: SqlStore) -> Iterator[subprocess.Popen[str]]:
    """Another process, which holds the lock until it is killed."""
    command = [sys.executable, "-c", HOLDER, state_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def locks(store: SqlStore) -> list[dict[str, object]]:
    with store.engine.begin() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM locks")).mappings()]


def alter(store: SqlStore, **columns: object) -> None:
    with store.engine.begin() as connection:
        parts = ", ".join(f"{name} = :{name}" for name in columns)
        connection.execute(text(f"UPDATE locks SET {parts}"), columns)


def test_a_second_run_is_told_who_holds_the_lock(store: SqlStore, holder: subprocess.Popen[str]) -> None:
    (held,) = locks(store)
    with pytest.raises(StateUnavailable) as refused, store.lock("resume"):
        pass
    assert refused.value.exit_code == 9
    assert refused.value.message == (
        f"The state is locked by `nexusops run` (process {holder.pid} on {socket.gethostname()}, "
        f"since {held['since']}, for 0 minutes)."
    )
    assert (
        refused.value.next_step
        == "Wait until it has ended, then repeat the command; `nexusops health` says whether it still works."
    )
    datetime.fromisoformat(str(held["since"]))


def test_the_lock_of_a_killed_process_is_taken_over(store: SqlStore, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with store.lock("run"):
        assert [row["pid"] for row in locks(store)] == [os.getpid()]
    assert locks(store) == []


def test_a_process_of_the_same_number_is_not_the_same_process(store: SqlStore, holder: subprocess.Popen[str]) -> None:
    alter(store, started="1")
    with store.lock("run"):
        assert [row["pid"] for row in locks(store)] == [os.getpid()]


def test_another_hosts_lock_holds_until_its_lease_has_run_out(store: SqlStore, holder: subprocess.Popen[str]) -> None:
    alter(store, host="mail-2", pid=1, since=instant(clock.now() - timedelta(minutes=1)))
    with pytest.raises(StateUnavailable, match=r"for 1 minute\)"), store.lock("run"):
        pass
    alter(store, since=instant(clock.now() - timedelta(minutes=7)))
    said = r"process 1 on mail-2, since .*, for 7 minutes"
    with pytest.raises(StateUnavailable, match=said) as refused, store.lock("run"):
        pass
    lease = locks(store)[0]["lease_until"]
    assert refused.value.next_step.endswith(f"If that machine has died, its lock ends by itself at {lease}.")
    alter(store, lease_until=instant(clock.now() - timedelta(seconds=1)))
    with store.lock("run"):
        assert len(locks(store)) == 1


def test_the_lock_is_given_back_even_after_a_failure(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.lock("run"):
        raise ZeroDivisionError
    assert locks(store) == []


def test_whoever_writes_keeps_the_lease(store: SqlStore) -> None:
    with store.lock("run"):
        alter(store, lease_until="2000-01-01T00:00:00Z")
        store.record([entry(Phase.INTENT)])
        (held,) = locks(store)
        assert datetime.fromisoformat(str(held["lease_until"])) > clock.now()


def test_whoever_only_reads_for_long_keeps_the_lease_too(store: SqlStore) -> None:
    """interface.md 9: a living owner's lease does not run out, however long it writes nothing."""
    store.beat = timedelta(milliseconds=20)
    with store.lock("run"):
        alter(store, lease_until="2000-01-01T00:00:00Z")
        patience = clock.now() + timedelta(seconds=PATIENCE)
        while str(locks(store)[0]["lease_until"]) < "2001" and clock.now() < patience:
            pass
        assert datetime.fromisoformat(str(locks(store)[0]["lease_until"])) > clock.now()
    assert locks(store) == []


def test_a_run_whose_lock_was_taken_over_writes_nothing_more(store: SqlStore) -> None:
    with store.lock("run"):
        alter(store, owner="somebody else")
        with pytest.raises(StateUnavailable, match="taken over"):
            store.record([entry(Phase.INTENT)])
    assert list(store.journal()) == []
    assert [row["owner"] for row in locks(store)] == ["somebody else"]
