"""What a run reads and writes: the ledger, the snapshots, the journal, and the lock that it holds meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from nexusops.errors import StateUnavailable
from nexusops.model.addresses import Allocation
from nexusops.model.findings import Finding
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.journal import (
    Acceptance,
    Approval,
    Entry,
    JournalRow,
    OpenIntent,
    Phase,
    RowChange,
    RunRecord,
    SnapshotRecord,
)
from nexusops.model.ledger import Ledger, NameDecision, PersonState
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, Mailbox, MailboxKind
from nexusops.model.services import Service
from nexusops.store import chain, export, lock, reading, staging, writing
from nexusops.store.connecting import Connecting
from nexusops.store.lock import Owner
from nexusops.store.schema import (
    findings,
    journal,
    mailboxes,
    meta,
    people,
    runs,
    services,
    snapshot_tables,
    snapshots,
)

_LIVE = tuple(sorted(state.value for state in LIVE_MAILBOX_STATES))


class Running(Connecting):
    def __init__(self, engine: Engine, beat: timedelta = lock.BEAT) -> None:
        super().__init__(engine)
        self.beat = beat
        self._owner: lock.Owner | None = None
        self._steps: Connection | None = None
        """The connection on which the steps of a run are written, while it holds the lock."""

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        owner = lock.Owner.here()
        with self._begin(writes=True) as connection:
            lock.acquire(connection, owner, command)
        self._owner = owner
        try:
            with lock.heartbeat(lambda: self._renew(owner), self.beat), self._connected(writes=True) as self._steps:
                yield
        finally:
            self._owner = self._steps = None
            with self._begin(writes=True) as connection:
                lock.release(connection, owner)

    def _renew(self, owner: Owner) -> None:
        with self._begin(writes=True) as connection:
            lock.renew(connection, owner)

    def _still_ours(self, connection: Connection) -> None:
        if self._owner is not None:
            lock.renew(connection, self._owner)

    def serial(self) -> int:
        return int(self._value(select(meta.c.serial)))

    def hashes(self) -> tuple[str, str]:
        with self._begin() as connection:
            row = connection.execute(select(meta.c.policy_hash, meta.c.services_hash)).one()
        return row.policy_hash, row.services_hash

    def accepted(self) -> SnapshotRecord | None:
        return self._snapshot(snapshots.c.role == "accepted")

    def staged(self, sha256: str) -> SnapshotRecord | None:
        return self._snapshot(snapshots.c.sha256 == sha256)

    def _snapshot(self, condition: Any) -> SnapshotRecord | None:
        with self._begin() as connection:
            row = connection.execute(select(snapshots).where(condition)).mappings().first()
        if row is None:
            return None
        return SnapshotRecord(sha256=row["sha256"], as_of=datetime.fromisoformat(row["as_of"]), rows=row["rows"])

    def stage(self, record: SnapshotRecord, tables: Mapping[str, bytes]) -> None:
        with self._begin(writes=True) as connection:
            staging.stage(connection, record, tables)

    def tables(self, sha256: str) -> Mapping[str, bytes]:
        with self._begin() as connection:
            statement = select(snapshot_tables).where(snapshot_tables.c.sha256 == sha256)
            found = {row.name: row.content for row in connection.execute(statement)}
        if not found:
            raise StateUnavailable(
                f"The state does not hold the snapshot {sha256}.",
                next_step="Plan again from a registration snapshot: `nexusops plan`.",
            )
        return found

    def due(self, today: date) -> frozenset[str]:
        with self._begin() as connection:
            return frozenset({*reading.due(connection, today), *reading.unfinished_scopes(connection)})

    def known_people(self) -> frozenset[PersonId]:
        with self._begin() as connection:
            return frozenset(PersonId(p) for p in reading.keys_of(connection, people, "person_id"))

    def unfinished(self) -> frozenset[str]:
        with self._begin() as connection:
            return reading.unfinished_scopes(connection)

    def known_boxes(self) -> frozenset[str]:
        with self._begin() as connection:
            named = connection.execute(select(mailboxes.c.name).where(mailboxes.c.kind != "personal")).scalars()
            asked = reading.keys_of(connection, services, "request_id")
            return frozenset([*(name for name in named if name), *reading.aliases(connection), *asked])

    def boxes_owned_by(self, people: Collection[PersonId]) -> frozenset[str]:
        with self._begin() as connection:
            rows = reading.rows_in(connection, Mailbox, "owner_person_id", people)
            named = [box.name for box in rows if box.name is not None and box.kind is not MailboxKind.PERSONAL]
            asked = reading.rows_in(connection, Service, "owner_person_id", people)
            return frozenset([*named, *(row.request_id for row in asked)])

    def services_of(self, domains: Collection[Domain]) -> Sequence[Service]:
        with self._begin() as connection:
            return list(reading.rows_in(connection, Service, "domain", domains))

    def services_in(self, domains: Collection[Domain]) -> frozenset[str]:
        with self._begin() as connection:
            return reading.services_in(connection, domains)

    def domain_ends(self, domains: Collection[Domain]) -> Mapping[Domain, date]:
        with self._begin() as connection:
            return reading.domain_ends(connection, domains)

    def people_of_domains(self, domains: Collection[Domain]) -> frozenset[PersonId]:
        with self._begin() as connection:
            return frozenset(reading.live_names(connection, domains))

    def people_run_together(self, words: Collection[Address]) -> frozenset[PersonId]:
        with self._begin() as connection:
            return reading.run_together(connection, words)

    def people_of_addresses(self, wanted: Collection[Address]) -> frozenset[PersonId]:
        with self._begin() as connection:
            rows = reading.rows_in(connection, Allocation, "address", wanted)
            return frozenset(row.person_id for row in rows if row.person_id is not None)

    def ledger(self, people: Collection[PersonId] | None, boxes: Collection[str] | None) -> Ledger:
        with self._begin() as connection:
            serial = connection.execute(select(meta.c.serial)).scalar_one()
            return reading.ledger(connection, serial, people, boxes)

    def holders(self, names: Collection[tuple[Domain, str]]) -> Sequence[Allocation]:
        with self._begin() as connection:
            return reading.holders(connection, names)

    def name_decision(self, request_id: str) -> NameDecision | None:
        with self._begin() as connection:
            return next(reading.rows_in(connection, NameDecision, "request_id", [request_id]), None)

    def owners(self, people: Collection[PersonId]) -> Sequence[PersonState]:
        with self._begin() as connection:
            return list(reading.rows_in(connection, PersonState, "person_id", people))

    def usernames(self, names: Collection[str]) -> Mapping[str, PersonId]:
        with self._begin() as connection:
            return reading.usernames(connection, names)

    def live_mailboxes(self) -> int:
        return int(self._value(select(func.count()).where(mailboxes.c.state.in_(_LIVE))))

    def licences(self) -> int:
        holds = mailboxes.c.state.in_((*_LIVE, "disabled"))
        return int(self._value(select(func.count()).where(mailboxes.c.kind == "personal", holds)))

    def findings(self, but_not: Collection[str] | None) -> Sequence[Finding]:
        skipped = set(but_not or ())
        with self._begin() as connection:
            rows = connection.execute(select(findings).order_by(findings.c.id)).mappings().all()
        return [reading.finding(row) for row in rows if row["scope"] not in skipped]

    def accept(self, acceptance: Acceptance) -> int:
        with self._begin(writes=True) as connection:
            serial = writing.accept(connection, acceptance)
            self._still_ours(connection)
        writing.written()
        return serial

    def record(
        self, entries: Sequence[Entry], rows: Sequence[Sequence[RowChange]] = (), finished: Collection[str] = ()
    ) -> None:
        with self._begin(writes=True, on=self._steps) as connection:
            writing.record(connection, entries, rows, finished)
            self._still_ours(connection)
        writing.written()

    def begin(self, run: RunRecord) -> None:
        with self._begin(writes=True) as connection:
            writing.write_run(connection, run)

    def finish(self, run: RunRecord, found: Sequence[Finding] = ()) -> None:
        with self._begin(writes=True) as connection:
            writing.write_run(connection, run)
            writing.add_findings(connection, found)
            connection.execute(update(meta).where(meta.c.dirty.is_(True)).values(serial=meta.c.serial + 1, dirty=False))

    def runs(self) -> Sequence[RunRecord]:
        with self._begin() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.place)).mappings().all()
        return [reading.run(row) for row in rows]

    def open_intents(self) -> Sequence[OpenIntent]:
        """Intents without a later outcome of the same run, change and step."""
        later = journal.alias("later")
        outcome = (
            select(later.c.seq)
            .where(
                later.c.run_id == journal.c.run_id,
                later.c.change_id == journal.c.change_id,
                later.c.step == journal.c.step,
                later.c.seq > journal.c.seq,
            )
            .exists()
        )
        statement = select(journal).where(journal.c.phase == Phase.INTENT.value, ~outcome).order_by(journal.c.seq)
        with self._begin() as connection:
            rows = connection.execute(statement).mappings().all()
        return [OpenIntent(seq=row["seq"], entry=chain.read(row, "").entry) for row in rows]

    def journal(self, objects: Collection[str] | None = None, *, run_id: str | None = None) -> Iterator[JournalRow]:
        before = journal.alias("before")
        previous = select(before.c.hash).where(before.c.seq == journal.c.seq - 1).scalar_subquery()
        statement = select(journal, previous.label("previous")).order_by(journal.c.seq)
        statement = statement if objects is None else statement.where(journal.c.object.in_(list(objects)))
        statement = statement if run_id is None else statement.where(journal.c.run_id == run_id)
        with self._begin() as connection:
            for row in connection.execute(statement).mappings():
                yield chain.read(row, row["previous"] or chain.FIRST)

    def verify(self) -> list[int]:
        """The seq of every journal row that breaks the chain; none means nobody has touched it."""
        with self._begin() as connection:
            last = connection.execute(select(meta.c.journal_seq, meta.c.journal_hash)).one()
            rows = connection.execute(select(journal).order_by(journal.c.seq)).mappings()
            return list(chain.broken(rows, (last.journal_seq, last.journal_hash)))

    def approve(self, approval: Approval) -> None:
        with self._begin(writes=True) as connection:
            writing.approve(connection, approval)

    def approvals(self, digest: str) -> Sequence[Approval]:
        with self._begin() as connection:
            return reading.unused_approvals(connection, digest)

    def export(self) -> Iterator[tuple[str, Any]]:
        with self._begin() as connection:
            for name, value in export.parts(connection):
                yield name, reading.read_on(value) if isinstance(value, Iterator) else value

    def units_of(self, people: Collection[PersonId]) -> Mapping[PersonId, tuple[UnitId, ...]]:
        with self._begin() as connection:
            return reading.units_of(connection, people)
