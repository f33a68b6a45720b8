"""The tenant as it is (``Actual``) and as it should be (``Desired``), one mailbox at a time (rules.md 3.16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol

from nexusops.model.dns_report import Signing
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.mailboxes import MailboxKind


@frozen
class ActualMailbox:
    """A directory user, or shared mailbox, as read from Graph and Exchange, joined on ids.

    ``addresses``: the smtp proxy addresses, lower-case, the primary among them. ``exchange_guid`` None: Exchange has
    not made the mailbox yet. ``deleted``: soft-deleted, restorable for 30 days from ``deleted_at``, where that is told.
    ``synced``: mastered on premises.
    ``person_id`` of a box: the employeeId that somebody wrote on the account behind it; it is nobody's all the same.
    ``held``: on litigation or retention hold. ``forward``: the address, without ``smtp:``. ``listed``: it stands in the
    address lists; to take it out of them is the last step of a disabling, and of making a shared mailbox.
    """

    user_id: str
    user_principal_name: str
    person_id: PersonId | None
    name: str
    exchange_guid: str | None
    enabled: bool
    primary: Address | None
    addresses: frozenset[Address] = frozenset()
    forward: str | None = None
    shared: bool = False
    deleted: bool = False
    deleted_at: datetime | None = None
    synced: bool = False
    held: bool = False
    licensed: bool = True
    listed: bool = False


@frozen
class Wanted:
    """What is to be read: these people and boxes (by name, with the ids that we know), or everything, of which they
    are then all that matters; with nobody named everybody does.
    """

    everything: bool = False
    people: Mapping[PersonId, str | None] = field(default_factory=dict)
    """person_id -> Entra object id where known."""
    boxes: Mapping[str, str | None] = field(default_factory=dict)
    """mailbox name -> Exchange guid where known."""

    known: Mapping[PersonId, str | None] = field(default_factory=dict)
    """With ``everything``: the user ids that we know, to be told which of them carry another employeeId by now."""

    known_boxes: Mapping[str, str | None] = field(default_factory=dict)
    """With ``everything``: name -> Exchange guid of the boxes that we know, whatever they are called by now."""

    changes: bool = False
    """With ``everything``: it may be what was kept of an earlier read, with what has changed since."""

    signing: frozenset[Domain] = frozenset()
    """Domains of which is to be known whether Exchange accepts and signs them, whatever else is wanted."""

    @property
    def nothing(self) -> bool:
        return not (self.everything or self.people or self.boxes or self.signing)


@frozen
class Actual:
    """What was read. A person or box that was wanted and is not here does not exist in the tenant.

    ``ambiguous``: people whose employeeId stands on more than one user, and these users; they are left as they are.
    ``licences_left`` None: not read. ``carried``: of the users that we knew as somebody's, those that carry another
    employeeId now, and which ('': none). ``moved``: people who cannot be joined to a user because of that, and why.
    ``signing``: of the domains wanted, how Exchange signs for them; None: it does not accept the domain.
    """

    people: Mapping[PersonId, ActualMailbox] = field(default_factory=dict)
    boxes: Mapping[str, ActualMailbox] = field(default_factory=dict)
    ambiguous: Mapping[PersonId, tuple[ActualMailbox, ...]] = field(default_factory=dict)
    licences_left: int | None = None
    carried: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[PersonId, str] = field(default_factory=dict)
    signing: Mapping[Domain, Signing | None] = field(default_factory=dict)


class Explained(Protocol):
    """What says why it is as it is: a row of the ledger, or a Reason."""

    @property
    def rule(self) -> str: ...

    @property
    def because(self) -> str: ...

    @property
    def evidence(self) -> tuple[Evidence, ...]: ...


@frozen
class Reason:
    """Why a fact should be so: rule id, the rule's sentence for this case, and the rows that it rests on."""

    rule: str
    because: str
    evidence: tuple[Evidence, ...] = ()


@frozen
class DesiredMailbox:
    """What the tenant should look like for one mailbox if the promises are kept.

    ``exists`` False: it should be gone. ``enabled`` False: disabled, with its addresses still on it. ``new``: it is
    still to be made, whatever was deleted under its name before. ``addresses`` maps each address that should be on
    the mailbox to why; ``owned`` are all addresses that the ledger has ever given to this mailbox (only those may be
    removed). ``subject`` is whose it is: the person's, the unit's, or the SaaS request's.
    """

    key: MailboxKey
    name: str
    kind: MailboxKind
    subject: str
    person_id: PersonId | None
    unit_id: UnitId | None
    owner_person_id: PersonId | None
    user_principal_name: str
    display_name: str
    exists: bool
    enabled: bool
    new: bool
    primary: Address | None
    fallback: Address | None
    forward: str | None
    keeps_manual_forward: bool
    why: Explained
    why_sender: Explained
    why_forward: Explained
    addresses: Mapping[Address, Explained] = field(default_factory=dict)
    owned: Mapping[Address, Explained] = field(default_factory=dict)
