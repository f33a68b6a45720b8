"""What every test stands on: no network but loopback, a real PostgreSQL, and Hypothesis' profiles."""

from __future__ import annotations

import os
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from building.cluster import binaries, cluster
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

if TYPE_CHECKING:
    from building.embedded import Room

    from nexusops.store.sql import SqlStore

CI = os.environ.get("CI", "").lower() == "true"

# The machine may be slow and busy: how long an example takes says nothing about it.
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
EXAMPLES = Path(tempfile.gettempdir()) / f"nexusops-hypothesis-{os.getuid()}"
settings.register_profile("dev", **SLOW, database=DirectoryBasedExampleDatabase(EXAMPLES))
settings.register_profile("ci", **SLOW, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if CI else "dev")


def needs(reason: str) -> NoReturn:
    """A real part is missing: that fails in CI, and skips elsewhere, with its reason."""
    if CI:
        pytest.fail(f"{reason}; .ci/run must install it")
    pytest.skip(reason)


class NetworkRefused(AssertionError):
    """A test tried to reach something that is not this machine."""


class Loopback:
    """The one seam that libraries of all kinds share is Python's socket, so that is where the network ends.

    What C libraries open by themselves (libpq) and other processes do is not seen. A refusal is also remembered, since
    the code under test may take it for a network error and go on.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []

    def check(self, host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in ("", "None", "localhost"):
            return
        try:
            if ip_address(name.partition("%")[0]).is_loopback:
                return
        except ValueError:
            pass
        self.refused.append(name)
        raise NetworkRefused(f"a test tried to reach {name}; tests stay on this machine")

    def guard(self, patch: pytest.MonkeyPatch) -> None:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, self._guarded(getattr(socket.socket, name)))
        look_up = socket.getaddrinfo

        def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
            self.check(host)
            return look_up(host, *rest, **more)

        patch.setattr(socket, "getaddrinfo", getaddrinfo)

    def _guarded(self, call: Any) -> Any:
        def guarded(sock: socket.socket, *arguments: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                self.check(arguments[-1][0])
            return call(sock, *arguments)

        return guarded


LOOPBACK = Loopback()


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        LOOPBACK.guard(patch)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    LOOPBACK.refused.clear()
    yield
    if LOOPBACK.refused:
        raise NetworkRefused(f"{item.name} tried to reach {', '.join(LOOPBACK.refused)}; tests stay on this machine")


@pytest.fixture
def network_refusals() -> list[str]:
    """The hosts that this test was refused; a test that expects some takes them out."""
    return LOOPBACK.refused


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throw-away cluster on a unix socket; yields the URL of its database ``postgres``, without a driver."""
    # Nothing here outlives the tests, so nothing needs to reach the disk.
    programs = binaries() or needs("PostgreSQL's binaries are not installed")
    with cluster(programs, ["fsync=off", "full_page_writes=off"]) as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """A fresh database; yields its SQLAlchemy URL."""
    with fresh_database(postgres_url) as url:
        yield url


@contextmanager
def fresh_database(postgres_url: str, encoding: str = "UTF8") -> Iterator[str]:
    """SQL_ASCII is what initdb chooses where the locale is C."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        yield postgres_url.replace("postgresql:", "postgresql+psycopg:").replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a state may stand that is not there yet, in each kind of database."""
    sqlite = f"sqlite:///{tmp_path}/state/nexusops.db"
    return sqlite if request.param == "sqlite" else str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def store(state_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """A new state, in each kind of database."""
    from nexusops.store import open_store

    opened = open_store(state_url, site="oxford-test", base_dir=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A new embedded tenant, behind the real adapter."""
    from building.embedded import Room

    made = Room(tmp_path / "tenant.db")
    yield made
    made.tenant.close()
