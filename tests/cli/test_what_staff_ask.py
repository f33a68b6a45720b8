"""Another policy tried out, a unit, and the policy of a day (rules.md 4b, 4e)."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CommandSite

NOW = ("--at", "2025-10-02T09:00:00Z", "--until", "2026-03-31")


def tried(site: CommandSite, policy: Path, text: str) -> Any:
    policy.write_text(text, "utf-8")
    return site.type("plan", "--policy", policy, *NOW, "--format", "json").document


def test_another_number_shows_whom_it_would_affect_and_touches_nobody(begun: CommandSite, tmp_path: Path) -> None:
    """R44: the month after a cancellation, made two."""
    assert begun.on_day_two("run").code == 0
    before = begun.type("state", "export", "--format", "json").out
    document = tried(begun, tmp_path / "other.toml", "[cancelled]\ngrace_months = 2\n")
    assert document["altered"] == [{"key": "cancelled.grace_months", "now": 1, "then": 2}]
    same = tried(begun, tmp_path / "same.toml", "")
    assert (same["altered"], same["affected"], same["changes"]) == ([], [], [])
    longer = tried(begun, tmp_path / "longer.toml", "[disabled]\ndelete_after_months = 3\n")
    moved = {row["kind"]: (row["now"], row["then"]) for row in longer["changes"]}
    assert moved["DeleteMailbox"] == ("2026-01-02", "2026-02-02")
    assert longer["affected"] == sorted({row["subject"] for row in longer["changes"]})
    assert begun.type("state", "export", "--format", "json").out == before


def test_the_comparison_is_the_same_as_text_table_and_page(begun: CommandSite, tmp_path: Path) -> None:
    assert begun.on_day_two("run").code == 0
    policy = tmp_path / "other.toml"
    document = tried(begun, policy, "[disabled]\ndelete_after_months = 3\n")
    rows = list(csv.DictReader(io.StringIO(begun.type("plan", "--policy", policy, *NOW, "--format", "csv").out)))
    assert [(row["target"], row["now"], row["then"]) for row in rows] == [
        (one["target"], one["now"] or "", one["then"] or "") for one in document["changes"]
    ]
    text = begun.type("plan", "--policy", policy, *NOW).out
    page = begun.type("plan", "--policy", policy, *NOW, "--format", "html").out
    assert all("disabled.delete_after_months" in told and "2026-02-02" in told for told in (text, page))
    assert begun.type("plan", "--policy", policy, *NOW, "--format", "md").code == 2
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[disabled]\ndelete_after = 3\n", "utf-8")
    said = begun.type("plan", "--policy", wrong, *NOW)
    assert (said.code, "delete_after_months" in said.err) == (2, True)


def test_a_unit_shows_its_addresses_what_winds_down_and_its_mailboxes(begun: CommandSite) -> None:
    assert begun.on_day_two("run").code == 0
    state = begun.type("state", "export", "--format", "json").document
    document = begun.type("unit", "show", "chem", "--format", "json").document
    mine = [
        row for row in state["addresses"] if row["address"].endswith("@chem.ox.ac.uk") and row["state"] != "deleted"
    ]
    assert [row["address"] for row in document["addresses"]] == sorted(row["address"] for row in mine)
    assert [box["name"] for box in document["mailboxes"]] == ["chem-office"]
    assert begun.type("unit", "show", "CHEM").out.startswith("CHEM ")
    rows = list(csv.DictReader(io.StringIO(begun.type("unit", "show", "CHEM", "--format", "csv").out)))
    assert len(rows) == len(mine)
    unknown = begun.type("unit", "show", "NONE")
    assert (unknown.code, "unit_id" in unknown.err) == (6, True)
    for nearly in ("chem.ox.ac.uk", "chemistry", "CHM"):
        assert "It may be CHEM (Chemistry)" in begun.type("unit", "show", nearly).err
    [office] = document["mailboxes"]
    [owner] = [one["username"] for one in state["people"] if one["person_id"] == office["owner_person_id"]]
    assert office["owner"] == owner
    assert f"owner {owner}" in begun.type("unit", "show", "CHEM").out


def test_who_knows_only_a_name_is_told_who_may_be_meant(begun: CommandSite) -> None:
    said = begun.type("explain", "Siobhán")
    assert (said.code, said.out) == (6, "")
    assert said.err == (
        "Nothing is known of 'Siobhán'.\n"
        "Next: It may be aldg0008 (Siobhán O'Brien, ALDG), aldg0009 (Siobhan O\u2019Brien, ALDG), "
        "aldg0010 (Siobhan O\u02bcBrien, ALDG, CHEM): `nexusops explain USERNAME`.\n"
    )
    for unit, what in (("CHEM", "the unit"), ("chem.ox.ac.uk", "the mail domain of")):
        told = begun.type("explain", unit)
        assert (told.code, told.err) == (6, f"{unit} is {what} Chemistry.\nNext: See `nexusops unit show CHEM`.\n")
    assert "It may be" not in begun.type("explain", "n2").err
    desk = ("--actor", "olive", "--reason", "asked", "--at", "2025-10-01T09:00:00Z")
    assert "It may be chem0011 (John Smith, CHEM)" in begun.type("desk", "exempt-forward", "john.smith", *desk).err
    assert "It may be chem0011 (John Smith, CHEM)" in begun.type("preview", "john.smith").err


@pytest.mark.parametrize(
    "heard",
    [
        "thomas.ashdwon@chem.ox.ac.uk",
        "Tomas Ashdown",
        "Ashdown, Thomas",
        "thomas.ashdown@physics.ox.ac.uk",
        "BRAY0039@x",
    ],
)
def test_what_was_misheard_leads_to_the_one_who_was_meant(begun: CommandSite, heard: str) -> None:
    said = begun.type("explain", heard)
    assert said.code == 6
    assert said.err == (
        f"Nothing is known of {heard!r}.\n"
        "Next: It may be bray0039 (Thomas Ashdown, BRAY, CHEM): `nexusops explain bray0039`.\n"
    )


def test_what_is_nobodys_leads_to_nobody(begun: CommandSite) -> None:
    assert "It may be" not in begun.type("explain", "thomas.quillfeather@chem.ox.ac.uk").err


def test_the_desk_is_told_what_its_decision_does_to_this_one(begun: CommandSite) -> None:
    """R59, D31: no forward is cleared where there is none, and the former owner is named to take a handover back."""
    desk = ("--actor", "olive", "--reason", "asked", "--at", "2025-10-01T09:00:00Z")
    assert begun.type("desk", "exempt-forward", "chem0011", *desk).out.splitlines()[0] == (
        "chem0011 has no automatic forward now, and gets none while exempt."
    )
    said = begun.type("desk", "handover", "chem-office", "--to", "chem0011", *desk).out.splitlines()
    assert said[-1] == "To take it back: `nexusops desk handover chem-office --to chem0035 --actor NAME --reason TEXT`"
    told = begun.type("explain", "chem-office", "--at", "2025-10-01T09:30:00Z").out
    assert "handed over by the desk to chem0011 (John Smith, 1000011)" in told


def test_a_mailbox_is_known_whatever_the_capitals_as_a_username_is(begun: CommandSite) -> None:
    """interface.md 3: its name was unknown to explain, audit and the desk; a username and an address were not."""
    at = ("--at", "2025-10-01T09:00:00Z")
    for name in ("Chem-Office", "CHEM-OFFICE"):
        assert begun.type("explain", name, *at).out == begun.type("explain", "chem-office", *at).out
        rows = begun.type("audit", name, "--format", "json").document["rows"]
        assert rows == begun.type("audit", "chem-office", "--format", "json").document["rows"] != []
    desk = ("--actor", "olive", "--reason", "asked", *at)
    said = begun.type("desk", "handover", "CHEM-OFFICE", "--to", "chem0011", *desk, "--format", "json")
    assert (said.code, said.document["object"]) == (0, "chem-office")
    assert begun.type("explain", "chem-offices", *at).code == 6


def test_the_policy_that_was_in_force_on_a_day_is_kept(begun: CommandSite) -> None:
    with (begun.folder / "policy.toml").open("a") as file:
        file.write("\n[winddown]\nmonths = 3\n")
    assert begun.on_day_two("run").code == 0
    on = {
        day: begun.type("config", "at", day, "--format", "json").document["values"]["policy.toml"]["winddown.months"]
        for day in ("2025-10-01", "2025-10-02")
    }
    assert on == {"2025-10-01": 2, "2025-10-02": 3}
    assert begun.type("config", "at", "2025-10-02", "--format", "json").document["changed_since"] == []
    lines = begun.type("config", "at", "2025-10-01").out.splitlines()
    assert "winddown.months                      = 2   # now 3" in lines
    assert {"[policy.toml]", "[guard.toml]", "[nexusops.toml]"} <= set(lines)
    assert begun.type("config", "at", "2025-09-30").code == 6


def test_the_desk_is_told_how_to_take_back_what_it_did(begun: CommandSite) -> None:
    """rules.md 4c: disable now: the undo command; and a name stands as it is written, at the beginning too."""
    boxes = begun.type("state", "export", "--format", "json").document["mailboxes"]
    name = next(box["name"] for box in boxes if box["state"] == "active" and box["kind"] == "personal")
    desk = ("--actor", "olive", "--reason", "stolen card", "--at", "2025-10-01T09:00:00Z")
    said = begun.type("desk", "disable", name, "--override", *desk)
    assert said.out.splitlines() == [
        f"{name} is disabled; mail to it is refused from the next routing table on.",
        "Recorded for olive: stolen card",
        f"To take it back: `nexusops desk undo-disable {name} --actor NAME --reason TEXT`",
    ]
    assert begun.type("desk", "undo-disable", name, *desk).code == 0


def test_a_wind_down_can_be_shortened_and_never_made_longer(begun: CommandSite) -> None:
    """D43: the end by the rules is the latest, also for somebody who thinks again."""
    assert begun.on_day_two("run").code == 0
    desk = ("--actor", "olive", "--reason", "deadname", "--at", "2025-10-02T09:00:00Z")
    ask = ("desk", "shorten-winddown", "thomas.ashdown@chem.ox.ac.uk", "--on")
    refused = begun.type(*ask, "2025-12-03", *desk)
    assert (refused.code, refused.err.partition(":")[0]) == (6, "NOT_SHORTER")
    assert [begun.type(*ask, day, *desk).code for day in ("2025-11-01", "2025-12-02", "2026-06-01")] == [0, 0, 6]


def test_what_a_run_did_is_told_in_words(begun: CommandSite) -> None:
    """rules.md 4e: neither the names of tables nor those of steps say anything to whoever asks."""
    assert begun.on_day_two("run").code == 0
    desk = ("--actor", "olive", "--reason", "ticket 4711", "--at", "2025-10-02T09:00:00Z")
    assert begun.type("desk", "exempt-forward", "bray0026", *desk).code == 0
    on_the_day = begun.type("history", "--on", "2025-10-02", "--format", "json").document["runs"]
    assert next((run["command"], run["actor"]) for run in on_the_day) == ("desk exempt-forward", "olive")
    assert len(on_the_day) == 2
    exempted, second = (run["run_id"] for run in begun.type("history", "--format", "json").document["runs"][:2])
    told = begun.type("history", second).out
    assert "thomas.ashdown@chem.ox.ac.uk winds down: it receives up to the day before 2025-12-03" in told
    assert "in the tenant: the mailbox aldg0044 made" in told
    told = begun.type("history", exempted).out
    assert "1 decision, 0 steps in the tenant:" in told
    assert "decided: exempt from automatic forwarding, about 1000026: ticket 4711" in told
