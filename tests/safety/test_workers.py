"""``worker`` and ``schedule``: never two runs of a site, none lost, a missed hour caught up once. Real PostgreSQL."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any, LiteralString

import psycopg
import pytest
from building.killed import KilledSite
from building.patience import PATIENCE
from building.snapshot_folder import SnapshotFolder
from procrastinate.schema import SchemaManager

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.errors import StateUnavailable, UsageError
from nexusops.queue import schedule, sites_of
from nexusops.queue.sites import looked_at_again

SQLITE = 'url = "sqlite:///state/nexusops.db"'
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
        worker.process.wait(PATIENCE)
        worker.ear.join(PATIENCE)


def rows(url: str, query: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def jobs(queue: str) -> list[tuple[Any, ...]]:
    return rows(queue, "SELECT queue_name, status::text, attempts FROM procrastinate_jobs ORDER BY id")


def with_state(site: KilledSite, url: str) -> KilledSite:
    main = site.folder / "config" / "nexusops.toml"
    text = main.read_text("utf-8")
    assert SQLITE in text
    main.write_text(text.replace(SQLITE, f'url = "{url}"'), "utf-8")
    return site


@pytest.fixture
def states(postgres_url: str, postgres_database: str) -> dict[str, str]:
    """A database for each site's state, in the cluster of the queue; the queue's own is dropped with them."""
    found = {}
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in ("alpha", "beta"):
            database = f"{name}_{uuid.uuid4().hex[:12]}"
            connection.execute(f"CREATE DATABASE {database}")
            found[name] = postgres_url.replace("postgresql:", "postgresql+psycopg:").replace(
                "/postgres?", f"/{database}?"
            )
    return found


def test_three_workers_do_the_runs_of_two_sites_although_one_of_them_is_killed(
    queue: str, states: dict[str, str], tmp_path: Path, workers: list[Worker]
) -> None:
    """Its job goes back to the queue, and the next run finishes what it had begun: nothing twice, nothing lost. States
    and queue are on one PostgreSQL, as on several machines.
    """
    sites = [with_state(made(tmp_path / name, name, queue), url) for name, url in states.items()]
    folders = [site.folder / "config" for site in sites]
    said: Queue[str] = Queue()
    workers.append(Worker(*folders, said=said, NEXUSOPS_KILL_AT="4"))
    assert said.get(timeout=PATIENCE) == "works for alpha, beta"
    assert call(["schedule", "--once", *map(str, folders)]) == 0
    workers += [Worker(*folders, said=said) for _ in range(2)]
    assert workers[0].process.wait(PATIENCE) == -signal.SIGKILL
    heard: list[str] = []
    while sum(": run " in line for line in heard) < 2:
        heard.append(said.get(timeout=PATIENCE))
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
        assert not (site.folder / "config" / "state" / "nexusops.db").exists(), "the state was to be on PostgreSQL"
    for worker in workers[1:]:
        worker.process.terminate()
        assert worker.process.wait(PATIENCE) == 0
    assert [(name, status) for name, status, _ in jobs(queue)] == [("alpha", "succeeded"), ("beta", "succeeded")]


def test_a_site_whose_configuration_breaks_keeps_no_other_waiting_and_says_what_to_do(
    queue: str, tmp_path: Path, workers: list[Worker]
) -> None:
    folders = [made(tmp_path / name, name, queue).folder / "config" for name in ("alpha", "beta")]
    sites = sites_of(folders)
    said: Queue[str] = Queue()
    workers.append(Worker(*folders, said=said))
    assert said.get(timeout=PATIENCE) == "works for alpha, beta"
    (folders[0] / "guard.toml").write_text("nonsense = 1\n", "utf-8")
    schedule(sites, now=lambda: datetime.now(UTC), told=print, once=True)
    heard = sorted(said.get(timeout=PATIENCE) for _ in range(2))
    assert heard[0].startswith("alpha: ended with 2: ")
    assert " Next: Correct or remove nonsense in " in heard[0]
    assert re.fullmatch(r"beta: run [0-9a-f]{32}: [1-9]\d* changes done, 0 not", heard[1])


def test_a_site_whose_configuration_is_wrong_from_the_start_keeps_no_other_waiting_and_is_taken_up_when_mended(
    queue: str, tmp_path: Path, workers: list[Worker], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said loudly, by the scheduler with exit code 2; that of the other is done meanwhile."""
    folders = [made(tmp_path / name, name, queue).folder / "config" for name in ("alpha", "beta")]
    main = folders[0] / "nexusops.toml"
    text = main.read_text("utf-8")
    main.write_text(f"{text}\nthis is no TOML\n", "utf-8")
    said: Queue[str] = Queue()
    workers.append(Worker(*folders, said=said))
    left_out = f"{folders[0]}: LEFT OUT, nothing is done for it: "
    assert said.get(timeout=PATIENCE) == "works for beta"
    assert said.get(timeout=PATIENCE).startswith(left_out)
    assert call(["schedule", "--once", *map(str, folders)]) == 2
    printed = capsys.readouterr()
    assert "beta: " in printed.out
    assert left_out in printed.out
    assert "nexusops.toml" in printed.err
    assert re.fullmatch(r"beta: run [0-9a-f]{32}: [1-9]\d* changes done, 0 not", said.get(timeout=PATIENCE))
    main.write_text(text, "utf-8")
    assert said.get(timeout=PATIENCE) == "works for beta, alpha"
    assert call(["schedule", "--once", *map(str, folders)]) == 0
    assert said.get(timeout=PATIENCE).startswith("alpha: run ")
    workers[0].process.terminate()
    assert workers[0].process.wait(PATIENCE) == 0


def test_where_no_site_is_in_order_there_is_nothing_to_work_for(queue: str, tmp_path: Path) -> None:
    folder = made(tmp_path / "alpha", "alpha", queue).folder / "config"
    (folder / "guard.toml").write_text("nonsense = 1\n", "utf-8")
    with pytest.raises(UsageError, match="nonsense"):
        sites_of([folder])


def test_a_site_that_was_mended_into_another_one_stays_left_out(queue: str, tmp_path: Path) -> None:
    """Two folders of one site, or one with another queue, are no more served than at the start."""
    one, other = (made(tmp_path / name, name, queue).folder / "config" for name in ("alpha", "beta"))
    main = other / "nexusops.toml"
    text = main.read_text("utf-8")
    main.write_text("[site]\n", "utf-8")
    sites = sites_of([one, other])
    assert (list(sites.folders), list(sites.left_out)) == (["alpha"], [other])
    for wrong in (text.replace('"beta"', '"alpha"'), text.replace(queue, "postgresql://elsewhere/queue")):
        main.write_text(wrong, "utf-8")
        assert list(looked_at_again(sites).folders) == ["alpha"]
    main.write_text(text, "utf-8")
    assert list(looked_at_again(sites).folders) == ["alpha", "beta"]


FUNCTIONS = """
SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'procrastinate%' ORDER BY proname, pg_get_function_arguments(oid)
"""


def test_a_queue_that_an_older_nexusops_made_is_brought_forward_with_its_jobs(
    postgres_url: str, queue: str, tmp_path: Path, workers: list[Worker]
) -> None:
    """Its tables are then those that are made today; what was queued before is done."""
    with psycopg.connect(queue, autocommit=True) as connection:
        for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")):
            if path.name < "03.03":
                connection.execute(path.read_bytes())
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
            """ VALUES ('alpha', 'nexusops.run', 'alpha', 'alpha', '{"timestamp": 0}')"""
        )
    site = made(tmp_path / "alpha", "alpha", queue).folder / "config"
    said: list[str] = []
    for hour in (HOUR, HOUR):
        schedule(sites_of([site]), now=lambda h=hour: h, told=said.append, once=True)  # type: ignore[misc]
    assert said == ["alpha: 2025-10-01T08:00Z: waits for a worker already"] * 2
    name = f"fresh_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    fresh = postgres_url.replace("/postgres?", f"/{name}?")
    new = made(tmp_path / "new", "new", fresh).folder / "config"
    schedule(sites_of([new]), now=lambda: HOUR, told=said.append, once=True)
    assert rows(queue, FUNCTIONS) == rows(fresh, FUNCTIONS)
    assert rows(queue, "SELECT * FROM nexusops_queue ORDER BY 1") == rows(
        fresh, "SELECT * FROM nexusops_queue ORDER BY 1"
    )
    heard: Queue[str] = Queue()
    workers.append(Worker(site, said=heard))
    while ": run " not in heard.get(timeout=PATIENCE):
        pass


def test_a_queue_of_a_newer_nexusops_is_left_alone(queue: str, tmp_path: Path) -> None:
    site = made(tmp_path / "alpha", "alpha", queue).folder / "config"
    schedule(sites_of([site]), now=lambda: HOUR, told=print, once=True)
    with psycopg.connect(queue) as connection:
        connection.execute("INSERT INTO nexusops_queue VALUES ('04.00.00_01_later.sql')")
    with pytest.raises(
        StateUnavailable, match=r"newer than this nexusops: it does not know 04\.00\.00_01_later\.sql"
    ) as refused:
        schedule(sites_of([site]), now=lambda: HOUR, told=print, once=True)
    assert refused.value.next_step.startswith("Upgrade nexusops here")


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
    main.write_text(main.read_text("utf-8").replace("sqlite:///queue.db", "postgresql://u:a@b@h/queue"), "utf-8")
    with pytest.raises(UsageError, match="%40"):
        sites_of([other])
    with pytest.raises(UsageError, match="the same one"):
        sites_of([one, other])
    with pytest.raises(UsageError, match="both the site alpha"):
        sites_of([one, one])
