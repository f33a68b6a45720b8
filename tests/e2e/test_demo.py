"""``nexusops demo``: the whole story, told by the commands themselves (issue item 8)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nexusops.cli import call
from nexusops.demo.stage import fitting


def test_the_demo_tells_its_story_and_leaves_everything_in_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R2, R12, R17, R37, R39, R41, R44, R46, R47, R58: each stands in what the demo prints."""
    folder = tmp_path / "tour"
    assert call(["demo", "--keep", str(folder)]) == 0, capsys.readouterr().err
    story = capsys.readouterr().out
    for part in (
        "No changes.",
        "SendNotice 4",
        "0 changes done",
        "the 2:       the lowest number that was free",
        "SetForward",
        "WindDownAddress",
        "DisableMailbox",
        "thomas.ashdown@chem.ox.ac.uk",
        f"The second day's plan as a page:  {folder / 'day-2.html'}",
    ):
        assert part in story, part
    assert "<html" in (folder / "day-2.html").read_text("utf-8")
    assert call(["--config", str(folder / "config"), "state", "export", "--format", "json"]) == 0
    state = json.loads(capsys.readouterr().out)
    addresses = {one["address"]: one for one in state["addresses"]}
    old = addresses["thomas.ashdown@chem.ox.ac.uk"]
    assert (old["state"], old["winddown_on"], old["notice_sent_on"], old["deleted_on"]) == (
        "deleted",
        "2025-10-02",
        "2025-10-03",
        "2025-12-03",
    )
    boxes = {one["name"]: one for one in state["mailboxes"]}
    assert (boxes["phys0041"]["state"], boxes["phys0041"]["disabled_on"]) == ("disabled", "2025-11-02")
    assert boxes["bray0026"]["forward"] == {"to": "priya.subramaniam@mailhost.stats.example", "origin": "auto"}
    assert boxes["adminday"]["kind"] == "saas"
    # What it says at its end can be typed: the site goes on with the last day's data.
    assert call(["--config", str(folder / "config"), "plan", "--at", "2025-12-03T08:30:00Z"]) == 0
    assert "0 changes" in capsys.readouterr().out


def test_the_demo_writes_into_no_folder_that_holds_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("", "utf-8")
    assert call(["demo", "--keep", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_on_a_terminal_the_story_is_folded_between_words_and_commands_stay_whole() -> None:
    line = (
        "      ! RemoveAddress  thomas.ashdown@chem.ox.ac.uk  removed from bray0039  1000039 Thomas Ashdown (BRAY LAW)"
    )
    parts = fitting(line, 80)
    assert (len(parts), max(map(len, parts)) <= 80, " ".join(parts).split()) == (2, True, line.split())
    assert fitting(line, None) == [line]
    typed = f"  $ nexusops plan --at 2025-12-03T08:00:00Z --snapshot snapshots/2025-12-03 --out {'day' * 20}.json"
    assert fitting(typed, 80) == [typed]
