"""A PostgreSQL cluster of one's own, thrown away afterwards: for the tests, and for the benchmarks."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def binaries() -> Path | None:
    """Of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def server_account() -> str | None:
    """PostgreSQL refuses to run as root: the account that it runs under instead."""
    if os.getuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """``url``: of its database ``postgres``, on a unix socket, without a driver."""

    programs: Path
    folder: Path
    settings: Sequence[str]

    @property
    def url(self) -> str:
        return f"postgresql://nexus@/postgres?host={self.folder}"

    def make(self) -> None:
        self._run("initdb", "-U", "nexus", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        chosen = ("listen_addresses=''", f"unix_socket_directories={self.folder}", *self.settings)
        server = " ".join(f"-c {setting}" for setting in chosen)
        self._run("pg_ctl", "-w", "-s", "-l", f"{self.folder}/log", "-o", server, "start")

    def kill(self) -> None:
        """At once, as by a power cut: what was under way is lost, what was committed is recovered at the start."""
        self._run("pg_ctl", "-m", "immediate", "-s", "stop")

    def _run(self, program: str, *options: str) -> None:
        account = server_account()
        command = [*(["runuser", "-u", account, "--"] if account else []), str(self.programs / program)]
        # The server inherits its output from pg_ctl: a pipe would never end.
        with tempfile.TemporaryFile("w+") as said:
            command += ["-D", f"{self.folder}/data", *options]
            done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False)
            said.seek(0)
            assert done.returncode == 0, f"{program} ended with {done.returncode}:\n{said.read()}"


@contextmanager
def standing(programs: Path, settings: Sequence[str] = ()) -> Iterator[Cluster]:
    """A cluster that can be killed and started again; it must be running at the end."""
    account = server_account()
    # A socket's path must be short, and its parents open to the other account.
    folder = Path(tempfile.mkdtemp(prefix="nexusops-pg-"))
    if account:
        shutil.chown(folder, user=account)
    found = Cluster(programs=programs, folder=folder, settings=settings)
    try:
        found.make()
        found.start()
        folder.chmod(0o755)
        try:
            yield found
        finally:
            found.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster(programs: Path, settings: Sequence[str] = ()) -> Iterator[str]:
    """A cluster's url, while the block lasts."""
    with standing(programs, settings) as found:
        yield found.url
