"""What auditors ask of the state: promises that can be proved from its rows, streamed or by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select

from nexusops.model.addresses import Allocation
from nexusops.model.audits import Breach
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import Approval, JournalRow
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, Mailbox
from nexusops.model.notices import Notice
from nexusops.store import chain, reading
from nexusops.store.astray import astray
from nexusops.store.connecting import Connecting
from nexusops.store.forbidden import FORBIDDEN, MOST
from nexusops.store.guarding import APPROVAL, GUARD
from nexusops.store.mapping import decoded
from nexusops.store.schema import addresses, approvals, journal, mailboxes, meta, notices, people

_BATCH = 1000


class Auditing(Connecting):
    def ended(self) -> Iterator[Allocation]:
        wanted = and_(addresses.c.state == "deleted", addresses.c.kind == "personal")
        yield from self._streamed(select(addresses).where(wanted).order_by(addresses.c.address, addresses.c.period))

    def announced(self) -> frozenset[tuple[PersonId | None, Address, date | None]]:
        wanted = and_(notices.c.state == "sent", notices.c.kind == "winddown")
        with self._begin() as connection:
            sent = (decoded(Notice, row) for row in connection.execute(select(notices).where(wanted)))
            return frozenset((row.person_id, address, row.sent_on) for row in sent for address in row.addresses)

    def given_again(self) -> Iterator[Allocation]:
        owners = func.count(addresses.c.person_id.distinct())
        again = (
            select(addresses.c.address).where(addresses.c.period > 1).group_by(addresses.c.address).having(owners > 0)
        )
        statement = select(addresses).where(addresses.c.address.in_(again))
        yield from self._streamed(statement.order_by(addresses.c.address, addresses.c.period))

    def unentitled(self) -> Sequence[tuple[PersonState, Mailbox]]:
        boxes = select(mailboxes).where(
            mailboxes.c.kind == "personal", mailboxes.c.state.in_(state.value for state in LIVE_MAILBOX_STATES)
        )
        outside = select(people).where(people.c.state.in_(("out", "grace")))
        with self._begin() as connection:
            known = {row.person_id: decoded(PersonState, row) for row in connection.execute(outside)}
            mine = [decoded(Mailbox, row) for row in connection.execute(boxes) if row.person_id in known]
        return [(known[box.person_id], box) for box in mine if box.person_id is not None]

    def decisions(self) -> Iterator[JournalRow]:
        return self._about("holds")

    def lifted(self) -> Iterator[JournalRow]:
        return self._about(GUARD)

    def approved(self) -> Iterator[JournalRow]:
        return self._about(APPROVAL)

    def _about(self, what: str) -> Iterator[JournalRow]:
        """``;`` follows ``:``, so that this is a range of the index on objects."""
        wanted = and_(journal.c.object >= f"{what}:", journal.c.object < f"{what};")
        with self._begin() as connection:
            rows = connection.execute(select(journal).where(wanted).order_by(journal.c.seq)).mappings()
            for row in rows:
                yield chain.read(row, "")

    def all_approvals(self) -> Sequence[Approval]:
        with self._begin() as connection:
            rows = connection.execute(select(approvals).order_by(approvals.c.id)).mappings().all()
        return list(map(reading.approval, rows))

    def breaches(self, most: int) -> Sequence[Breach]:
        with self._begin() as connection:
            return [
                Breach(rule=rule, subject=str(row[0]), message=message.format(*row))
                for rule, message, statement in FORBIDDEN
                for row in connection.execute(statement, {MOST: most} if rule == "R21" else {})
            ]

    def astray(self) -> tuple[int, Sequence[Breach]]:
        with self._begin() as connection:
            looked = list(astray(connection))
        return len(looked), [breach for breach in looked if breach is not None]

    def head(self) -> tuple[int, str]:
        with self._begin() as connection:
            row = connection.execute(select(meta.c.journal_seq, meta.c.journal_hash)).one()
        return row.journal_seq, row.journal_hash

    def was_head(self, hashed: str) -> bool:
        with self._begin() as connection:
            found = connection.execute(select(journal.c.seq).where(journal.c.hash == hashed)).first()
        return found is not None

    def _streamed(self, statement: Select[Any]) -> Iterator[Allocation]:
        with self._begin() as connection:
            for part in connection.execution_options(yield_per=_BATCH).execute(statement).partitions():
                for row in part:
                    yield decoded(Allocation, row)
