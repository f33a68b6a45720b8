"""What people ask of the state: indexed reads for explanations, histories and monitoring."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from nexusops.codec import instant
from nexusops.model.addresses import Allocation
from nexusops.model.findings import Finding
from nexusops.model.health import LockHeld
from nexusops.model.ids import UnitId
from nexusops.model.journal import RunRecord
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice, NoticeState
from nexusops.store import lock, reading
from nexusops.store.connecting import Connecting
from nexusops.store.mapping import decoded
from nexusops.store.reading import chunks, rows_in
from nexusops.store.schema import addresses, findings, locks, mailboxes, runs

ACCEPTED = ("applied", "nothing", "partial", "resumed")
"""Results of runs that had accepted their snapshot."""


class Answering(Connecting):
    def findings_about(self, scopes: Collection[str]) -> Sequence[Finding]:
        found: list[Finding] = []
        with self._begin() as connection:
            for part in chunks(scopes):
                rows = connection.execute(select(findings).where(findings.c.scope.in_(part)).order_by(findings.c.id))
                found.extend(reading.finding(row) for row in rows.mappings())
        return found

    def lock_held(self) -> LockHeld | None:
        with self._begin() as connection:
            row = connection.execute(select(locks)).mappings().first()
        if row is None:
            return None
        return lock.told(row)

    def run_named(self, beginning: str) -> Sequence[RunRecord]:
        wanted = runs.c.run_id.startswith(beginning, autoescape=True)
        with self._begin() as connection:
            rows = connection.execute(select(runs).where(wanted).order_by(runs.c.place.desc()).limit(2)).mappings()
            return [reading.run(row) for row in rows]

    def run_in_force(self, at: datetime) -> RunRecord | None:
        wanted = and_(runs.c.at <= instant(at), runs.c.result.in_(ACCEPTED))
        with self._begin() as connection:
            statement = select(runs).where(wanted).order_by(runs.c.place.desc()).limit(1)
            row = connection.execute(statement).mappings().first()
        return None if row is None else reading.run(row)

    def owed(self) -> Sequence[Notice]:
        with self._begin() as connection:
            return list(rows_in(connection, Notice, "state", [NoticeState.OWED.value]))

    def winding_down(self) -> Iterator[Allocation]:
        wanted = and_(addresses.c.state.in_(("winddown", "suspended")), addresses.c.winddown_on.is_not(None))
        with self._begin() as connection:
            for row in connection.execute(select(addresses).where(wanted).order_by(addresses.c.address)):
                yield decoded(Allocation, row)

    def ending_boxes(self) -> Iterator[Mailbox]:
        dated = or_(mailboxes.c.disable_on.is_not(None), mailboxes.c.delete_on.is_not(None))
        states = mailboxes.c.state.in_(("active", "grace_cancelled", "grace_status", "disabled", "orphaned"))
        with self._begin() as connection:
            for row in connection.execute(select(mailboxes).where(states, dated).order_by(mailboxes.c.name)):
                yield decoded(Mailbox, row)

    def addresses_of_unit(self, unit_id: UnitId, domain: str | None) -> Iterator[Allocation]:
        live = addresses.c.state != "deleted"
        theirs = addresses.c.unit_id == unit_id
        wanted = or_(and_(addresses.c.domain == domain, addresses.c.kind == "personal"), theirs) if domain else theirs
        with self._begin() as connection:
            for row in connection.execute(select(addresses).where(live, wanted).order_by(addresses.c.address)):
                yield decoded(Allocation, row)
