"""What every test stands on: no network but loopback, a real PostgreSQL, and Hypothesis' profiles."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

CI = os.environ.get("CI", "").lower() == "true"

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("ci" if CI else "dev")


def needs(reason: str) -> None:
    """A real part is missing: that fails in CI, and skips elsewhere, with its reason."""
    if CI:
        pytest.fail(f"{reason}; .ci/run must install it")
    pytest.skip(reason)


class NetworkRefused(AssertionError):
    """A test tried to reach something that is not this machine."""


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """The one seam that libraries of all kinds share is the socket, so that is where the network ends."""
    connect = socket.socket.connect
    connect_ex = socket.socket.connect_ex

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family == socket.AF_UNIX:
            return
        host = address[0] if isinstance(address, tuple) else address
        if host not in ("localhost", "::1") and not str(host).startswith("127."):
            raise NetworkRefused(f"a test tried to connect to {host}; tests stay on this machine")

    def guarded(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = guarded_ex  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]


def _postgres_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else None


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    return ["runuser", "-u", "postgres" if "postgres" in names else "nobody", "--"]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """A throw-away cluster on a unix socket; yields the folder of its socket."""
    binaries = _postgres_binaries()
    if binaries is None:
        needs("PostgreSQL's binaries are not installed")
        return
    prefix = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="nexusops-pg-"))
    if prefix:
        shutil.chown(folder, user=prefix[2])
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, capture_output=True, cwd="/")

    run(str(binaries / "initdb"), "-D", str(data), "-U", "nexus", "--auth=trust", "-E", "UTF8", "--locale=C", "-N")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(folder / "log"), "-o", options, "start")
    folder.chmod(0o755)
    yield str(folder)
    run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-s", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres_cluster: str) -> Iterator[str]:
    """A fresh database; yields its SQLAlchemy URL."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(host=postgres_cluster, user="nexus", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql+psycopg://nexus@/{name}?host={postgres_cluster}"
    with psycopg.connect(host=postgres_cluster, user="nexus", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
