"""The things that a run changed, as its journal tells them: each can be undone by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nexusops.codec import row_from_json
from nexusops.model.addresses import Allocation
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.journal import JournalRow, LedgerRow, Phase, RowChange
from nexusops.model.ledger import Hold
from nexusops.model.mailboxes import ForwardOrigin, Mailbox, MailboxState
from nexusops.model.notices import Notice
from nexusops.model.rows import key_of
from nexusops.model.services import Service
from nexusops.plan.holding import FORWARD, LIFE, SENDER, SERVICE, address_item, life_of

_KINDS: dict[str, type[LedgerRow]] = {
    "mailbox": Mailbox,
    "address": Allocation,
    "notice": Notice,
    "holds": Hold,
    "services": Service,
}
"""Whose rows an undo looks at. People, names and domains are what registration says, not what was done."""


@frozen
class Piece:
    """One thing that became another: the life, the sender or the forward of a mailbox, an address, what a product was
    given, or a hold.

    ``item`` is how a hold names it ('' for a hold itself). ``after`` None: the run removed the row.
    """

    subject: str
    scope: str
    item: str
    name: str
    before: LedgerRow | None
    after: LedgerRow | None

    @property
    def row(self) -> LedgerRow:
        """Which row it is, as the run left it; one that it removed, as it was."""
        row = self.after if self.after is not None else self.before
        if row is None:
            raise AssertionError("a change has a row before or after it")
        return row


def changes_of(rows: Iterable[JournalRow]) -> list[RowChange]:
    """What the run made of each ledger row, first image to last."""
    found: dict[tuple[type, object], RowChange] = {}
    for row in rows:
        entry = row.entry
        kind = _KINDS.get(entry.object.partition(":")[0])
        if entry.phase is not Phase.PROMISE or kind is None:
            continue
        before = row_from_json(kind, entry.before) if entry.before is not None else None
        after = row_from_json(kind, entry.after) if entry.after is not None else None
        one = after if after is not None else before
        if one is None:
            continue
        place = (kind, key_of(one))
        first = found.get(place)
        found[place] = RowChange(before=first.before if first else before, after=after, rule=entry.rule)
    return list(found.values())


def pieces_of(changes: Sequence[RowChange]) -> Iterator[Piece]:
    """Lives first, then addresses, senders and forwards, so that each finds what it stands on."""
    found = [piece for change in changes for piece in _pieces(change)]
    order = {LIFE: 0, SENDER: 2, FORWARD: 3}
    yield from sorted(found, key=lambda piece: (order.get(piece.item, 1), piece.subject, piece.item))


def _pieces(change: RowChange) -> Iterator[Piece]:
    before, after = change.before, change.after
    if isinstance(after, Mailbox):
        yield from _of_mailbox(before if isinstance(before, Mailbox) else None, after)
    elif isinstance(after, Allocation):
        was = before if isinstance(before, Allocation) else None
        if was is None or (was.state, was.gate) != (after.state, after.gate):
            subject = after.person_id or _box_name(after.mailbox_key) or after.address
            scope = person_scope(after.person_id) if after.person_id else box_scope(subject)
            yield _piece(subject, scope, address_item(after.address), after.address, was, after)
    elif isinstance(after, Service):
        given = before if isinstance(before, Service) else None
        if _given(given) != _given(after):
            name, scope = after.request_id, box_scope(after.request_id)
            yield _piece(name, scope, SERVICE, f"what {name} sends with", given, after)
    else:
        hold = after if after is not None else before
        if isinstance(hold, Hold):
            yield _piece(hold.subject, "", "", f"the hold {hold.kind} of {hold.subject}", before, after)


def _given(row: Service | None) -> tuple[object, object]:
    """What a product has in the tenant, and in DNS."""
    return (row.granted, (row.published, row.signs)) if row is not None else (None, ((), False))


def _of_mailbox(before: Mailbox | None, after: Mailbox) -> Iterator[Piece]:
    subject = after.person_id or after.name or after.key
    scope = person_scope(after.person_id) if after.person_id else box_scope(subject)
    name = after.name or after.key
    lives = life_of(before.state if before else None) != life_of(after.state)
    if lives and after.state is not MailboxState.PURGED:
        yield _piece(subject, scope, LIFE, f"the mailbox {name}", before, after)
    if before is None:
        return
    if before.sender != after.sender:
        yield _piece(subject, scope, SENDER, f"the sender of {name}", before, after)
    if before.forward != after.forward and _ours(before) and _ours(after):
        yield _piece(subject, scope, FORWARD, f"the forward of {name}", before, after)


def _ours(box: Mailbox) -> bool:
    """Not a forward that somebody set by hand; that was only seen."""
    return box.forward is None or box.forward.origin is ForwardOrigin.AUTO


def _box_name(key: str | None) -> str | None:
    return key.split(":")[1] if key else None


def _piece(subject: str, scope: str, item: str, name: str, before: LedgerRow | None, after: LedgerRow | None) -> Piece:
    return Piece(subject=subject, scope=scope, item=item, name=name, before=before, after=after)


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
