"""The things that a run changed, as its journal tells them: each can be undone by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from nexusops.codec import change_of
from nexusops.model.addresses import Allocation
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import id_in
from nexusops.model.journal import JournalRow, LedgerRow, RowChange
from nexusops.model.ledger import Hold
from nexusops.model.mailboxes import ForwardOrigin, Mailbox, MailboxState
from nexusops.model.notices import Notice
from nexusops.model.rows import key_of
from nexusops.model.services import Service
from nexusops.plan.holding import FORWARD, LIFE, SENDER, SERVICE, address_item, life_of

_KINDS = frozenset({Mailbox, Allocation, Notice, Hold, Service})
"""Whose rows an undo looks at. People, names and domains are what registration says, not what was done."""


@frozen
class Piece:
    """One thing that became another: the life, the sender or the forward of a mailbox, an address, what a product was
    given, or a hold.

    ``item`` is how a hold names it ('' for a hold itself); ``change`` is what became of the row that it stands in.
    """

    subject: str
    scope: str
    item: str
    name: str
    change: RowChange


def changes_of(rows: Iterable[JournalRow]) -> list[RowChange]:
    """What the run made of each ledger row, first image to last."""
    found: dict[tuple[type, object], RowChange] = {}
    for row in rows:
        change = change_of(row.entry, _KINDS)
        if change is not None:
            place = (type(change.row), key_of(change.row))
            first = found.get(place, change)
            found[place] = replace(change, before=first.before)
    return list(found.values())


def pieces_of(changes: Sequence[RowChange]) -> Iterator[Piece]:
    """Lives first, then addresses, senders and forwards, so that each finds what it stands on."""
    found = [piece for change in changes for piece in _pieces(change)]
    order = {LIFE: 0, SENDER: 2, FORWARD: 3}
    yield from sorted(found, key=lambda piece: (order.get(piece.item, 1), piece.subject, piece.item))


def _pieces(change: RowChange) -> Iterator[Piece]:
    was, row = change.before, change.row
    if isinstance(row, Hold):
        yield _piece(row.subject, "", "", f"the hold {row.kind} of {row.subject}", change)
    elif isinstance(row, Mailbox):
        yield from _of_mailbox(was if isinstance(was, Mailbox) else None, row, change)
    elif isinstance(row, Allocation):
        if not isinstance(was, Allocation) or (was.state, was.gate) != (row.state, row.gate):
            subject = row.person_id or (id_in(row.mailbox_key) if row.mailbox_key else None) or row.address
            scope = person_scope(row.person_id) if row.person_id else box_scope(subject)
            yield _piece(subject, scope, address_item(row.address), row.address, change)
    elif isinstance(row, Service) and _given(was) != _given(row):
        name = row.request_id
        yield _piece(name, box_scope(name), SERVICE, f"what {name} sends with", change)


def _given(row: LedgerRow | None) -> tuple[object, ...]:
    """What a product has in the tenant, and in DNS."""
    return (row.granted, row.published, row.signs) if isinstance(row, Service) else (None, (), False)


def _of_mailbox(before: Mailbox | None, after: Mailbox, change: RowChange) -> Iterator[Piece]:
    subject = after.person_id or after.name or after.key
    scope = person_scope(after.person_id) if after.person_id else box_scope(subject)
    name = after.name or after.key
    lives = life_of(before.state if before else None) != life_of(after.state)
    if lives and after.state is not MailboxState.PURGED:
        yield _piece(subject, scope, LIFE, f"the mailbox {name}", change)
    if before is None:
        return
    if before.sender != after.sender:
        yield _piece(subject, scope, SENDER, f"the sender of {name}", change)
    if before.forward != after.forward and _ours(before) and _ours(after):
        yield _piece(subject, scope, FORWARD, f"the forward of {name}", change)


def _ours(box: Mailbox) -> bool:
    """Not a forward that somebody set by hand; that was only seen."""
    return box.forward is None or box.forward.origin is ForwardOrigin.AUTO


def _piece(subject: str, scope: str, item: str, name: str, change: RowChange) -> Piece:
    return Piece(subject=subject, scope=scope, item=item, name=name, change=change)


def shown(row: LedgerRow | None, item: str) -> str:
    """The value of a thing, as it is compared and told."""
    if isinstance(row, Service):
        records = "; ".join(f"{one.type} {one.value}" for one in row.published)
        signs = "signed by Exchange" if row.signs else ""
        return ", ".join(part for part in (row.granted or "", records, signs) if part) or "nothing"
    if isinstance(row, Mailbox):
        if item == LIFE:
            return life_of(row.state)
        forward = row.forward.to if row.forward is not None else None
        return (row.sender if item == SENDER else forward) or "none"
    if isinstance(row, Allocation):
        return row.state.value if row.gate else f"{row.state.value} until {row.delete_on}"
    if isinstance(row, Hold):
        return f"set by {row.actor}" + (f" ({row.value})" if row.value else "")
    return "gone"
