"""What staff ask of the state: somebody by a piece of their name, a unit's people and mailboxes, the last runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select

from nexusops.model.dates import ONE_DAY, local_date, next_day
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.journal import JournalRow, Phase, RunRecord
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState
from nexusops.store import chain, reading
from nexusops.store.connecting import Connecting
from nexusops.store.mapping import decoded
from nexusops.store.schema import addresses, journal, mailboxes, people, runs

_SERVED = cast(people.c.served, String)
"""A JSON list of unit ids as its text; ids are letters and digits, so that a quoted one is found in it."""


class Looking(Connecting):
    def people_like(
        self, words: Collection[str], most: int, units: Collection[UnitId] | None = None
    ) -> list[PersonState]:
        """Of username, person_id, name part or address, something must contain each word (in small letters)."""
        with self._begin() as connection:
            found = select(people).where(*(_contains(word) for word in words)).order_by(people.c.base)
            if units is not None:
                found = found.where(_within(units))
            return [decoded(PersonState, row) for row in connection.execute(found.limit(most))]

    def people_of_units(self, units: Collection[UnitId]) -> frozenset[PersonId]:
        """Who holds one of their eight places in one of these units (D20)."""
        with self._begin() as connection:
            found = select(people.c.person_id).where(_within(units))
            return frozenset(map(PersonId, connection.execute(found).scalars()))

    def people_by_unit(self) -> Mapping[UnitId, int]:
        """How many people hold a place in each unit."""
        counts: dict[UnitId, int] = {}
        with self._begin() as connection:
            rows = connection.execute(select(_SERVED, func.count()).group_by(_SERVED)).all()
        for served, number in rows:
            for unit_id in json.loads(served or "[]"):
                counts[UnitId(unit_id)] = counts.get(UnitId(unit_id), 0) + number
        return counts

    def boxes_of_units(self, units: Collection[UnitId]) -> list[Mailbox]:
        """Non-personal mailboxes of these units that are not purged, by name."""
        wanted = and_(
            mailboxes.c.unit_id.in_(list(units)),
            mailboxes.c.kind != MailboxKind.PERSONAL.value,
            mailboxes.c.state != MailboxState.PURGED.value,
        )
        with self._begin() as connection:
            rows = connection.execute(select(mailboxes).where(wanted).order_by(mailboxes.c.name)).all()
        return [decoded(Mailbox, row) for row in rows]

    def latest_runs(self, most: int) -> Sequence[RunRecord]:
        """The last runs, newest first."""
        with self._begin() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.place.desc()).limit(most)).mappings().all()
        return [reading.run(row) for row in rows]

    def phases_of(self, run_id: str) -> Mapping[Phase, int]:
        of_run = select(journal.c.phase, func.count()).where(journal.c.run_id == run_id).group_by(journal.c.phase)
        with self._begin() as connection:
            return {Phase(phase): number for phase, number in connection.execute(of_run).all()}

    def journal_of(self, run_id: str, phases: Collection[Phase], first: int, most: int) -> list[JournalRow]:
        wanted = and_(journal.c.run_id == run_id, journal.c.phase.in_([phase.value for phase in phases]))
        part = select(journal.c.seq).where(wanted).order_by(journal.c.seq).offset(first).limit(most).subquery()
        before = journal.alias("before")
        previous = select(before.c.hash).where(before.c.seq == journal.c.seq - 1).scalar_subquery()
        rows = select(journal, previous.label("previous")).join(part, part.c.seq == journal.c.seq)
        with self._begin() as connection:
            found = connection.execute(rows.order_by(journal.c.seq)).mappings().all()
        return [chain.read(row, row["previous"] or chain.FIRST) for row in found]

    def runs_on(self, day: date, zone: str) -> Sequence[RunRecord]:
        """By the calendar of ``zone``, newest first. Instants are kept in UTC, so that the days beside it are read."""
        near = and_(
            runs.c.at >= f"{day - ONE_DAY if day > date.min else day}", runs.c.at < f"{next_day(next_day(day))}"
        )
        with self._begin() as connection:
            rows = connection.execute(select(runs).where(near).order_by(runs.c.place.desc())).mappings().all()
        return [run for run in map(reading.run, rows) if local_date(run.at, zone) == day]

    def run_of(self, run_id: str) -> RunRecord | None:
        with self._begin() as connection:
            row = connection.execute(select(runs).where(runs.c.run_id == run_id)).mappings().first()
        return None if row is None else reading.run(row)


def _contains(word: str) -> ColumnElement[bool]:
    named = select(addresses.c.person_id).where(addresses.c.address.contains(word, autoescape=True))
    return or_(
        people.c.username.contains(word, autoescape=True),
        people.c.person_id == word,
        people.c.base.contains(word, autoescape=True),
        people.c.person_id.in_(named),
    )


def _within(units: Collection[UnitId]) -> ColumnElement[bool]:
    """Who holds a place in one of these units; nobody where there is none."""
    return or_(false(), *(_SERVED.contains(f'"{unit_id}"', autoescape=True) for unit_id in units))
