"""What nexusops has promised: the rows of the ledger (rules.md 2, 3.15), and a slice of them.

Every row says which rule and sentence brought it into its present state, so that the state can explain itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from enum import StrEnum

from nexusops.model.addresses import Allocation
from nexusops.model.dns_report import Signing
from nexusops.model.dns_spf import Note
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.services import DnsFacts, Service


class Standing(StrEnum):
    """rules.md 2.3."""

    ENTITLED = "entitled"
    GRACE = "grace"
    MISSING_HOLD = "missing_hold"
    FROZEN = "frozen"
    OUT = "out"


@frozen
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


@frozen
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


@frozen
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


@frozen
class Alternative:
    """An accepted alternative address; a ``removed`` one is a tombstone (D32). Key (person_id, source)."""

    person_id: PersonId
    source: str
    address: Address
    removed: bool = False


class HoldKind(StrEnum):
    """What people decided against the data (architecture.md, Holds)."""

    MANUAL_DISABLE = "manual_disable"
    FORWARD_EXEMPT = "forward_exempt"
    HANDOVER = "handover"
    SHORTENED = "shortened"
    UNDONE = "undone"
    RENEW = "renew"


REVOKE = "revoke"
"""The value of a RENEW whose old credential leaked: it ends as soon as the new one is handed over."""


@frozen
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


@frozen
class DomainRow:
    """The state that a domain was last seen in, with the day from which it counts."""

    domain: Domain
    state: str
    since: date


@frozen
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
    services: Mapping[str, Service] = field(default_factory=dict)
    domain_ends: Mapping[Domain, date] = field(default_factory=dict)
    """The last day of the live personal addresses of a domain (date.max: one has no end yet); absent: none is left."""
    reached: Mapping[MailboxKey, Mailbox] = field(default_factory=dict)
    """Mailboxes that routes lead to or from, whoever has them; for looking up only, as ``holders``."""
    routed: Mapping[Address, Address] = field(default_factory=dict)
    """Where the last routing table sends the addresses that have a route, or are unattached (ROUTE_LOOP keeps it)."""
    signing: Mapping[Domain, Signing | None] = field(default_factory=dict)
    """How Exchange signs for service domains, as just read; None: it does not accept the domain; absent: not asked."""
    foreign: frozenset[str] = frozenset()
    """Names of mailboxes in the tenant, as just read, that units want and nobody here has made or taken over."""
    watched: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    """What is wrong in the DNS of requests that are live, as just asked, by request_id; absent: not asked."""
    domain_holders: Mapping[Domain, str] = field(default_factory=dict)
    """Whose request has each service domain that is wanted, by request_id; for looking up only; absent: nobody's."""
    looked_up: Mapping[str, DnsFacts] = field(default_factory=dict)
    """What the DNS says of service domains that are still to be proved, by request_id; absent: not asked."""
