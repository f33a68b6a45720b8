"""A PostgreSQL cluster of one's own, thrown away afterwards: for the tests, and for the benchmarks."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _account() -> str | None:
    """PostgreSQL refuses to run as root: the account that it runs under instead."""
    if os.getuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


@contextmanager
def cluster(programs: Path, settings: Sequence[str] = ()) -> Iterator[str]:
    """On a unix socket; yields the URL of its database ``postgres``, without a driver."""
    account = _account()
    # A socket's path must be short, and its parents open to the other account.
    folder = Path(tempfile.mkdtemp(prefix="nexusops-pg-"))
    if account:
        shutil.chown(folder, user=account)

    def run(program: str, *options: str) -> None:
        command = [*(["runuser", "-u", account, "--"] if account else []), str(programs / program)]
        # The server inherits its output from pg_ctl: a pipe would never end.
        with tempfile.TemporaryFile("w+") as said:
            command += ["-D", f"{folder}/data", *options]
            done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False)
            said.seek(0)
            assert done.returncode == 0, f"{program} ended with {done.returncode}:\n{said.read()}"

    chosen = ("listen_addresses=''", f"unix_socket_directories={folder}", *settings)
    server = " ".join(f"-c {setting}" for setting in chosen)
    try:
        run("initdb", "-U", "nexus", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-s", "-l", f"{folder}/log", "-o", server, "start")
        folder.chmod(0o755)
        try:
            yield f"postgresql://nexus@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "-s", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
