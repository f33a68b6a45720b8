"""A row that cannot be read, or comes too late for the hour, moves nobody's mail (rules.md 3.6, 3.7; D29, R60)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from building.fuzzed import answers
from building.killed import KilledSite
from building.snapshot_folder import SnapshotFolder, Value
from building.state_rows import exported

from nexusops import wiring

DI, GUS = "di.eden@stats.ox.ac.uk", "gus.hale@hist.ox.ac.uk"
FIRST = datetime(2025, 1, 15, 8, tzinfo=UTC)
LATE = "five minutes before the hour"


def town() -> SnapshotFolder:
    """Di, whose mail statistics has, and Gus, whose address history's IT staff route elsewhere; Hal has chosen."""
    data = SnapshotFolder().domain("stats.ox.ac.uk", managed=False).domain("hist.ox.ac.uk").domain("ball.ox.ac.uk")
    data.unit("STAT", "department", "stats.ox.ac.uk", own_mail=True).unit("BALL", "college", "ball.ox.ac.uk")
    data.unit("HIST", "department", "hist.ox.ac.uk")
    for number, name, units in ((5, "Di Eden", "STAT"), (7, "Gus Hale", "HIST"), (8, "Hal Ives", "HIST BALL")):
        first, last = name.split()
        person = f"100000{number}"
        data.person(person, f"hist000{number}").card(person, "MC", first, last, "2024-10-01", "2026-09-30")
        for unit in units.split():
            data.affiliation(person, unit, "2024-10-01")
    data.staff("hist0007", "1000007", "HIST").staff("hist0005", "1000005", "STAT")
    data.external_route(DI, "di@mailhost.example", "1000005", set_by="hist0005").choice("1000005", DI)
    data.route(GUS, "gus@elsewhere.example", set_by="hist0007")
    return data.choice("1000008", "hal.ives@ball.ox.ac.uk")


@dataclass(frozen=True, slots=True)
class Site:
    killed: KilledSite

    def run(self, hour: int, data: SnapshotFolder) -> set[str]:
        """The codes of what the run found."""
        at = (FIRST + timedelta(hours=hour)).isoformat()
        data.write(self.killed.folder / "hour", FIRST + timedelta(hours=hour, minutes=-10))
        config = ("--config", str(self.killed.folder / "config"))
        code, out = answers(*config, "run", "--at", at, "--snapshot", str(self.killed.folder / "hour"))
        assert code == 0, out
        return {found["code"] for found in self._state()["findings"]}

    def mail(self) -> dict[str, object]:
        """Who sends as what, forwards where, and what the hubs' table says of Gus."""
        boxes = {box["name"]: (box["sender"], box["forward"]) for box in self._state()["mailboxes"]}
        _, table = answers("--config", str(self.killed.folder / "config"), "routing", "build", "--format", "json")
        return {**boxes, **{entry["address"]: entry["destination"] for entry in json.loads(table)["entries"]}}

    def _state(self) -> dict[str, Any]:
        with wiring.opened(self.killed.folder / "config") as opened:
            found: dict[str, Any] = exported(opened.ports.store)
            return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(KilledSite.made(tmp_path_factory.mktemp("routes") / "site"))
    site.run(0, town())
    return site


SPOILED: tuple[dict[str, Value], ...] = (
    {"external_routes.destination": "di at mailhost", "routing.destination": "gus at elsewhere"},
    {"external_routes.set_by": "", "routing.set_by": ""},
    {"external_routes.set_at": LATE, "routing.set_at": LATE, "sender_choices.chosen_at": LATE},
    {"external_routes.set_at": "lately"},
    {"external_routes.set_by": "hist0005\u00a0", "sender_choices.person_id": ""},
    {"external_routes.address": "", "routing.address": ""},
    {"external_routes.address": f"{DI}\u200b", "routing.address": f" {GUS}"},
    {"external_routes.person_id": "", "sender_choices.person_id": "100008"},
    {"external_routes.person_id": "100005", "units.unit_id": "hist"},
    {"external_routes.person_id": "1000005 "},
    {"it_staff.staff_id": ""},
    {"it_staff.unit_id": ""},
    {"it_staff.unit_id": "STAT "},
)


def test_a_row_that_is_damaged_or_late_moves_nobodys_mail(made: Site, tmp_path: Path) -> None:
    """D29, R60: sender, forward and route stay, and it is told; a late row is no fault."""
    site = Site(made.killed.copied(tmp_path / "own"))
    before = site.mail()
    assert before["hist0005"] == (DI, {"to": "di@mailhost.example", "origin": "auto"})
    assert (before[GUS], before["hist0008"]) == ("gus@elsewhere.example", ("hal.ives@ball.ox.ac.uk", None))
    usual = site.run(1, town())
    for hour, spoiled in enumerate(SPOILED, start=2):
        data = town()
        late = (FIRST + timedelta(hours=hour, minutes=-5)).isoformat()
        for place, value in spoiled.items():
            table, column = place.split(".")
            data.tables[table][-1][column] = late if value == LATE else value
        codes = site.run(hour, data)
        assert (site.mail(), spoiled) == (before, spoiled)
        assert (codes == usual) == (LATE in spoiled.values()), spoiled
    assert site.run(len(SPOILED) + 2, town()) == usual
    assert {row["person_id"] for row in site._state()["people"]} == {"1000005", "1000007", "1000008"}
