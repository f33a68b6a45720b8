"""What is so now, each fact with its rule, its date and the rows that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import Finding
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import Mailbox, MailboxState, SenderOrigin
from nexusops.model.policy import Policy
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.report.explain import Fact, Period
from nexusops.rules.book import free_after

SOMEBODY = "somebody else"
"""How the holder of another ownership period is named: who it was is not for everybody (rules.md 4c)."""

WORDS: Mapping[str, str] = {
    AddressState.WINDDOWN: "in wind-down",
    MailboxState.PURGED: "deleted, and its content gone",
    MailboxState.GRACE_CANCELLED: "in the grace after the card's cancellation",
    MailboxState.GRACE_STATUS: "in the grace after the status changed",
    Standing.OUT: "no longer entitled",
    Standing.GRACE: "no longer entitled, in a time of grace",
    Standing.MISSING_HOLD: "on hold",
}
"""States that say little to somebody who never saw the tool; every other one is its own word."""


def word(state: str) -> str:
    return WORDS.get(state, state.replace("_", " "))


def unit_named(unit_id: UnitId, snapshot: Snapshot | None) -> str:
    """By its id, with its name where the registration data have one."""
    unit = snapshot.units.get(unit_id) if snapshot is not None else None
    return f"{unit_id} ({unit.name})" if unit is not None and unit.name else unit_id


def mailbox_facts(box: Mailbox | None) -> Iterator[Fact]:
    """Its state, its sender and its forward."""
    if box is None:
        return
    yield Fact(
        label="mailbox",
        value=f"{box.name or '(no username yet)'}, {word(box.state)}",
        rule=box.rule,
        because=box.because,
        since=box.since,
        evidence=box.evidence,
    )
    if box.sender is not None:
        yield Fact(
            label="sender",
            value=f"{box.sender} ({box.sender_origin.value if box.sender_origin else 'default'})",
            rule=box.sender_rule or box.rule,
            because=box.sender_because or box.because,
            evidence=box.evidence,
        )
    if box.forward is not None:
        yield Fact(label="forward", value=f"{box.forward.to} ({box.forward.origin.value})", rule="R58")


def sender_facts(box: Mailbox | None, rows: Iterable[Allocation], record: PersonRecord | None) -> Iterator[Fact]:
    """What was chosen, and what could be: "why is my sender my college?" """
    if box is None or not box.live:
        return
    others = [
        row.address
        for row in rows
        if row.kind is AddressKind.PERSONAL and row.state is AddressState.ACTIVE and row.address != box.sender
    ]
    if others:
        because = "the user can choose another of their active addresses in self-service"
        yield Fact(label="could be", value=", ".join(sorted(others)), rule="R12", because=because)
    choice = record.choice if record is not None else None
    if choice is not None and box.sender_origin is not SenderOrigin.CHOICE:
        because = "it is no active address of theirs, so the choice is ignored until it is"
        yield Fact(label="chosen", value=str(choice.address), rule="D17", because=because)


def finding_facts(findings: Iterable[Finding]) -> Iterator[Fact]:
    for finding in findings:
        yield Fact(label="finding", value=finding.code, because=finding.message, evidence=finding.evidence)


def address_fact(row: Allocation, box: Mailbox | None) -> Fact:
    """An address in the list of somebody's addresses."""
    return Fact(
        label="address",
        value=f"{row.address}, {word(row.state)}{_ending(row)}",
        rule=row.rule,
        because=row.because,
        since=_since(row, box),
        evidence=row.evidence,
    )


def _ending(row: Allocation) -> str:
    """Its day, where it has one of its own."""
    return f", ends {row.delete_on}" if row.live and row.winddown_on and row.delete_on else ""


def present(rows: Sequence[Allocation]) -> Sequence[Allocation]:
    """Each address as it was last theirs: what became of it before stands at the address itself."""
    latest = {row.address: row.period for row in sorted(rows, key=lambda row: row.period)}
    return [row for row in rows if row.period == latest[row.address]]


def _since(row: Allocation, box: Mailbox | None) -> date | None:
    """Since when it is in this state; a suspended address is so since its mailbox was disabled (2.1)."""
    if row.state is AddressState.SUSPENDED:
        return box.disabled_on if box is not None else None
    if row.state is AddressState.ACTIVE:  # what of units ends with its domain has a day, and winds down not before
        return row.created_on
    return row.deleted_on or row.winddown_on or row.created_on


def row_facts(row: Allocation, box: Mailbox | None, unit: str | None) -> Iterator[Fact]:
    """The address itself: "when does my old address stop?" """
    yield Fact(
        label="state",
        value=word(row.state),
        rule=row.rule,
        because=row.because,
        since=_since(row, box),
        evidence=row.evidence,
    )
    if unit is not None:
        yield Fact(label="unit", value=unit, rule="R26")
    if row.live and box is not None and row.kind is not AddressKind.FOREIGN:
        sends = "is" if box.sender == row.address else "is not"
        yield Fact(
            label="sender",
            value=f"{sends} what {box.name} sends as",
            rule=box.sender_rule or "R3",
            because=_sending(row, box),
        )
    if row.winddown_on is not None and row.live:
        yield from _winddown_facts(row)
    elif row.notice_sent_on is not None:
        yield Fact(label="notice", value=f"sent on {row.notice_sent_on}", rule="R47")
    if row.successor is not None:
        yield Fact(label="replaced by", value=row.successor, rule="D18")


def _winddown_facts(row: Allocation) -> Iterator[Fact]:
    """When its owner is told, and when it ends; what ends earlier as was asked need not be announced (D43), nor does
    what was somebody's who has died.
    """
    told, ends, rule = "none", "", "R41"
    if row.notice_sent_on is not None:
        told, ends = f"sent on {row.notice_sent_on}", "it is the day that was announced"
    elif row.notice_due_on is not None:
        told, ends, rule = f"due on {row.notice_due_on}", "it is projected until the notice is sent", "D04"
    if not row.gate:
        ends, rule = "it is the day that was asked for", "D43"
    yield Fact(label="notice", value=told, rule="R47")
    yield Fact(label="ends", value=f"{row.delete_on}", rule=rule, because=ends)


def reuse_fact(row: Allocation, owner: PersonState | None, policy: Policy) -> Iterator[Fact]:
    """When an address that has ended may go to somebody else (R19; D09, D10)."""
    if row.state is not AddressState.DELETED or row.kind is not AddressKind.PERSONAL or owner is None:
        return
    if owner.deceased:
        yield Fact(label="given again", value="not until it is released", rule="D43")
    elif owner.state is Standing.FROZEN:
        because = "its owner may be here again, and has rows that cannot be read"
        yield Fact(label="given again", value="not until they are repaired", rule="D29", because=because)
    elif (free := free_after(row, owner.left_on, policy)) is None:
        because = "its owner is still here, and may take it back"
        yield Fact(label="given again", value="never, as long as its owner is here", rule="D10", because=because)
    else:
        here = owner.left_on is None
        because = f"its owner left its unit on {row.winddown_on}" if here else f"its owner left on {owner.left_on}"
        yield Fact(label="given again", value=f"to somebody else after {free}", rule="R19", because=because)


def number_facts(row: Allocation, others: Iterable[Allocation]) -> Iterator[Fact]:
    """ "Why the 2?": who holds the plain name, without saying who it is."""
    if row.n == 1 or row.kind is not AddressKind.PERSONAL:
        return
    before = [held for held in others if held.n < row.n and held.base == row.base and held.person_id != row.person_id]
    latest = {held.address: held for held in sorted(before, key=lambda held: held.period)}
    told = ", ".join(f"{address} {_held_by(held)}" for address, held in sorted(latest.items()))
    because = told or "the plain name was taken when it was allotted, here or in another of their domains (D11)"
    yield Fact(label=f"the {row.n}", value="the lowest number that was free", rule="R17", because=because)


def _held_by(row: Allocation) -> str:
    if row.deleted_on is not None:
        return f"was {SOMEBODY}'s until {row.deleted_on}"
    return f"is {word(row.state)} for {SOMEBODY}"


def periods(rows: Iterable[Allocation], names: Mapping[PersonId, str]) -> Iterator[Period]:
    """Who had the address from when until when; only the present owner is named, the others are masked (4c)."""
    ordered = sorted(rows, key=lambda row: row.period)
    present = ordered[-1]
    for row in ordered:
        own = row.person_id is not None and row.person_id == present.person_id
        owner = row.unit_id or (names.get(row.person_id, row.person_id) if row.person_id and own else SOMEBODY)
        yield Period(owner=owner, state=row.state.value, since=row.created_on, until=row.deleted_on)


def unit_of(row: Allocation, snapshot: Snapshot | None) -> str | None:
    """The unit that an address belongs to, with its name: its own, or one whose domain it is in."""
    unit_id = row.unit_id
    if unit_id is None and snapshot is not None:
        unit_id = next((unit.unit_id for unit in snapshot.units.values() if unit.domain == row.domain), None)
    return unit_named(unit_id, snapshot) if unit_id is not None else None


def _sending(row: Allocation, box: Mailbox) -> str:
    if box.sender is None:
        return f"it is {word(box.state)}, and sends nothing"
    return box.sender_because if box.sender == row.address else f"that is {box.sender}"
