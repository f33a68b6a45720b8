"""What an interrupted, stopped or partial run leaves to the next one: its own work, and nothing unguarded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from building.killed import DAYS, KilledSite, differing

from nexusops import wiring
from nexusops.cli import call
from nexusops.model.journal import Approval
from nexusops.pipeline.settling import BROKE_OFF, DONE, SENT_AGAIN

FIRST, SECOND, THIRD = DAYS
NO_ENDS = "[limits]\nDestructive = 0\n"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> KilledSite:
    """The site after its first day; it is copied, never used."""
    site = KilledSite.made(tmp_path_factory.mktemp("settled") / "site")
    assert site.type("run", FIRST) == 0
    return site


@pytest.fixture(scope="module")
def whole(settled: KilledSite, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """How the second and the third day end when nothing happens."""

    @cache
    def ended(*days: str) -> Any:
        site = settled.copied(tmp_path_factory.mktemp("whole") / "site")
        for day in days:
            assert site.type("run", day) == 0
        return site.outcome()

    return ended


@pytest.fixture
def site(settled: KilledSite, tmp_path: Path) -> KilledSite:
    return settled.copied(tmp_path / "site")


def runs(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    """(result, number of changes) of every run, the first day's left out."""
    capsys.readouterr()

    assert call(["--config", str(site.folder / "config"), "state", "export", "--format", "json"]) == 0
    return [(run["result"], run["changes"]) for run in json.loads(capsys.readouterr().out)["runs"]][1:]


def test_the_next_days_resume_finishes_yesterdays_work_and_sends_no_notice(
    site: KilledSite, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only what had passed the guard is finished unguarded; what fell due since is for the next run."""
    assert site.kill(SECOND, 3)
    assert site.type("resume", THIRD) == 0
    assert site.outcome()["letters"] == {}
    assert [result for result, _ in runs(site, capsys)] == ["resumed", "applied"]
    assert site.type("run", THIRD) == 0
    assert differing(site.outcome(), whole(SECOND, THIRD)) == {}


def test_the_next_days_run_finishes_yesterdays_first_and_says_so(
    site: KilledSite, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.kill(SECOND, 3)
    capsys.readouterr()
    assert site.type("run", THIRD) == 0
    assert "was finished first." in capsys.readouterr().out
    assert differing(site.outcome(), whole(SECOND, THIRD)) == {}


def test_a_run_whose_ends_were_accepted_is_finished_without_accepting_them_again(site: KilledSite, whole: Any) -> None:
    """D28: exactly that plan was approved, and no more than that is done."""
    (site.folder / "config" / "guard.toml").write_text(NO_ENDS)
    assert site.type("run", SECOND) == 4
    assert site.kill(SECOND, 2, "--accept", "Destructive=4")
    assert site.type("run", SECOND) == 0
    assert differing(site.outcome(), whole(SECOND)) == {}


def test_an_approved_digest_survives_a_stopped_run_and_is_used_once(
    site: KilledSite, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.folder / "config" / "guard.toml").write_text(NO_ENDS)
    assert site.type("run", SECOND) == 4
    capsys.readouterr()
    assert site.type("plan", SECOND, "--format", "json") == 4
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert site.type("run", SECOND, "--approve", digest) == 0
    assert differing(site.outcome(), whole(SECOND)) == {}
    assert site.type("run", SECOND, "--approve", digest) == 7


def test_two_approvers_are_two_people(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    (site.folder / "config" / "guard.toml").write_text(NO_ENDS + "[approval]\napprovers = 2\n")
    assert site.type("plan", SECOND, "--format", "json") == 4
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert site.type("plan", SECOND) == 4
    said = capsys.readouterr().out
    assert ("--accept" in said, f"2 people, each with --actor:  --approve {digest}\n" in said) == (False, True)
    approving = ("--approve", digest, "--reason", "term ends", "--actor")
    for name in ("ann", "ann", "Ann "):
        assert site.type("run", SECOND, *approving, name) == 4
        said = capsys.readouterr().err
        assert f"It is approved by {name}; 2 people must approve it.\n" in said
        assert said.endswith(f"for just this plan `--approve {digest}` by somebody else, with `--actor`.\n")
    assert site.type("run", SECOND, *approving, "bo") == 0
    capsys.readouterr()
    assert site.type("run", SECOND, *approving, "bo") == 7
    assert capsys.readouterr().err.startswith("The plan that was approved has been carried out already, and the plan ")
    with wiring.opened(site.folder / "config") as opened:
        approvals = [row.entry for row in opened.ports.store.journal([f"approval:{digest}"])]
    told = [("approve", "ann"), ("approve", "Ann "), ("approve", "bo"), ("use", "bo")]
    assert [(entry.step, entry.actor) for entry in approvals] == told


def test_an_approved_plan_is_said_to_be_approved_and_its_run_by_whom(
    site: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """D28: as the console records it, before any run; a plan that any run carries out asks for nobody else."""
    (site.folder / "config" / "guard.toml").write_text(NO_ENDS)
    assert site.type("plan", SECOND, "--format", "json") == 4
    digest = json.loads(capsys.readouterr().out)["digest"]
    with wiring.opened(site.folder / "config") as opened:
        opened.ports.store.approve(
            Approval(digest=digest, actor="olive", at=datetime(2025, 10, 2, 8, tzinfo=UTC), reason="term ends")
        )
    assert site.type("plan", SECOND) == 4
    said = capsys.readouterr().err
    assert "It is approved by olive.\nNext: `nexusops run` with this snapshot, or `nexusops apply`" in said
    assert "--approve" not in said
    assert site.type("run", SECOND) == 0
    capsys.readouterr()
    with wiring.opened(site.folder / "config") as opened:
        (run,) = opened.ports.store.latest_runs(1)
    assert call(["--config", str(site.folder / "config"), "history", run.run_id]) == 0
    assert "approved  by olive at " in capsys.readouterr().out


def test_where_two_must_approve_nobody_lifts_a_limit_alone(
    site: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever named the number planned was past the second person."""
    (site.folder / "config" / "guard.toml").write_text(NO_ENDS + "[approval]\napprovers = 2\n")
    assert site.type("run", SECOND, "--accept", "Destructive=4", "--reason", "I may") == 4
    said = capsys.readouterr().err
    assert "Destructive: 4 planned, the limit is 0" in said
    assert "2 people must approve it, and no `--accept` does" in said


def test_a_plan_is_not_applied_before_it_was_made(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """A clock that was put back between the two."""
    planned = str(site.folder / "plan.json")
    assert site.type("plan", SECOND, "--out", planned) == 0
    capsys.readouterr()
    assert site.type("apply", SECOND.replace("T08", "T07"), planned) == 7
    said = capsys.readouterr().err
    assert said.startswith("The plan was made at 2025-01-16T08:00:00Z, and now it is 2025-01-16T07:00:00Z; check ")
    assert site.type("apply", SECOND.replace("T08", "T09"), planned) == 0


@pytest.mark.parametrize("job", ["mailboxes", "addresses", "senders", "forwards"])
def test_what_a_job_leaves_is_done_by_the_next_whole_run(site: KilledSite, whole: Any, job: str) -> None:
    """architecture.md, jobs: the rest is remembered as unfinished, promises included."""
    assert site.type("run", SECOND, job) == 0
    assert site.type("run", SECOND) == 0
    assert differing(site.outcome(), whole(SECOND)) == {}


def test_a_killed_run_of_one_job_is_finished_as_that_job(
    site: KilledSite, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.kill(SECOND, 2, "addresses")
    assert site.type("resume", SECOND) == 0
    (_, planned), (result, finished) = runs(site, capsys)
    assert (result, finished <= planned) == ("applied", True)
    assert site.type("run", SECOND) == 0
    assert differing(site.outcome(), whole(SECOND)) == {}


def test_there_is_nothing_to_resume_after_a_run_that_went_through(
    site: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.type("resume", SECOND) == 0
    assert capsys.readouterr().out == "Nothing to resume: no run was interrupted.\n"


def test_a_run_that_was_killed_is_finished_though_the_next_snapshot_is_refused(
    site: KilledSite, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """interface.md 8; D27: what had been accepted does not wait for registration, and of the bad snapshot nothing is
    taken.
    """
    assert site.kill(SECOND, 3)
    capsys.readouterr()
    for told in ("was finished first; of this snapshot nothing was taken. Have ", "Next: Nothing was changed. Have "):
        assert site.type("run", "2025-01-16T12:00:00Z") == 3
        assert told in capsys.readouterr().err
        assert differing(site.outcome(), whole(SECOND)) == {}
    assert [result for result, _ in runs(site, capsys)] == ["resumed", "applied"]


def test_a_run_that_had_only_promises_is_closed_by_resume(
    site: KilledSite, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kill between the acceptance and the end of a run that changes nothing in the tenant."""
    assert site.kill(SECOND, 1)
    assert site.type("resume", SECOND) == 0
    capsys.readouterr()
    assert site.type("resume", SECOND) == 0
    assert capsys.readouterr().out == "Nothing to resume: no run was interrupted.\n"
    assert differing(site.outcome(), whole(SECOND)) == {}


def settled_by_looking(site: KilledSite) -> dict[tuple[str, str], bool]:
    """(phase, what was found) of every step that a later run closed -> whether the journal has its end after that."""
    with wiring.opened(site.folder / "config") as opened:
        rows = list(opened.ports.store.journal())
    found = {}
    for row in rows:
        _, closed, said = (row.entry.reason or "").partition(" by looking: ")
        if closed:
            further = (r.entry for r in rows if r.seq > row.seq and r.entry.phase.value == "done")
            ended = any((e.object, e.step) == (row.entry.object, row.entry.step) for e in further)
            found[row.entry.phase.value, said] = ended
    return found


def test_of_a_step_in_which_a_change_broke_off_the_journal_says_no_more_than_is_known(tmp_path: Path) -> None:
    """The users may have been made, or not: the next row of the same step tells what it found."""
    site = KilledSite.made(tmp_path / "site")
    assert site.kill(FIRST, 3)
    assert site.type("run", FIRST) == 0
    assert settled_by_looking(site) == {("failed", BROKE_OFF): True}


def test_a_notice_that_may_have_been_sent_is_not_said_to_be_unsent(site: KilledSite) -> None:
    assert site.type("run", SECOND) == 0
    assert site.kill(THIRD, 2)
    assert site.type("run", THIRD) == 0
    assert settled_by_looking(site) == {("failed", SENT_AGAIN): True}


def test_what_is_not_planned_again_had_been_carried_out(site: KilledSite) -> None:
    """What the tenant shows has been done, though its end was never written down."""
    assert site.kill(SECOND, 3)
    assert site.type("run", SECOND) == 0
    assert settled_by_looking(site).keys() <= {("done", DONE), ("failed", BROKE_OFF)}
