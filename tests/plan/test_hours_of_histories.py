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
ENDED_DOMAIN = [
    Hour(2, (Event("domain ends", 5, 8, 10, 8),)),
    Hour(2280, (Event("product", 5, 5, 7, 2),)),
    Hour(2280, ()),
]
"""A product is asked for in a domain that winds down, and has come to its end by the next run: that run judged the
request by the domain as it had been, and the next one anew (2.4, 2.5)."""
BROKEN_REQUEST = [Hour(25, (Event("product", 5, 8, 4, 8),)), Hour(744, (Event("product", 10, 2, 0, 10),))]
"""A request that could not be read is taken away: what was found of it stood there for ever."""
OWNER_DISABLED = [Hour(7659, ()), Hour(672, (Event("wish", 3, 9, 3, 3),))]
"""Somebody whose card has ended is judged by the desk's action first: the mailbox that they owned was looked at no more
(D31)."""
UNDONE_OF_NOBODY = [
    Hour(2280, ()),
    Hour(2280, (Event("merge", 10, 8, 3, 7),)),
    Hour(24, ()),
    Hour(48, (Event("undone", 11, 8, 11, 7),)),
]
"""A run is undone for somebody who has gone from the registration data: a whole plan took it for something new."""
UNIT_GONE = [
    Hour(25, (Event("service", 5, 10, 10, 11), Event("domain ends", 11, 2, 1, 11))),
    Hour(1, (Event("staff", 4, 9, 3, 0),)),
    Hour(24, (Event("unit", 11, 7, 7, 2),)),
]
"""The unit of a request, whose domain has ended, goes from the registration data: nobody looked at it (2.4)."""
ALIAS_KEPT = [
    Hour(1, (Event("alias", 0, 1, 1, 0),)),
    Hour(24, (Event("alias", 0, 1, 0, 0),)),
    Hour(24, (Event("undone", 0, 0, 0, 0),)),
    Hour(24, (Event("box", 0, 0, 0, 0),)),
    Hour(24, ()),
]
"""A unit gives an address of its mailbox up, which is undone: the hold was the mailbox's, and the next whole plan ended
the address again (3.10). Later the mailbox goes, and the address with it."""
ONCE = {
    "wanted again": WANTED_AGAIN,
    "a request in a domain that has just ended": ENDED_DOMAIN,
    "a broken request that is taken away": BROKEN_REQUEST,
    "an owner whom the desk disabled": OWNER_DISABLED,
    "an undo for somebody who has gone": UNDONE_OF_NOBODY,
    "a request whose unit has gone": UNIT_GONE,
    "an address of a unit that an undo keeps": ALIAS_KEPT,
}


def differing(hours: list[Hour], folder: Path) -> dict[int, object]:
    """Hour -> what differs in it, for the first in which anything does."""
    town = Town.made(folder)
    found = ((number, lived(town, hour)) for number, hour in enumerate(hours))
    return next(({number: differences} for number, differences in found if differences), {})


@pytest.mark.parametrize("seed", range(WANTED))
def test_the_plan_from_the_diff_is_the_plan_from_scratch(seed: int, tmp_path: Path) -> None:
    assert differing(history(seed), tmp_path) == {}


@pytest.mark.parametrize("once", ONCE.values(), ids=ONCE)
def test_a_history_that_once_made_a_difference_makes_none(once: list[Hour], tmp_path: Path) -> None:
    assert differing(once, tmp_path) == {}
