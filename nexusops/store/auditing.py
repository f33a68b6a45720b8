"""What auditors ask of the state: promises that can be proved from its rows, streamed or by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select

from nexusops.model.addresses import Allocation
from nexusops.model.audits import Breach
from nexusops.model.journal import Approval, JournalRow
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.store import chain
from nexusops.store.answering import AnsweringStore
from nexusops.store.guarding import GUARD
from nexusops.store.mapping import decoded
from nexusops.store.schema import addresses, approvals, journal, mailboxes, people

_LIVE = ("active", "grace_cancelled", "grace_status", "orphaned")
_BATCH = 1000


class AuditingStore(AnsweringStore):
    """The Store of ports.py, whole."""

    def ended(self) -> Iterator[Allocation]:
        wanted = and_(addresses.c.state == "deleted", addresses.c.kind == "personal")
        yield from self._streamed(select(addresses).where(wanted).order_by(addresses.c.address, addresses.c.period))

    def given_again(self) -> Iterator[Allocation]:
        owners = func.count(addresses.c.person_id.distinct())
        again = (
            select(addresses.c.address).where(addresses.c.period > 1).group_by(addresses.c.address).having(owners > 0)
        )
        statement = select(addresses).where(addresses.c.address.in_(again))
        yield from self._streamed(statement.order_by(addresses.c.address, addresses.c.period))

    def unentitled(self) -> Sequence[tuple[PersonState, Mailbox]]:
        boxes = select(mailboxes).where(mailboxes.c.kind == "personal", mailboxes.c.state.in_((*_LIVE, "pending")))
        outside = select(people).where(people.c.state.in_(("out", "grace")))
        with self._begin() as connection:
            known = {row.person_id: decoded(PersonState, row) for row in connection.execute(outside)}
            mine = [decoded(Mailbox, row) for row in connection.execute(boxes) if row.person_id in known]
        return [(known[box.person_id], box) for box in mine if box.person_id is not None]

    def decisions(self) -> Iterator[JournalRow]:
        return self._about("holds")

    def lifted(self) -> Iterator[JournalRow]:
        return self._about(GUARD)

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
        return [
            Approval(
                digest=row["digest"],
                actor=row["actor"],
                at=datetime.fromisoformat(row["at"]),
                reason=row["reason"],
                used=row["used"],
            )
            for row in rows
        ]

    def breaches(self) -> Sequence[Breach]:
        with self._begin() as connection:
            return [
                Breach(rule=rule, subject=str(row[0]), message=message.format(*row))
                for rule, message, statement in _FORBIDDEN
                for row in connection.execute(statement)
            ]

    def _streamed(self, statement: Select[Any]) -> Iterator[Allocation]:
        with self._begin() as connection:
            for part in connection.execution_options(yield_per=_BATCH).execute(statement).partitions():
                for row in part:
                    yield decoded(Allocation, row)


_held = addresses.alias("held")
_sends = and_(mailboxes.c.state.in_(_LIVE), mailboxes.c.name.is_not(None))
_known = exists().where(_held.c.address == mailboxes.c.sender)
_may_send = exists().where(
    _held.c.address == mailboxes.c.sender, _held.c.state == "active", _held.c.mailbox_key == mailboxes.c.key
)
_own = exists().where(_held.c.mailbox_key == mailboxes.c.key, _held.c.state != "deleted")
_FORBIDDEN: tuple[tuple[str, str, Select[Any]], ...] = (
    (
        "2.1",
        "{0} has {1} periods that are not ended; an address has one owner at a time",
        select(addresses.c.address, func.count())
        .where(addresses.c.state != "deleted")
        .group_by(addresses.c.address)
        .having(func.count() > 1),
    ),
    (
        "R20",
        "{0} has {2} active addresses in {1}; one is allowed",
        select(addresses.c.person_id, addresses.c.domain, func.count())
        .where(addresses.c.state == "active", addresses.c.kind == "personal")
        .group_by(addresses.c.person_id, addresses.c.domain)
        .having(func.count() > 1),
    ),
    (
        "R3",
        "the live mailbox {0} has no sender",
        select(mailboxes.c.name).where(_sends, mailboxes.c.sender.is_(None)),
    ),
    (
        "R40",
        "the mailbox {0} sends as {1}, which is no active address of it",
        select(mailboxes.c.name, mailboxes.c.sender).where(_sends, _known, ~_may_send),
    ),
    (
        "R25",
        "the mailbox {0} has no address",
        select(mailboxes.c.name).where(_sends, mailboxes.c.kind != "personal", ~_own),
    ),
    (
        "R13",
        "{0} has {1} mailboxes that are not purged; one is allowed",
        select(mailboxes.c.person_id, func.count())
        .where(mailboxes.c.kind == "personal", mailboxes.c.state != "purged")
        .group_by(mailboxes.c.person_id)
        .having(func.count() > 1),
    ),
    (
        "R39",
        "{0} is in wind-down and has no day on which it ends",
        select(addresses.c.address).where(addresses.c.state == "winddown", addresses.c.delete_on.is_(None)),
    ),
    (
        "R41",
        "{0} is deleted, and the day is not known",
        select(addresses.c.address).where(addresses.c.state == "deleted", addresses.c.deleted_on.is_(None)),
    ),
)
"""Rule, sentence, and the rows that must not be there; the first column is the subject."""
