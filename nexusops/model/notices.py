"""Notices: messages to people, owed and sent (D33)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, MailboxKey, PersonId, UnitId


class NoticeKind(StrEnum):
    """D33."""

    WINDDOWN = "winddown"
    WINDDOWN_CANCELLED = "winddown_cancelled"
    CANCELLED = "cancelled"
    STATUS_CHANGE = "status_change"
    EXPIRY_WARNING = "expiry_warning"
    ORPHANED = "orphaned"


OF_WIND_DOWNS = frozenset({NoticeKind.WINDDOWN, NoticeKind.WINDDOWN_CANCELLED})
"""Notices that say that addresses begin, or no longer are, to wind down."""


class NoticeState(StrEnum):
    """``dropped``: no longer true before it could be sent, so it never is."""

    OWED = "owed"
    SENT = "sent"
    DROPPED = "dropped"


@frozen
class Notice:
    """A message to a person, or to a unit's IT staff, that is owed or was sent.

    Its identity is ``key`` = kind, person or unit (or mailbox) and the day on which it fell due (interface.md 9).
    ``delete_on`` is the date that it announces; for an expiry warning or a cancellation the day of disabling.
    """

    key: str
    kind: NoticeKind
    person_id: PersonId | None
    unit_id: UnitId | None
    mailbox_key: MailboxKey | None
    addresses: tuple[Address, ...]
    due_on: date
    delete_on: date | None
    short_notice: bool = False
    state: NoticeState = NoticeState.OWED
    to: str | None = None
    sent_on: date | None = None
    rule: str = ""
    because: str = ""
    evidence: tuple[Evidence, ...] = ()
