"""What the console carries out goes on by itself: a page shows how far it is, and a kill leaves nothing to guess."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from building.patience import PATIENCE
from console.conftest import SECOND, Browser, Running
from console.test_pages import shown

from nexusops.cli import call
from nexusops.console.acting import Work
from nexusops.model.progress import Progress, Stage
from nexusops.pipeline.act import resume, run
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.outcome import Outcome


@contextmanager
def half_done(console: Running) -> Iterator[threading.Event]:
    """Something that has come to 3 of 7 changes, and goes on when the event is set: then it is a run as any."""
    reached, further = threading.Event(), threading.Event()

    def act(ports: Ports) -> Outcome:
        ports.watch(Progress(stage=Stage.APPLYING, done=3, of=7, seconds=80))
        reached.set()
        assert further.wait(60)
        return run(ports, at=SECOND, actor="ann", accept={"Destructive": 4})

    work = Work(command="apply", actor="ann", at=SECOND)
    console.console.works.begin(console.folder, work, act)
    try:
        assert reached.wait(60)
        yield further
    finally:
        further.set()
        assert work.over.wait(PATIENCE)


def approved(browser: Browser) -> httpx.Response:
    return browser.submit(browser.open("/"), "/plan/approve", reason="checked with Chemistry")


def test_a_plan_that_takes_long_has_a_page_of_its_own_until_its_run_is_there(console: Running) -> None:
    """Whoever closes the browser stops nothing, and sees the same from another one."""
    console.console.works.patience = timedelta(0)
    browser = console.browser()
    answer = browser.submit(approved(browser), "/plan/carry-out", reason="as agreed")
    work = console.console.works.last
    assert work is not None
    assert answer.url.path.startswith(("/carrying-out", "/runs/"))
    assert work.over.wait(PATIENCE)
    page = console.browser().open("/carrying-out")
    assert page.url.path.startswith("/runs/")
    assert "Result applied By ann Changes 16" in shown(page.text)


def test_the_page_says_how_far_it_is_and_looks_again_unless_it_should_not(console: Running) -> None:
    browser = console.browser()
    with half_done(console):
        page = browser.open("/carrying-out")
        assert "3 of 7 changes" in shown(page.text)
        assert "By ann As of 2025-10-02 08:00 UTC Takes 80 s at most" in shown(page.text)
        assert page.headers["refresh"] == "3"
        assert "refresh" not in browser.open("/carrying-out?still=1").headers
        assert 'href="/carrying-out"' in browser.open("/").text
    assert "Result applied" in shown(browser.open("/carrying-out").text)
    assert 'href="/carrying-out"' not in browser.open("/").text


def test_only_one_thing_is_carried_out_at_a_time(console: Running) -> None:
    browser = console.browser()
    page = approved(browser)
    with half_done(console):
        assert 'action="/plan/carry-out"' not in browser.open("/").text
        answer = browser.submit(page, "/plan/carry-out", reason="me too")
        assert (answer.status_code, "ann has something carried out already" in shown(answer.text)) == (422, True)


def test_what_ended_it_is_told_with_what_to_do(console: Running, site: Path) -> None:
    """A plan that no longer fits by the time its turn comes, while nobody waits for the answer."""
    console.console.works.patience = timedelta(0)
    browser = console.browser()
    page = approved(browser)
    with half_done(console) as further:
        further.set()
        assert console.console.works.last is not None
        assert console.console.works.last.over.wait(PATIENCE)
    assert browser.submit(page, "/plan/carry-out", reason="now").status_code == 409
    (site / "guard.toml").write_text("[limits]\nnonsense = 1\n", "utf-8")
    work = Work(command="apply", actor="ann", at=SECOND)
    assert console.console.works.begin(site, work, resume).over.wait(PATIENCE)  # type: ignore[arg-type]
    (site / "guard.toml").write_text("", "utf-8")
    told = browser.open("/carrying-out")
    assert "The configuration is wrong" in told.text
    assert "refresh" not in told.headers


@contextmanager
def process(site: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """``nexusops console`` as its user starts it, and a browser."""
    words = ["--config", str(site), "console", "--actor", "ann", "--at", "2025-10-02T08:00:00Z"]
    command = [sys.executable, "-m", "nexusops", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment) as started:
        assert started.stdout is not None
        url = json.loads(started.stdout.readline())["url"].rstrip("/")
        with httpx.Client(base_url=url, follow_redirects=True, timeout=PATIENCE) as client:
            yield started, client
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=PATIENCE)


def ended(browser: Browser, page: httpx.Response) -> httpx.Response:
    """The page that stands at the end of the work: on a busy machine it takes longer than a page waits."""
    while page.url.path.startswith("/carrying-out"):
        page = browser.open("/carrying-out")
    return page


def exported(site: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert call(["--config", str(site), "state", "export", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    return {name: document[name] for name in ("people", "mailboxes", "addresses", "notices")}


def test_a_console_that_is_killed_offers_to_finish_what_it_had_begun(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """interface.md 9: nothing twice, nothing lost; the state is that of a run that was not killed."""
    unharmed = Path(shutil.copytree(site, tmp_path / "unharmed"))
    run = ["run", "--at", "2025-10-02T08:00:00Z", "--accept", "Destructive=4"]
    assert call(["--config", str(unharmed), *run]) == 0
    with process(site, NEXUSOPS_KILL_AT="6") as (started, client):
        browser = Browser(client=client)
        page = approved(browser)
        with pytest.raises(httpx.TransportError):
            ended(browser, browser.submit(page, "/plan/carry-out", reason="as agreed"))
        assert started.wait(PATIENCE) == -signal.SIGKILL
    with process(site) as (_, client):
        browser = Browser(client=client)
        page = browser.open("/")
        assert "A run was interrupted" in page.text
        assert 'action="/plan/carry-out"' not in page.text
        page = ended(browser, browser.submit(page, "/plan/finish"))
        assert page.url.path.startswith("/runs/")
        assert "A run was interrupted" not in browser.open("/").text
    assert exported(site, capsys) == exported(unharmed, capsys)
