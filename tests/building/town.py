"""A small university on a site of its own, run through the real line: folder, state and embedded tenant.

``Town.run`` gives what the plan from the diff and the plan from scratch differ in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from building.snapshot_folder import Row, SnapshotFolder
from nexusops import wiring
from nexusops.config.starter import write_starter
from nexusops.errors import NexusopsError
from nexusops.model.frozen import altered
from nexusops.model.ledger import PersonState
from nexusops.model.rows import key_of
from nexusops.pipeline import Ports, run
from nexusops.pipeline.decide import decide, read_tables
from nexusops.pipeline.decision import Decision
from nexusops.pipeline.desk import Wish

BEGIN = datetime(2023, 10, 27, 7, tzinfo=UTC)
"""Two days before the clocks go back; with it come a leap day, two ends of the year, and the clocks forward."""
UNITS = {"BALL": "college", "MERT": "college", "CHEM": "department", "LAW": "department", "HIST": "department"}
DOMAINS = {unit: f"{unit.lower()}.ox.ac.uk" for unit in UNITS} | {"HIST": "law.ox.ac.uk"}
GUARD = "[limits]\nDestructive = 1000000\n"
TOLD_ONCE = ("NAME_PART_EXCEPTION",)
"""Findings of the hour in which something was done, which stay until somebody is judged again."""
FURTHER = (
    *("routing", "external_routes", "sender_choices", "name_requests", "alternative_addresses", "reorgs"),
    *("nonpersonal_mailboxes", "nonpersonal_addresses", "reorg_members", "it_staff"),
)


@dataclass
class Town:
    folder: Path
    data: SnapshotFolder
    at: datetime = BEGIN
    hours: int = 0

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
        return cls(folder, data)

    @property
    def today(self) -> date:
        return self.at.date()

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def run(self) -> dict[str, Any]:
        """Runs; place -> (from the diff, from scratch), where they differ. A refused snapshot changes nothing."""
        self.hours += 1
        path = self.data.write(self.folder / f"snapshot-{self.hours % 2}", self.at - timedelta(minutes=10))
        with wiring.opened(self.config, snapshot=path) as site:
            ports = site.ports
            try:
                tables = read_tables(ports, self.at)
            except NexusopsError:
                return {}
            delta, scratch = (
                _said(decide(ports, tables, at=self.at, jobs=(), full=full, accept={})) for full in (False, True)
            )
            run(ports, at=self.at, actor="cron")
        return {k: (delta.get(k), scratch.get(k)) for k in {*delta, *scratch} if delta.get(k) != scratch.get(k)}

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
    for change in decision.rows:
        one = change.after or change.before
        if isinstance(change.before, PersonState) and isinstance(change.after, PersonState):
            if altered(change.before, due_on=change.after.due_on) == change.after:
                continue  # looked at once more, for nothing: a notice was sent since
        found[f"row {type(one).__name__} {key_of(one)}"] = change  # type: ignore[arg-type]
    for finding in decision.plan.findings:
        if finding.code in TOLD_ONCE:
            continue
        found[f"finding {finding.code} {finding.subject} {finding.message}"] = finding.severity
    return found
