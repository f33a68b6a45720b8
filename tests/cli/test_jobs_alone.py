"""One job after another comes to what a run of all of them does (interface.md 3; architecture.md, Jobs)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from building.snapshot_folder import SnapshotFolder

if TYPE_CHECKING:
    from cli.conftest import CommandSite

JOBS = sorted(path for path in (Path(__file__).resolve().parents[2] / "jobs").glob("*.py") if path.stem != "__init__")


def alone(job: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """``python -m jobs.NAME``, as a timer types it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEXUSOPS_")}
    typed = [sys.executable, "-m", f"jobs.{job}", *map(str, words)]
    return subprocess.run(typed, capture_output=True, text=True, env=clean, cwd=JOBS[0].parents[1], check=False)


def test_a_job_module_is_run_by_its_name_and_its_dry_run_prints_what_it_would_change(site: CommandSite) -> None:
    """``python -m jobs.mailboxes`` said nothing, did nothing, and ended well; the global options may stand anywhere."""
    for path in JOBS:
        asked = alone(path.stem, "--help")
        assert (asked.returncode, asked.stdout.splitlines()[:1]) == (0, ["Usage: nexusops run [OPTIONS] [JOB]…"])
    day = ("--at", "2025-10-01T08:00:00Z", "--snapshot", site.day_one)
    said = alone("mailboxes", "--dry-run", "--format", "json", *day, f"--config={site.folder}")
    plan = site.type("plan", "mailboxes", "--format", "json", *day).document
    assert (said.returncode, said.stderr, list(plan["counts"])) == (0, "", ["CreateMailbox"])
    assert json.loads(said.stdout) | {"plan_id": ""} == plan | {"plan_id": ""}
    assert site.type("history").out == "There has been no run.\n"
    done = alone("mailboxes", "--config", site.folder, *day, "--format", "json")
    assert (done.returncode, list(json.loads(done.stdout)["done"])) == (0, ["CreateMailbox"])
    wrong = alone("mailboxes", "--nosuch", "--config", site.folder)
    assert (wrong.returncode, wrong.stdout, "--nosuch" in wrong.stderr) == (2, "", True)


def test_who_comes_back_is_told_once_and_sends_as_no_address_that_still_winds_down(
    site: CommandSite, tmp_path: Path
) -> None:
    """D23, R40: each job that ran before that of the addresses owed one more notice, and the sender went ahead."""
    data = SnapshotFolder().unit("CHEM", domain="chem.ox.ac.uk").domain("chem.ox.ac.uk")
    data.unit("BALL", "college", "ball.ox.ac.uk").domain("ball.ox.ac.uk").person("1", "chem0001")
    data.card("1", "AV", "Ann", "Lee", "2024-10-01", "2030-09-30")
    data.affiliation("1", "BALL", "2024-10-01").affiliation("1", "CHEM", "2024-10-01")

    def run(day: str, *jobs: str) -> None:
        folder = data.write(tmp_path / f"{day}-{len(list(tmp_path.iterdir()))}", f"{day}T07:50:00Z")
        said = site.type("run", *jobs, "--at", f"{day}T08:00:00Z", "--snapshot", folder)
        assert said.code == 0, said.out + said.err

    run("2025-01-10")
    data.change("affiliations", {"unit_id": "CHEM"}, end_date="2025-01-10")
    run("2025-01-11")
    run("2025-01-12")
    data.change("affiliations", {"unit_id": "CHEM"}, end_date="")
    for job in ("notices", "senders", "mailboxes"):
        run("2025-01-13", job)
        (box,) = site.type("state", "export", "--format", "json").document["mailboxes"]
        assert box["sender"] == "ann.lee@ball.ox.ac.uk"
    for job in ("addresses", "senders", "notices", "notices"):
        run("2025-01-13", job)
    state = site.type("state", "export", "--format", "json").document
    assert [one["kind"] for one in state["notices"]] == ["winddown", "winddown_cancelled"]
    assert [one["sender"] for one in state["mailboxes"]] == ["ann.lee@chem.ox.ac.uk"]
