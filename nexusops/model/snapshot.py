"""What the rules see of the registration data: a slice, the affected people and the small tables whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.people import Affiliation, AlternativeAddress, Card, NameRequest, Person, SenderChoice, Staff
from nexusops.model.services import ServiceRequest
from nexusops.model.units import (
    ExternalRoute,
    MailDomain,
    NonpersonalAddress,
    NonpersonalMailbox,
    Reorg,
    ReorgMember,
    Route,
    Unit,
)


@frozen
class PersonRecord:
    """All registration rows of one person, in the order of their keys.

    ``person`` is None when the row is gone from the snapshot. ``frozen`` is the code of the row fault that freezes the
    person (D29), ``spared`` that of one that forbids destructive actions only (an ignored affiliation row).
    ``fingerprint`` is a hash over exactly these rows: a hold against the data ends when it changes.
    """

    person_id: PersonId
    person: Person | None
    cards: tuple[Card, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()
    choice: SenderChoice | None = None
    name_requests: tuple[NameRequest, ...] = ()
    alternatives: tuple[AlternativeAddress, ...] = ()
    external_routes: tuple[ExternalRoute, ...] = ()
    findings: tuple[Finding, ...] = ()
    frozen: str | None = None
    spared: str | None = None
    choice_unread: bool = False
    """There is a sender choice that cannot be read, or waits for the next run (R60): an earlier one stands."""
    fingerprint: str = ""


@frozen
class Snapshot:
    """A slice of one snapshot. ``sha256`` is the hash over its sorted (table, sha256) pairs.

    ``people`` holds the affected people only; the other tables are whole (they are small). ``services`` come from the
    configuration folder and travel with the snapshot, since both are what is wanted.
    """

    as_of: datetime
    sha256: str
    people: Mapping[PersonId, PersonRecord]
    units: Mapping[UnitId, Unit]
    domains: Mapping[Domain, MailDomain]
    staff: tuple[Staff, ...] = ()
    reorgs: tuple[Reorg, ...] = ()
    reorg_members: tuple[ReorgMember, ...] = ()
    routes: Mapping[Address, Route] = field(default_factory=dict)
    external_routes: Mapping[Address, ExternalRoute] = field(default_factory=dict)
    held_routes: frozenset[Address] = frozenset()
    """Addresses of rows in routing and external_routes that cannot be read, name nobody who is known, or wait for the
    next run (D29, R60): mail for them goes where it went before."""
    nonpersonal_mailboxes: Mapping[str, NonpersonalMailbox] = field(default_factory=dict)
    nonpersonal_addresses: Mapping[Address, NonpersonalAddress] = field(default_factory=dict)
    frozen_boxes: Mapping[str, str] = field(default_factory=dict)
    """mailbox_ids and addresses of non-personal rows with a fault, to its code (D29): in neither table above, and yet
    not gone; whatever stands under these names is left as it is."""
    unclaimed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Table -> of its rows whose key cannot be read the unit, in external_routes the person, in sender_choices the
    address (empty: any). What they have there and no row names may be theirs: it is left as it is (D29)."""
    strangers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Unit -> the person_ids in its affiliations that persons does not have: of who has left, or mistyped."""
    services: Mapping[str, ServiceRequest] = field(default_factory=dict)
    frozen_services: Mapping[str, str] = field(default_factory=dict)
    """Requests that cannot be read, with what is wrong; whatever stands under these names is left as it is."""
    findings: tuple[Finding, ...] = ()


@frozen
class TableDifference:
    """Keys of the rows of a table that differ, in order; parts of a key are joined by ``/``."""

    table: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@frozen
class SnapshotDifference:
    """The tables in which two snapshots differ, and the people whom it concerns (also through units and domains)."""

    tables: tuple[TableDifference, ...]
    people: tuple[PersonId, ...]
