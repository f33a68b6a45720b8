"""Addresses are allotted, wound down, revived and ended (R17-R22, R37-R41, R46; D03, D04, D06, D09-D12, D22, D23,
D30).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dates import earliest, next_day
from nexusops.model.findings import Evidence
from nexusops.model.frozen import altered
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, address
from nexusops.model.policy import Policy
from nexusops.model.tenant import Reason
from nexusops.rules.book import Book

BROUGHT_FORWARD = "left"
"""The reason of a wind-down that began with the unit's domain, and ends sooner because its owner has left the unit."""


def allot(
    local: str,
    domain: Domain,
    *,
    book: Book,
    base: str,
    n: int,
    person_id: PersonId,
    mailbox_key: MailboxKey,
    why: Reason,
    kind: AddressKind = AddressKind.PERSONAL,
) -> Allocation:
    """A new ownership period, active from today."""
    wanted = address(local, domain)
    return Allocation(
        address=wanted,
        period=book.next_period(wanted),
        domain=domain,
        local=local,
        base=base,
        n=n,
        kind=kind,
        state=AddressState.ACTIVE,
        person_id=person_id,
        unit_id=None,
        mailbox_key=mailbox_key,
        created_on=book.today,
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def projected(winddown_on: date, months: int, notice_on: date, policy: Policy) -> date:
    """rules.md 0: max(W + N, notice + 2 months). Under ``strict`` (D04) the wind-down never grows for a late notice."""
    end = policy.months_after(winddown_on, months)
    return end if policy.notice.policy == "strict" else max(end, policy.notice_over(notice_on))


def wind_down(
    row: Allocation,
    today: date,
    policy: Policy,
    *,
    months: int,
    reason: str,
    why: Reason,
    successor: Address | None,
) -> Allocation:
    """Into wind-down today (D03: never back-dated); its notice falls due tomorrow (R47)."""
    notice_due = today if policy.notice.policy == "same_day" else next_day(today)
    return altered(
        row,
        state=AddressState.WINDDOWN,
        winddown_on=today,
        months=months,
        notice_due_on=notice_due,
        notice_sent_on=None,
        delete_on=projected(today, months, notice_due, policy),
        reason=reason,
        successor=successor,
        gate=True,
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def bring_forward(row: Allocation, today: date, policy: Policy, why: Reason) -> Allocation:
    """D22, D30: somebody leaves a unit whose domain winds down for longer; the end is two months after a new notice."""
    if row.winddown_on is None or row.months is None or row.months <= policy.winddown.months:
        return row
    notice_due = today if policy.notice.policy == "same_day" else next_day(today)
    sooner = altered(row, months=policy.winddown.months, reason=BROUGHT_FORWARD)
    ends = ends_on(sooner, notice_due, policy)
    if ends is None or row.delete_on is None or ends >= row.delete_on:
        return row
    return altered(
        sooner,
        notice_due_on=notice_due,
        notice_sent_on=None,
        delete_on=ends,
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def ends_on(row: Allocation, notice_on: date, policy: Policy) -> date | None:
    """When an address in wind-down ends, its notice being sent on that day. What was brought forward has two months
    from its notice whatever the policy is (D22, D30).
    """
    if row.winddown_on is None or row.months is None:
        return None
    end = projected(row.winddown_on, row.months, notice_on, policy)
    if row.reason == BROUGHT_FORWARD:
        end = max(end, policy.notice_over(notice_on))
    return end


def noticed(row: Allocation, sent_on: date, policy: Policy, mailbox_ends: date | None) -> Allocation:
    """The notice was accepted by its channel on ``sent_on``: the end is fixed (D04); with the mailbox, if that is to
    be deleted before (D22).
    """
    own = ends_on(row, sent_on, policy)
    if own is None:
        return row
    end = earliest(own, mailbox_ends)
    return altered(row, notice_sent_on=sent_on, notice_due_on=None, delete_on=end)


def revive(row: Allocation, why: Reason) -> Allocation:
    """Active again, all timers dropped (D23)."""
    return altered(
        row,
        state=AddressState.ACTIVE,
        winddown_on=None,
        months=None,
        notice_due_on=None,
        notice_sent_on=None,
        delete_on=None,
        reason=None,
        successor=None,
        gate=True,
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def suspend(row: Allocation, evidence: tuple[Evidence, ...]) -> Allocation:
    """Reserved, mail refused; a wind-down keeps its dates (2.1)."""
    because = "its mailbox is disabled"
    return altered(row, state=AddressState.SUSPENDED, rule="D08", because=because, evidence=evidence)


def end(row: Allocation, today: date, why: Reason) -> Allocation:
    """Deleted; the row stays."""
    return altered(
        row,
        state=AddressState.DELETED,
        deleted_on=today,
        notice_due_on=None,
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def may_end(row: Allocation, today: date, policy: Policy, *, deceased: bool) -> bool:
    """R41, D06: due, and its notice recorded as sent two months ago, unless the end was asked for or nobody is left
    to tell.
    """
    if row.winddown_on is None or row.delete_on is None or today < row.delete_on:
        return False
    if deceased or not row.gate or not policy.notice.gate_deletion:
        return True
    if row.notice_sent_on is None:
        return False
    if policy.notice.policy == "strict":
        return today > row.notice_sent_on  # however late it went out: never on the day on which its owner is told
    return today >= policy.notice_over(row.notice_sent_on)


def name_part(rows: Iterable[Allocation], base: str) -> int | None:
    """R22, D12: the n of the person's present name part: that of the oldest active address with this base, or, where
    none is active, of the oldest that is still theirs.
    """
    mine = [row for row in rows if row.base == base and row.live]
    oldest = min(
        mine, key=lambda row: (row.state is not AddressState.ACTIVE, row.created_on, row.n, row.address), default=None
    )
    return oldest.n if oldest is not None else None
