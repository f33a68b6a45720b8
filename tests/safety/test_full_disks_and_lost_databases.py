"""What the machine may do to a run: no room on the disk, no database, another machine that wants the same."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from building.cluster import Cluster, binaries, server_account, standing
from building.killed import DAYS, KilledSite, differing
from building.patience import PATIENCE
from conftest import needs

SQLITE = 'url = "sqlite:///state/nexusops.db"'
HOLDER = """
import sys, pathlib
from dataclasses import replace
from nexusops.store import lock, open_store
here = lock.Owner.here
lock.Owner.here = classmethod(lambda cls: replace(here(), host="mail-2"))
store = open_store(sys.argv[1], site="oxford-test", base_dir=pathlib.Path("/"))
with store.lock("run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def with_state(site: KilledSite, url: str) -> KilledSite:
    main = site.folder / "config" / "nexusops.toml"
    main.write_text(main.read_text("utf-8").replace(SQLITE, f'url = "{url}"'), "utf-8")
    return site


# Octets more than the largest file has: with more room the embedded tenant is full first, and the retries of a service
# that is down take a minute each.
ROOMS = [-100_000, *([0, 40_000, 160_000, 400_000] if "NEXUSOPS_KILLS" in os.environ else [])]
PG_ROOMS = [0, *([8_192, 65_536] if "NEXUSOPS_KILLS" in os.environ else [])]
# What PostgreSQL says of a full disk: to who writes, and to who connects while its own cache of the catalogue is stale
# (`cold`: by an analysis of its tables at any time), which it must write anew.
NO_ROOM = ("No space left on device", "could not write init file")
AWAY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
"""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("room", ROOMS)
def test_a_disk_that_fills_up_loses_nothing(
    room: int, one_day: KilledSite, two_days: KilledSite, tmp_path: Path
) -> None:
    """No file may grow by more than so many bytes: the run ends with a sentence, and the next one finishes it."""
    site = one_day.copied(tmp_path / "site")
    largest = max(path.stat().st_size for path in (site.folder / "config" / "state").iterdir())

    def no_more_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, largest + room))

    done = subprocess.run(
        [sys.executable, "-m", "nexusops", *site.words("run", DAYS[1])],
        preexec_fn=no_more_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 5, 8, 9), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode in (8, 9):
        assert "\nNext: " in done.stderr
    assert site.type("run", DAYS[1]) == 0
    assert differing(site.outcome(), two_days.outcome()) == {}


def test_a_database_that_goes_away_in_the_middle_loses_nothing(
    postgres_database: str, two_days: KilledSite, tmp_path: Path
) -> None:
    """Exit code 9 with what to do; what had been begun is settled by the next run."""
    site = with_state(KilledSite.made(tmp_path / "site"), postgres_database)
    assert site.type("run", DAYS[0]) == 0
    plain = postgres_database.replace("+psycopg", "")
    before = rows(plain)
    run = subprocess.Popen(
        [sys.executable, "-m", "nexusops", *site.words("run", DAYS[1])], stderr=subprocess.PIPE, text=True
    )
    with psycopg.connect(plain, autocommit=True) as other:
        while other.execute("SELECT count(*) FROM journal").fetchone()[0] < before + 20 and run.poll() is None:  # type: ignore[index]
            time.sleep(0.005)
        other.execute(AWAY)
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 9, said
    assert "Traceback" not in said
    assert "`nexusops resume` finishes what was open" in said
    assert site.type("run", DAYS[1]) == 0
    assert differing(site.outcome(), two_days.outcome()) == {}


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own, which belongs to the database's account."""
    folder = Path(tempfile.mkdtemp(prefix="nexusops-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("a small file system may be mounted here by nobody, or only by root")
    try:
        shutil.chown(folder, user=server_account())
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture
def on_small_disk(postgres_url: str) -> Iterator[tuple[str, Path]]:
    """A database on a disk of its own, and that disk."""
    name = f"small_{uuid.uuid4().hex[:12]}"
    with small_disk(32) as disk, psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'")
        connection.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
        yield postgres_url.replace("postgresql:", "postgresql+psycopg:").replace("/postgres?", f"/{name}?"), disk
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP TABLESPACE {name}")


def filled(disk: Path, room: int) -> Path:
    """A file that leaves so many octets of the disk free."""
    found = disk / "everything-else"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with found.open("wb") as taken:
        os.posix_fallocate(taken.fileno(), 0, max(free - room, 1))
    return found


@pytest.mark.parametrize(("room", "cold"), [(0, True), *((room, False) for room in PG_ROOMS)])
def test_a_database_whose_disk_fills_up_loses_nothing(
    room: int, cold: bool, on_small_disk: tuple[str, Path], two_days: KilledSite, tmp_path: Path
) -> None:
    """PostgreSQL refuses what it has no room for: exit code 9 with what to do, and the next run finishes it."""
    url, disk = on_small_disk
    site = with_state(KilledSite.made(tmp_path / "site"), url)
    assert site.type("run", DAYS[0]) == 0
    for cache in disk.rglob("pg_internal.init") if cold else ():
        cache.unlink()
    taken = filled(disk, room)
    done = subprocess.run(
        [sys.executable, "-m", "nexusops", *site.words("run", DAYS[1])], capture_output=True, text=True, check=False
    )
    # With a little more room it may just be enough.
    assert done.returncode in ((9,) if room == 0 else (0, 9)), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 9:
        assert any(reason in done.stderr for reason in NO_ROOM), done.stderr
        assert "\nNext: Check the database and its disk" in done.stderr
    taken.unlink()
    assert site.type("run", DAYS[1]) == 0
    assert differing(site.outcome(), two_days.outcome()) == {}


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    with standing(binaries() or needs("PostgreSQL's binaries are not installed")) as found:
        yield found


@pytest.mark.parametrize("begun", [1, 20, *([2, 5, 10, 30, 40] if "NEXUSOPS_KILLS" in os.environ else [])])
def test_a_database_server_that_dies_in_the_middle_loses_nothing(
    begun: int, own_cluster: Cluster, two_days: KilledSite, tmp_path: Path
) -> None:
    """As by a power cut, with real synchronous commits: while it is away nothing runs, afterwards the rest is done."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(own_cluster.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    plain = own_cluster.url.replace("/postgres?", f"/{name}?")
    site = with_state(KilledSite.made(tmp_path / "site"), plain.replace("postgresql:", "postgresql+psycopg:"))
    assert site.type("run", DAYS[0]) == 0
    wanted = rows(plain) + begun
    words = [sys.executable, "-m", "nexusops", *site.words("run", DAYS[1])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        with psycopg.connect(plain, autocommit=True) as other:
            while other.execute("SELECT count(*) FROM journal").fetchone()[0] < wanted and run.poll() is None:  # type: ignore[index]
                time.sleep(0.001)
        own_cluster.kill()
        try:
            _, said = run.communicate(timeout=PATIENCE)
            assert run.returncode == 9, said
            assert "Traceback" not in said
            assert "`nexusops resume` finishes what was open" in said
            assert site.type("run", DAYS[1]) == 9
        finally:
            own_cluster.start()
    assert site.type("resume", DAYS[1]) == 0
    assert site.type("run", DAYS[1]) == 0
    assert differing(site.outcome(), two_days.outcome()) == {}


def rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM journal").fetchone()
    assert found is not None
    return int(found[0])


def test_of_two_machines_on_one_database_one_runs_and_the_other_is_told(
    postgres_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """interface.md 9: who has it, where, for how long; taken over when the lease of a dead machine has run out."""
    site = with_state(KilledSite.made(tmp_path / "site"), postgres_database)
    assert site.type("run", DAYS[0]) == 0
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, postgres_database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        capsys.readouterr()
        assert site.type("run", DAYS[1]) == 9
        said = capsys.readouterr().err
        assert f"The state is locked by `nexusops run` (process {holder.pid} on mail-2, since " in said
        assert "If that machine has died, its lock ends by itself at " in said
        assert site.type("plan", DAYS[1]) == 0  # who only looks needs no lock
        holder.kill()
    # That process is dead, and this machine cannot know it: only the lease ends the lock.
    assert site.type("run", DAYS[1]) == 9
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("UPDATE locks SET lease_until = '2025-01-01T00:00:00Z'")
    assert site.type("run", DAYS[1]) == 0


def test_two_runs_at_once_on_one_database_are_one_after_the_other(
    postgres_database: str, one_day: KilledSite, two_days: KilledSite, tmp_path: Path
) -> None:
    """Whoever comes second is refused, or finds nothing left to do; nothing is done twice."""
    site = with_state(KilledSite.made(tmp_path / "site"), postgres_database)
    assert site.type("run", DAYS[0]) == 0
    words = [sys.executable, "-m", "nexusops", *site.words("run", DAYS[1])]
    started = [subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(3)]
    told = [run.communicate(timeout=PATIENCE)[1].decode() for run in started]
    codes = [run.returncode for run in started]
    assert "Traceback" not in "".join(told)
    assert set(codes) <= {0, 7, 9}
    assert 0 in codes, told
    assert differing(site.outcome(), two_days.outcome()) == {}
