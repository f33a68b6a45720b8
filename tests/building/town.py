"""A small university on a site of its own, run through the real line: folder, state and embedded tenant.

``Town.run`` gives what the plan from the diff and the plan from scratch differ in, before the hour's run and after it,
what is left to do after it, and every promise that it broke (witness.py).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from building.snapshot_folder import Row, SnapshotFolder
from building.witness import Witness
from nexusops import wiring
from nexusops.config.starter import write_starter
from nexusops.errors import NexusopsError, SnapshotRefused
from nexusops.model.frozen import altered
from nexusops.model.ledger import PersonState
from nexusops.model.rows import key_of
from nexusops.pipeline.act import run
from nexusops.pipeline.decide import decide, read_tables
from nexusops.pipeline.decision import Decision
from nexusops.pipeline.desk import Wish
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.outcome import Outcome
from nexusops.ports import SnapshotTables

BEGIN = datetime(2023, 10, 27, 7, tzinfo=UTC)
"""Two days before the clocks go back; with it come a leap day, two ends of the year, and the clocks forward."""
UNITS = {"BALL": "college", "MERT": "college", "CHEM": "department", "LAW": "department", "HIST": "department"}
DOMAINS = {unit: f"{unit.lower()}.ox.ac.uk" for unit in UNITS} | {"HIST": "law.ox.ac.uk"}
GUARD = "[limits]\nDestructive = 1000000\n"
OF_THE_TENANT = "finding TENANT_"
FURTHER = (
    *("routing", "external_routes", "sender_choices", "name_requests", "alternative_addresses", "reorgs"),
    *("nonpersonal_mailboxes", "nonpersonal_addresses", "reorg_members", "it_staff"),
)


@dataclass
class Town:
    folder: Path
    data: SnapshotFolder
    witness: Witness
    at: datetime = BEGIN
    hours: int = 0
    away: list[tuple[int, str, Row]] = field(default_factory=list)
    """Rows that are lost, each with its table and the number of the hour in which it is there again."""
    first: list[Callable[[], None]] = field(default_factory=list)
    """What runs before this hour's run."""
    skipped: bool = False
    """This hour has no run of its own."""
    touched: int = 0
    """So many runs until the tenant, which somebody altered by hand, is read whole again."""
    by_hand: bool = False

    @classmethod
    def made(cls, folder: Path) -> Town:
        write_starter(folder / "config")
        (folder / "config" / "guard.toml").write_text(GUARD)
        data = SnapshotFolder()
        for unit, kind in UNITS.items():
            data.unit(unit, kind, DOMAINS[unit])
        for domain in sorted(set(DOMAINS.values())):
            data.domain(domain)
        for number in range(5):
            person_id = f"100000{number}"
            data.person(person_id, f"chem000{number}" if number else None)
            data.card(person_id, ("UG", "MC")[number % 2], "Ann", "Lee", "2023-10-01", "2024-09-30")
            data.affiliation(person_id, ("BALL", "CHEM")[number % 2], "2023-10-01")
        for table in FURTHER:
            data.table(table)
        data.staff("chem0001", "1000001", "CHEM").mailbox("chem-office", "CHEM", "office@chem.ox.ac.uk", "1000003")
        return cls(folder, data, Witness(folder / "config" / "notices"))

    @property
    def today(self) -> date:
        return self.at.date()

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def path(self) -> Path:
        """The snapshot of this hour."""
        return self.folder / f"snapshot-{self.hours % 2}"

    def run(self) -> dict[str, Any]:
        """Runs; place -> what is wrong there. A refused snapshot changes nothing."""
        self.hours += 1
        self._found_again()
        self.data.write(self.path, self.at - timedelta(minutes=10))
        for act in self.first:
            act()
        skipped, self.skipped, self.first = self.skipped, False, []
        try:
            with wiring.opened(self.config, snapshot=self.path) as site:
                tables = read_tables(site.ports, self.at)
                return self._compared(site.ports, tables) if skipped else self._hour(site.ports, tables)
        except SnapshotRefused:
            return {}

    def _hour(self, ports: Ports, tables: SnapshotTables) -> dict[str, Any]:
        found = self._compared(ports, tables)
        whole = self.touched == 1
        self.touched = max(0, self.touched - 1)
        outcome = run(ports, at=self.at, actor="cron", refresh="full" if whole else "delta")
        after = self._compared(ports, tables) | self._left(ports, tables, outcome) if not self.touched else {}
        found |= {f"after the run: {place}": what for place, what in after.items()}
        return found | self.witness.broken(ports, self.data, self.at, altered=self.by_hand)

    def _compared(self, ports: Ports, tables: SnapshotTables) -> dict[str, Any]:
        """place -> (from the diff, from scratch), where they differ: for an equal tenant they may not."""
        if self.touched:
            return {}
        delta, scratch = (_said(self._decided(ports, tables, full=full)) for full in (False, True))
        # What only the tenant knows is found by whoever looks there (architecture.md, Driven by diffs).
        told = {*delta, *scratch} - {k for k in (*delta, *scratch) if self.by_hand and k.startswith(OF_THE_TENANT)}
        return {k: (delta.get(k), scratch.get(k)) for k in told if delta.get(k) != scratch.get(k)}

    def _left(self, ports: Ports, tables: SnapshotTables, outcome: Outcome) -> dict[str, Any]:
        """What a second run in the same hour would do, and what the first could not."""
        undone = (*outcome.waiting, *outcome.set_aside, *outcome.failed)
        if undone:
            return {} if self.by_hand else {f"not done: {planned.change}": why for planned, why in undone}
        said = _said(self._decided(ports, tables, full=False))
        return {f"left: {place}": what for place, what in said.items() if not place.startswith("finding")}

    def _decided(self, ports: Ports, tables: SnapshotTables, *, full: bool) -> Decision:
        return decide(ports, tables, at=self.at, jobs=(), full=full, accept={})

    def _found_again(self) -> None:
        for lost in [one for one in self.away if one[0] <= self.hours]:
            self.away.remove(lost)
            self.data.tables[lost[1]].append(lost[2])

    def rows(self, table: str, **key: Any) -> list[Row]:
        return [r for r in self.data.tables.get(table, []) if all(r.get(n) == v for n, v in key.items())]

    def person(self, who: int) -> str:
        people = sorted(str(row["person_id"]) for row in self.rows("persons"))
        return people[who % len(people)]

    def put(self, table: str, key: Row, **columns: Any) -> None:
        """The row with this key has these columns from now on; it is made where there is none."""
        found = self.rows(table, **key)
        for row in found:
            row.update(columns)
        if not found:
            self.data.row(table, **key, **columns)

    def drop(self, table: str, **key: Any) -> None:
        if self.rows(table, **key):
            self.data.remove(table, **key)

    def desk(self, act: Callable[[Ports, Wish], Any]) -> None:
        with wiring.opened(self.config) as site, suppress(NexusopsError):
            act(site.ports, Wish(actor="desk", reason="a history", at=self.at - timedelta(minutes=5)))


def _said(decision: Decision) -> dict[str, Any]:
    found: dict[str, Any] = {f"change {n}": one for n, one in enumerate(decision.plan.changes)}
    for change in decision.rows():
        one = change.row
        if isinstance(change.before, PersonState) and isinstance(change.after, PersonState):
            if altered(change.before, due_on=change.after.due_on) == change.after:
                continue  # looked at once more, for nothing: a notice was sent since
        found[f"row {type(one).__name__} {key_of(one)}"] = change
    for finding in decision.plan.findings:
        found[f"finding {finding.code} {finding.subject} {finding.message}"] = finding.severity
    return found
