"""People as registration knows them (rules.md 3.2, 3.3, 3.5, 3.7-3.9, 3.13)."""

from __future__ import annotations

from datetime import date, datetime

from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, PersonId, UnitId


@frozen
class Person:
    person_id: PersonId
    username: str | None
    known_as: str | None = None
    deceased: bool = False


@frozen
class Card:
    """A University Card record; the only source of entitlement. Dates are inclusive."""

    card_id: str
    person_id: PersonId
    status_code: str
    personal_names: str
    family_names: str
    start_date: date
    end_date: date
    status_effective_on: date | None = None
    cancelled_on: date | None = None
    cancel_reason: str | None = None

    def current(self, today: date) -> bool:
        """rules.md 3.3: start <= today <= end, and not yet cancelled."""
        if not self.start_date <= today <= self.end_date:
            return False
        return self.cancelled_on is None or today < self.cancelled_on


@frozen
class Affiliation:
    person_id: PersonId
    unit_id: UnitId
    start_date: date
    end_date: date | None = None

    def current(self, today: date) -> bool:
        return self.start_date <= today and (self.end_date is None or today <= self.end_date)


@frozen
class SenderChoice:
    person_id: PersonId
    address: Address
    chosen_at: datetime


@frozen
class NameRequest:
    """A wish for another ``first.last`` (R14). ``outcome`` is set when registration brings a decision along."""

    request_id: str
    person_id: PersonId
    wanted_local: str
    made_at: datetime
    outcome: str | None = None
    decided_by: str | None = None
    reason: str | None = None


@frozen
class AlternativeAddress:
    """A contact point outside the University (R31-R33); never routes mail. ``action`` is ``set`` or ``removed``."""

    person_id: PersonId
    address: Address
    source: str
    action: str
    at: datetime


@frozen
class Staff:
    """IT support of one unit (rules.md 3.13); ``staff_id`` is the staff member's username."""

    staff_id: str
    person_id: PersonId
    unit_id: UnitId
