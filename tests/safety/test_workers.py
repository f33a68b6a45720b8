"""``worker`` and ``schedule``: never two runs of a site, none lost, a missed hour caught up once. Real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import psycopg
import pytest
from building.killed import KilledSite
from building.snapshot_folder import SnapshotFolder

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.errors import StateUnavailable, UsageError
from nexusops.queue import schedule, sites_of

HOUR = datetime(2025, 10, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def queue(postgres_database: str) -> str:
    return postgres_database.replace("+psycopg", "")


def people(count: int, today: datetime) -> SnapshotFolder:
    """A department whose members' cards are current today."""
    data = SnapshotFolder().unit("CHEM", "department", "chem.ox.ac.uk").domain("chem.ox.ac.uk")
    until = (today + timedelta(days=300)).date().isoformat()
    for number in range(1, count + 1):
        person_id = f"{2000000 + number}"
        data.person(person_id, f"chem{number:04d}").affiliation(person_id, "CHEM", "2024-10-01")
        data.card(person_id, "MC", f"Ann{chr(96 + number)}", "Lee", "2024-10-01", until)
    return data


def made(folder: Path, name: str, queue: str) -> KilledSite:
    """A site with a current snapshot of five people, and the queue and a file of metrics in its configuration."""
    write_starter(folder / "config")
    main = folder / "config" / "nexusops.toml"
    text = main.read_text("utf-8").replace('"oxford-test"', f'"{name}"')
    text = text.replace("[metrics]\n", '[metrics]\ntextfile = "nexusops.prom"\n')
    main.write_text(text.replace("[queue]\n", f'[queue]\nurl = "{queue}"\n'), "utf-8")
    now = datetime.now(UTC)
    data = people(5, now)
    data.tenant = name
    data.write(folder / "config" / "snapshot", (now - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return KilledSite(folder)


class Worker:
    """``nexusops worker`` as a process, and what it says."""

    def __init__(self, *folders: Path, said: Queue[str], **environment: str) -> None:
        command = [sys.executable, "-m", "nexusops", "worker", "--lost-after", "2", *map(str, folders)]
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.ear = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self.ear.start()

    def _listen(self, said: Queue[str]) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                said.put(line.partition(" ")[2].strip())


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    started: list[Worker] = []
    yield started
    for worker in started:
        worker.process.terminate()
    for worker in started:
        worker.process.wait(30)
        worker.ear.join(30)


def jobs(queue: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(queue) as connection:
        return connection.execute(
            "SELECT queue_name, status::text, attempts FROM procrastinate_jobs ORDER BY id"
        ).fetchall()


def test_three_workers_do_the_runs_of_two_sites_although_one_of_them_is_killed(
    queue: str, tmp_path: Path, workers: list[Worker], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its job goes back to the queue, and the next run finishes what it had begun: nothing twice, nothing lost."""
    sites = [made(tmp_path / name, name, queue) for name in ("alpha", "beta")]
    folders = [site.folder / "config" for site in sites]
    said: Queue[str] = Queue()
    workers.append(Worker(*folders, said=said, NEXUSOPS_KILL_AT="4"))
    assert said.get(timeout=60) == "works for alpha, beta"
    assert call(["schedule", "--once", *map(str, folders)]) == 0
    workers += [Worker(*folders, said=said) for _ in range(2)]
    assert workers[0].process.wait(60) == -signal.SIGKILL
    heard: list[str] = []
    while sum(": run " in line for line in heard) < 2:
        heard.append(said.get(timeout=60))
    lost = [line.partition(":")[0] for line in heard if "its worker is lost" in line]
    assert len(lost) == 1
    assert [line.partition(":")[0] for line in heard if "after finishing" in line] == lost
    for site in sites:
        found = site.outcome()
        assert len(found["state"]["mailboxes"]) == 5
        assert {box["state"] for box in found["state"]["mailboxes"]} == {"active"}
        assert len(found["tenant"]["people"]) == 5
        assert (found["open"], found["unfinished"], found["broken"], found["running"]) == ([], [], [], [])
        metrics = (site.folder / "config" / "nexusops.prom").read_text("utf-8")
        assert 'nexusops_last_run_exit_code{site="' in metrics
        assert "nexusops_live_mailboxes" in metrics
    for worker in workers[1:]:
        worker.process.terminate()
        assert worker.process.wait(30) == 0
    assert [(name, status) for name, status, _ in jobs(queue)] == [("alpha", "succeeded"), ("beta", "succeeded")]


def test_an_hour_is_queued_once_however_many_schedule_it(queue: str, tmp_path: Path) -> None:
    site = made(tmp_path / "alpha", "alpha", queue).folder / "config"
    said: list[str] = []
    for _ in range(2):
        schedule(sites_of([site]), now=lambda: HOUR + timedelta(minutes=7), told=said.append, once=True)
    assert said == ["alpha: 2025-10-01T08:00Z: queued", "alpha: 2025-10-01T08:00Z: queued before"]
    assert jobs(queue) == [("alpha", "todo", 0)]


def test_hours_that_were_missed_are_caught_up_by_one_run(queue: str, tmp_path: Path) -> None:
    """Whether the workers were away, or the scheduler."""
    site = made(tmp_path / "alpha", "alpha", queue).folder / "config"
    said: list[str] = []
    for hours in (0, 1, 5):
        schedule(sites_of([site]), now=lambda h=hours: HOUR + timedelta(hours=h), told=said.append, once=True)  # type: ignore[misc]
    assert [line.rpartition(": ")[2] for line in said] == ["queued", *["waits for a worker already"] * 2]
    assert jobs(queue) == [("alpha", "todo", 0)]


def test_a_queue_that_does_not_answer_is_said_with_what_to_do(tmp_path: Path) -> None:
    site = made(tmp_path / "alpha", "alpha", f"postgresql://nobody@/none?host={tmp_path}").folder / "config"
    with pytest.raises(StateUnavailable, match="The queue cannot be used") as refused:
        schedule(sites_of([site]), now=lambda: HOUR, told=print, once=True)
    assert refused.value.exit_code == 9


def test_sites_must_name_one_queue_on_postgresql(tmp_path: Path, queue: str) -> None:
    one, other = (made(tmp_path / name, name, queue).folder / "config" for name in ("alpha", "beta"))
    main = other / "nexusops.toml"
    main.write_text(main.read_text("utf-8").replace(queue, "sqlite:///queue.db"), "utf-8")
    with pytest.raises(UsageError, match="needs PostgreSQL"):
        sites_of([other])
    with pytest.raises(UsageError, match="the same one"):
        sites_of([one, other])
    with pytest.raises(UsageError, match="both the site alpha"):
        sites_of([one, one])
