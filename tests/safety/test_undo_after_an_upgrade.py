"""An upgrade does nothing again that somebody undid (architecture.md, Holds): a mark may be written in another way."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from building.killed import DAYS, KilledSite, second_day

from nexusops import wiring
from nexusops.cli import call
from nexusops.pipeline.undone import kept

SECOND, THIRD = DAYS[1], DAYS[2]
WAYS = {"before it was said how": "", "in another way": "another/"}


def marks(site: KilledSite) -> dict[str, str]:
    with closing(sqlite3.connect(site.folder / "config" / "state" / "nexusops.db")) as state:
        return dict(state.execute("SELECT subject, fingerprint FROM holds ORDER BY subject"))


def written_otherwise(site: KilledSite, way: str) -> None:
    """As another version would have hashed the very same rows."""
    with closing(sqlite3.connect(site.folder / "config" / "state" / "nexusops.db")) as state, state:
        for subject, mark in marks(site).items():
            own = mark.partition("/")[2].rpartition(":")[0]
            state.execute("UPDATE holds SET fingerprint = ? WHERE subject = ?", (f"{way}{own}:0123", subject))


def planned(site: KilledSite, at: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert site.type("plan", at, "--format", "json") == 0
    return sorted({change["subject"] for change in json.loads(capsys.readouterr().out)["changes"]})


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_was_undone_before_an_upgrade_stays_so_until_the_rows_change(
    way: str, second: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """A field more in what is read of a domain gave every mark another hash, and a whole undo was done again."""
    with wiring.opened(second.folder / "config") as opened:
        run = opened.ports.store.runs()[1].run_id
    words = ("undo", run, "--apply", "--actor", "ann", "--reason", "wrong feed", "--at", SECOND)
    assert call(["--config", str(second.folder / "config"), *words]) == 0
    made, due = marks(second), planned(second, THIRD, capsys)
    assert "1000001" in made
    assert "1000001" not in due
    written_otherwise(second, way)
    assert planned(second, THIRD, capsys) == due
    assert second.type("run", THIRD, "--refresh", "full") == 0
    assert marks(second) == made
    with wiring.opened(second.folder / "config") as opened:
        found = kept(opened.ports.store.decisions(), "Europe/London")
    assert {(one.subject, one.actor, f"{one.since}") for one in found.values()} == {
        (subject, "ann", "2025-01-16") for subject in made
    }
    written_otherwise(second, way)
    newer = second_day()
    newer.change("cards", {"person_id": "1000001"}, end_date="2027-09-30")
    second.export("2025-01-17T10:00:00Z", newer)
    assert planned(second, "2025-01-17T10:00:00Z", capsys) == ["1000001"]
