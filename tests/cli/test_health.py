"""``health``, the metrics that runs leave behind, and logs for machines (docs/monitoring.md)."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli.conftest import CommandSite

from nexusops.cli.logs import start_logging

SAMPLE = re.compile(r'nexusops_[a-z_]+\{site="[^"]+"(,[a-z]+="[^"]*")*\} -?[0-9.e+]+')


def configured(site: CommandSite, line: str) -> None:
    settings = site.folder / "nexusops.toml"
    settings.write_text(settings.read_text("utf-8").replace("[metrics]", f"[metrics]\n{line}"), "utf-8")


def test_a_site_that_is_run_every_hour_is_well_and_one_that_is_not_says_what_to_do(begun: CommandSite) -> None:
    well = begun.type("health", "--at", "2025-10-01T08:30:00Z", "--format", "json")
    assert (well.code, well.document["healthy"], well.document["problems"]) == (0, True, [])
    last = well.document["last_run"]
    assert (last["result"], sum(last["counts"].values())) == ("applied", last["changes"])
    assert last["counts"] == begun.type("history", "--format", "json").document["runs"][0]["counts"]
    later = begun.type("health", "--at", "2025-10-01T14:00:00Z", "--format", "json")
    assert later.code == 6
    snapshot, run = later.document["problems"]
    assert snapshot.startswith("The accepted snapshot is 6 hours old")
    assert "`nexusops history`" in run
    assert begun.type("health", "--at", "2025-10-01T14:00:00Z", "--max-age", "1000").code == 0
    assert "not well" in begun.type("health", "--at", "2025-10-01T14:00:00Z").out


def test_a_run_of_later_than_now_is_a_problem_and_a_refusal_names_it(begun: CommandSite) -> None:
    """Both clocks were a day ahead together: until then every true snapshot is refused (D27)."""
    assert begun.on_day_two("run").code == 0
    said = begun.type("health", "--at", "2025-10-01T09:00:00Z")
    assert (said.code, "of 2025-10-02T08:00:00Z, later than now" in said.out) == (6, True)
    refused = begun.on_day_one("run")
    assert refused.code == 3
    assert "which is still to come: it was accepted under a wrong clock" in refused.err


def test_before_the_first_run_and_without_a_state_there_is_a_code_for_each(site: CommandSite) -> None:
    assert site.type("health").code == 6
    (site.folder / "state" / "nexusops.db").write_bytes(b"this is no database")
    for beside in (site.folder / "state").glob("nexusops.db-*"):
        beside.unlink()
    assert site.type("health").code == 9


def test_whom_the_next_run_looks_at_again_is_named_to_staff_and_counted_for_machines(begun: CommandSite) -> None:
    asked = ("health", "--at", "2025-10-01T08:30:00Z")
    assert begun.type(*asked, "--format", "json").document["to_look_at"] == []
    with closing(sqlite3.connect(begun.folder / "state" / "nexusops.db")) as state, state:
        waiting = [*(f"person:100000{n}" for n in range(1, 6)), "box:enquiries"]
        state.executemany("INSERT INTO unfinished VALUES (?, 'a test')", [(scope,) for scope in waiting])
    document = begun.type(*asked, "--format", "json").document
    people = ["1000001", "1000002", "1000003", "1000004", "1000005"]
    assert (document["unfinished"], document["to_look_at"]) == (6, [*people, "enquiries"])
    named = f"  to look at     {', '.join(people)} and 1 more (--format json): `nexusops explain` says why\n"
    assert named in begun.type(*asked).out
    metrics = begun.type(*asked, "--format", "prometheus").out
    assert ('nexusops_unfinished{site="oxford-test"} 6\n' in metrics, "1000001" in metrics) == (True, False)


def locked(site: CommandSite, *, host: str, pid: int, started: str, lease: str) -> None:
    with closing(sqlite3.connect(site.folder / "state" / "nexusops.db")) as state, state:
        row = ("run", "x", host, pid, started, "run", "2025-10-01T05:00:00Z", lease)
        state.execute("INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def told(site: CommandSite) -> tuple[str, list[str]]:
    document = site.type("health", "--at", "2025-10-01T08:30:00Z", "--format", "json").document
    metrics = site.type("health", "--at", "2025-10-01T08:30:00Z", "--format", "prometheus").out
    dead = document["lock"]["owner"] == "dead"
    assert f'nexusops_lock_dead{{site="oxford-test"}} {int(dead)}\n' in metrics
    assert f'nexusops_locked{{site="oxford-test"}} {int(not dead)}\n' in metrics
    return document["lock"]["owner"], document["problems"]


def test_a_lock_that_is_held_for_hours_is_told(begun: CommandSite) -> None:
    locked(begun, host="far.away", pid=1, started="", lease="2099-10-01T05:10:00Z")
    held = "The state has been locked by `nexusops run` on far.away (process 1) for 3 hours"
    assert told(begun) == ("alive", [f"{held}: see whether it still works."])


def test_a_lock_whose_owner_is_dead_is_told_at_once(begun: CommandSite) -> None:
    """interface.md 9: on the same host its process is gone, on another one its lease has run out."""
    away = "`nexusops run` on far.away (process 1) died while it held the state: the next run takes over, "
    locked(begun, host="far.away", pid=1, started="", lease="2025-10-01T05:10:00Z")
    assert told(begun) == ("dead", [f"{away}or finish at once with `nexusops resume`."])
    assert begun.type("resume", "--at", "2025-10-01T08:30:00Z").code == 0
    gone = subprocess.Popen(["true"])
    gone.wait()
    locked(begun, host=socket.gethostname(), pid=gone.pid, started="1", lease="2099-10-01T05:10:00Z")
    assert told(begun)[0] == "dead"


def test_a_process_that_holds_the_state_and_gives_no_sign_of_life_hangs(begun: CommandSite) -> None:
    ours = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
    locked(begun, host=socket.gethostname(), pid=os.getpid(), started=ours, lease="2025-10-01T05:12:00Z")
    owner, (problem,) = told(begun)
    assert owner == "silent"
    assert problem.endswith(
        "holds the state and has given no sign of life since 2025-10-01T05:02:00Z: it hangs."
        " End that process, then use `nexusops resume`."
    )


def test_a_state_that_cannot_be_read_is_told_to_prometheus_too(begun: CommandSite) -> None:
    """interface.md 1, code 9: the metric that says whether it could be read was there only where it could."""
    (begun.folder / "state" / "nexusops.db").write_bytes(b"no database" * 100)
    said = begun.type("health", "--format", "prometheus")
    samples = [line for line in said.out.splitlines() if not line.startswith("#")]
    assert (said.code, samples) == (9, ['nexusops_up{site="oxford-test"} 0'])
    assert "cannot be read" in said.err
    assert begun.type("health", "--format", "json").out == ""


def test_a_run_leaves_its_metrics_behind_however_it_ends(site: CommandSite, tmp_path: Path) -> None:
    configured(site, f'textfile = "{tmp_path}/nexusops.prom"')
    assert site.on_day_one("run").code == 0
    text = (tmp_path / "nexusops.prom").read_text("utf-8")
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples), samples
    assert 'nexusops_last_run_exit_code{site="oxford-test"} 0' in samples
    at = datetime(2025, 10, 1, 8, tzinfo=UTC).timestamp()
    assert f'nexusops_last_good_run_timestamp_seconds{{site="oxford-test"}} {at:.15g}' in samples
    assert site.type("health", "--at", "2025-10-01T08:00:00Z", "--format", "prometheus").out in text.replace(
        _exit_code(text), ""
    )
    assert "@" not in text
    assert site.type("run", "--at", "2025-10-01T09:30:00Z", "--snapshot", site.day_one).code == 3
    after = (tmp_path / "nexusops.prom").read_text("utf-8")
    assert 'nexusops_last_run_exit_code{site="oxford-test"} 3' in after
    assert f'nexusops_last_good_run_timestamp_seconds{{site="oxford-test"}} {at:.15g}' in after


def test_a_state_that_cannot_be_read_is_told_by_the_metrics_too(site: CommandSite, tmp_path: Path) -> None:
    """What the last good run had left would say for ever that all is well."""
    configured(site, f'textfile = "{tmp_path}/nexusops.prom"')
    assert site.on_day_one("run").code == 0
    (site.folder / "state" / "nexusops.db").write_text("no database")
    assert site.on_day_two("run").code == 9
    samples = [line for line in (tmp_path / "nexusops.prom").read_text("utf-8").splitlines() if line[0] != "#"]
    assert samples == ['nexusops_up{site="oxford-test"} 0', 'nexusops_last_run_exit_code{site="oxford-test"} 9']


def test_metrics_that_cannot_be_left_say_which_key_names_their_file(site: CommandSite, tmp_path: Path) -> None:
    configured(site, f'textfile = "{tmp_path}/gone/nexusops.prom"')
    ended = site.on_day_one("run")
    assert ended.code == 0
    assert "Name another file as [metrics] textfile in nexusops.toml" in ended.err


def test_metrics_and_routing_table_are_for_others_whatever_the_umask(site: CommandSite, tmp_path: Path) -> None:
    """The units set UMask=0077; the collector and the mail hubs are other users."""
    configured(site, f'textfile = "{tmp_path}/nexusops.prom"')
    before = os.umask(0o077)
    try:
        assert site.on_day_one("run").code == 0
        assert site.type("routing", "build", "--out", tmp_path / "table").code == 0
    finally:
        os.umask(before)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if path.is_file()} == {
        "nexusops.prom": "0o644",
        "table": "0o644",
    }


def _exit_code(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if "last_run_exit_code" in line)


def test_every_act_is_one_line_for_machines_and_names_nobody(site: CommandSite, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert site.on_day_one("--log-level", "info", "--log-format", "json", "--log-file", log, "run").code == 0
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    acts = [line for line in lines if line["message"] == "act"]
    assert {act["result"] for act in acts} == {"done"}
    assert {"CreateMailbox", "AddAddress", "SetSender"} <= {act["kind"] for act in acts}
    document = site.type("state", "export", "--format", "json").document
    text = log.read_text("utf-8")
    told = [*(row["address"] for row in document["addresses"]), *(row["person_id"] for row in document["people"])]
    told += [row["username"] for row in document["people"] if row["username"]]
    assert [word for word in told if word in text] == []


def test_a_log_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """As logrotate does it; a worker or a console would write into yesterday's file for weeks."""
    log = tmp_path / "nexusops.log"
    root = logging.getLogger()
    level = root.level
    try:
        start_logging("info", "json", log)
        logging.getLogger("nexusops.acts").info("before")
        log.rename(tmp_path / "nexusops.log.1")
        logging.getLogger("nexusops.acts").info("after")
    finally:
        start_logging("warning", "text", None)
        root.setLevel(level)
    said = {path.name: json.loads(path.read_text("utf-8"))["message"] for path in tmp_path.iterdir()}
    assert said == {"nexusops.log.1": "before", "nexusops.log": "after"}


def test_a_log_file_that_is_full_is_told_once_and_the_run_goes_on(site: CommandSite) -> None:
    """interface.md 1: a traceback for each line stood on stderr."""
    done = site.on_day_one("--log-level", "info", "--log-file", "/dev/full", "run")
    assert (done.code, done.err.splitlines()) == (
        0,
        [
            "The log /dev/full cannot be written any more: No space left on device.",
            "Next: Make room for it, or let this user write there; `nexusops history` says what was done.",
        ],
    )


def test_a_log_whose_folder_is_gone_ends_no_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """logrotate makes a file that this user may not open: a console died of its next line."""
    log = tmp_path / "logs" / "nexusops.log"
    log.parent.mkdir()
    root = logging.getLogger()
    level = root.level
    try:
        start_logging("info", "json", log)
        log.parent.rename(tmp_path / "elsewhere")
        for word in ("one", "two"):
            logging.getLogger("nexusops.acts").info(word)
        log.parent.mkdir()
        logging.getLogger("nexusops.acts").info("three")
    finally:
        start_logging("warning", "text", None)
        root.setLevel(level)
    assert capsys.readouterr().err.count("cannot be written any more: No such file or directory.") == 1
    assert json.loads(log.read_text("utf-8"))["message"] == "three"


def test_a_log_file_that_cannot_be_written_is_a_mistake_of_usage(site: CommandSite, tmp_path: Path) -> None:
    ended = site.type("--log-file", tmp_path / "gone" / "log", "health")
    assert ended.code == 2
    assert "--log-file: " in ended.err
    assert "Next: Name a file with --log-file in a folder that you may write to" in ended.err
