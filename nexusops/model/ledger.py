"""What nexusops has promised: the rows of the ledger (rules.md 2, 3.15), and a slice of them.

Every row says which rule and sentence brought it into its present state, so that the state can explain itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from nexusops.model.findings import Evidence
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId


class AddressState(StrEnum):
    """rules.md 2.1."""

    ACTIVE = "active"
    WINDDOWN = "winddown"
    SUSPENDED = "suspended"
    DELETED = "deleted"


LIVE_ADDRESS_STATES = frozenset({AddressState.ACTIVE, AddressState.WINDDOWN, AddressState.SUSPENDED})


class AddressKind(StrEnum):
    PERSONAL = "personal"
    NONPERSONAL = "nonpersonal"
    FOREIGN = "foreign"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """One ownership period of an address; key (address, period). Never removed, only marked deleted.

    ``local`` is ``base`` for n = 1 and ``base`` + n (the base cut to fit) for n >= 2. ``months`` is N of rules.md 0.
    ``notice_due_on``: a notice is owed from that day; None once it was sent. ``delete_on`` is projected until then.
    ``successor`` is the address that took over in a change of name or a reorganisation (D18). ``gate`` False: the end
    was asked for (D43), no notice has to precede it. ``target`` is where an unattached alias goes.
    """

    address: Address
    period: int
    domain: Domain
    local: str
    base: str
    n: int
    kind: AddressKind
    state: AddressState
    person_id: PersonId | None
    unit_id: UnitId | None
    mailbox_key: MailboxKey | None
    created_on: date
    winddown_on: date | None = None
    months: int | None = None
    notice_due_on: date | None = None
    notice_sent_on: date | None = None
    delete_on: date | None = None
    deleted_on: date | None = None
    reason: str | None = None
    successor: Address | None = None
    gate: bool = True
    target: str | None = None
    rule: str = ""
    because: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def live(self) -> bool:
        return self.state in LIVE_ADDRESS_STATES


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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


class Standing(StrEnum):
    """rules.md 2.3."""

    ENTITLED = "entitled"
    GRACE = "grace"
    MISSING_HOLD = "missing_hold"
    FROZEN = "frozen"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonState:
    """What is remembered of a person between runs.

    ``card_names`` are the raw names of the primary card when ``base`` was last formed: people keep the base first
    seen, and only a changed card or an accepted request is a changed base. ``card_id`` is the card that last entitled
    the person, ``code`` the status of the primary card, ``served`` the units that hold one of the eight places (D20).
    ``ending`` is the end (of a card, or of a qualifying status) last seen: its kind and date, and ``ending_seen_on``
    the day on which a run first saw it (D03). ``due_on`` is the next day on which the passing of time alone may
    change anything; the index that finds due work.
    """

    person_id: PersonId
    username: str | None
    state: Standing
    left_on: date | None = None
    frozen: str | None = None
    missing_since: date | None = None
    card_names: tuple[str, str] | None = None
    base: str | None = None
    card_id: str | None = None
    code: str | None = None
    served: tuple[UnitId, ...] = ()
    ending: str | None = None
    ending_seen_on: date | None = None
    deceased: bool = False
    due_on: date | None = None


class NamePart(StrEnum):
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOverride:
    """A part of the name that an accepted request replaces, until that part of the card changes (D25)."""

    person_id: PersonId
    part: NamePart
    value: str
    based_on: str


class RequestOutcome(StrEnum):
    ACCEPTED = "accepted"
    REFERRED = "referred"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameDecision:
    """A name request is decided once per request_id (rules.md 3.17).

    ``applied``: an accepted one has become overrides; one accepted by the desk waits for the next run (R14).
    """

    request_id: str
    person_id: PersonId
    wanted_local: str
    outcome: RequestOutcome
    code: str | None
    decided_by: str | None = None
    reason: str | None = None
    applied: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """An accepted alternative address; a ``removed`` one is a tombstone (D32). Key (person_id, source)."""

    person_id: PersonId
    source: str
    address: Address
    removed: bool = False


class NoticeKind(StrEnum):
    """D33."""

    WINDDOWN = "winddown"
    WINDDOWN_CANCELLED = "winddown_cancelled"
    CANCELLED = "cancelled"
    STATUS_CHANGE = "status_change"
    EXPIRY_WARNING = "expiry_warning"
    ORPHANED = "orphaned"


class NoticeState(StrEnum):
    """``dropped``: no longer true before it could be sent, so it never is."""

    OWED = "owed"
    SENT = "sent"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
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


class HoldKind(StrEnum):
    """What people decided against the data (architecture.md, Holds)."""

    MANUAL_DISABLE = "manual_disable"
    FORWARD_EXEMPT = "forward_exempt"
    HANDOVER = "handover"
    SHORTENED = "shortened"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A decision of the desk against the data; ends when the rows change (``fingerprint``) or the desk releases it.

    ``subject``: a person_id, an address (shortened) or a mailbox_id (handover). ``value``: the new owner, or the date.
    """

    subject: str
    kind: HoldKind
    fingerprint: str
    actor: str
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """The state that a domain was last seen in, with the day from which it counts."""

    domain: Domain
    state: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A slice of the ledger: everything about the affected people and boxes, and the holders of their candidate
    names.

    ``allocations`` are those of the slice's people and boxes, all periods. ``holders`` are the rows of the candidate
    addresses (base and base + digits, in the domains concerned), whoever owns them; it may repeat rows of
    ``allocations``. ``owners_left`` gives ``left_on`` of the owners of deleted holders, ``blocked_owners`` those who
    died. ``usernames`` maps every username of the slice to the person that ever had it (R18).
    """

    serial: int
    people: Mapping[PersonId, PersonState] = field(default_factory=dict)
    mailboxes: Mapping[MailboxKey, Mailbox] = field(default_factory=dict)
    allocations: Mapping[tuple[Address, int], Allocation] = field(default_factory=dict)
    holders: Mapping[tuple[Address, int], Allocation] = field(default_factory=dict)
    owners: Mapping[PersonId, PersonState] = field(default_factory=dict)
    usernames: Mapping[str, PersonId] = field(default_factory=dict)
    overrides: Mapping[tuple[PersonId, NamePart], NameOverride] = field(default_factory=dict)
    decisions: Mapping[str, NameDecision] = field(default_factory=dict)
    alternatives: Mapping[tuple[PersonId, str], Alternative] = field(default_factory=dict)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    holds: Mapping[tuple[str, HoldKind], Hold] = field(default_factory=dict)
    domains: Mapping[Domain, DomainRow] = field(default_factory=dict)
