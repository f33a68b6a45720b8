"""What an undo cannot bring back, and says so; its guards; and an undo that is itself interrupted."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from building.by_hand import exchange
from building.killed import DAYS, KilledSite, differing, second_day

from nexusops import wiring
from nexusops.cli import call

FIRST, SECOND, THIRD = DAYS
DELETED = "2025-04-20T08:00:00Z"


@pytest.fixture
def site(second: KilledSite) -> KilledSite:
    """After two days' runs."""
    return second


def runs(site: KilledSite) -> list[str]:
    with wiring.opened(site.folder / "config") as opened:
        return [run.run_id for run in opened.ports.store.runs()]


def undo(site: KilledSite, run: str, *words: str, at: str = SECOND) -> int:
    return call(["--config", str(site.folder / "config"), "undo", run, "--at", at, *words])


def shown(site: KilledSite, run: str, capsys: pytest.CaptureFixture[str], at: str = SECOND) -> dict[str, Any]:
    capsys.readouterr()
    assert undo(site, run, "--format", "json", at=at) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def refusals(document: dict[str, Any]) -> dict[str, str]:
    return {f["subject"]: f["message"] for f in document["findings"] if f["code"] == "UNDO_NONE"}


def test_a_value_changed_since_by_hand_is_set_aside_with_both_values(
    site: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    by_hand = ["SMTP:by.hand@chem.ox.ac.uk", "smtp:ann.lee2@law.ox.ac.uk", "smtp:ann.lee2@chem.ox.ac.uk"]
    exchange(site, "1000002", "Set-Mailbox", EmailAddresses=by_hand)
    capsys.readouterr()
    assert undo(site, runs(site)[1], "--apply", "--format", "json") == 5
    aside = {one["target"]: one["message"] for one in json.loads(capsys.readouterr().out)["set_aside"]}
    assert aside["chem0002"] == (
        "the sender is by.hand@chem.ox.ac.uk; the plan expected ann.lee2@law.ox.ac.uk and wants ann.lee2@chem.ox.ac.uk"
    )
    assert sorted(aside) == ["ann.lee2@law.ox.ac.uk", "chem0002"]


def test_what_a_later_run_changed_again_stays_and_is_told_with_both_values(
    site: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = second_day()
    newer.change("cards", {"person_id": "1000001"}, family_names="Moss")
    site.export(THIRD, newer)
    assert site.type("run", THIRD) == 0
    document = shown(site, runs(site)[1], capsys, at=THIRD)
    said = [f["message"] for f in document["findings"] if f["subject"] == "1000001" and f["code"] == "UNDO_NONE"]
    assert "ann.shaw@ball.ox.ac.uk cannot be undone: the run left active, and it is winddown now" in said
    assert (
        "the sender of chem0001 cannot be undone: the run left ann.shaw@ball.ox.ac.uk, "
        "and it is ann.moss@ball.ox.ac.uk now"
    ) in said
    assert [c["target"] for c in document["changes"] if c["kind"] == "SetSender"] == ["chem0002", "chem0005"]


def test_a_letter_cannot_be_called_back(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.type("run", THIRD) == 0
    document = shown(site, runs(site)[2], capsys, at=THIRD)
    assert document["changes"] == []
    assert refusals(document)["1000001"] == (
        "a notice (winddown) was sent on 2025-01-17, and a letter cannot be called back"
    )


def test_a_purged_mailbox_cannot_be_brought_back(fresh: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """D08: within thirty days a deletion is undone with what the tenant kept; after that it is not."""
    site = fresh
    site.export(SECOND, second_day().remove("nonpersonal_mailboxes", mailbox_id="chem-office"))
    assert site.type("run", SECOND) == 0
    soon, late = shown(site, runs(site)[1], capsys), shown(site, runs(site)[1], capsys, at="2025-03-01T08:00:00Z")
    assert ("RestoreMailbox", "chem-office") in [(c["kind"], c["target"]) for c in soon["changes"]]
    assert [f["subject"] for f in soon["findings"] if f["code"] == "UNDO_PARTIAL"] == ["chem-office"]
    assert "chem-office" not in [c["target"] for c in late["changes"]]
    assert "purged by the tenant, which keeps what was deleted no longer" in str(late["findings"])


def test_a_user_that_was_there_before_is_not_deleted(fresh: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """The toolkit gave a licence to somebody's user; to undo that is not to delete the user."""
    site = fresh
    (run,) = runs(site)
    with sqlite3.connect(site.folder / "config" / "state" / "nexusops.db") as state:
        found = "WHERE step = 'user' AND object LIKE '%1000001%'"
        state.execute(f"""UPDATE journal SET before = '{{"existed":true}}' {found}""")
    state.close()
    document = shown(site, run, capsys)
    assert "chem0001" not in [c["target"] for c in document["changes"] if c["kind"] == "DeleteMailbox"]
    assert "chem0002" in [c["target"] for c in document["changes"] if c["kind"] == "DeleteMailbox"]
    assert "the directory user had been there before, and stays" in str(document["findings"])


def test_an_undo_passes_the_same_guards(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """D28: exit 4 before the first write; the very plan may be approved. Shown it ends with 0 (interface.md 3)."""
    (site.folder / "config" / "guard.toml").write_text("[limits.Destructive]\ncount = 1\n")
    before = site.outcome()
    capsys.readouterr()
    assert undo(site, runs(site)[1], "--format", "json") == 0
    shown_alone = capsys.readouterr()
    assert (json.loads(shown_alone.out)["guard"]["tripped"], shown_alone.err) == (["Destructive"], "")
    assert undo(site, runs(site)[1]) == 0
    assert "this plan is stopped before the first write" in capsys.readouterr().out
    assert undo(site, runs(site)[1], "--apply", "--format", "json") == 4
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert differing(site.outcome(), before) == {}
    assert undo(site, runs(site)[1], "--apply", "--approve", digest) == 0


@pytest.mark.parametrize("point", [1, 4, 9] if "NEXUSOPS_KILLS" in os.environ else [4])
def test_an_undo_that_was_killed_is_finished_by_the_next_run(site: KilledSite, tmp_path: Path, point: int) -> None:
    """interface.md 9: and ends as if it had not been killed, its holds included."""
    whole = site.copied(tmp_path / "whole")
    assert undo(whole, runs(whole)[1], "--apply") == 0
    assert site.kill_words(["undo", runs(site)[1], "--apply", "--at", SECOND], point)
    for each in (whole, site):
        assert each.type("run", SECOND) == 0
    assert differing(site.outcome(), whole.outcome()) == {}


@pytest.mark.parametrize(("run", "said"), [("nothing", "There is no run nothing."), ("", "There is no run .")])
def test_a_run_that_does_not_exist_is_refused(
    site: KilledSite, capsys: pytest.CaptureFixture[str], run: str, said: str
) -> None:
    capsys.readouterr()
    assert undo(site, run) == 6
    assert (
        capsys.readouterr().err
        == f"{said}\nNext: See `nexusops history`, and give the id, or as much of it as names one run.\n"
    )


def test_a_run_that_finished_another_names_that_one(
    site: KilledSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = KilledSite.made(tmp_path / "killed")
    assert killed.kill(FIRST, 5)
    capsys.readouterr()
    (interrupted,) = runs(killed)
    assert undo(killed, interrupted) == 6
    assert "Use `nexusops resume` first." in capsys.readouterr().err
    assert killed.type("resume", FIRST) == 0
    assert undo(killed, runs(killed)[1]) == 6
    assert f"Undo that one: `nexusops undo {interrupted}`." in capsys.readouterr().err


def test_a_personal_mailbox_that_was_deleted_comes_back_disabled_and_is_not_overdue(
    second: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was disabled before it was deleted: that is what the undo restores, says, and holds against its day."""
    site = second
    site.export(DELETED, second_day())
    assert site.type("run", DELETED) == 0
    run = runs(site)[-1]
    document = shown(site, run, capsys, at=DELETED)
    (back,) = [c for c in document["changes"] if c["kind"] == "RestoreMailbox"]
    assert (back["target"], back["was"], back["becomes"]) == ("chem0003", {"state": "deleted"}, {"state": "disabled"})
    assert undo(site, run, "--apply", at=DELETED) == 0
    (box,) = [box for box in site.outcome()["state"]["mailboxes"] if box["name"] == "chem0003"]
    assert (box["state"], box["delete_on"] <= DELETED[:10]) == ("disabled", True)
    assert site.type("run", DELETED) == 0
    capsys.readouterr()
    call(["--config", str(site.folder / "config"), "health", "--at", DELETED, "--format", "json"])
    assert json.loads(capsys.readouterr().out)["overdue"] == 0


def test_a_restoring_that_is_undone_deletes_anew_and_the_thirty_days_begin_anew(
    second: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """D08: the tenant counts from its own deletion, and keeps the addresses until the purge."""
    site, back, undone = second, "2025-05-10T08:00:00Z", "2025-05-12T08:00:00Z"
    site.export(DELETED, second_day())
    assert site.type("run", DELETED) == 0
    site.export(back, second_day().card("1000003", "MC", "Bo", "Chen", "2025-05-10", "2027-09-30"))
    assert site.type("run", back) == 0
    assert undo(site, runs(site)[-1], "--apply", at=undone) == 0
    state = site.outcome()["state"]
    (box,) = [box for box in state["mailboxes"] if box["name"] == "chem0003"]
    assert (box["state"], box["deleted_on"], box["purge_on"]) == ("deleted", "2025-05-12", "2025-06-11")
    ends = {row["deleted_on"] for row in state["addresses"] if row["mailbox"] == "chem0003"}
    assert "2025-05-12" in ends
