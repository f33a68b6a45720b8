"""What the cards say of somebody today: entitled or not, until when, and which end has come or is ahead (R1, R35, R42,
R44; D03, D09, D42, D46).
"""

from __future__ import annotations

from datetime import date

from nexusops.model.dates import ONE_DAY, next_day
from nexusops.model.frozen import frozen
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.people import Card
from nexusops.model.policy import Policy


@frozen
class Entitlement:
    """What the cards say today.

    ``card``: the primary card (D42), ``qualifying`` whether it entitles to a mailbox, ``code`` the status that counts
    today: one that takes effect later does not yet. ``until``: last day of the
    entitlement as the cards stand now. ``cancelled_on``, ``status_on``, ``expired_on``: the end that has come, if
    any: the day of cancellation, the day a non-qualifying status took effect, the first day after natural expiry.
    ``coming``: a cancellation or change of status that is known and still ahead. ``status_coming``: the card already
    carries a non-qualifying status that takes effect later, so that until then it counts as what it was. ``put_off``:
    that status had taken effect, and does so later by now. ``told_before``: the card that gave the mailbox had this
    status in the last run already, whatever day it counts from by now. ``left_on``: D09. ``missing``: nobody cancelled
    the card; it was missing for so long that it counts as cancelled (D26).
    """

    card: Card | None
    qualifying: bool
    until: date | None = None
    last_code: str = ""
    cancelled_on: date | None = None
    status_on: date | None = None
    expired_on: date | None = None
    coming: str | None = None
    code: str = ""
    status_coming: bool = False
    put_off: bool = False
    told_before: bool = False
    left_on: date | None = None
    several: bool = False
    missing: bool = False

    def keeps(self, box: Mailbox | None) -> bool:
        """Whether this (live) mailbox goes on as it is: entitled, or not yet out of an entitlement (D03)."""
        if self.qualifying:
            return True
        if box is not None and box.state is MailboxState.GRACE_STATUS:
            return self.put_off
        return box is not None and box.state in (MailboxState.ACTIVE, MailboxState.PENDING) and self.status_coming


def unknown_status(cards: tuple[Card, ...], policy: Policy) -> str | None:
    """The first status code that is in neither list (D46): it freezes the person."""
    gives, gives_none = policy.status_map.qualifying, policy.status_map.non_qualifying
    for card in cards:
        if card.status_code not in gives and card.status_code not in gives_none:
            return card.status_code
    return None


def entitlement(
    cards: tuple[Card, ...], policy: Policy, today: date, was: str | None = None, held: str | None = None
) -> Entitlement:
    """Judges the cards of one person. ``was``: the status that counted so far; a change of it counts from its day on,
    whichever way it goes. ``held``: the card that entitled last, which is looked at whatever its status is now.
    """
    started = [card for card in cards if card.start_date <= today]
    current = sorted((c for c in started if c.current(today)), key=lambda c: (c.start_date, c.card_id))
    lasting = [c for c in current if _qualifies(c, policy) and not (_ahead(c, today) and not _gives(was, policy))]
    kept = held if was and _gives(was, policy) else None
    good = [card for card in current if card in lasting or (card.card_id == kept and _ahead(card, today))]
    left_on = None if current else max((_ends(card) for card in started), default=None)
    if good:
        card = good[-1]
        ahead = None if lasting else f"status:{card.status_effective_on}"
        return Entitlement(
            card=card,
            qualifying=True,
            until=_until(lasting, cards, policy) if lasting else None,
            coming=f"cancelled:{card.cancelled_on}" if _cut_short(card) else ahead,
            code=was if was and _ahead(card, today) else card.status_code,
            status_coming=not lasting,
            left_on=None,
            several=len(current) > 1,
        )
    ended = _ended(started, policy, today, held)
    cancelled = ended is not None and _cut_short(ended)
    changed = ended if ended and cancelled and not _qualifies(ended, policy) else None  # 2.2: both at once
    status = current[-1] if current else changed
    takes_effect = (status.status_effective_on or status.start_date) if status else None
    status_ahead = bool(current) and _ahead(current[-1], today)
    return Entitlement(
        card=status or ended,
        qualifying=False,
        coming=f"status:{takes_effect}" if status_ahead else None,
        code=(was if was and status_ahead else status.status_code) if status else "",
        status_coming=status_ahead,
        put_off=status_ahead and current[-1].status_code == was,
        told_before=status is not None and (status.card_id, status.status_code) == (held, was),
        last_code=_last_code(ended, policy, was),
        cancelled_on=ended.cancelled_on if ended and cancelled else None,
        status_on=None if status_ahead else takes_effect,
        expired_on=next_day(ended.end_date) if ended and not cancelled else None,
        left_on=left_on,
        several=len(current) > 1,
    )


def _ended(started: list[Card], policy: Policy, today: date, held: str | None) -> Card | None:
    """The card whose end ended the entitlement; none where it goes on with another status."""
    if any(card.card_id == held and card.current(today) for card in started):
        return None
    gave = (card for card in started if card.card_id == held or _qualifies(card, policy))
    return max(gave, key=lambda card: (_ends(card), card.card_id), default=None)


def _last_code(ended: Card | None, policy: Policy, was: str | None) -> str:
    """The status that gave the mailbox; a card that has ended may carry another one by now."""
    if ended is None or _qualifies(ended, policy) or was is None:
        return ended.status_code if ended else ""
    return was


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
