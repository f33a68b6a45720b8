"""Entitlement, and the life of a personal mailbox (R1, R2, R35, R36, R42-R45; D03, D05, D07-D09, D22, D23, D26,
D41-D43).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from nexusops.model.dates import ONE_DAY, add_months, earliest, next_day
from nexusops.model.filling import filled
from nexusops.model.findings import Evidence
from nexusops.model.ledger import Standing
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.people import Card
from nexusops.model.policy import Policy
from nexusops.model.tenant import Reason


@filled
@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What the cards say today.

    ``card``: the primary card (D42), ``qualifying`` whether it entitles to a mailbox. ``until``: last day of the
    entitlement as the cards stand now. ``cancelled_on``, ``status_on``, ``expired_on``: the end that has come, if
    any: the day of cancellation, the day a non-qualifying status took effect, the first day after natural expiry.
    ``coming``: a cancellation or change of status that is known and still ahead. ``status_coming``: the card already
    carries a non-qualifying status that takes effect later, so that until then it counts as what it was. ``left_on``:
    D09.
    """

    card: Card | None
    qualifying: bool
    until: date | None = None
    last_code: str = ""
    cancelled_on: date | None = None
    status_on: date | None = None
    expired_on: date | None = None
    coming: str | None = None
    status_coming: bool = False
    left_on: date | None = None
    several: bool = False

    def keeps(self, box: Mailbox | None) -> bool:
        """Whether this (live) mailbox goes on as it is: entitled, or not yet out of an entitlement (D03)."""
        if self.qualifying:
            return True
        running = box is not None and box.state in (MailboxState.ACTIVE, MailboxState.PENDING)
        return running and self.status_coming


def unknown_status(cards: tuple[Card, ...], policy: Policy) -> str | None:
    """The first status code that is in neither list (D46): it freezes the person."""
    known = (policy.status_map.qualifying, policy.status_map.non_qualifying)
    return next((card.status_code for card in cards if not any(card.status_code in codes for codes in known)), None)


def entitlement(cards: tuple[Card, ...], policy: Policy, today: date, was: str | None = None) -> Entitlement:
    """Judges the cards of one person. ``was``: the status that counted so far; a change of it counts from its day on,
    whichever way it goes.
    """
    started = [card for card in cards if card.start_date <= today]
    current = sorted((c for c in started if c.current(today)), key=lambda c: (c.start_date, c.card_id))
    good = [c for c in current if _qualifies(c, policy) and not (_ahead(c, today) and not _gives(was, policy))]
    left_on = None if current else max((_ends(card) for card in started), default=None)
    if good:
        card = good[-1]
        coming = f"cancelled:{card.cancelled_on}" if _cut_short(card) else None
        return Entitlement(
            card=card,
            qualifying=True,
            until=_until(good, cards, policy),
            coming=coming,
            left_on=None,
            several=len(current) > 1,
        )
    ended = max((c for c in started if _qualifies(c, policy)), key=lambda c: (_ends(c), c.card_id), default=None)
    status = current[-1] if current else None
    cancelled = ended is not None and _cut_short(ended)
    takes_effect = (status.status_effective_on or status.start_date) if status else None
    ahead = status is not None and _ahead(status, today)
    return Entitlement(
        card=status or ended,
        qualifying=False,
        coming=f"status:{takes_effect}" if ahead else None,
        status_coming=ahead,
        last_code=ended.status_code if ended else "",
        cancelled_on=ended.cancelled_on if ended and cancelled else None,
        status_on=None if ahead else takes_effect,
        expired_on=next_day(ended.end_date) if ended and not cancelled else None,
        left_on=left_on,
        several=len(current) > 1,
    )


def _ahead(card: Card, today: date) -> bool:
    return card.status_effective_on is not None and card.status_effective_on > today


def _gives(code: str | None, policy: Policy) -> bool:
    """Whether this status gives a mailbox; nothing is known of somebody seen for the first time."""
    return code is None or code in policy.status_map.qualifying


def _cut_short(card: Card) -> bool:
    """Cancelled while it would have gone on; a cancellation after its last day changes nothing (R44)."""
    return card.cancelled_on is not None and card.cancelled_on <= card.end_date


def _qualifies(card: Card, policy: Policy) -> bool:
    return card.status_code in policy.status_map.qualifying


def _ends(card: Card) -> date:
    """The first day on which the card is no longer current."""
    after = next_day(card.end_date)
    return min(after, card.cancelled_on) if card.cancelled_on else after


def _until(good: list[Card], cards: tuple[Card, ...], policy: Policy) -> date:
    """The last day of unbroken entitlement, later cards that follow on included (a renewal extends at once, R35)."""
    until = max(_ends(card) for card in good) - ONE_DAY
    if len(cards) == 1:
        return until
    for card in sorted((c for c in cards if _qualifies(c, policy)), key=lambda c: c.start_date):
        if card.start_date <= next_day(until) and _ends(card) - ONE_DAY > until:
            until = _ends(card) - ONE_DAY
    return until


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What decides the dates of a grace: the day each end was first seen (D03)."""

    today: date
    seen_on: date

    def anchor(self, effective: date) -> date:
        return max(effective, self.seen_on)


def ending_of(found: Entitlement) -> str | None:
    """A name for the end that has come or is ahead, by which the day of first sight is remembered."""
    if found.coming:
        return found.coming
    if found.cancelled_on:
        return f"cancelled:{found.cancelled_on}"
    if found.status_on:
        return f"status:{found.status_on}"
    return None


def standing(found: Entitlement, mailbox: Mailbox | None) -> Standing:
    """rules.md 2.3 for somebody who is neither frozen nor missing."""
    if found.keeps(mailbox):
        return Standing.ENTITLED
    if mailbox is not None and mailbox.state in (MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS):
        return Standing.GRACE
    if mailbox is not None and mailbox.live and mailbox.disable_on is not None:
        return Standing.GRACE
    return Standing.OUT


def live_mailbox(
    box: Mailbox, found: Entitlement, anchors: Anchors, policy: Policy, evidence: tuple[Evidence, ...]
) -> Mailbox:
    """The next state of a live personal mailbox (rules.md 2.2): kept, in grace, disabled or deleted."""
    if found.keeps(box):
        return _kept(box, evidence)
    box = _with_deadlines(box, found, anchors, policy, evidence)
    today = anchors.today
    if box.delete_on and today >= box.delete_on:  # deletion beats disabling on the same day
        why = Reason(rule="R42", because="a month has passed since the status stopped qualifying", evidence=evidence)
        return deleted(box, today, policy, why)
    if box.disable_on and today >= box.disable_on:
        return disabled(box, today, policy, _why_disabled(box, found, evidence))
    return box


def _kept(box: Mailbox, evidence: tuple[Evidence, ...]) -> Mailbox:
    if box.state in (MailboxState.ACTIVE, MailboxState.PENDING) and box.disable_on is None:
        return box
    state = MailboxState.PENDING if box.state is MailboxState.PENDING else MailboxState.ACTIVE
    return replace(
        box,
        state=state,
        disable_on=None,
        delete_on=None,
        rule="D23",
        because="the card is current again, so nothing ends",
        evidence=evidence,
    )


def _with_deadlines(
    box: Mailbox, found: Entitlement, anchors: Anchors, policy: Policy, evidence: tuple[Evidence, ...]
) -> Mailbox:
    """Enters a grace, or adds the other one's date to it (2.2: both dates are kept, the earliest wins, D22)."""
    overflow = policy.time.month_overflow
    if found.cancelled_on and box.state not in (MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS):
        months = policy.cancelled.grace_months
        box = _grace(
            box,
            MailboxState.GRACE_CANCELLED,
            anchors.today,
            Reason(rule="R44", because=f"the card was cancelled on {found.cancelled_on}", evidence=evidence),
        )
        box = replace(box, disable_on=add_months(anchors.anchor(found.cancelled_on), months, overflow=overflow))
    if found.status_on and box.state is not MailboxState.GRACE_STATUS:
        anchor = anchors.anchor(found.status_on)
        delete_on = add_months(anchor, policy.status_change.months, overflow=overflow)
        if policy.status_change.honour_two_months:
            delete_on = max(delete_on, add_months(next_day(anchors.today), 2, overflow=overflow))
        code = found.card.status_code if found.card else ""
        box = _grace(
            box,
            MailboxState.GRACE_STATUS,
            anchors.today,
            Reason(rule="R42", because=f"the status became {code}, which gives no mailbox", evidence=evidence),
        )
        return replace(box, delete_on=delete_on)
    if found.expired_on and not found.status_on and box.state in (MailboxState.ACTIVE, MailboxState.PENDING):
        return replace(box, disable_on=expiry_disables_on(found.expired_on, found.last_code, policy))
    return box


def expiry_disables_on(expired_on: date, code: str, policy: Policy) -> date:
    """D07: the day on which a card's natural end disables the mailbox; ``expired_on`` is the day after its last."""
    months = policy.expiry.grace_months_by_status.get(code, policy.expiry.grace_months)
    return add_months(expired_on, months, overflow=policy.time.month_overflow)


def _grace(box: Mailbox, state: MailboxState, today: date, why: Reason) -> Mailbox:
    return replace(box, state=state, since=today, rule=why.rule, because=why.because, evidence=why.evidence)


def _why_disabled(box: Mailbox, found: Entitlement, evidence: tuple[Evidence, ...]) -> Reason:
    if box.state is MailboxState.GRACE_CANCELLED:
        because = "the month after the card's cancellation is over"
        return Reason(rule="R44", because=because, evidence=evidence)
    last_day = found.expired_on - ONE_DAY if found.expired_on else None
    return Reason(rule="R36", because=f"the card ended on {last_day}", evidence=evidence)


def disabled(box: Mailbox, today: date, policy: Policy, why: Reason) -> Mailbox:
    """Disabled today; deleted two months later (D08). Its auto-forward is cleared, and it has no sender while
    disabled.
    """
    overflow = policy.time.month_overflow
    return replace(
        box,
        state=MailboxState.DISABLED,
        since=today,
        disable_on=None,
        disabled_on=today,
        delete_on=earliest(box.delete_on, add_months(today, policy.disabled.delete_after_months, overflow=overflow)),
        forward=None if box.forward and box.forward.origin == "auto" else box.forward,
        sender=None,
        sender_origin=None,
        sender_basis="",
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def deleted(box: Mailbox, today: date, policy: Policy, why: Reason) -> Mailbox:
    """Deleted today, restorable until purge_on (D08)."""
    return replace(
        box,
        state=MailboxState.DELETED,
        since=today,
        disable_on=None,
        delete_on=None,
        deleted_on=today,
        purge_on=today + timedelta(days=policy.deleted.purge_after_days),
        manual_disable=False,
        forward=None,
        sender=None,
        sender_origin=None,
        sender_basis="",
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def purged(box: Mailbox, today: date) -> Mailbox:
    return replace(
        box, state=MailboxState.PURGED, since=today, rule="D08", because="thirty days have passed since the deletion"
    )


def revived(box: Mailbox, today: date, why: Reason) -> Mailbox:
    """Enabled, or restored from deletion, with all timers dropped (D23)."""
    return replace(
        box,
        state=MailboxState.ACTIVE,
        since=today,
        disable_on=None,
        disabled_on=None,
        delete_on=None,
        deleted_on=None,
        purge_on=None,
        manual_disable=False,
        rule=why.rule,
        because=why.because,
        evidence=why.evidence,
    )


def warn_on(until: date, policy: Policy) -> date:
    """D07: the day of the warning that a card is about to end: one month before its last day."""
    return add_months(until, -policy.expiry.warn_months, overflow=policy.time.month_overflow)
