"""Driven by diffs: the plan from the diff is the plan from scratch, through the real line (architecture.md).

Random histories of a small university, a few in the suite and more with NEXUSOPS_HOURS=number (``make hours``);
and those that once made a difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from building.happenings import Event, Hour
from building.hours import history, lived
from building.town import Town

WANTED = int(os.environ.get("NEXUSOPS_HOURS", "2"))
pytestmark = pytest.mark.timeout(600 if WANTED < 10 else 60 * WANTED)
QUIET = Hour(24 * 5, ())
WANTED_AGAIN = [Hour(1, ()), Hour(24, (Event("box", 3, 0, 0, 0),)), Hour(24, (Event("box", 3, 0, 5, 0),)), *[QUIET] * 8]
"""A unit wants a mailbox back that it gave up: deleted first, it is made anew when the old one has been purged."""


def differing(hours: list[Hour], folder: Path) -> dict[int, object]:
    """Hour -> what differs in it, for the first in which anything does."""
    town = Town.made(folder)
    found = ((number, lived(town, hour)) for number, hour in enumerate(hours))
    return next(({number: differences} for number, differences in found if differences), {})


@pytest.mark.parametrize("seed", range(WANTED))
def test_the_plan_from_the_diff_is_the_plan_from_scratch(seed: int, tmp_path: Path) -> None:
    assert differing(history(seed), tmp_path) == {}


@pytest.mark.parametrize("once", [WANTED_AGAIN], ids=["wanted again"])
def test_a_history_that_once_made_a_difference_makes_none(once: list[Hour], tmp_path: Path) -> None:
    assert differing(once, tmp_path) == {}
