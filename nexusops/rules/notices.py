"""Who is told what, and on which day (R46, R47; D04, D06, D07, D33, D43; interface.md 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dates import earliest, next_day
from nexusops.model.findings import Evidence
from nexusops.model.ids import Address
from nexusops.model.ledger import Alternative
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice, NoticeKind, NoticeState
from nexusops.rules.allocation import noticed
from nexusops.rules.lifecycle import warn_on
from nexusops.rules.owing import Owing, new_notice, notice_key

SOURCE_ORDER = ("self", "hris", "student_records")
"""D32: which alternative address is used first."""


def owed(owing: Owing, revived: Iterable[Allocation]) -> tuple[Notice, ...]:
    """New notices that fall due today or fell due earlier, and earlier owed ones that changed or are no longer true."""
    told = _still_true(owing)
    fresh = [
        *_winddown(owing),
        *_cancelled_winddown(owing, revived),
        *_grace(owing),
        *_without_grace(owing),
        *_expiry(owing),
    ]
    return (*told, *(notice for notice in fresh if notice.key not in owing.known))


def recipients(box: Mailbox | None, alternatives: Iterable[Alternative]) -> tuple[Address, ...]:
    """D33: the mailbox's present sender; when it is disabled or deleted, the alternative address; never both."""
    if box is not None and box.live and box.sender is not None:
        return (box.sender,)
    known = {row.source: row.address for row in alternatives if not row.removed}
    return next(((known[source],) for source in SOURCE_ORDER if source in known), ())


def _still_true(owing: Owing) -> list[Notice]:
    """Owed notices: addresses that came back are left out; one that says nothing true any more is never sent."""
    live = {row.address: row for row in owing.rows if row.live}
    changed: list[Notice] = []
    for notice in owing.known.values():
        if notice.state is not NoticeState.OWED:
            continue
        now = _refreshed(notice, owing, live)
        if now != notice:
            changed.append(now)
    return changed


def _refreshed(notice: Notice, owing: Owing, live: Mapping[Address, Allocation]) -> Notice:
    box, today = owing.box, owing.today
    dropped = replace(notice, state=NoticeState.DROPPED, because="it is no longer true")
    if notice.kind is NoticeKind.WINDDOWN:
        due = [live[a] for a in notice.addresses if a in live and _due(live[a], today)]
        ends, short, because = _end_told(due, owing)
        addresses = tuple(row.address for row in due)
        now = replace(notice, addresses=addresses, delete_on=ends, short_notice=short, because=because)
        return now if due else dropped
    if notice.kind is NoticeKind.WINDDOWN_CANCELLED:
        left = tuple(a for a in notice.addresses if a in live and live[a].state is AddressState.ACTIVE)
        return replace(notice, addresses=left) if left else dropped
    if notice.kind is NoticeKind.CANCELLED:
        if _over(box) or _closed_on(owing) is not None:
            return replace(notice, delete_on=box.disabled_on) if box.disabled_on else dropped
        if _ends_cancelled(box, owing) and notice.due_on == next_day(_cancelled_since(box, owing.was)):
            return replace(notice, delete_on=box.disable_on)  # the day may have been corrected to a later one
        return notice if _ends_cancelled(box, owing) and notice.delete_on == box.disable_on else dropped
    if notice.kind is NoticeKind.STATUS_CHANGE:
        ends = box.deleted_on or box.delete_on
        now = replace(notice, delete_on=ends, short_notice=_short(ends, owing))
        return now if _over(box) or box.state is MailboxState.GRACE_STATUS else dropped
    if notice.kind is NoticeKind.EXPIRY_WARNING:
        return notice if owing.until and today <= owing.until and notice.delete_on == owing.disable_on else dropped
    return notice


def _winddown(owing: Owing) -> list[Notice]:
    """One message for all addresses whose notice is due and stands in no owed notice yet (R47, D33)."""
    owed_now = (n for n in owing.known.values() if n.kind is NoticeKind.WINDDOWN and n.state is NoticeState.OWED)
    listed = {address for notice in owed_now for address in notice.addresses}
    due = [
        row
        for row in owing.rows
        if _due(row, owing.today)
        and row.state in (AddressState.WINDDOWN, AddressState.SUSPENDED)
        and row.address not in listed
    ]
    if not due:
        return []
    due_on = min(row.notice_due_on for row in due if row.notice_due_on is not None)
    while notice_key(NoticeKind.WINDDOWN, owing.person_id, due_on) in owing.known:
        due_on = next_day(due_on)  # what comes up later on that day waits for the next day's notice (interface.md 9)
    if due_on > owing.today:
        return []
    ends, short, because = _end_told(due, owing)
    return [new_notice(owing, NoticeKind.WINDDOWN, due_on, due, ends, "R47", because, short=short)]


def _due(row: Allocation, today: date) -> bool:
    """Whether its owner is to be told by now; one that winds down anew since waits for its own day (R47)."""
    return row.notice_due_on is not None and row.notice_due_on <= today


def _end_told(rows: Iterable[Allocation], owing: Owing) -> tuple[date | None, bool, str]:
    """The first of the ends, as they will be if the notice goes out today (D04); whether it is short, and why."""
    ends = earliest(*(noticed(row, owing.today, owing.policy, owing.box.delete_on).delete_on for row in rows))
    if owing.box.delete_on is not None and ends == owing.box.delete_on:
        return ends, _short(ends, owing), "the address ends with its mailbox, and its owner is told"
    return ends, False, "two months before an address ends, its owner is told"


def _short(ends: date | None, owing: Owing) -> bool:
    """Less than the two months of R46, because the mailbox itself goes (D05)."""
    return ends is not None and ends < owing.policy.notice_over(owing.today)


def _cancelled_winddown(owing: Owing, revived: Iterable[Allocation]) -> list[Notice]:
    """D23: if the wind-down notice had been sent, one message that it is off."""
    told = [row for row in revived if row.notice_sent_on is not None]
    return [called_off(told, owing.known, owing.today, owing.evidence)] if told else []


def called_off(
    told: Sequence[Allocation], known: Collection[str], today: date, evidence: tuple[Evidence, ...] = ()
) -> Notice:
    """D23: the end of these addresses of one mailbox, which its owner had been told of, is off.

    ``known``: the keys of the person's notices so far.
    """
    person_id, due_on = told[0].person_id or "", today
    while notice_key(NoticeKind.WINDDOWN_CANCELLED, person_id, due_on) in known:
        due_on = next_day(due_on)  # another address came back earlier today
    return Notice(
        key=notice_key(NoticeKind.WINDDOWN_CANCELLED, person_id, due_on),
        kind=NoticeKind.WINDDOWN_CANCELLED,
        person_id=told[0].person_id,
        unit_id=None,
        mailbox_key=told[0].mailbox_key,
        addresses=tuple(sorted(row.address for row in told)),
        due_on=due_on,
        delete_on=None,
        short_notice=False,
        rule="D23",
        because="the address stays after all, and its end had been announced",
        evidence=evidence,
    )


def _grace(owing: Owing) -> list[Notice]:
    """The day after the card was cancelled, or the status stopped qualifying (D33); late, if need be, when the grace
    that nobody was told of is over.
    """
    box = owing.box
    grace = owing.was if owing.was is not None and owing.was.state in _GRACES and _over(box) else box
    if grace.state not in _GRACES:
        return []
    listed = [row for row in owing.rows if _goes_with(row, box) and row.kind is not AddressKind.FALLBACK]
    told = (n for n in owing.known.values() if n.kind is NoticeKind.CANCELLED and n.state is not NoticeState.DROPPED)
    owed: list[Notice] = []
    ends, due_on = box.disabled_on if _over(box) else box.disable_on, next_day(_cancelled_since(grace, owing.was))
    if ends and due_on <= owing.today and _ends_cancelled(grace, owing):
        if all(notice.delete_on != grace.disable_on for notice in told):
            owed.append(new_notice(owing, NoticeKind.CANCELLED, due_on, listed, ends, "R44", CANCELLED))
    due_on = next_day(grace.since)
    if grace.state is MailboxState.GRACE_STATUS and due_on <= owing.today:
        ends = box.deleted_on or box.delete_on
        because = "the status stopped qualifying, and mailbox and addresses end"
        short, kind = _short(ends, owing), NoticeKind.STATUS_CHANGE
        owed.append(new_notice(owing, kind, due_on, listed, ends, "R42", because, short=short))
    return owed


def _cancelled_since(grace: Mailbox, was: Mailbox | None) -> date:
    """The day on which the grace of a cancellation began, also where this run finds a change of status on top of it."""
    return was.since if was is not None and was.state is MailboxState.GRACE_CANCELLED else grace.since


CANCELLED = "the card was cancelled, and the mailbox ends"


def _without_grace(owing: Owing) -> list[Notice]:
    """The day after the card was cancelled (D33), where that found no grace to begin: there is none (R44), or the
    mailbox was disabled already (R45).
    """
    box, closed_on = owing.box, _closed_on(owing)
    if closed_on is None or owing.today < (due_on := next_day(closed_on)):
        return []
    told = (n for n in owing.known.values() if n.kind is NoticeKind.CANCELLED and n.state is not NoticeState.DROPPED)
    if any(notice.due_on >= due_on or notice.delete_on == box.disabled_on for notice in told):
        return []
    listed = [row for row in owing.rows if _goes_with(row, box) and row.kind is not AddressKind.FALLBACK]
    return [new_notice(owing, NoticeKind.CANCELLED, due_on, listed, box.disabled_on, "R44", CANCELLED)]


def _closed_on(owing: Owing) -> date | None:
    """The day on which a cancellation closed a mailbox for good without a grace; None: it did not."""
    box, seen_on = owing.box, owing.cancellation_seen_on
    if box.state is not MailboxState.DISABLED or box.disabled_on is None:
        return None
    if box.manual_disable:
        return seen_on if seen_on is not None and seen_on > box.disabled_on else None
    return box.disabled_on if box.rule == "R44" and owing.policy.cancelled.grace_months == 0 else None


_GRACES = frozenset({MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS})


def _over(box: Mailbox) -> bool:
    """Whether the mailbox has ended on its day; the desk, which disables at once, tells its owner itself (R45)."""
    return box.state in (MailboxState.DISABLED, MailboxState.DELETED) and not box.manual_disable


def _goes_with(row: Allocation, box: Mailbox) -> bool:
    return row.live or (row.mailbox_key == box.key and row.deleted_on is not None and row.deleted_on == box.deleted_on)


def _ends_cancelled(box: Mailbox, owing: Owing) -> bool:
    """Whether a cancellation disables the mailbox; a change of status may have come on top, and deletes it later."""
    if box.state is MailboxState.GRACE_STATUS and box.disable_on is not None and box.delete_on is not None:
        cancelled = any(card.cancelled_on is not None and card.cancelled_on <= owing.today for card in owing.cards)
        return cancelled and box.disable_on < box.delete_on
    return box.state is MailboxState.GRACE_CANCELLED


def _expiry(owing: Owing) -> list[Notice]:
    """D07: one month before the last day of the card, never after it, nor on the day that the mailbox began."""
    if owing.until is None or owing.box.state is not MailboxState.ACTIVE or owing.policy.expiry.warn_months == 0:
        return []
    due_on = warn_on(owing.until, owing.policy)
    if not max(due_on, next_day(owing.box.since)) <= owing.today <= owing.until:
        return []
    listed = [row for row in owing.rows if row.state is AddressState.ACTIVE and row.kind is not AddressKind.FALLBACK]
    because = f"the card ends on {owing.until}"
    return [new_notice(owing, NoticeKind.EXPIRY_WARNING, due_on, listed, owing.disable_on, "R36", because)]
