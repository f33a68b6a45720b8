"""Kill anywhere and go on equals no kill: the real command line, killed after each transaction of the journal.

Each day of a small university is killed at some of its points, or at every one with NEXUSOPS_KILL_POINTS=all
(``make kill``); another number says how many points a day.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from building.killed import DAYS, KilledSite, differing

WANTED = os.environ.get("NEXUSOPS_KILL_POINTS", "5")
ALL = WANTED == "all"
# All the points of a day, each a process and a run, take minutes.
pytestmark = pytest.mark.timeout(3600 if ALL else 600)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], KilledSite]:
    """The site as it stands before the run of that day; it is copied, never used."""

    @cache
    def made(day: int) -> KilledSite:
        folder = tmp_path_factory.mktemp("before") / "site"
        if day == 0:
            return KilledSite.made(folder)
        site = made(day - 1).copied(folder)
        assert site.type("run", DAYS[day - 1]) == 0
        return site

    return made


@pytest.fixture(scope="module")
def unkilled(before: Callable[[int], KilledSite], tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Any]:
    """How the day ends when nothing happens to its run."""

    @cache
    def ended(day: int) -> Any:
        site = before(day).copied(tmp_path_factory.mktemp("unkilled") / "site")
        assert site.type("run", DAYS[day]) == 0
        return site.outcome()

    return ended


def points(transactions: int, wanted: str = WANTED) -> list[int]:
    """The first, the last, and others in equal steps between them."""
    if wanted == "all" or int(wanted) >= transactions:
        return list(range(1, transactions + 1))
    return sorted({1 + round(n * (transactions - 1) / (int(wanted) - 1)) for n in range(int(wanted))})


@pytest.mark.parametrize("command", ["run", "resume"])
@pytest.mark.parametrize("day", range(len(DAYS)), ids=["first_day", "second_day", "notices"])
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    command: str,
    day: int,
    before: Callable[[int], KilledSite],
    unkilled: Callable[[int], Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """interface.md 9; the law of tests: kill anywhere and resume equals no kill."""
    count = before(day).copied(tmp_path / "counted").transactions(DAYS[day])
    assert count >= 3
    wrong = {}
    for point in points(count, WANTED if ALL or command == "run" else "2"):
        site = before(day).copied(tmp_path / f"{point}")
        assert site.kill(DAYS[day], point), f"there is no point {point}"
        assert site.type(command, DAYS[day]) == 0, capsys.readouterr()
        if found := differing(site.outcome(), unkilled(day)):
            wrong[point] = found
    assert wrong == {}
