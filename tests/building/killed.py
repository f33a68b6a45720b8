"""A small site on the embedded tenant whose runs are killed: the real command line in a process of its own."""

from __future__ import annotations

import email
import email.policy
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import msgspec

from building.snapshot_folder import SnapshotFolder
from building.state_rows import exported
from nexusops import wiring
from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.model.tenant import Wanted
from nexusops.store import writing

DAYS = ("2025-01-15T08:00:00Z", "2025-01-16T08:00:00Z", "2025-01-17T08:00:00Z")
"""On the third nobody changes anything: notices are due."""


def first_day() -> SnapshotFolder:
    """Six people, a mailbox of a unit, and an address that is routed elsewhere."""
    data = SnapshotFolder()
    for unit, kind in (("BALL", "college"), ("CHEM", "department"), ("LAW", "department")):
        data.unit(unit, kind, f"{unit.lower()}.ox.ac.uk").domain(f"{unit.lower()}.ox.ac.uk")
    data.unit("STAT", "department", "stats.ox.ac.uk", own_mail=True).domain("stats.ox.ac.uk", managed=False)
    names = (("Ann", "Lee"), ("Ann", "Lee"), ("Bo", "Chen"), ("Cy", "Dunn"), ("Di", "Eden"))
    for number, (first, last) in enumerate(names, start=1):
        person_id = f"{1000000 + number}"
        data.person(person_id, f"chem{number:04d}")
        data.card(person_id, "GR" if number < 3 else "MC", first, last, "2024-10-01", "2026-09-30")
        data.affiliation(person_id, "CHEM", f"2024-10-0{number}")
    data.affiliation("1000001", "BALL", "2024-10-01").affiliation("1000005", "STAT", "2024-10-01")
    data.external_route("di.eden@stats.ox.ac.uk", "di@mailhost.stats.example", "1000005")
    data.staff("chem0005", "1000005", "CHEM").mailbox("chem-office", "CHEM", "office@chem.ox.ac.uk", "1000003")
    return data


def second_day() -> SnapshotFolder:
    """One comes, one moves, one changes her name, one leaves, one chooses a sender, one card is cancelled."""
    data = first_day()
    data.person("1000006", "law0006").card("1000006", "MC", "Flo", "Gray", "2025-01-16", "2026-09-30")
    data.affiliation("1000006", "LAW", "2025-01-16")
    data.change("affiliations", {"person_id": "1000002", "unit_id": "CHEM"}, end_date="2025-01-15")
    data.affiliation("1000002", "LAW", "2025-01-16")
    data.change("cards", {"person_id": "1000001"}, family_names="Shaw")
    data.change("cards", {"person_id": "1000003"}, end_date="2025-01-15")
    data.change("cards", {"person_id": "1000004"}, cancelled_on="2025-01-16", cancel_reason="resigned")
    return data.choice("1000005", "di.eden@stats.ox.ac.uk")


@dataclass(frozen=True, slots=True)
class KilledSite:
    folder: Path

    @classmethod
    def made(cls, folder: Path) -> KilledSite:
        write_starter(folder / "config")
        site = cls(folder)
        for day, data in zip(DAYS, (first_day(), second_day(), second_day()), strict=True):
            site.export(day, data)
        return site

    def export(self, at: str, data: SnapshotFolder) -> None:
        """The snapshot for a run at this full hour, ten minutes before it."""
        hour = int(at[11:13])
        data.write(self.folder / at[:10], f"{at[:11]}{hour - 1:02}:50:00Z")

    def copied(self, folder: Path) -> KilledSite:
        shutil.copytree(self.folder, folder)
        return KilledSite(folder)

    def words(self, command: str, day: str, *options: str) -> list[str]:
        snapshot = ["--snapshot", str(self.folder / day[:10])] if command in ("run", "plan") else []
        return ["--config", str(self.folder / "config"), command, "--at", day, *snapshot, *options]

    def kill(self, day: str, at: int, *options: str) -> bool:
        """Runs and dies after the journal's n-th transaction; False: the run had fewer and went through."""
        return self.kill_words(self.words("run", day, *options)[2:], at)

    def kill_words(self, words: list[str], at: int) -> bool:
        """Any command line, killed after the journal's n-th transaction."""
        done = subprocess.run(
            [sys.executable, "-m", "nexusops", "--config", str(self.folder / "config"), *words],
            env={**os.environ, "NEXUSOPS_KILL_AT": str(at)},
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        return done.returncode != 0

    def transactions(self, day: str) -> int:
        """How many transactions with journal rows this day's run has."""
        before = writing._WRITTEN
        assert self.type("run", day) == 0
        return writing._WRITTEN - before

    def type(self, command: str, day: str, *options: str) -> int:
        return call(self.words(command, day, *options))

    def outcome(self) -> dict[str, Any]:
        """All that must be the same however often the run was killed: state, tenant, notices, nothing left open."""
        with wiring.opened(self.folder / "config") as site:
            store = site.ports.store
            state = exported(store)
            for name in ("serial", "runs", "at"):
                del state[name]
            return {
                "state": state,
                "tenant": _without_ids(msgspec.to_builtins(site.ports.tenant().read(Wanted(everything=True)))),
                "switches": _switches(site.ports.tenant()),
                "letters": self._letters(),
                "open": list(store.open_intents()),
                "unfinished": sorted(store.due(date(2000, 1, 1))),
                "broken": store.verify(),  # type: ignore[attr-defined]
                "running": [run.run_id for run in store.runs() if run.result == "running"],
            }

    def _letters(self) -> dict[str, list[str]]:
        """File name -> To, Subject, Message-ID and text of every notice."""
        found = {}
        for path in (self.folder / "config" / "notices").glob("*.eml"):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = letter.get_body(("plain",))
            assert body is not None
            found[path.name] = [letter["To"], letter["Subject"], letter["Message-ID"], body.get_content()]
        return found


def _switches(tenant: Any) -> dict[str, Any]:
    """Mailbox -> what disabling it, or making a shared one, alters beside its addresses; user -> may sign in."""

    async def looked() -> dict[str, Any]:
        boxes = await tenant._exchange.all_mailboxes()
        names = {box.external_directory_object_id: box.name for box in boxes}
        users = [await tenant._graph.user(user_id) for user_id in names]
        found = {box.name: [box.hidden_from_address_lists_enabled] for box in boxes}
        for box in boxes:
            found[box.name] += await tenant._exchange.invoke("Get-CASMailbox", Identity=box.guid)
        for user in users:
            found[names[user.id]].append(user.account_enabled)
        return {name: [_switched(value) for value in values] for name, values in found.items()}

    return cast(dict[str, Any], tenant._run(looked()))


def _switched(value: Any) -> Any:
    return {k: v for k, v in value.items() if isinstance(v, bool)} if isinstance(value, dict) else value


def differing(found: Any, expected: Any, where: str = "") -> dict[str, tuple[Any, Any]]:
    """Place -> what is there, and what should be."""
    if isinstance(found, dict) and isinstance(expected, dict):
        pairs = {name: (found.get(name), expected.get(name)) for name in {*found, *expected}}
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        pairs = {str(place): pair for place, pair in enumerate(zip(found, expected, strict=True))}
    else:
        return {} if found == expected else {where: (found, expected)}
    return {place: pair for name, both in pairs.items() for place, pair in differing(*both, f"{where}/{name}").items()}


def _without_ids(value: Any) -> Any:
    """Ids are the tenant's own, and made anew for each."""
    if isinstance(value, dict):
        return {name: _without_ids(part) for name, part in value.items() if name not in ("user_id", "exchange_guid")}
    if isinstance(value, list | tuple | set | frozenset):
        return sorted((_without_ids(part) for part in value), key=repr)
    return value
