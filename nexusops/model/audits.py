"""What an auditor asks: promises, the rows that they were kept on, and those that broke one (rules.md 4e)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.notices import NoticeKind


@frozen
class Breach:
    """Something that must never be so: of whom or what, by which rule."""

    rule: str
    subject: str
    message: str


@frozen
class Proof:
    """One row of an audit: whether a promise was kept to ``subject``, and on what that rests.

    ``kind`` sorts the rows (``short_notice``, ``reissued``, …); ``dates`` are the days that decide.
    """

    rule: str
    subject: str
    kept: bool
    kind: str
    message: str
    dates: Mapping[str, date | None] = field(default_factory=dict)


@frozen
class Audit:
    """``checked`` is how many rows were looked at; ``proofs`` those worth telling, in their order."""

    promise: str
    sentence: str
    checked: int
    proofs: tuple[Proof, ...]

    @property
    def broken(self) -> tuple[Proof, ...]:
        return tuple(proof for proof in self.proofs if not proof.kept)


@frozen
class DueNotice:
    """A notice that is owed, or falls due on ``on``. ``to`` empty: no run would send it as things stand; ``delete_on``:
    the day that it announces; ``late``: days overdue; 0: not yet.
    """

    on: date
    kind: NoticeKind
    subject: str
    person_id: PersonId | None
    unit_id: UnitId | None
    to: tuple[str, ...]
    addresses: tuple[Address, ...]
    delete_on: date | None
    short_notice: bool
    rule: str
    late: int
    waits_for: str


@frozen
class Overdue:
    """An end whose day has come, and that has not been. ``late``: by how many days; 0: it is today."""

    on: date
    what: str
    subject: str
    target: str
    rule: str
    late: int = 0
    waits_for: str = ""
