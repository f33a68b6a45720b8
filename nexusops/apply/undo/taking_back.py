"""The ledger as it was before a run, thing by thing, as far as nothing newer stands on it (interface.md 3, 4).

A run is undone from the before-images in its journal rows. What a later run, the desk or time has changed since stays
as it is, and is told of with both values.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from nexusops.apply.undo.pieces import Piece, pieces_of, shown
from nexusops.apply.undo.winding import was_called_off, wound_down_anew
from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId
from nexusops.model.journal import JournalRow, LedgerRow, RowChange
from nexusops.model.ledger import Hold, HoldKind, Ledger
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice, NoticeState
from nexusops.model.policy import Policy
from nexusops.model.rows import TABLES, key_of
from nexusops.model.services import Service
from nexusops.model.steps import USER
from nexusops.model.tenant import Reason
from nexusops.plan.holding import LIFE, SENDER, goes_on, items_of, life_of, with_fields
from nexusops.rules.allocation import end
from nexusops.rules.lifecycle import deleted
from nexusops.rules.services.life import undone as undone_service

RULE = "undo"


@frozen
class Undoing:
    """How a run is undone: why, when, and which mailboxes' directory users had been there before (they stay)."""

    because: str
    today: date
    policy: Policy
    existed: frozenset[MailboxKey] = frozenset()


@frozen
class Undone:
    """The ledger with the run taken back, the things that were, and what could not be."""

    ledger: Ledger
    pieces: tuple[Piece, ...]
    findings: tuple[Finding, ...]

    def items(self) -> dict[str, frozenset[str]]:
        """Subject -> the things of it that were undone. With the life of a mailbox goes all that hangs on it."""
        found: dict[str, frozenset[str]] = {}
        for piece in self.pieces:
            known = found.get(piece.subject, frozenset())
            if piece.item and LIFE not in known:
                found[piece.subject] = frozenset({LIFE}) if piece.item == LIFE else known | {piece.item}
        return found


def kept_apart(undone: Undone, items: Mapping[str, frozenset[str]], before: Ledger) -> dict[str, frozenset[str]]:
    """Subject -> the things to hold, as runs judge them: an address of a unit that is not the mailbox's own has a row
    of its own in registration, and is held for itself (3.10).
    """
    boxes = (*before.mailboxes.values(), *undone.ledger.mailboxes.values())
    own = {(box.key, box.sender) for box in boxes}
    found = dict(items)
    for piece in undone.pieces:
        row = piece.change.row
        if not isinstance(row, Allocation) or row.person_id is not None or (row.mailbox_key, row.address) in own:
            continue
        found[piece.subject] = found.get(piece.subject, frozenset()) - {piece.item}
        found[row.address] = frozenset({piece.item})
    return {subject: things for subject, things in found.items() if things}


def take_back(changes: Sequence[RowChange], ledger: Ledger, undoing: Undoing) -> Undone:
    """Puts back what this run changed. ``ledger``: the slice of today, with the holders of the addresses concerned."""
    work: list[Piece] = []
    findings = [finding for change in changes if (finding := _sent(change)) is not None]
    latest: dict[Address, int] = {}
    for row in ledger.holders.values():
        latest[row.address] = max(row.period, latest.get(row.address, 0))
    for piece in pieces_of(changes):
        refusal = _refusal(piece, ledger, undoing, latest)
        if refusal is None:
            work.append(piece)
        else:
            findings.append(_finding(piece, refusal))
    while True:
        merged = _merged(work, ledger, undoing)
        misfits = _misfits(work, merged)
        if not misfits:
            break
        left = {id(piece) for piece in misfits}
        work = [piece for piece in work if id(piece) not in left]
        findings += [_finding(piece, "what stands today rests on it") for piece in misfits]
    findings += [_partly(piece) for piece in work if piece.item == LIFE and _was_deleted(piece)]
    return Undone(ledger=merged, pieces=tuple(work), findings=tuple(findings))


def _refusal(piece: Piece, ledger: Ledger, undoing: Undoing, latest: Mapping[Address, int]) -> str | None:
    """Why this thing cannot be put back; None: it can. ``latest``: the last period of each address."""
    present = getattr(ledger, TABLES[type(piece.change.row)]).get(key_of(piece.change.row))
    if isinstance(present, Mailbox) and piece.item == LIFE:
        if _gone(present, undoing.today) and _was_deleted(piece):
            return "the mailbox was purged by the tenant, which keeps what was deleted no longer"
        if piece.change.before is None and present.key in undoing.existed:
            return "the directory user had been there before, and stays, with its licence and mailbox"
    now, then = shown(present, piece.item), shown(piece.change.after, piece.item)
    if now != then:
        return f"the run left {then}, and it is {now} now"
    if isinstance(present, Allocation):
        if latest.get(present.address, 0) > present.period:
            return "the address was given out again since"
    return None


def _gone(box: Mailbox, today: date) -> bool:
    return box.state is MailboxState.PURGED or (box.purge_on is not None and today >= box.purge_on)


def _was_deleted(piece: Piece) -> bool:
    return isinstance(piece.change.after, Mailbox) and piece.change.after.state is MailboxState.DELETED


def _merged(work: Iterable[Piece], ledger: Ledger, undoing: Undoing) -> Ledger:
    """The ledger with these things put back, one after the other."""
    tables: dict[str, dict[object, LedgerRow]] = {name: dict(getattr(ledger, name)) for name in set(TABLES.values())}
    on_box: dict[MailboxKey | None, list[tuple[Address, int]]] = defaultdict(list)
    for key, one in ledger.allocations.items():
        on_box[one.mailbox_key].append(key)
    why = Reason(rule=RULE, because=undoing.because)
    for piece in work:
        table, place = tables[TABLES[type(piece.change.row)]], key_of(piece.change.row)
        row = _put_back(piece, table.get(place), undoing, ledger)
        if row is None:
            table.pop(place, None)
            continue
        table[place] = row
        if piece.item == LIFE and isinstance(row, Mailbox) and piece.change.before is None:
            rows = tables[TABLES[Allocation]]
            for key in on_box[row.key]:
                if isinstance(ended := rows.get(key), Allocation) and ended.live:
                    rows[key] = end(ended, undoing.today, why)
    return replace(ledger, **tables)  # type: ignore[arg-type]


def _put_back(piece: Piece, present: LedgerRow | None, undoing: Undoing, ledger: Ledger) -> LedgerRow | None:
    before, why = piece.change.before, Reason(rule=RULE, because=undoing.because)
    if isinstance(present, Mailbox):
        if isinstance(before, Mailbox):
            row = with_fields(present, before, piece.item)
            return _deleted_anew(row, undoing) if piece.item == LIFE and before.state is MailboxState.DELETED else row
        return deleted(present, undoing.today, undoing.policy, why)
    if isinstance(present, Service):
        return undone_service(present, before if isinstance(before, Service) else None)
    if isinstance(present, Allocation) and before is None:
        # It may have ended already, with the mailbox that was made for it.
        return end(present, undoing.today, why) if present.live else present
    if isinstance(present, Allocation) and isinstance(before, Allocation) and was_called_off(before, ledger.notices):
        return wound_down_anew(present, before, undoing.today, undoing.policy, why)
    if isinstance(present, Allocation) and isinstance(before, Allocation) and present.live and not before.live:
        return replace(before, deleted_on=undoing.today)
    return before


def _deleted_anew(box: Mailbox, undoing: Undoing) -> Mailbox:
    """D08: the tenant counts its thirty days from today, and keeps the addresses for as long."""
    today = undoing.today
    purge_on = today + timedelta(days=undoing.policy.deleted.purge_after_days)
    return replace(box, since=today, deleted_on=today, purge_on=purge_on)


def _misfits(work: Sequence[Piece], merged: Ledger) -> list[Piece]:
    """Things that cannot go back, since a mailbox's sender or end, or another address, rests on what they are now: the
    first of each subject, for without it the others may fit.
    """
    present = _Present.of(merged)
    found: dict[str, Piece] = {}
    for piece in work:
        if piece.subject in found:
            continue
        row = getattr(merged, TABLES[type(piece.change.row)]).get(key_of(piece.change.row))
        cut_off = isinstance(row, Mailbox) and piece.item in (LIFE, SENDER) and not present.sends(row)
        if cut_off or (isinstance(row, Allocation) and present.rests_on(row)):
            found[piece.subject] = piece
    return list(found.values())


@frozen
class _Present:
    """The mailboxes, and the active addresses, as a merged ledger has them."""

    boxes: Mapping[MailboxKey, Mailbox]
    active: frozenset[tuple[MailboxKey | None, Address]]
    known: frozenset[Address]
    twins: Counter[tuple[PersonId | None, Domain]]

    @classmethod
    def of(cls, merged: Ledger) -> _Present:
        active = [row for row in merged.allocations.values() if row.state is AddressState.ACTIVE]
        return cls(
            boxes=merged.mailboxes,
            active=frozenset((row.mailbox_key, row.address) for row in active),
            known=frozenset(row.address for row in merged.allocations.values()),
            twins=Counter((row.person_id, row.domain) for row in active if row.kind is AddressKind.PERSONAL),
        )

    def rests_on(self, row: Allocation) -> bool:
        box = self.boxes.get(row.mailbox_key) if row.mailbox_key else None
        if row.live and box is not None and life_of(box.state) in ("gone", MailboxState.DELETED.value):
            return True
        if row.state is not AddressState.ACTIVE:
            return box is not None and box.live and box.sender == row.address
        return self.twins[row.person_id, row.domain] > 1

    def sends(self, box: Mailbox) -> bool:
        """Whether a live mailbox has an active address to send from (R3), or one of a domain with mail of its own."""
        if not box.live or box.name is None:
            return True
        return (box.key, box.sender) in self.active or (box.sender is not None and box.sender not in self.known)


def holds(
    undone: Mapping[str, frozenset[str]], marks: Mapping[str, str], known: Ledger, actor: str, reason: str
) -> list[Hold]:
    """One hold a subject: what was undone is not done again until its registration rows change.

    ``undone``: subject -> things; ``marks``: subject -> its rows now. An earlier hold on the same rows goes on.
    """
    found = []
    for subject, undone_now in sorted(undone.items()):
        before = known.holds.get((subject, HoldKind.UNDONE))
        same = before is not None and goes_on(before, marks[subject])
        items = undone_now | (items_of(before) if before is not None and same else frozenset())
        found.append(
            Hold(
                subject=subject,
                kind=HoldKind.UNDONE,
                fingerprint=marks[subject],
                actor=actor,
                reason=reason,
                value=" ".join(sorted(items)),
            )
        )
    return found


def users_that_existed(making: Iterable[JournalRow]) -> frozenset[MailboxKey]:
    """Mailboxes for which a directory user was found, as the journal's rows about their making say."""
    tried, made = set(), set()
    for row in making:
        entry = row.entry
        if entry.step == USER:
            key = MailboxKey(entry.object.partition(":")[2])
            tried.add(key)
            if isinstance(entry.before, dict) and entry.before.get("existed") is False:
                made.add(key)
    return frozenset(tried - made)


def _sent(change: RowChange) -> Finding | None:
    after, before = change.after, change.before
    if not isinstance(after, Notice) or after.state is not NoticeState.SENT:
        return None
    if isinstance(before, Notice) and before.state is NoticeState.SENT:
        return None
    message = f"a notice ({after.kind}) was sent on {after.sent_on}, and a letter cannot be called back"
    return Finding(code="UNDO_NONE", subject=after.person_id or after.unit_id or after.key, message=message)


def _finding(piece: Piece, refusal: str) -> Finding:
    message = f"{piece.name} cannot be undone: {refusal}"
    return Finding(code="UNDO_NONE", subject=piece.subject, message=message, scope=piece.scope)


def _partly(piece: Piece) -> Finding:
    message = f"{piece.name}: what the tenant kept comes back; a licence only where one is free"
    return Finding(
        code="UNDO_PARTIAL", subject=piece.subject, message=message, severity=Severity.INFO, scope=piece.scope
    )
