"""Outcomes that came together are one transaction: all of them stand in the journal, or none does, whatever happens."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from building.killed import DAYS, KilledSite, differing

from nexusops import wiring
from nexusops.emulator.tenant import EmbeddedTenant

USERS = ("user", ["c2", "c3", "c4", "c5", "c6"])
"""The first day's five people are made by one request, and their addresses are looked at with one."""
ADDRESSES = ("add", ["c7", "c8", "c10", "c11", "c12"])
NO_END = "SELECT count(*) FROM endless"
BROKEN = "SELECT json('{')"
ENDLESS = "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
ID = re.compile("[0-9a-f-]{36}")
PATIENCE = 2.0
"""Seconds: nobody else keeps the state to himself for so long."""


@pytest.fixture
def site(tmp_path: Path) -> KilledSite:
    """Before the first run, with a state."""
    made = KilledSite.made(tmp_path / "site")
    assert made.type("plan", DAYS[0]) == 0
    return made


def state(site: KilledSite, timeout: float = 10.0) -> closing[sqlite3.Connection]:
    file = site.folder / "config" / "state" / "nexusops.db"
    return closing(sqlite3.connect(file, timeout=timeout, isolation_level=None))


@contextmanager
def obstacle(site: KilledSite, what: str, step: str, change: str) -> Iterator[None]:
    """This happens in the database when the outcome of that step is written."""
    then = f"WHEN NEW.phase = 'done' AND NEW.step = '{step}' AND NEW.change_id = '{change}' BEGIN {what}; END"
    with state(site) as database:
        database.execute(ENDLESS)
        database.execute(f"CREATE TRIGGER obstacle BEFORE INSERT ON journal {then}")
    yield
    with state(site) as database:
        database.execute("DROP TRIGGER obstacle")
        database.execute("DROP VIEW endless")


def stuck(site: KilledSite) -> bool:
    """Whether somebody has begun to write and comes to no end."""
    with state(site, PATIENCE) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        database.execute("ROLLBACK")
        return False


def left_open(site: KilledSite) -> list[tuple[str | None, str | None]]:
    with wiring.opened(site.folder / "config") as opened:
        return [(one.entry.step, one.entry.change_id) for one in opened.ports.store.open_intents()]


def writes(site: KilledSite) -> Counter[str]:
    """How often the tenant was asked for each sort of write, and did it."""
    with EmbeddedTenant.open(site.folder / "config" / "state" / "tenant.db") as tenant:
        asked = [each for request in tenant.requests() for each in request.get("items") or [request]]
    done = [each for each in asked if each["status"] < 300 and each["method"] != "GET"]
    named = [each["cmdlet"] or f"{each['method']} {ID.sub('ID', each['path'])}" for each in done]
    return Counter(name for name in named if not name.startswith("Get-") and not name.endswith("$batch"))


def ends_as(site: KilledSite, expected: KilledSite) -> None:
    assert site.type("run", DAYS[0]) == 0
    assert differing(site.outcome(), expected.outcome()) == {}
    assert writes(site) == writes(expected)


@pytest.mark.parametrize(("step", "changes"), [USERS, ADDRESSES], ids=["users", "addresses"])
def test_a_run_that_dies_with_outcomes_not_yet_committed_has_done_them_all_and_does_none_twice(
    step: str, changes: list[str], site: KilledSite, one_day: KilledSite
) -> None:
    """interface.md 9: the next run finds by looking what had been carried out."""
    with (
        obstacle(site, NO_END, step, changes[-1]),
        subprocess.Popen([sys.executable, "-m", "nexusops", *site.words("run", DAYS[0])]) as run,
    ):
        while not stuck(site):
            assert run.poll() is None
        run.kill()
    assert [(step, change) for change in changes] == left_open(site)
    ends_as(site, one_day)


def test_of_outcomes_that_came_together_none_is_kept_where_one_cannot_be_written(
    site: KilledSite, one_day: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its last row is refused; the rows before it are not half of the truth."""
    step, changes = ADDRESSES
    with obstacle(site, BROKEN, step, changes[-1]):
        assert site.type("run", DAYS[0]) == 9
    assert capsys.readouterr().err.startswith("The state cannot be used: malformed JSON.\nNext: ")
    assert [(step, change) for change in changes] == left_open(site)
    ends_as(site, one_day)
