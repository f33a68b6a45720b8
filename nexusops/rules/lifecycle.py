"""The life of a personal mailbox (R1, R2, R35, R36, R42-R45; D03, D05, D07-D09, D22, D23, D26,
D41-D43).
"""

from __future__ import annotations

from datetime import date, timedelta

from nexusops.model.dates import ONE_DAY, earliest, next_day
from nexusops.model.findings import Evidence
from nexusops.model.frozen import altered, frozen
from nexusops.model.ledger import Standing
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.policy import Policy
from nexusops.model.tenant import Reason
from nexusops.rules.entitlement import Entitlement


@frozen
class Anchors:
    """What decides the dates of a grace: the day each end was first seen (D03). ``fresh``: by this very run."""

    today: date
    seen_on: date
    fresh: bool = False

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
    return altered(
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
    """Enters a grace, or adds the other one's date to it (2.2: both dates are kept, the earliest wins, D22).

    What is remembered is when the first end was seen; a second one counts from the run that finds it (D03).
    """
    second = box.state is MailboxState.GRACE_CANCELLED or found.cancelled_on is not None
    seen_on = anchors.today if second else anchors.seen_on
    if found.cancelled_on and box.state not in (MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS):
        disable_on = policy.months_after(anchors.anchor(found.cancelled_on), policy.cancelled.grace_months)
        box = _grace(
            box,
            MailboxState.GRACE_CANCELLED,
            anchors.today,
            Reason(rule="R44", because=_why_cancelled(found), evidence=evidence),
        )
        box = altered(box, disable_on=disable_on)
    if found.status_on and box.state is not MailboxState.GRACE_STATUS:
        delete_on = policy.months_after(max(found.status_on, seen_on), policy.status_change.months)
        if policy.status_change.honour_two_months:
            delete_on = max(delete_on, policy.notice_over(next_day(anchors.today)))
        code = found.card.status_code if found.card else ""
        box = _grace(
            box,
            MailboxState.GRACE_STATUS,
            anchors.today,
            Reason(rule="R42", because=f"the status became {code}, which gives no mailbox", evidence=evidence),
        )
        return altered(box, delete_on=delete_on)
    if found.expired_on and not found.status_on and box.state in (MailboxState.ACTIVE, MailboxState.PENDING):
        return _expiring(box, found.expired_on, expiry_disables_on(found.expired_on, found.last_code, policy), evidence)
    return _put_off(box, found, anchors, policy, evidence)


def _expiring(box: Mailbox, expired_on: date, disable_on: date, evidence: tuple[Evidence, ...]) -> Mailbox:
    """Whose card has run out, with the day of it (D07); one that is not made yet is still made for its own reason."""
    if disable_on == box.disable_on:
        return box
    box = altered(box, disable_on=disable_on)
    if box.state is MailboxState.PENDING:
        return box
    because = f"the card ended on {expired_on - ONE_DAY}"
    return altered(box, rule="R36", because=because, evidence=evidence)


def _put_off(
    box: Mailbox, found: Entitlement, anchors: Anchors, policy: Policy, evidence: tuple[Evidence, ...]
) -> Mailbox:
    """An end that is corrected to a later day: the month runs from there (D03, R42, R44); it ends no earlier."""
    if box.delete_on and found.status_on and found.told_before and anchors.fresh:
        delete_on = policy.months_after(found.status_on, policy.status_change.months)
        box = altered(box, delete_on=max(box.delete_on, delete_on))
    if box.disable_on is None or found.cancelled_on is None:
        return box
    disable_on = policy.months_after(found.cancelled_on, policy.cancelled.grace_months)
    if disable_on <= box.disable_on:
        return box
    box = altered(box, disable_on=disable_on)
    if box.state is MailboxState.GRACE_STATUS:
        return box
    return altered(box, because=_why_cancelled(found), evidence=evidence)


def expiry_disables_on(expired_on: date, code: str, policy: Policy) -> date:
    """D07: the day on which a card's natural end disables the mailbox; ``expired_on`` is the day after its last."""
    months = policy.expiry.grace_months_by_status.get(code, policy.expiry.grace_months)
    return policy.months_after(expired_on, months)


def _grace(box: Mailbox, state: MailboxState, today: date, why: Reason) -> Mailbox:
    return altered(box, state=state, since=today, rule=why.rule, because=why.because, evidence=why.evidence)


def _why_cancelled(found: Entitlement) -> str:
    """Of a card that is missing nobody may say that it was cancelled: its owner may well work here (D26)."""
    if found.missing:
        return f"the card is missing from the registration data, and counts as cancelled since {found.cancelled_on}"
    return f"the card was cancelled on {found.cancelled_on}"


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
    return altered(
        box,
        state=MailboxState.DISABLED,
        since=today,
        disable_on=None,
        disabled_on=today,
        delete_on=earliest(box.delete_on, policy.months_after(today, policy.disabled.delete_after_months)),
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
    return altered(
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
    return altered(
        box, state=MailboxState.PURGED, since=today, rule="D08", because="the tenant keeps what was deleted no longer"
    )


def revived(box: Mailbox, today: date, why: Reason) -> Mailbox:
    """Enabled, or restored from deletion, with all timers dropped (D23)."""
    return altered(
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
    return policy.months_after(until, -policy.expiry.warn_months)
