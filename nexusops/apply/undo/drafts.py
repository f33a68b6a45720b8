"""The inverse of a run as changes: only those of the things that are undone, with the reason of the undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from nexusops.apply.undo.taking_back import RULE, Undoing, Undone
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    RemoveAddress,
    RestoreMailbox,
    SetForward,
    SetSender,
)
from nexusops.model.ids import MailboxKey, id_in
from nexusops.model.journal import JournalRow, RowChange
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox
from nexusops.plan.compare import Draft
from nexusops.plan.holding import FORWARD, LIFE, SENDER, SERVICE, address_item, alias_item
from nexusops.plan.promises import Promise, promises_of
from nexusops.plan.service_changes import service_drafts

_LIVES = (CreateMailbox, EnableMailbox, DisableMailbox, DeleteMailbox, RestoreMailbox)


def inverse_drafts(
    drafts: Iterable[Draft], undone: Undone, items: Mapping[str, frozenset[str]], undoing: Undoing
) -> list[Draft]:
    """What the tenant needs of each mailbox for the things that are undone; what else differs is for a run to mend.
    ``items``: subject -> these things.

    Each change expects what the run left: a value that somebody changed since is set aside, not overwritten.
    """
    rows = ((piece.item, piece.change.row) for piece in undone.pieces)
    left = {(row.key, item): row for item, row in rows if isinstance(row, Mailbox)}
    return [
        replace(
            draft,
            findings=(),
            changes=tuple(
                _expecting(_because(change, undoing), left)
                for change in draft.changes
                if items.get(_subject(change), frozenset()) & _things(change)
            ),
        )
        for draft in drafts
    ]


def inverse_promises(rows: Sequence[RowChange], ledger: Ledger, undoing: Undoing) -> list[Promise]:
    """Addresses that leave wind-down again, or go back into it."""
    return [_because(promise, undoing) for promise in promises_of(rows, ledger)]


def left_aliases(undone: Undone, rows: Iterable[JournalRow]) -> dict[str, frozenset[str]]:
    """Subject -> addresses that the run brought with a sender, and that are none of the ledger's.

    A sender of a domain with mail of its own stays as an alias when the sender moves back; what the journal does not
    show to have been there before is to go.
    """
    stood = _addresses_before(rows)
    found: dict[str, frozenset[str]] = {}
    for piece in undone.pieces:
        box = piece.change.row
        if piece.item == SENDER and isinstance(box, Mailbox) and box.sender is not None and box.key in stood:
            own = {row.address for row in undone.ledger.allocations.values() if row.mailbox_key == box.key}
            if box.sender not in own | stood[box.key]:
                found[piece.subject] = frozenset({alias_item(box.sender)})
    return found


def _addresses_before(rows: Iterable[JournalRow]) -> dict[str, frozenset[str]]:
    """Mailbox key -> the addresses that were on it when the run first changed its sender."""
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        entry = row.entry
        if entry.step == "primary" and isinstance(entry.before, dict):
            listed = entry.before.get("addresses")
            if isinstance(listed, list):
                smtp = frozenset(str(one)[5:].lower() for one in listed if str(one)[:5].lower() == "smtp:")
                found.setdefault(entry.object.partition(":")[2], smtp)
    return found


def _subject(change: Change) -> str:
    on = getattr(change, "mailbox", None)
    return id_in(on.key) if on is not None else ""


def _things(change: Change) -> frozenset[str]:
    """The things that a change belongs to: with a mailbox's life go its addresses, its sender and its forward."""
    if isinstance(change, AddAddress | RemoveAddress):
        return frozenset({LIFE, address_item(change.address), alias_item(change.address)})
    if isinstance(change, SetSender):
        return frozenset({LIFE, SENDER})
    if isinstance(change, SetForward | ClearForward):
        return frozenset({LIFE, FORWARD})
    return frozenset({LIFE}) if isinstance(change, _LIVES) else frozenset()


C = TypeVar("C", bound=Change)


def _because(change: C, undoing: Undoing) -> C:
    why = replace(change.why, rule=RULE, because=undoing.because, evidence=())
    return replace(change, why=why)


def _expecting(change: Change, left: Mapping[tuple[MailboxKey, str], Mailbox]) -> Change:
    if isinstance(change, SetSender) and (row := left.get((change.mailbox.key, SENDER))) is not None:
        return replace(change, was=row.sender or change.was)
    if isinstance(change, SetForward | ClearForward) and (row := left.get((change.mailbox.key, FORWARD))) is not None:
        was = row.forward.to if row.forward is not None else None
        if isinstance(change, SetForward):
            return replace(change, was=was)
        return replace(change, was=was or change.was)
    return change


def inverse_services(ledger: Ledger, undone: Undone, undoing: Undoing, publish: str) -> list[Draft]:
    """Rights and DNS records of products that are undone: taken away, or given back."""
    mine = {piece.subject for piece in undone.pieces if piece.item == SERVICE}
    return [
        replace(draft, changes=tuple(_because(change, undoing) for change in draft.changes))
        for draft in service_drafts(ledger, set(ledger.services) - mine, publish)
    ]
