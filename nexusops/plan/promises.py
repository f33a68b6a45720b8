"""The promises of advance as changes of a plan: addresses that wind down or come back, and notices that are owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.changes import OnMailbox, ReviveAddress, SendNotice, Why, WindDownAddress
from nexusops.model.findings import Finding, box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, MailboxKey, PersonId, UnitId
from nexusops.model.journal import RowChange
from nexusops.model.ledger import Alternative, Ledger
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice, NoticeKind, NoticeState
from nexusops.plan.people.case import paused
from nexusops.rules.notices import recipients

Promise = WindDownAddress | ReviveAddress


def promises_of(rows: Iterable[RowChange], ledger: Ledger) -> tuple[Promise, ...]:
    """Personal addresses that enter wind-down, or leave it (2.1). What only follows its mailbox is no change of its
    own.
    """
    found: list[Promise] = []
    for change in rows:
        before, after = change.before, change.after
        if not isinstance(after, Allocation) or after.kind is not AddressKind.PERSONAL:
            continue
        was = before.state if isinstance(before, Allocation) else None
        if after.state is AddressState.WINDDOWN and was in (AddressState.ACTIVE, AddressState.SUSPENDED):
            found.append(_winds_down(after, was, ledger))
        elif after.state is AddressState.ACTIVE and was is AddressState.WINDDOWN:
            found.append(
                ReviveAddress(
                    mailbox=_on(after, ledger), why=_why(after), address=after.address, period=after.period, was=was
                )
            )
    return tuple(sorted(found, key=lambda promise: (promise.address, promise.period)))


def _winds_down(row: Allocation, was: AddressState, ledger: Ledger) -> WindDownAddress:
    if row.winddown_on is None or row.delete_on is None:
        raise AssertionError(f"a wind-down has both dates: {row.address}")
    return WindDownAddress(
        mailbox=_on(row, ledger),
        why=_why(row),
        address=row.address,
        period=row.period,
        was=was,
        winddown_on=row.winddown_on,
        delete_on=row.delete_on,
        reason=row.reason or "",
    )


def _on(row: Allocation, ledger: Ledger) -> OnMailbox | None:
    box = ledger.mailboxes.get(row.mailbox_key) if row.mailbox_key else None
    return OnMailbox.of(box) if box is not None else None


def _why(row: Allocation) -> Why:
    return Why(subject=row.person_id or row.address, rule=row.rule, because=row.because, evidence=row.evidence)


def notices_of(ledger: Ledger, staff: Mapping[UnitId, tuple[str, ...]], kept_days: int) -> tuple[SendNotice, ...]:
    """Every owed notice of the slice, with whom it goes to today (D33). ``staff``: the addresses of a unit's IT;
    ``kept_days``: how long what is deleted can be brought back (D08).

    People who are frozen or whose card is missing are told nothing meanwhile (D26, D29).
    """
    owed = [n for n in ledger.notices.values() if n.state is NoticeState.OWED and not paused(n.person_id, ledger)]
    owed.sort(key=lambda notice: notice.key)
    shelf = _Shelf.of(ledger, owed)
    return tuple(_send(notice, shelf, staff, kept_days) for notice in owed)


UNREACHABLE = "NOTICE_NO_ADDRESS"


def unreachable(notices: Iterable[SendNotice]) -> tuple[Finding, ...]:
    """Notices that are owed to somebody who has no address for them (D33). They stay owed, and are no changes."""
    return tuple(
        Finding(
            code=UNREACHABLE,
            subject=notice.why.subject,
            message=f"a notice ({notice.notice}) is owed, and there is no address to which it could be sent",
            scope=person_scope(notice.person_id) if notice.person_id else box_scope(notice.target),
        )
        for notice in notices
        if not notice.to
    )


@frozen
class _Shelf:
    """What notices say, laid out once for all of them: a mass event owes thousands on one day."""

    boxes: Mapping[MailboxKey, Mailbox]
    latest: Mapping[PersonId, Mailbox]
    alternatives: Mapping[PersonId, Sequence[Alternative]]
    followed: Mapping[MailboxKey, Sequence[Allocation]]
    """Addresses that another one took over, by mailbox."""

    shared: Mapping[Address, str]
    """The names of mailboxes that are nobody's own, by what they send as."""

    def named(self, senders: Iterable[Address]) -> list[str]:
        return sorted(self.shared[sender] for sender in senders if sender in self.shared)

    @classmethod
    def of(cls, ledger: Ledger, notices: Collection[Notice]) -> _Shelf:
        people = {notice.person_id for notice in notices}
        latest: dict[PersonId, Mailbox] = {}
        for box in ledger.mailboxes.values():
            if box.person_id is not None and box.person_id in people:
                before = latest.get(box.person_id)
                if before is None or box.generation > before.generation:
                    latest[box.person_id] = box
        alternatives: dict[PersonId, list[Alternative]] = defaultdict(list)
        for alternative in ledger.alternatives.values():
            alternatives[alternative.person_id].append(alternative)
        followed: dict[MailboxKey, list[Allocation]] = defaultdict(list)
        for row in ledger.allocations.values():
            if row.mailbox_key is not None and row.successor:
                followed[row.mailbox_key].append(row)
        units = {notice.unit_id for notice in notices if notice.kind is NoticeKind.ORPHANED}
        mine = (box for box in ledger.mailboxes.values() if box.person_id is None and box.unit_id in units)
        shared = {box.sender: box.name for box in mine if box.sender and box.name}
        return cls(boxes=ledger.mailboxes, latest=latest, alternatives=alternatives, followed=followed, shared=shared)


def _send(notice: Notice, shelf: _Shelf, staff: Mapping[UnitId, tuple[str, ...]], kept_days: int) -> SendNotice:
    box = _present(notice, shelf)
    if notice.kind is NoticeKind.ORPHANED:
        to = staff.get(notice.unit_id, ()) if notice.unit_id else ()
    else:
        to = tuple(recipients(box, shelf.alternatives.get(notice.person_id, ()) if notice.person_id else ()))
    name = box.name if box is not None and box.name else (notice.person_id or "")
    text = {"mailbox": name}
    if notice.kind is NoticeKind.STATUS_CHANGE:
        text["kept_days"] = str(kept_days)
    if box is not None and box.state in _CLOSED:
        text["closed"] = box.state.value
    if notice.kind is NoticeKind.ORPHANED and len(boxes := shelf.named(notice.addresses)) > 1:
        text["mailboxes"] = " ".join(boxes)
    for row in shelf.followed.get(notice.mailbox_key, ()) if notice.mailbox_key else ():
        if row.address in notice.addresses and row.successor:
            text[f"successor:{row.address}"] = row.successor
    return SendNotice(
        why=Why(
            subject=notice.person_id or notice.unit_id or name,
            rule=notice.rule,
            because=notice.because,
            evidence=notice.evidence,
        ),
        key=notice.key,
        notice=notice.kind,
        target=name,
        to=to,
        person_id=notice.person_id,
        unit_id=notice.unit_id,
        addresses=notice.addresses,
        delete_on=notice.delete_on,
        short_notice=notice.short_notice,
        text=text,
    )


_CLOSED = frozenset({MailboxState.DISABLED, MailboxState.DELETED})


def _present(notice: Notice, shelf: _Shelf) -> Mailbox | None:
    """The person's latest mailbox, or the box that the notice is about."""
    if notice.person_id is None:
        return shelf.boxes.get(notice.mailbox_key) if notice.mailbox_key else None
    return shelf.latest.get(notice.person_id)
