"""What an undo keeps, told to whoever asks, and let go: a leaver whose disabling was undone stays until then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building.killed import DAYS, KilledSite
from building.state_rows import exported

from nexusops import wiring
from nexusops.cli import call

SECOND, THIRD = DAYS[1], DAYS[2]
RELEASE = "`nexusops desk release chem0003` lets it go"
ANN = ("--actor", "ann", "--reason", "wrong feed")


def said(site: KilledSite, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = call(["--config", str(site.folder / "config"), *words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def undo_the_second_run(site: KilledSite) -> None:
    with wiring.opened(site.folder / "config") as opened:
        second = opened.ports.store.runs()[1].run_id
    assert call(["--config", str(site.folder / "config"), "undo", second, "--apply", *ANN, "--at", SECOND]) == 0


def test_explain_says_what_holds_a_leaver_since_when_by_whom_and_how_it_ends(
    second: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """D41, architecture.md, Holds; the day is that of the first undo, whatever has been undone since."""
    undo_the_second_run(second)
    facts = said(second, capsys, "explain", "chem0003", "--at", THIRD)[1]["facts"]
    kept = next(fact for fact in facts if fact["label"] == "decided")
    assert (kept["value"], kept["since"], kept["because"]) == (
        "kept as it is, since a change was undone (the mailbox)",
        "2025-01-16",
        f"wrong feed, by ann, until the registration rows behind it change; {RELEASE}",
    )


def test_what_is_kept_for_months_is_told_by_the_audits_and_by_health(
    second: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """R35, D41: an audit at once, monitoring when the feed should have been mended."""
    undo_the_second_run(second)
    code, audit = said(second, capsys, "audit", "entitlement")
    told = {row["subject"]: row["message"] for row in audit["rows"] if not row["kept"]}
    kept = "ann undid what the rules did, and so it is kept since 2025-01-16"
    assert (code, told["1000003"]) == (6, f"chem0003 is active, and its owner is out; {kept}: {RELEASE}")
    assert (
        RELEASE
        in {row["subject"]: row["message"] for row in said(second, capsys, "audit", "overrides")[1]["rows"]}["1000003"]
    )
    long = "5 subjects kept against the data by an undo for more than 2 months: "
    for at, known in (("2025-03-16T08:00:00Z", []), ("2025-03-17T08:00:00Z", [long])):
        problems = said(second, capsys, "health", "--at", at)[1]["problems"]
        assert [one[: len(long)] for one in problems if "an undo" in one] == known


@pytest.mark.parametrize("named", ["chem0003", "1000003", "CHEM0003", "chem0003@nexus.ox.ac.uk"])
def test_what_is_let_go_goes_the_way_of_the_rules_and_nothing_else_does(
    named: str, second: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """D41: one leaver of a run that was undone for five people; by username, person_id or address, as the help says."""
    undo_the_second_run(second)
    at = ("--at", THIRD)
    code, document = said(second, capsys, "desk", "release", named, *ANN, *at)
    assert (code, document["action"], document["object"]) == (0, "release", named)
    assert second.type("run", THIRD) == 0
    with wiring.opened(second.folder / "config") as opened:
        boxes = {row["name"]: row["state"] for row in exported(opened.ports.store)["mailboxes"]}
    assert (boxes["chem0003"], boxes["chem0001"]) == ("disabled", "active")
    capsys.readouterr()
    again = ["--config", str(second.folder / "config"), "desk", "release", "chem0003", *ANN, *at]
    assert call(again) == 6
    assert capsys.readouterr().err.startswith("Nothing of chem0003 is kept by an undo.\nNext: ")
