"""The story: two days, and the months in which their changes take their course. Every step is a real command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from nexusops.demo.days import EVENTS
from nexusops.demo.stage import Stage, changes_only, nothing

FIRST = datetime(2025, 10, 1, 8, tzinfo=UTC)
SECOND = datetime(2025, 10, 2, 8, tzinfo=UTC)
AGAIN = datetime(2025, 10, 2, 8, 30, tzinfo=UTC)
THIRD = datetime(2025, 10, 3, 8, tzinfo=UTC)
A_MONTH_ON = datetime(2025, 11, 2, 8, tzinfo=UTC)
TOO_EARLY = datetime(2025, 12, 2, 8, tzinfo=UTC)
TWO_MONTHS_ON = datetime(2025, 12, 3, 8, tzinfo=UTC)
LATER = datetime(2025, 12, 3, 8, 30, tzinfo=UTC)
SECOND_OBRIEN = "siobhan.obrien2@aldgate.ox.ac.uk"
REQUEST = "adminday"
OLD_ADDRESS = "thomas.ashdown@chem.ox.ac.uk"


def tell(stage: Stage) -> None:
    """From an empty tenant to the last old address, with everything left in the stage's folder."""
    stage.say(
        f"An invented university of {stage.people:,} people, on a Microsoft 365 that lives in one file.\n"
        "Every line after a $ is a command that you may type yourself, once you have entered:\n"
        f"  cd {stage.folder}; export NEXUSOPS_CONFIG=config"
    )
    _first_day(stage)
    second = _second_day(stage)
    _notices(stage, second)
    _a_month_on(stage, second)
    _two_months_on(stage, second)
    _epilogue(stage)


def _first_day(stage: Stage) -> None:
    stage.say("\n1. Wednesday 1 October 2025. The tenant is empty: everybody who is entitled gets a mailbox.")
    plan = stage.folder / "day-1.json"
    stage.type("plan", "--at", _at(FIRST), "--snapshot", stage.first_day(FIRST), "--out", plan, show=nothing)
    _sum_up(stage, plan)
    stage.type("apply", plan, "--at", _at(FIRST), show=nothing)
    stage.say("    Done, in an order in which each step is safe. Every step stands in the journal.")
    stage.say("   Three people are called Siobhan O'Brien, with three kinds of apostrophe. The second one may ask:")
    stage.type("explain", SECOND_OBRIEN, "--at", _at(FIRST), show=_now)
    stage.say("   A product, Admin Day, sends through a mailbox of its own. It may use that one, and no other:")
    stage.type("saas", "verify", REQUEST, "--at", _at(FIRST))


def _second_day(stage: Stage) -> Path:
    stage.say("\n2. Thursday 2 October. Overnight:")
    for event in EVENTS:
        stage.say(f"   - {event}")
    stage.say("   Only these people are looked at. Each change says which rule asks for it, and why:")
    plan, snapshot = stage.folder / "day-2.json", stage.second_day(SECOND)
    stage.type("plan", "--at", _at(SECOND), "--snapshot", snapshot, "--out", plan)
    stage.type("show", plan, "--format", "html", into=stage.folder / "day-2.html")
    stage.type("apply", plan, "--at", _at(SECOND), show=_first_two)
    stage.say("   And once more, to see that nothing is left to do:")
    stage.type("plan", "--at", _at(AGAIN), "--snapshot", snapshot, show=changes_only)
    return snapshot


def _notices(stage: Stage, snapshot: Path) -> None:
    stage.say("\n3. Friday 3 October. The day after, everybody concerned is told what ends when (R47).")
    stage.type("run", "--at", _at(THIRD), "--snapshot", stage.same_again(snapshot, THIRD), show=_first_two)
    stage.say("   Each notice is an .eml file in config/notices. Thomas reads:")
    stage.letter("thomas.ashdown@bray.ox.ac.uk")


def _a_month_on(stage: Stage, snapshot: Path) -> None:
    stage.say("\n4. A month on. Peter's card was cancelled; his mailbox worked on for a month, and is disabled now.")
    _planned_and_run(stage, snapshot, A_MONTH_ON)


def _two_months_on(stage: Stage, snapshot: Path) -> None:
    stage.say("\n5. The day before, nothing. Then two months have passed since the notices, and the old addresses go.")
    early = stage.same_again(snapshot, TOO_EARLY)
    stage.type("run", "--at", _at(TOO_EARLY), "--snapshot", early, show=_first_two)
    stage.stays(_planned_and_run(stage, snapshot, TWO_MONTHS_ON))
    stage.say("   Whoever asks about one of them is told:")
    stage.type("explain", OLD_ADDRESS, "--at", _at(TWO_MONTHS_ON))


def _planned_and_run(stage: Stage, snapshot: Path, at: datetime) -> Path:
    today = stage.same_again(snapshot, at)
    stage.type("plan", "--at", _at(at), "--snapshot", today, show=changes_only)
    stage.type("run", "--at", _at(at), "--snapshot", today, show=_first_two)
    return today


def _epilogue(stage: Stage) -> None:
    folder = stage.folder
    stage.say(f"\nThe second day's plan as a page:  {folder / 'day-2.html'}")
    stage.say(f"Everything else, to look around:  {folder}")
    stage.say(f"  nexusops --config {folder / 'config'} explain {OLD_ADDRESS}")
    stage.say(f"  nexusops --config {folder / 'config'} plan --at {_at(LATER)}")
    stage.say(f"  nexusops --config {folder / 'config'} console --at {_at(LATER)}")
    stage.say(f"  nexusops --config {folder / 'config'} state export --format json")


def _sum_up(stage: Stage, plan: Path) -> None:
    """The counts of a plan too long to print."""
    counts = json.loads(plan.read_text("utf-8"))["counts"]
    stage.say("    Planned: " + ", ".join(f"{number:,} {kind}" for kind, number in counts.items()))


def _first_two(lines: Sequence[str]) -> Sequence[str]:
    """What a run did, without its findings."""
    return lines[:2]


def _now(lines: Sequence[str]) -> Sequence[str]:
    """An explanation without what comes next, and its history."""
    return lines[: lines.index("Next") - 1] if "Next" in lines else lines


def _at(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
