"""What an undo holds against the data (architecture.md, Holds): it stays as it is until the registration rows change.

A hold names single things of one person or box: the life of the mailbox, its sender, its forward, or an address. What
the rules make of everything else goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import Finding, Severity
from nexusops.model.frozen import altered, frozen
from nexusops.model.ids import Address
from nexusops.model.journal import LedgerRow
from nexusops.model.ledger import Hold, HoldKind, Ledger
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, Mailbox, MailboxState
from nexusops.model.notices import Notice
from nexusops.model.people import NameRequest, SenderChoice
from nexusops.model.rows import TABLES, key_of
from nexusops.model.services import Service, ServiceRequest
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.model.units import (
    ExternalRoute,
    MailDomain,
    NonpersonalAddress,
    NonpersonalMailbox,
    Reorg,
    ReorgMember,
)
from nexusops.plan.people.case import Case

LIFE = "life"
SENDER = "sender"
FORWARD = "forward"
SERVICE = "service"
"""What a product was given: its right to its mailbox, or its DNS records."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    LIFE: (
        "state",
        "since",
        "disable_on",
        "disabled_on",
        "delete_on",
        "deleted_on",
        "purge_on",
        "orphaned_on",
        "notice_sent_on",
        "manual_disable",
        "rule",
        "because",
        "evidence",
    ),
    SENDER: ("sender", "sender_origin", "sender_basis", "sender_rule", "sender_because"),
    FORWARD: ("forward",),
}
"""The fields of a mailbox row that belong to each thing."""


def address_item(address: Address) -> str:
    return f"address:{address}"


def alias_item(address: Address) -> str:
    """An address that came with an undone sender, and is to go with it."""
    return f"alias:{address}"


def aliases_of(subject: str, ledger: Ledger) -> list[Address]:
    hold = ledger.holds.get((subject, HoldKind.UNDONE))
    items = items_of(hold) if hold is not None else ()
    return [Address(item.removeprefix("alias:")) for item in items if item.startswith("alias:")]


def items_of(hold: Hold) -> frozenset[str]:
    """The things that an undo's hold names; they stand in its value, one after another."""
    return frozenset(hold.value.split())


def mark_of_person(record: PersonRecord, snapshot: Snapshot) -> str:
    """What an undo for this person rests on: their own rows, their wishes, and what is said of their units."""
    wishes = (record.choice, record.name_requests, record.external_routes)
    return f"{_WAY}/{record.fingerprint}:{_hashed((wishes, _places(record, snapshot)))}"


def _places(record: PersonRecord, snapshot: Snapshot) -> tuple[object, ...]:
    """A person's units and what these become: where they have their mail, and how they are reorganised (R50-R55)."""
    names = {affiliation.unit_id for affiliation in record.affiliations}
    reorgs: list[Reorg] = []
    while fresh := [r for r in snapshot.reorgs if r.source_unit in names and r not in reorgs]:
        reorgs.extend(fresh)
        names.update(reorg.target_unit for reorg in fresh)
    units = [snapshot.units[name] for name in sorted(names) if name in snapshot.units]
    return (
        [(unit.unit_id, unit.kind, unit.domain, unit.own_mail) for unit in units],
        [snapshot.domains.get(unit.domain) for unit in units if unit.domain is not None],
        sorted(reorgs, key=lambda reorg: (reorg.reorg_id, reorg.source_unit, reorg.target_unit)),
        [member for member in snapshot.reorg_members if member.person_id == record.person_id],
    )


def mark_of_box(name: str, snapshot: Snapshot) -> str:
    """What an undo for a non-personal mailbox or address rests on: its row, or the request behind it."""
    address = Address(name)
    rows = (snapshot.nonpersonal_mailboxes.get(name), snapshot.nonpersonal_addresses.get(address))
    return f"{_WAY}/{_hashed((*rows, snapshot.services.get(name)))}"


def goes_on(hold: Hold, mark: str) -> bool:
    """Whether what the undo rests on is still said. Where another version of the program made its mark, only a person's
    own rows can be compared, which are hashed as they stand: an upgrade does nothing again that somebody undid.
    """
    (way, own), (way_now, own_now) = _parts(hold.fingerprint), _parts(mark)
    return hold.fingerprint == mark or (way != way_now and own == own_now)


def _parts(mark: str) -> tuple[str, str]:
    """How it was made ('' before that was said), and the fingerprint of a person's own rows ('' for a mailbox)."""
    way, said, rest = mark.partition("/")
    return (way, rest.rpartition(":")[0]) if said else ("", mark.rpartition(":")[0])


def _hashed(value: object) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=16).hexdigest()


_READ = (
    *(SenderChoice, NameRequest, ExternalRoute, MailDomain, Reorg, ReorgMember),
    *(NonpersonalMailbox, NonpersonalAddress, ServiceRequest),
)
_WAY = _hashed([[kind.__name__, *(one.name for one in fields(kind))] for kind in _READ])[:8]
"""How this version makes a mark: with a field more or less, the same rows give another."""


def life_of(state: MailboxState | None) -> str:
    """What a mailbox is to its owner: there, disabled, deleted, or gone; a grace is a date, not another life."""
    if state is None or state is MailboxState.PURGED:
        return "gone"
    return "live" if state in LIVE_MAILBOX_STATES else state.value


def withheld(rows: Sequence[LedgerRow], before: Ledger, items: frozenset[str]) -> tuple[LedgerRow, ...]:
    """The judged rows, with the things that an undo holds as they were before.

    Where that would leave a live mailbox without an address to send from, or with two in one domain, the rules win; and
    where the mailbox itself ends or comes back, which is not held, everything on it goes with it (R36, D23).
    """
    if any(_lives_otherwise(row, before) for row in rows):
        return tuple(_as_before(row, before) for row in rows if _known(row, before)) if LIFE in items else tuple(rows)
    kept: list[LedgerRow] = []
    for row in rows:
        if isinstance(row, Allocation) and address_item(row.address) in items:
            kept.extend([_as_before(row, before)] if _known(row, before) else [])
        elif isinstance(row, Mailbox):
            kept.append(_with_held_fields(row, before, items))
        elif isinstance(row, Service) and items & {LIFE, SERVICE}:
            kept.append(_as_before(row, before))
        else:
            kept.append(row)
    return tuple(kept) if fits(kept, rows) or not fits(rows) else tuple(rows)


@frozen
class Held:
    """What an undo holds of one person, and the ledger as it was before the run."""

    items: frozenset[str]
    before: Ledger


def withhold(case: Case, held: Held) -> bool:
    """Puts what is held back as it was, before anything is told or dated by it; whether that is the mailbox's life."""
    rows: tuple[LedgerRow, ...] = (*case.boxes.values(), *case.rows.values())
    case.put_back(withheld(rows, held.before, held.items))
    return LIFE in held.items and any(_lives_otherwise(row, held.before) for row in rows)


def _known(row: LedgerRow, before: Ledger) -> bool:
    ours = isinstance(row, Mailbox | Allocation | Notice)
    return not ours or key_of(row) in getattr(before, TABLES[type(row)])


def _as_before(row: LedgerRow, before: Ledger) -> LedgerRow:
    purged = isinstance(row, Mailbox) and row.state is MailboxState.PURGED
    if isinstance(row, Service):
        return before.services.get(row.request_id, row)
    if purged or not isinstance(row, Mailbox | Allocation | Notice):
        return row
    known: LedgerRow = getattr(before, TABLES[type(row)])[key_of(row)]
    return known


def _lives_otherwise(row: LedgerRow, before: Ledger) -> bool:
    """A mailbox that would be made, disabled, enabled, deleted or restored. Its purge is the tenant's own act."""
    if not isinstance(row, Mailbox):
        return False
    was = before.mailboxes.get(row.key)
    if row.state is MailboxState.PURGED:
        return False
    return life_of(row.state) != life_of(was.state if was else None)


def _with_held_fields(box: Mailbox, before: Ledger, items: frozenset[str]) -> Mailbox:
    was = before.mailboxes.get(box.key)
    if was is None:
        return box
    names = [name for item in (SENDER, FORWARD) if item in items for name in FIELDS[item]]
    return altered(box, **{name: getattr(was, name) for name in names})


def with_fields(box: Mailbox, of: Mailbox, item: str) -> Mailbox:
    """The mailbox with this thing as another row has it."""
    return replace(box, **{name: getattr(of, name) for name in FIELDS[item]})


def fits(rows: Iterable[LedgerRow], others: Iterable[LedgerRow] = ()) -> bool:
    """R3, R20: every live mailbox sends from an active address of its own; at most one personal one in a domain.

    An address that is in none of these rows, nor in ``others``, is one of a domain with mail of its own (3.7).
    """
    rows = tuple(rows)
    ours = {row.address for row in (*rows, *others) if isinstance(row, Allocation)}
    active = [row for row in rows if isinstance(row, Allocation) and row.state is AddressState.ACTIVE]
    usable = {(row.mailbox_key, row.address) for row in active}
    senders = [
        (row.key, row.sender)
        for row in rows
        if isinstance(row, Mailbox) and row.live and row.name is not None and row.sender in ours
    ]
    domains = [(row.person_id, row.domain) for row in active if row.kind is AddressKind.PERSONAL]
    return len(domains) == len(set(domains)) and usable.issuperset(senders)


_NAMES = {
    LIFE: "the mailbox",
    SENDER: "the sender",
    FORWARD: "the forward",
    SERVICE: "what the product sends with",
}


def things_told(value: str) -> str:
    """What an undo's hold names, as people call it."""
    items = (item for item in sorted(value.split()) if not item.startswith("alias:"))
    return ", ".join(_NAMES.get(item, item.removeprefix("address:")) for item in items)


def held_finding(hold: Hold, scope: str) -> Finding:
    """That something is kept against the data, and until when."""
    message = f"kept as {hold.actor} undid it ({things_told(hold.value)}), until registration says something new"
    return Finding(code="UNDONE", subject=hold.subject, message=message, severity=Severity.INFO, scope=scope)
