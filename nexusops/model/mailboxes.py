"""Mailboxes in the ledger (rules.md 2.2, 2.4b)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from nexusops.model.dates import earliest
from nexusops.model.findings import Evidence, box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, MailboxKey, PersonId, UnitId


class MailboxState(StrEnum):
    """rules.md 2.2 and 2.4b."""

    PENDING = "pending"
    ACTIVE = "active"
    GRACE_CANCELLED = "grace_cancelled"
    GRACE_STATUS = "grace_status"
    DISABLED = "disabled"
    DELETED = "deleted"
    PURGED = "purged"
    ORPHANED = "orphaned"


class MailboxKind(StrEnum):
    PERSONAL = "personal"
    SECONDARY = "secondary"
    PROJECT = "project"
    SAAS = "saas"
    RESOURCE = "resource"


class SenderOrigin(StrEnum):
    DEFAULT = "default"
    CHOICE = "choice"
    FALLBACK = "fallback"


class ForwardOrigin(StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


@frozen
class Forward:
    to: str
    origin: ForwardOrigin


LIVE_MAILBOX_STATES = frozenset(
    {
        MailboxState.PENDING,
        MailboxState.ACTIVE,
        MailboxState.GRACE_CANCELLED,
        MailboxState.GRACE_STATUS,
        MailboxState.ORPHANED,
    }
)


@frozen
class AutomaticReply:
    """An automatic reply as Exchange has it (tenant-api.md 4.15): texts in HTML; instants as Exchange wrote them."""

    state: str
    audience: str
    internal: str
    external: str
    start: str | None = None
    end: str | None = None


@frozen
class Mailbox:
    """A mailbox of the ledger. ``name`` None: entitled, but no username yet.

    ``sender_basis`` remembers on what the default sender was computed (D16: preferred class, and whether that class
    had an address), so that it is computed again only when the decision says so. ``forward_set`` is the forward that
    we last left in the tenant, by which one set by hand is told apart. ``user_id`` and ``exchange_guid`` are the
    tenant's own ids.
    """

    key: MailboxKey
    name: str | None
    generation: int
    kind: MailboxKind
    person_id: PersonId | None
    unit_id: UnitId | None
    owner_person_id: PersonId | None
    state: MailboxState
    since: date
    sender: Address | None = None
    sender_origin: SenderOrigin | None = None
    sender_basis: str = ""
    sender_rule: str = ""
    sender_because: str = ""
    forward: Forward | None = None
    forward_set: str | None = None
    forward_exempt: bool = False
    disable_on: date | None = None
    disabled_on: date | None = None
    delete_on: date | None = None
    deleted_on: date | None = None
    purge_on: date | None = None
    orphaned_on: date | None = None
    notice_sent_on: date | None = None
    manual_disable: bool = False
    user_id: str | None = None
    exchange_guid: str | None = None
    rule: str = ""
    because: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def live(self) -> bool:
        return self.state in LIVE_MAILBOX_STATES

    @property
    def scope(self) -> str:
        """Whose judgement decides about it: its person's, or its own."""
        return person_scope(self.person_id) if self.person_id else box_scope(self.name or "")

    @property
    def next_date(self) -> date | None:
        """The next day on which time alone may change a non-personal mailbox; people carry their own (``due_on``)."""
        if self.kind is MailboxKind.PERSONAL:
            return None
        purge = self.purge_on if self.state is MailboxState.DELETED else None
        told = self.orphaned_on if self.state is MailboxState.ORPHANED and self.notice_sent_on is None else None
        return earliest(self.disable_on, self.delete_on, purge, told)
