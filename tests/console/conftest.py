"""A console on the invented university: the first day was run, the second waits with four destructive changes."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from building.patience import PATIENCE

from nexusops.cli import call
from nexusops.config import load
from nexusops.config.starter import write_starter
from nexusops.console.app import Console
from nexusops.console.oidc import OpenIdConnect
from nexusops.console.session import Session, Sessions
from nexusops.console.settings import console_settings
from nexusops.console.signing_in import SigningIn
from nexusops.demo.cast import CAST
from nexusops.demo.days import write_day_one, write_day_two

FIRST = datetime(2025, 10, 1, 8, tzinfo=UTC)
SECOND = datetime(2025, 10, 2, 8, tzinfo=UTC)
GUARD = """
[limits]
Destructive = 3
[roles]
postmaster = ["admn0033", "admn0038"]
desk = ["stat0038"]
auditor = ["hist0003"]
"""


@dataclass(slots=True)
class Clock:
    """The real time of sessions, as the test has it."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(slots=True, kw_only=True)
class Browser:
    """What a browser does, without one: cookies, links, forms with what is hidden in them."""

    client: httpx.Client

    def open(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def submit(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The form of a page that goes to ``action``, filled in and sent; the answer after the redirect."""
        found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', page.text, re.S)
        assert found is not None, f"no form for {action} on {page.url}"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0]))
        return self.client.post(action, data={**hidden, **fields})


@dataclass(slots=True, kw_only=True)
class Running:
    """A console that accepts connections."""

    url: str
    folder: Path
    console: Console
    clock: Clock
    closing: ExitStack

    def browser(self, session: Session | None = None, **headers: str) -> Browser:
        jar = {self.console.sessions.cookie: self.console.sessions.written(session)} if session is not None else {}
        client = httpx.Client(base_url=self.url, follow_redirects=True, cookies=jar, headers=headers, timeout=PATIENCE)
        return Browser(client=self.closing.enter_context(client))

    def signed_in(self, username: str) -> Browser:
        """Somebody who has signed in."""
        return self.browser(self.console.sessions.begin(username, username))


@contextmanager
def serving(folder: Path, *, sole: str = "ann", signing_in: SigningIn | None = None) -> Iterator[Running]:
    """The console on a free port, in a thread."""
    settings, clock = console_settings(load(folder)), Clock()
    sessions = Sessions(clock=clock, lifetime=settings.lifetime, secure=bool(settings.public_url))
    console = Console(
        folder=folder, settings=settings, port=0, at=lambda: SECOND, sessions=sessions, sole=sole, signing_in=signing_in
    )
    console.works.patience = timedelta(seconds=PATIENCE)  # a test that wants to see the work under way says so
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup(sockets=sockets)  # type: ignore[arg-type]
            console.port = self.servers[0].sockets[0].getsockname()[1]
            started.set()

    server = Server(uvicorn.Config(console, port=0, lifespan="off", log_config=None, proxy_headers=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(PATIENCE)
        with ExitStack() as closing:
            url = f"http://127.0.0.1:{console.port}"
            yield Running(url=url, folder=folder, console=console, clock=clock, closing=closing)
    finally:
        server.should_exit = True
        thread.join()


def configure(folder: Path, *lines: str) -> None:
    """Puts these under [console] in nexusops.toml."""
    main = folder / "nexusops.toml"
    main.write_text(main.read_text("utf-8").replace("[console]", "\n".join(("[console]", *lines))), "utf-8")


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site after its first run, with the second day's snapshot; to be copied."""
    folder = tmp_path_factory.mktemp("site") / "site"
    write_starter(folder)
    (folder / "guard.toml").write_text(GUARD, "utf-8")
    write_day_one(folder / "snapshot", tenant="oxford-test", at=FIRST, people=len(CAST), seed=1)
    assert call(["--config", str(folder), "run", "--at", "2025-10-01T08:00:00Z"]) == 0
    shutil.rmtree(folder / "snapshot")
    write_day_two(folder / "snapshot", tenant="oxford-test", at=SECOND, people=len(CAST), seed=1)
    return folder


@pytest.fixture
def site(first_day: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first_day, tmp_path / "site"))


@pytest.fixture
def console(site: Path) -> Iterator[Running]:
    """In single-user mode."""
    with serving(site) as running:
        yield running


@pytest.fixture(scope="session")
def looked_at(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A console in single-user mode whose state no test changes."""
    with serving(Path(shutil.copytree(first_day, tmp_path_factory.mktemp("read") / "site"))) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Doors:
    """A console and the tenant that people sign in with, which is the one that the console's people are in."""

    console: Running
    authority: dict[str, str]

    def visitor(self) -> httpx.Client:
        """A browser's cookies, and both certificates."""
        trusting = ssl.create_default_context(cafile=self.authority["ca_bundle"])
        url = self.console.url.replace("127.0.0.1", "localhost")
        client = httpx.Client(base_url=url, verify=trusting, follow_redirects=True, timeout=PATIENCE)
        return self.console.closing.enter_context(client)

    def sign_in(self, client: httpx.Client, username: str) -> httpx.Response:
        """From the door to the first page, as a person does it."""
        form = client.get("/sign-in/begin")
        return client.post(form.url, data={**hidden(form.text), "username": f"{username}@nexus.ox.ac.uk"})

    def graph(self, method: str, path: str, **body: object) -> httpx.Response:
        """The tenant's administrator."""
        line = self.authority
        trusting = ssl.create_default_context(cafile=line["ca_bundle"])
        form = {"grant_type": "client_credentials", "client_id": line["client_id"]}
        form |= {"client_secret": line["client_secret"], "scope": "https://graph.microsoft.com/.default"}
        with httpx.Client(verify=trusting) as client:
            token = client.post(f"{line['authority']}/{line['tenant_id']}/oauth2/v2.0/token", data=form).json()
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            return client.request(method, f"{line['graph']}{path}", json=body or None, headers=headers)


def hidden(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    return {name: value.replace("&amp;", "&").replace("&#x27;", "'") for name, value in found}


@pytest.fixture(scope="session")
def front_door(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = Path(shutil.copytree(first_day, tmp_path_factory.mktemp("doors") / "site"))
    serve = ["emulator", "serve", "--tls", "--path", str(folder / "state" / "tenant.db")]
    with subprocess.Popen([sys.executable, "-m", "nexusops", *serve], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            keys = ("client_id", "tenant_id", "authority", "ca_bundle")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("NX_CONSOLE_SECRET", line["client_secret"])
                for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
                    patch.delenv(name, raising=False)
                given = [f'{key} = "{line[key]}"' for key in keys]
                configure(folder, *given, 'client_secret = "env:NX_CONSOLE_SECRET"')
                settings = console_settings(load(folder)).sign_in
                assert settings is not None
                with serving(folder, signing_in=SigningIn(OpenIdConnect(settings))) as console:
                    yield Doors(console, line)
        finally:
            process.terminate()
