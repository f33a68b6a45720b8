"""Killed at any moment, once or again while finishing, a run ends as if it had not been (interface.md 9).

The failpoint of tests/apply/test_killed_runs.py stops between two transactions; here the real process is killed at a
random instant, in the middle of tenant writes, notices and commits. One kill a day of the small university in the
suite; NEXUSOPS_KILLS=100 (``make kill``) makes it three hundred.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from building.killed import DAYS, KilledSite, differing
from building.patience import PATIENCE

from nexusops.cli import call

KILLS = int(os.environ.get("NEXUSOPS_KILLS", "1"))
SEED = int(os.environ.get("NEXUSOPS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
pytestmark = pytest.mark.timeout(600 + 30 * KILLS)

# Everything is imported once; each run is a process of its own, forked before it opens anything.
NURSERY = """
import json, os, sys
import nexusops.tenant.live, nexusops.wiring, nexusops.pipeline, nexusops.emulator, nexusops.notify.channels
import nexusops.registration, nexusops.store.sql, nexusops.cli.act, duckdb, httpx, msgraph
from nexusops.cli import call
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(call(json.loads(line)))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Nursery:
    """Runs command lines in processes of their own, and kills them."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.asked, self.told = self.process.stdin, self.process.stdout

    def runs(self, site: KilledSite, day: str, until: float) -> int:
        """The exit code of this day's run; it is killed after so many seconds."""
        self.asked.write(json.dumps(site.words("run", day)).encode() + b"\n")
        child = int(self.told.readline())
        if not select.select([self.told], [], [], until)[0]:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, signal.SIGKILL)
        return int(self.told.readline())

    def close(self) -> None:
        self.asked.close()
        self.told.close()
        self.process.wait()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> list[KilledSite]:
    """The site as it stands before the run of each day, and after the last."""
    folder = tmp_path_factory.mktemp("sites")
    found = [KilledSite.made(folder / "0")]
    for number, day in enumerate(DAYS, start=1):
        site = found[-1].copied(folder / f"{number}")
        assert site.type("run", day) == 0
        found.append(site)
    return found


@pytest.mark.parametrize("day", range(len(DAYS)), ids=["first_day", "second_day", "notices"])
def test_a_run_that_was_killed_at_any_moment_ends_as_if_it_had_not_been(
    day: int, sites: list[KilledSite], nursery: Nursery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same tenant, ledger, notices and routing table; nothing open, nothing left, the journal unbroken."""
    chance = random.Random(f"{SEED}/{day}")
    expected = outcome(sites[day + 1])
    timed = sites[day].copied(tmp_path / "timed")
    begun = time.monotonic()
    assert nursery.runs(timed, DAYS[day], PATIENCE) == 0
    lasts = time.monotonic() - begun
    wrong: dict[str, Any] = {}
    for number in range(KILLS):
        site = sites[day].copied(tmp_path / f"{number}")
        after = chance.uniform(0, lasts)
        if nursery.runs(site, DAYS[day], after) != 0 and chance.random() < 0.3:
            nursery.runs(site, DAYS[day], chance.uniform(0, lasts))
        code = site.type("run", DAYS[day])
        found = differing(outcome(site), expected) if code == 0 else {"code": code, "said": capsys.readouterr()}
        if found:
            wrong[f"seed {SEED}, kill {number} after {after:.3f} of {lasts:.3f} s"] = found
        shutil.rmtree(site.folder)
    assert wrong == {}


def outcome(site: KilledSite) -> dict[str, Any]:
    """What a site holds in the end, the routing table included."""
    build = site.folder / "routing.txt"
    assert call(["--config", str(site.folder / "config"), "routing", "build", "--out", str(build)]) == 0
    return {**site.outcome(), "routing": build.read_text("utf-8")}
