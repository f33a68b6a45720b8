"""A non-personal mailbox whose owner has gone: orphaned, told to the unit, handed over or deleted (R28; D31)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.dates import earliest, next_day
from nexusops.model.ids import Address, MailboxKey, UnitId
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice, NoticeKind, NoticeState
from nexusops.model.policy import Policy
from nexusops.plan.setting import Setting, why
from nexusops.rules.lifecycle import deleted
from nexusops.rules.owing import notice_key


def owed_to_units(
    boxes: Iterable[Mailbox], rows: Iterable[Allocation], known: Mapping[str, Notice], policy: Policy, today: date
) -> list[Notice]:
    """What the IT staff of each unit are to be told of these boxes, from the day after the orphaning on.

    One message for a unit and a day, with all the addresses (of ``rows``, those attached to a box too) and the first of
    their ends (D33; interface.md 9). Owed ones that are no longer true are dropped. A box that waits to be told of is
    judged in every run, so that none of a message is ever left out.
    """
    waiting: dict[tuple[UnitId, date], list[Mailbox]] = {}
    for box in sorted(boxes, key=lambda box: box.key):
        if box.state is not MailboxState.ORPHANED or box.orphaned_on is None or box.unit_id is None:
            continue
        due_on = next_day(box.orphaned_on)
        while _was_told(known.get(notice_key(NoticeKind.ORPHANED, box.unit_id, due_on))):
            due_on = next_day(due_on)  # it could not be told of with the others of that day
        if box.notice_sent_on is None and today >= due_on:
            waiting.setdefault((box.unit_id, due_on), []).append(box)
    from_now = policy.notice_over(today)  # two months after the notice, however late
    attached = list(rows) if waiting else []
    ending = _addresses([box for mine in waiting.values() for box in mine], attached)
    with_domain = {row.address: row.delete_on for row in attached if row.person_id is None and row.live}
    told = (
        _told(unit, due_on, mine, ending, earliest(*(_ends(box, from_now, with_domain) for box in mine)))
        for (unit, due_on), mine in waiting.items()
    )
    owed = {notice.key: notice for notice in told}
    open_before = (n for n in known.values() if n.kind is NoticeKind.ORPHANED and n.state is NoticeState.OWED)
    dropped = [replace(n, state=NoticeState.DROPPED) for n in open_before if n.key not in owed]
    return [*owed.values(), *dropped]


def _was_told(notice: Notice | None) -> bool:
    return notice is not None and notice.state is NoticeState.SENT


def _addresses(boxes: Sequence[Mailbox], rows: Iterable[Allocation]) -> dict[MailboxKey, set[Address]]:
    """What each box sends as, and what else is on it: all of it ends with the box (R27)."""
    found = {box.key: {box.sender} if box.sender else set() for box in boxes}
    for row in rows if found else ():
        if row.live and row.mailbox_key in found and row.kind is not AddressKind.FALLBACK:
            found[row.mailbox_key].add(row.address)
    return found


def _ends(box: Mailbox, least: date, with_domain: Mapping[Address, date | None]) -> date | None:
    """Two months after the notice at the least; with its mail domain where that ends first (R27, D22)."""
    if box.delete_on is None:
        return None
    return earliest(max(box.delete_on, least), with_domain.get(box.sender) if box.sender else None)


def _told(
    unit_id: UnitId,
    due_on: date,
    boxes: Sequence[Mailbox],
    ending: Mapping[MailboxKey, set[Address]],
    ends: date | None,
) -> Notice:
    return Notice(
        key=notice_key(NoticeKind.ORPHANED, unit_id, due_on),
        kind=NoticeKind.ORPHANED,
        person_id=None,
        unit_id=unit_id,
        mailbox_key=boxes[0].key,
        addresses=tuple(sorted(set().union(*(ending[box.key] for box in boxes)))),
        due_on=due_on,
        delete_on=ends,
        rule="D31",
        because="the owner has gone, and the mailbox ends unless it is handed over",
    )


def settle_owner(box: Mailbox, owned: bool, setting: Setting) -> Mailbox:
    """Starts or cancels the orphan timer, and ends the mailbox when it has run out (D31)."""
    today, policy = setting.today, setting.policy
    if owned:
        if box.state is MailboxState.ORPHANED:
            box = replace(
                box, state=MailboxState.ACTIVE, orphaned_on=None, delete_on=None, notice_sent_on=None, since=today
            )
            box = replace(box, rule="D31", because="it has an owner again")
        return box
    if box.state is not MailboxState.ORPHANED:
        ends = policy.months_after(today, policy.secondary.orphan_months)
        delete_on = max(ends, policy.notice_over(next_day(today)))
        box = replace(box, state=MailboxState.ORPHANED, since=today, orphaned_on=today, delete_on=delete_on)
        return replace(box, rule="D31", because="its owner has gone or may no longer own it")
    told = box.notice_sent_on is not None and today >= policy.notice_over(box.notice_sent_on)
    if box.delete_on is not None and today >= box.delete_on and (told or not policy.notice.gate_deletion):
        return deleted(box, today, policy, why("D31", "nobody took it over in time"))
    return box
