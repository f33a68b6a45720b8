"""What of a snapshot is not one person's: units, domains, reorganisations, routes, non-personal mailboxes, staff."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.people import Staff
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
from nexusops.registration import layout as tables
from nexusops.registration.domains import read_domains
from nexusops.registration.fields import BadValue, is_address, is_box, meant
from nexusops.registration.layout import Layout
from nexusops.registration.nobodys import read_nobodys
from nexusops.registration.routes import read_routes
from nexusops.registration.rows import Reading, Row
from nexusops.registration.shelf import Shelf

_UNIT_ID = re.compile(r"[A-Z0-9]{2,8}", re.ASCII)
_KINDS = {
    "college": "college",
    "pph": "college",
    "society": "college",
    "department": "department",
    "faculty": "department",
    "other": "other",
}
"""rules.md 3.4: what a unit may call itself, and what that counts as."""
_KNOWN = ", ".join(_KINDS)


FROZEN = "nothing is changed for it"
"""D29: the row freezes its mailbox or address, which is neither made nor ended."""


@frozen
class Estate:
    """The small tables, whole. A fault in them touches people, too:

    ``frozen_units``: whose members are frozen (a unit of no known kind); ``spared_units`` and ``spared_people``: who
    may gain but must not lose anything, since what gave it to them cannot be read (D29). Each maps to the fault's code.
    """

    units: Mapping[UnitId, Unit]
    domains: Mapping[Domain, MailDomain]
    staff: tuple[Staff, ...]
    reorgs: tuple[Reorg, ...]
    reorg_members: tuple[ReorgMember, ...]
    routes: Mapping[Address, Route]
    external_routes: Mapping[Address, ExternalRoute]
    held_routes: frozenset[Address]
    """See Snapshot."""
    nonpersonal_mailboxes: Mapping[str, NonpersonalMailbox]
    nonpersonal_addresses: Mapping[Address, NonpersonalAddress]
    frozen_boxes: Mapping[str, str]
    frozen_units: Mapping[str, str]
    spared_units: Mapping[str, str]
    spared_people: Mapping[str, str]
    unclaimed: Mapping[str, frozenset[str]]
    """See Snapshot."""
    strangers: Mapping[str, frozenset[str]]
    """See Snapshot."""
    findings: tuple[Finding, ...]


def read_estate(shelf: Shelf, parent_domain: str, snapshot: str) -> Estate:
    """Reads the small tables. ``snapshot`` is the hash that evidence names."""
    reading = Reading(shelf, snapshot)
    frozen_boxes: dict[str, str] = {}
    spared_units: dict[str, str] = {}
    spared_people: dict[str, str] = {}
    frozen_units: dict[str, str] = {}
    domains = read_domains(reading, parent_domain)
    units = _units(reading, domains, frozen_units, spared_units)

    boxes, aliases, unclaimed = _nonpersonal(reading, frozen_boxes)
    routes, nobodys = read_routes(reading), read_nobodys(shelf)
    staff, unread_staff = _all_staff(reading)
    reorgs, members = _reorganised(reading, spared_units, spared_people)
    return Estate(
        units=units,
        domains=domains,
        staff=staff,
        reorgs=reorgs,
        reorg_members=members,
        routes=routes.routes,
        external_routes=routes.external,
        held_routes=routes.held,
        nonpersonal_mailboxes=boxes,
        nonpersonal_addresses=aliases,
        frozen_boxes=frozen_boxes,
        frozen_units=frozen_units,
        spared_units=spared_units,
        spared_people=spared_people,
        unclaimed={
            **unclaimed,
            **routes.unclaimed,
            tables.IT_STAFF.name: unread_staff,
            tables.AFFILIATIONS.name: nobodys.units,
            tables.SENDER_CHOICES.name: nobodys.choices,
        },
        strangers=nobodys.strangers,
        findings=tuple(reading.findings),
    )


def _nonpersonal(
    reading: Reading, frozen_boxes: dict[str, str]
) -> tuple[dict[str, NonpersonalMailbox], dict[Address, NonpersonalAddress], dict[str, frozenset[str]]]:
    """Mailboxes, addresses, and the units of rows whose key cannot be read. What such a key means is frozen (D29)."""
    units: dict[Layout, set[str]] = {tables.NONPERSONAL_MAILBOXES: set(), tables.NONPERSONAL_ADDRESSES: set()}

    def freeze_box(row: Row, code: str) -> None:
        keys = [meant(row.get(column) or "") for column in ("mailbox_id", "address")]
        frozen_boxes.update({key: code for key in keys if is_box(key) or is_address(key)})
        if not is_box(row.get("mailbox_id") or ""):
            units[tables.NONPERSONAL_MAILBOXES].add(row.get("unit_id") or "")

    def freeze_address(row: Row, code: str) -> None:
        key = meant(row.get("address") or "")
        if is_address(key):
            frozen_boxes[key] = code
        if not is_address(row.get("address") or ""):
            units[tables.NONPERSONAL_ADDRESSES].add(row.get("unit_id") or "")

    boxes = {
        built.mailbox_id: built
        for _, built in reading.sound(tables.NONPERSONAL_MAILBOXES, _mailbox, freeze_box, FROZEN)
    }
    aliases = {
        built.address: built
        for _, built in reading.sound(tables.NONPERSONAL_ADDRESSES, _nonpersonal_address, freeze_address, FROZEN)
    }
    return boxes, aliases, {layout.name: frozenset(found) for layout, found in units.items()}


def _all_staff(reading: Reading) -> tuple[tuple[Staff, ...], frozenset[str]]:
    """The IT staff, and the units (empty: any) of rows that cannot be read."""
    unread: set[str] = set()
    rows = reading.sound(tables.IT_STAFF, _staff, lambda row, _: unread.add(_named_unit(row)))
    return tuple(built for _, built in rows), frozenset(unread)


def _reorganised(
    reading: Reading, spared_units: dict[str, str], spared_people: dict[str, str]
) -> tuple[tuple[Reorg, ...], tuple[ReorgMember, ...]]:
    def spare_members(row: Row, code: str) -> None:
        spared_units.update({unit: code for unit in (row.get("source_unit"), row.get("target_unit")) if unit})

    def spare_person(row: Row, code: str) -> None:
        spared_people[row.get("person_id") or ""] = code

    reorgs = tuple(built for _, built in reading.sound(tables.REORGS, _reorg, spare_members))
    return reorgs, tuple(built for _, built in reading.sound(tables.REORG_MEMBERS, _member, spare_person))


def _named_unit(row: Row) -> str:
    """The unit that a row means; empty: nobody can tell."""
    unit = meant(row.get("unit_id") or "")
    return unit if _UNIT_ID.fullmatch(unit) else ""


def _units(
    reading: Reading, domains: Mapping[Domain, MailDomain], frozen: dict[str, str], spared: dict[str, str]
) -> dict[UnitId, Unit]:
    """rules.md 3.4. A unit whose domain is unknown counts as without one, and its members lose nothing by it (D29)."""
    units = {}
    for row, unit in reading.sound(tables.UNITS, _unit):
        domain = domains.get(unit.domain) if unit.domain else None
        if unit.kind not in _KINDS.values():
            frozen[unit.unit_id] = "BAD_UNIT_KIND"
            reading.find(
                "BAD_UNIT_KIND",
                tables.UNITS,
                row,
                f"the kind {unit.kind!r} is not known ({_KNOWN}); members are frozen",
            )
        if unit.domain is not None and domain is None:
            spared[unit.unit_id] = "UNIT_DOMAIN_UNKNOWN"
            reason = f"the domain {unit.domain} is not in domains, or its row is bad; the unit counts as without one"
            reading.find("UNIT_DOMAIN_UNKNOWN", tables.UNITS, row, reason)
        if unit.own_mail and domain is not None and domain.managed:
            reason = f"the unit has its own mail, yet the domain {unit.domain} is managed; one of the two is wrong"
            reading.find("UNIT_DOMAIN_CONFLICT", tables.UNITS, row, reason)
        units[unit.unit_id] = Unit(
            unit_id=unit.unit_id,
            name=unit.name,
            kind=unit.kind,
            domain=unit.domain if domain else None,
            own_mail=unit.own_mail,
            source=unit.source,
        )
    return units


def _unit(row: Row) -> Unit:
    unit_id = row.text("unit_id")
    if not _UNIT_ID.fullmatch(unit_id):
        raise BadValue(f"unit_id {unit_id!r} must be 2 to 8 capital letters and digits", code="BAD_UNIT_ID")
    kind, domain = row.text("kind"), row.get("domain")
    return Unit(
        unit_id=UnitId(unit_id),
        name=row.get("name") or unit_id,
        kind=_KINDS.get(kind.lower(), kind),
        domain=Domain(domain) if domain else None,
        own_mail=row.flag("own_mail", default=False),
        source=row.get("source") or "org_chart",
    )


def _staff(row: Row) -> Staff:
    return Staff(
        staff_id=row.plain("staff_id"), person_id=PersonId(row.text("person_id")), unit_id=UnitId(row.plain("unit_id"))
    )


def _reorg(row: Row) -> Reorg:
    return Reorg(
        reorg_id=row.text("reorg_id"),
        kind=row.one_of("kind", "merge", "split", "rename"),
        effective_on=row.day("effective_on"),
        source_unit=UnitId(row.text("source_unit")),
        target_unit=UnitId(row.text("target_unit")),
        months=row.number("months"),
        negotiated_ref=row.get("negotiated_ref"),
    )


def _member(row: Row) -> ReorgMember:
    return ReorgMember(
        reorg_id=row.text("reorg_id"),
        person_id=PersonId(row.text("person_id")),
        target_unit=UnitId(row.text("target_unit")),
    )


def _mailbox(row: Row) -> NonpersonalMailbox:
    owner = row.plain("owner_person_id") if row.get("owner_person_id") else None
    return NonpersonalMailbox(
        mailbox_id=row.box("mailbox_id"),
        kind=row.one_of("kind", "secondary", "project", "saas", "resource"),
        unit_id=UnitId(row.text("unit_id")),
        owner_person_id=PersonId(owner) if owner else None,
        address=Address(row.address("address")) if row.get("address") else None,
        requested_by=row.get("requested_by") or "",
    )


def _nonpersonal_address(row: Row) -> NonpersonalAddress:
    return NonpersonalAddress(
        address=Address(row.address("address")),
        unit_id=UnitId(row.text("unit_id")),
        mailbox_id=row.box("mailbox_id") if row.get("mailbox_id") else None,
        target=row.destination("target") if row.get("target") else None,
        requested_by=row.get("requested_by"),
    )
