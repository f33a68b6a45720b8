"""A unit's addresses and mailboxes as text, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nexusops.codec import day, to_text
from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.journal import JsonObject
from nexusops.model.mailboxes import Mailbox
from nexusops.model.units import MailDomain, Unit
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.csvtable import csv_text
from nexusops.report.sentences import state_words

CSV_COLUMNS = ("address", "kind", "state", "username", "person_id", "winddown_on", "notice_sent_on", "delete_on")


@frozen
class Held:
    """An address with its owner's username (None: it has no person, or that has none)."""

    row: Allocation
    owner: str | None


@frozen
class UnitShown:
    """``domain_state``: what the domain counts as, whatever its row says (rules.md 3.11). ``owners``: the usernames of
    those who own its mailboxes; ``staff``: those of its IT staff, who may change what belongs to it.
    """

    unit: Unit
    domain: MailDomain | None
    domain_state: str | None
    addresses: tuple[Held, ...]
    boxes: tuple[Mailbox, ...]
    owners: Mapping[PersonId, str]
    staff: tuple[str, ...]

    @property
    def winding(self) -> tuple[Held, ...]:
        """With those that end with their domain, and send and receive until then (R27)."""
        ending = (AddressState.WINDDOWN, AddressState.ACTIVE)
        return tuple(held for held in self.addresses if held.row.state in ending and held.row.delete_on is not None)


def unit_written(shown: UnitShown, form: str, look: Look) -> str:
    if form == "json":
        return to_text(_document(shown))
    if form == "csv":
        return csv_text(CSV_COLUMNS, map(_values, shown.addresses))
    return written(_blocks(shown), look)


def _document(shown: UnitShown) -> JsonObject:
    unit = shown.unit
    return {
        "unit_id": unit.unit_id,
        "name": unit.name,
        "kind": unit.kind,
        "domain": unit.domain,
        "domain_state": shown.domain_state,
        "own_mail": unit.own_mail,
        "staff": list(shown.staff),
        "addresses": [dict(zip(CSV_COLUMNS, _values(held), strict=True)) for held in shown.addresses],
        "mailboxes": [
            {
                "name": box.name,
                "kind": box.kind.value,
                "state": box.state.value,
                "owner_person_id": box.owner_person_id,
                "owner": _owner(box, shown),
                "sender": box.sender,
                "orphaned_on": day(box.orphaned_on),
                "delete_on": day(box.delete_on),
            }
            for box in shown.boxes
        ],
    }


def _values(held: Held) -> tuple[str | None, ...]:
    row = held.row
    days = (day(row.winddown_on), day(row.notice_sent_on), day(row.delete_on))
    return row.address, row.kind.value, row.state.value, held.owner, row.person_id, *days


def _blocks(shown: UnitShown) -> Iterator[Block]:
    unit, domain = shown.unit, shown.domain
    where = (
        f"{unit.domain} ({state_words(shown.domain_state or 'unknown')})" if domain is not None else "no mail domain"
    )
    own = ", with mail of its own" if unit.own_mail else ""
    yield Line(text=f"{unit.unit_id} {unit.name}: a {unit.kind}, {where}{own}", tone=Tone.TITLE)
    yield Line(text=f"IT staff: {', '.join(shown.staff) or 'none'}", tone=Tone.QUIET)
    yield Line()
    yield Line(text=f"Winding down: {len(shown.winding)}", tone=Tone.WARNING if shown.winding else Tone.TITLE)
    if shown.winding:
        yield Table(rows=[_ending(held) for held in shown.winding])
    yield Line()
    yield Line(text=f"Mailboxes of the unit: {len(shown.boxes)}", tone=Tone.TITLE)
    if shown.boxes:
        yield Table(rows=[_box(box, shown) for box in shown.boxes])
    rest = [held for held in shown.addresses if held not in shown.winding]
    yield Line()
    yield Line(text=f"Addresses: {len(rest)}", tone=Tone.TITLE)
    if rest:
        yield Table(
            rows=[
                (h.row.address, state_words(h.row.state.value), h.owner or "", f"since {h.row.created_on}")
                for h in rest
            ]
        )


def _ending(held: Held) -> tuple[str, ...]:
    row = held.row
    waits = "not told yet" if row.notice_due_on else "no notice"
    told = f"told {row.notice_sent_on}" if row.notice_sent_on else waits
    return row.address, f"ends {row.delete_on}", told, held.owner or row.unit_id or ""


def _owner(box: Mailbox, shown: UnitShown) -> str | None:
    return shown.owners.get(box.owner_person_id) if box.owner_person_id is not None else None


def _box(box: Mailbox, shown: UnitShown) -> tuple[str, ...]:
    ends = f"ends on {box.delete_on}" if box.delete_on else ""
    ends = f"orphaned since {box.orphaned_on}, {ends}" if box.orphaned_on else ends
    owner = f"owner {_owner(box, shown) or 'none'}"
    return box.name or box.key, box.kind.value, state_words(box.state.value), box.sender or "", owner, ends
