"""People approve while a run goes on, in processes of their own: each row has its place in the chain."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from building.state_rows import entry

from nexusops.model.journal import Phase
from nexusops.store import open_store

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
