"""Units, mail domains, reorganisations, and where addresses go (rules.md 3.4, 3.6, 3.10, 3.11)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, UnitId


class UnitClass(StrEnum):
    """What a unit counts as when a sender is chosen: ``other`` behaves as a department (rules.md 3.4)."""

    COLLEGE = "college"
    DEPARTMENT = "department"


@frozen
class Unit:
    unit_id: UnitId
    name: str
    kind: str
    domain: Domain | None
    own_mail: bool = False
    source: str = "org_chart"

    @property
    def unit_class(self) -> UnitClass:
        return UnitClass.COLLEGE if self.kind == "college" else UnitClass.DEPARTMENT


class DomainState(StrEnum):
    """rules.md 2.5; ``own_mail`` is how a domain appears whose unit manages its own mail."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    ACTIVE = "active"
    OWN_MAIL = "own_mail"
    WINDDOWN = "winddown"
    FAILING = "failing"
    DEREGISTERED = "deregistered"


POSTS = ("postmaster", "abuse")
"""Addresses that every mail domain has (2.5; RFC 2142)."""
OVER = frozenset({DomainState.FAILING, DomainState.DEREGISTERED})
"""States of a domain in which mail is refused (2.5)."""


@frozen
class MailDomain:
    """A row of ``domains``. ``zone`` is computed (``ox`` or ``foreign``), never believed (rules.md 3.17)."""

    domain: Domain
    zone: str
    managed: bool
    state: DomainState
    winddown_start: date | None = None
    winddown_months: int | None = None
    negotiated_ref: str | None = None
    incoming_cap: int | None = None


@frozen
class Reorg:
    """Key (reorg_id, source_unit, target_unit): a merge has a row per source (rules.md 3.17)."""

    reorg_id: str
    kind: str
    effective_on: date
    source_unit: UnitId
    target_unit: UnitId
    months: int
    negotiated_ref: str | None = None


@frozen
class ReorgMember:
    reorg_id: str
    person_id: PersonId
    target_unit: UnitId


@frozen
class Route:
    """Where a managed address goes (R16): ``mailbox:<username>`` or an address."""

    address: Address
    destination: str
    set_by: str
    set_at: datetime


@frozen
class ExternalRoute:
    """Where an address of an unmanaged domain goes (R58); ``destination`` None means no known route."""

    address: Address
    destination: str | None
    person_id: PersonId | None
    set_by: str
    set_at: datetime


@frozen
class NonpersonalMailbox:
    mailbox_id: str
    kind: str
    unit_id: UnitId
    owner_person_id: PersonId | None
    address: Address | None
    requested_by: str


@frozen
class NonpersonalAddress:
    """``mailbox_id`` None: unattached; it then goes to ``target`` (R29)."""

    address: Address
    unit_id: UnitId
    mailbox_id: str | None
    target: str | None
    requested_by: str | None = None
