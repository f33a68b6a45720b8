"""rules.md 4e, replay: the history from the same snapshots comes to the same plans and the same state."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from building.by_hand import exchange
from building.killed import DAYS, KilledSite
from cli.conftest import CommandSite
from cli.test_saas import file

from nexusops.cli import call

DESK = ("--actor", "olive", "--reason", "stolen card", "--at", "2025-10-01T09:00:00Z")


@pytest.fixture
def decided(begun: CommandSite) -> CommandSite:
    """Two days, and between them the desk disabled somebody."""
    boxes = begun.type("state", "export", "--format", "json").document["mailboxes"]
    name = next(box["name"] for box in boxes if box["state"] == "active" and box["kind"] == "personal")
    assert begun.type("desk", "disable", name, "--override", *DESK).code == 0
    assert begun.on_day_two("run").code == 0
    return begun


def tampered(site: CommandSite, statement: str) -> None:
    with closing(sqlite3.connect(site.folder / "state" / "nexusops.db")) as state, state:
        assert state.execute(statement).rowcount == 1


def test_the_same_snapshots_and_decisions_make_the_same_plans_and_the_same_state(decided: CommandSite) -> None:
    before = {path: path.read_bytes() for path in (decided.folder / "state").glob("*.db")}
    said = decided.type("replay", decided.day_one, decided.day_two, "--format", "json")
    assert said.code == 0
    document = said.document
    assert [(row["command"], row["verdict"]) for row in document["runs"]] == [
        ("run", "same"),
        ("desk disable", "taken over"),
        ("desk disable", "taken over"),
        ("run", "same"),
    ]
    assert [row["digest"] for row in document["runs"]] == [
        row["digest_now"] or row["digest"] for row in document["runs"]
    ]
    assert (document["same"], set(document["differences"].values())) == (True, {0})
    assert "The state at the end is the same." in decided.type("replay", decided.day_one, decided.day_two).out
    assert {path: path.read_bytes() for path in (decided.folder / "state").glob("*.db")} == before


def test_what_a_product_was_given_is_the_same_too(site: CommandSite) -> None:
    """2.4: its application and the end of its secret are what the tenant answered, then and when it was renewed."""
    file(site, "adminday")
    assert site.on_day_one("run").code == 0
    wish = ("--reason", "leaked", "--at", "2025-10-01T09:00:00Z")
    assert site.type("saas", "renew", "adminday", "--revoke", *wish).code == 0
    assert site.on_day_two("run").code == 0
    said = site.type("replay", site.day_one, site.day_two, "--format", "json")
    assert (said.code, said.document["differences"]["services"]) == (0, 0)


def test_a_history_with_an_interrupted_run_is_the_same_too(site: CommandSite) -> None:
    """interface.md 9: it was killed between two steps, and resumed; nobody who reads the end can tell."""
    words = ["run", "--at", "2025-10-01T08:00:00Z", "--snapshot", str(site.day_one)]
    command = [sys.executable, "-m", "nexusops", "--config", str(site.folder), *words]
    killed = subprocess.run(command, env=os.environ | {"NEXUSOPS_KILL_AT": "9"}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert site.type("resume", "--at", "2025-10-01T09:00:00Z").code == 0
    assert site.on_day_two("run").code == 0
    said = site.type("replay", site.day_one, site.day_two, "--format", "json")
    assert (said.code, [row["verdict"] for row in said.document["runs"]]) == (0, ["same", "same"])


def test_a_row_that_no_run_has_made_is_a_difference(decided: CommandSite) -> None:
    tampered(
        decided,
        "UPDATE addresses SET because = because, reason = 'a favour' WHERE address = 'mary.brown@aldgate.ox.ac.uk'",
    )
    said = decided.type("replay", decided.day_one, decided.day_two, "--format", "json")
    assert (said.code, said.document["differences"]["addresses"]) == (6, 2)


def test_each_run_is_decided_under_the_policy_and_the_requests_that_it_kept(begun: CommandSite) -> None:
    """The second day had another policy than the first; now neither that is in force, nor are the requests."""
    policy = begun.folder / "policy.toml"
    policy.write_text("[winddown]\nmonths = 3\n", "utf-8")
    assert begun.on_day_two("run").code == 0
    policy.write_text("[winddown]\nmonths = 4\n", "utf-8")
    for request in (begun.folder / "services").glob("*.toml"):
        request.unlink()
    said = begun.type("replay", begun.day_one, begun.day_two, "--format", "json")
    assert (said.code, said.document["same"]) == (0, True)


def test_a_run_whose_plan_comes_out_otherwise_is_named(decided: CommandSite) -> None:
    """Here because what it kept says another policy than that under which it was decided."""
    other = """replace(policy_text, '"winddown.months": 2', '"winddown.months": 3')"""
    last = "SELECT max(place) FROM runs WHERE command = 'run'"
    tampered(decided, f"UPDATE runs SET policy_text = {other} WHERE place = ({last})")
    said = decided.type("replay", decided.day_one, decided.day_two, "--format", "json")
    assert said.code == 6
    assert [row["verdict"] for row in said.document["runs"] if row["command"] == "run"] == ["same", "other"]


def test_without_one_of_the_snapshots_it_says_which_is_missing(decided: CommandSite, tmp_path: Path) -> None:
    said = decided.type("replay", decided.day_one)
    assert said.code == 6
    assert "which was not given: name it too" in said.out
    assert decided.type("replay", tmp_path / "nothing").code == 2


def test_of_a_run_that_mended_the_tenant_it_is_told_what_it_did_beyond_the_plan_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal does not keep that somebody had taken an address away by hand."""
    site = KilledSite.made(tmp_path / "site")
    assert site.type("run", DAYS[0]) == 0
    gone = {"@odata.type": "#Exchange.GenericHashTable", "Remove": ["smtp:ann.lee@chem.ox.ac.uk"]}
    exchange(site, "1000001", "Set-Mailbox", EmailAddresses=gone)
    assert site.type("run", DAYS[1], "--refresh", "full") == 0
    words = ["--config", str(site.folder / "config"), "replay", *(str(site.folder / day[:10]) for day in DAYS[:2])]
    capsys.readouterr()
    assert call([*words, "--format", "json"]) == 6
    first, second = json.loads(capsys.readouterr().out)["runs"]
    assert (first["verdict"], first["then_alone"], first["now_alone"]) == ("same", [], [])
    assert (second["verdict"], second["now_alone"]) == ("other", [])
    assert second["then_alone"] == [{"kind": "AddAddress", "target": "ann.lee@chem.ox.ac.uk"}]
    assert call(words) == 6
    said = capsys.readouterr().out
    assert "The plan of 2025-01-16T08:00:00Z came out as another one:" in said
    assert "then alone  AddAddress  ann.lee@chem.ox.ac.uk" in said
    assert "by a full run that mended it" in " ".join(said.split())
