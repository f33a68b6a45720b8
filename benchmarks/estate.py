"""A university in the middle of its year, for the benchmarks: its state, its tenant, and the snapshot of the next hour.

The first people (``LIVELY``) go through the real line, so that their mailboxes are in the embedded tenant; to them
happens what happens in the measured hour. All the others are decided by the real rules too, and their rows are
committed as if every step had been carried out; nothing of them is read from the tenant in that hour.

python -m benchmarks.estate FOLDER PEOPLE [STATE-URL]
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from nexusops import wiring
from nexusops.demo.snapshots import Member, Row, write_snapshot
from nexusops.demo.stage import TENANT, Stage
from nexusops.demo.university import domain_rows, members, unit_rows
from nexusops.model.journal import Acceptance, RowChange, RunRecord
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.pipeline.affected import Affected
from nexusops.pipeline.decide import decide, read_tables
from nexusops.pipeline.decision import Decision
from nexusops.pipeline.inputs import Ports
from nexusops.ports import SnapshotTables

SETTLED = datetime(2025, 10, 1, 8, tzinfo=UTC)
HOUR = datetime(2025, 10, 2, 8, tzinfo=UTC)
CHANGED, DUE = 200, 500
LIVELY = CHANGED + DUE
WARNED = date(2025, 11, 2)
"""The last day of a card that is warned about on the day of the measured hour (D07)."""
MERGED, ENDING, ARRIVING = 3_000, 9_000, 2_500
"""A merger's members; at a term's start the cards that end, and the people who come."""
AT_ONCE = 50_000
"""So many people are decided and committed at a time: a million would not fit into memory."""


def settled_university(folder: Path, people: int, url: str | None = None) -> None:
    """Makes it all in ``folder``: the configuration in ``config``, the next hour's snapshot in ``snapshots/next``.

    ``url``: the state's place, where it is not the SQLite file of the configuration.
    """
    config = Stage.set_up(folder, people=people, seed=1, call=lambda _words: 0).folder / "config"
    if url is not None:
        text = (config / "nexusops.toml").read_text("utf-8")
        (config / "nexusops.toml").write_text(text.replace("sqlite:///state/nexusops.db", url), "utf-8")
    few, all_of_them, next_hour = (folder / "snapshots" / name for name in ("few", "all", "next"))
    _write(few, people, SETTLED - timedelta(hours=2), islice(_members(people), LIVELY))
    _write(all_of_them, people, SETTLED, _members(people))
    _write(next_hour, people, HOUR, _later(people))
    _write(folder / "snapshots" / "merger", people, HOUR, _members(people), _merger(people))
    _write(folder / "snapshots" / "term", people, HOUR, _term(people))
    at = (SETTLED - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    run = [sys.executable, "-m", "nexusops", "--config", str(config), "run", "--at", at, "--snapshot", str(few)]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    _commit(config, all_of_them)


def _members(people: int) -> Iterator[Member]:
    for number, member in enumerate(members(people)):
        yield replace(member, end_date=WARNED) if CHANGED <= number < LIVELY else member


def _later(people: int) -> Iterator[Member]:
    """An hour later: the names on some cards have changed."""
    for number, member in enumerate(_members(people)):
        yield replace(member, family_names=f"{member.family_names} Newman") if number < CHANGED else member


def _merger(people: int) -> list[Row]:
    """Units that have about ``MERGED`` members between them go into another one."""
    names = [str(row[0]) for row in unit_rows(people) if str(row[0]).startswith("U")]
    number = max(1, round(MERGED / (people * 1.6 / (len(names) + 12))))
    return [(f"m{name}", "merge", HOUR.date(), name, names[-1], 2, None) for name in names[:number]]


def _term(people: int) -> Iterator[Member]:
    """At a term's start cards run out by the thousand, and people come by the thousand."""
    for number, member in enumerate(_members(people)):
        ends = LIVELY <= number < LIVELY + ENDING
        yield replace(member, end_date=HOUR.date() - timedelta(days=1)) if ends else member
        if number < ARRIVING:
            yield replace(member, person_id=f"n{member.person_id}", username=f"zzz{number:04}", start_date=HOUR.date())


def _write(folder: Path, people: int, as_of: datetime, rows: Iterable[Member], reorgs: Iterable[Row] = ()) -> None:
    tables = {"units": unit_rows(people), "domains": domain_rows(people), "reorgs": reorgs}
    write_snapshot(folder, tenant=TENANT, as_of=as_of - timedelta(minutes=10), members=rows, tables=tables)


def _commit(config: Path, snapshot: Path) -> None:
    """Decides for everybody, and commits the rows as if all that is planned had been done."""
    with wiring.opened(config, snapshot=snapshot) as site:
        ports = site.ports
        tables = read_tables(ports, SETTLED)
        people = sorted(tables.people())
        for start in range(0, len(people), AT_ONCE):
            some = Affected(frozenset(people[start : start + AT_ONCE]), frozenset(), everyone=False)
            decision = decide(ports, tables, at=SETTLED, jobs=(), full=False, accept={}, only=some)
            ports.store.accept(_acceptance(ports, tables, decision, f"settled-{start}"))


def _acceptance(ports: Ports, tables: SnapshotTables, decision: Decision, run_id: str) -> Acceptance:
    sha256 = tables.record.sha256
    return Acceptance(
        run=RunRecord(
            run_id=run_id,
            at=SETTLED,
            command="run",
            actor="bench",
            program_version="0",
            result="applied",
            snapshot_sha256=sha256,
        ),
        actor="bench",
        at=SETTLED,
        expected_serial=ports.store.serial(),
        snapshot_sha256=sha256,
        snapshot_as_of=tables.record.as_of,
        snapshot_again=None,
        rows=tuple(_done(row) for row in decision.rows()),
        judged=decision.judged,
        findings=decision.findings,
        unfinished={},
        policy_hash=ports.policy_hash,
        services_hash=ports.services_hash,
    )


def _done(change: RowChange) -> RowChange:
    box = change.after
    if not isinstance(box, Mailbox) or box.state is not MailboxState.PENDING or box.name is None:
        return change
    made = replace(box, state=MailboxState.ACTIVE, user_id=f"u-{box.name}", exchange_guid=f"g-{box.name}")
    return replace(change, after=made)


if __name__ == "__main__":
    gc.disable()  # as the program does
    settled_university(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
