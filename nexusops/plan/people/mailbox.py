"""The personal mailbox of a case, and its own state machine (rules.md 2.2; R2, R43, R45; D08, D23, D41)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache

from nexusops.model.dates import next_day
from nexusops.model.findings import Evidence
from nexusops.model.frozen import altered
from nexusops.model.ids import person_mailbox_key
from nexusops.model.ledger import HoldKind, PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState
from nexusops.model.notices import NoticeKind, NoticeState
from nexusops.model.people import Card
from nexusops.plan.people.case import Case
from nexusops.plan.setting import Setting, why
from nexusops.rules.entitlement import Entitlement
from nexusops.rules.lifecycle import (
    Anchors,
    deleted,
    disabled,
    ending_of,
    live_mailbox,
    purged,
    revived,
)


def settle_mailbox(case: Case, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]) -> None:
    """The mailbox's own state machine (2.2)."""
    known = case.state.ending
    case.state = _seen(case.state, found, setting.today)
    _let_go(case, setting)
    box, today, policy = case.box, setting.today, setting.policy
    if box is not None and box.state is MailboxState.DELETED and box.purge_on and today >= box.purge_on:
        if not (found.qualifying and today == box.purge_on):
            box = purged(box, today)
            case.put(box)
    if box is None or box.state is MailboxState.PURGED:
        if found.qualifying and not _held_by_hand(case):
            case.put(_new_mailbox(case, box, found, setting, evidence))
        return
    if box.state is MailboxState.PENDING and box.name is None and not found.keeps(box):
        case.forget(box)  # there is nothing that could end, and nobody to tell
        return
    if box.live:
        seen_on = case.state.ending_seen_on or today
        box = _until_told(box, case, setting)
        anchors = Anchors(today=today, seen_on=seen_on, fresh=case.state.ending != known)
        after = live_mailbox(box, found, anchors, policy, evidence)
        # Destructive actions wait while a row of the person's cannot be used (D29).
        case.put(_named(box if case.record.spared and not after.live else after, case, today))
    elif box.state is MailboxState.DISABLED:
        _settle_disabled(case, box, found, setting, evidence)
    elif found.qualifying and not _held_by_hand(case):
        because = "the card is current again, and the mailbox can still be restored"
        case.put(_named(revived(box, today, why("D23", because, *evidence)), case, today))
    _hold_by_hand(case, found, setting)


def _until_told(box: Mailbox, case: Case, setting: Setting) -> Mailbox:
    """D05: two months that are honoured run from the notice, however late it goes out; nobody else needs to wait."""
    today, policy = setting.today, setting.policy
    if box.state is not MailboxState.GRACE_STATUS or not policy.status_change.honour_two_months or case.deceased:
        return box
    due_on = next_day(box.since)
    told = (n for n in case.notices.values() if n.kind is NoticeKind.STATUS_CHANGE and n.due_on == due_on)
    if today < due_on or any(notice.state is not NoticeState.OWED for notice in told):
        return box
    from_now = policy.notice_over(today)
    return altered(box, delete_on=max(box.delete_on, from_now) if box.delete_on else from_now)


def _seen(state: PersonState, found: Entitlement, today: date) -> PersonState:
    """Remembers the day on which an end was first seen (D03), also when the rows that told of it have gone."""
    ending = ending_of(found)
    if ending == state.ending or (ending is None and not found.qualifying):
        return state
    return replace(state, ending=ending, ending_seen_on=today if ending else None)


@lru_cache(maxsize=64)
def _entitled(code: str) -> str:
    """The sentence that all the mailboxes of one status share."""
    return f"the card is current and its status {code} entitles to a mailbox"


def _new_mailbox(
    case: Case, last: Mailbox | None, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]
) -> Mailbox:
    generation = last.generation + 1 if last else 1
    return Mailbox(
        key=person_mailbox_key(case.person_id, generation),
        name=case.state.username,
        generation=generation,
        kind=MailboxKind.PERSONAL,
        person_id=case.person_id,
        unit_id=None,
        owner_person_id=None,
        state=MailboxState.PENDING,
        since=setting.today,
        rule="R2",
        because=_entitled(found.code),
        evidence=evidence,
    )


def _named(box: Mailbox, case: Case, today: date) -> Mailbox:
    """One that waited for a username begins on the day on which there is one."""
    if box.name is not None or case.state.username is None:
        return box
    return replace(box, name=case.state.username, since=today)


def _settle_disabled(
    case: Case, box: Mailbox, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]
) -> None:
    today, policy = setting.today, setting.policy
    if found.qualifying and not _held_by_hand(case):
        case.put(_named(revived(box, today, why("D23", "the card is current again", *evidence)), case, today))
    elif box.delete_on is None and not found.qualifying:
        case.put(replace(box, delete_on=policy.months_after(today, policy.disabled.delete_after_months)))
    elif box.delete_on and today >= box.delete_on and not found.qualifying and not case.record.spared:
        reason = why("D08", f"it has been disabled since {box.disabled_on}", *evidence)
        months = policy.disabled.delete_after_months
        if box.disabled_on and box.delete_on < policy.months_after(box.disabled_on, months):
            reason = why("R42", "a month has passed since the status stopped qualifying", *evidence)  # 2.2, D22
        case.put(deleted(box, today, policy, reason))


def mark_of(cards: tuple[Card, ...]) -> str:
    """What a hold by hand rests on: the cards and their last days."""
    return ";".join(sorted(f"{card.card_id}:{card.end_date}" for card in cards))


def _held_by_hand(case: Case) -> bool:
    return HoldKind.MANUAL_DISABLE in case.holds


def _let_go(case: Case, setting: Setting) -> None:
    """2.6: a new card, or a renewed one, ends what the desk decided, from the day on which it entitles."""
    hold = case.holds.get(HoldKind.MANUAL_DISABLE)
    if hold is None:
        return
    known = dict(mark.rpartition(":")[::2] for mark in hold.fingerprint.split(";"))
    for card in case.record.cards:
        newer = card.card_id not in known or card.end_date.isoformat() > known[card.card_id]
        if newer and card.current(setting.today) and card.status_code in setting.policy.status_map.qualifying:
            case.gone.append(hold)
            case.holds = {kind: other for kind, other in case.holds.items() if kind is not HoldKind.MANUAL_DISABLE}
            return


def _hold_by_hand(case: Case, found: Entitlement, setting: Setting) -> None:
    """R45, D41: the Service Desk disabled the mailbox; it stays so until undone, or a new card or a renewal."""
    box, hold = case.box, case.holds.get(HoldKind.MANUAL_DISABLE)
    if box is None or hold is None or not box.live or box.name is None:
        return
    because = f"the Service Desk disabled it: {hold.reason}"
    off = disabled(box, setting.today, setting.policy, why("R45", because))
    case.put(replace(off, manual_disable=True, delete_on=None if found.qualifying else off.delete_on))
