"""What the rules make of one person today: mailbox, name, addresses, sender, notices, and the next date to look
again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from nexusops.model.dates import ONE_DAY, add_months, next_day
from nexusops.model.findings import Evidence, Severity
from nexusops.model.ids import PersonId, person_mailbox_key
from nexusops.model.ledger import HoldKind, NameOverride, PersonState, Standing
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState
from nexusops.model.notices import NoticeState
from nexusops.plan.addresses import settle_addresses
from nexusops.plan.case import LIVING, Case, Judged, Setting, why
from nexusops.plan.contacts import settle_alternatives
from nexusops.plan.names import settle_names
from nexusops.plan.senders import settle_sender
from nexusops.rules.allocation import Holders
from nexusops.rules.lifecycle import (
    Anchors,
    Entitlement,
    deleted,
    disabled,
    ending_of,
    entitlement,
    live_mailbox,
    purged,
    revived,
    standing,
    unknown_status,
    warn_on,
)
from nexusops.rules.notices import Owing, owed
from nexusops.rules.reorganising import serve


def judge(case: Case, holders: Holders, setting: Setting) -> Judged:
    """Applies every rule to one person; the order is that of rules.md 0: returns, creations, wind-downs, ends,
    notices.
    """
    case.findings.extend(case.record.findings)
    frozen = case.record.frozen or _freezes(case, setting)
    if frozen is not None:
        return _frozen(case, frozen)
    if case.record.person is not None:
        case.state = replace(
            case.state,
            username=case.record.person.username or case.state.username,
            deceased=case.record.person.deceased,
            frozen=None,
        )
    found = _entitlement(case, setting)
    if found is None:
        return _held(case, setting)
    evidence = _evidence(found, setting)
    _settle_mailbox(case, found, setting, evidence)
    dropped = _settle_living(case, found, holders, setting, evidence)
    settle_alternatives(case, setting)
    _settle_notices(case, found, setting, evidence)
    _settle_state(case, found, setting)
    return _judged(case, dropped)


def _freezes(case: Case, setting: Setting) -> str | None:
    """Faults that only the ledger or the policy can see (D29, D46, R15, R18)."""
    person, known = case.record.person, case.state.username
    code = unknown_status(case.record.cards, setting.policy)
    if code is not None:
        case.find("UNKNOWN_STATUS", f"the card status {code} is not known; nothing is changed for this person")
        return "UNKNOWN_STATUS"
    if person is None:
        return None
    if person.username is None:
        return _without_username(case) if known else None
    if not re.match(setting.policy.names.username_pattern, person.username):
        case.find("BAD_USERNAME", f"the username {person.username} is not of the site's form", Severity.ALERT)
        return "BAD_USERNAME"
    if known is not None and known != person.username:
        message = f"the username changed from {known} to {person.username}; a mailbox cannot change its name"
        case.find("USERNAME_CHANGED", message, Severity.ALERT)
        return "USERNAME_CHANGED"
    if setting.usernames.get(person.username, case.person_id) != case.person_id:
        case.find("DUP_USERNAME", f"the username {person.username} belongs to another person for ever", Severity.ALERT)
        return "DUP_USERNAME"
    return None


def _without_username(case: Case) -> str:
    case.find("USERNAME_CHANGED", "the username has gone from the registration data", Severity.ALERT)
    return "USERNAME_CHANGED"


def _frozen(case: Case, code: str) -> Judged:
    """No change of any kind, and timers paused: dates kept, overdue actions wait (2.3)."""
    case.state = replace(case.state, state=Standing.FROZEN, frozen=code, due_on=None)
    return _judged(case, ())


def _entitlement(case: Case, setting: Setting) -> Entitlement | None:
    """What the cards say; None while a card that vanished holds everything as it is (D26)."""
    today, state = setting.today, case.state
    found = entitlement(case.record.cards, setting.policy, today)
    if found.several:
        case.find("MULTIPLE_CARDS", "the person has several current cards; the first by D42 decides", Severity.INFO)
    known = {card.card_id for card in case.record.cards}
    vanished = state.card_id is not None and state.card_id not in known
    if found.qualifying or not vanished or found.status_on or found.status_coming:
        case.state = replace(state, missing_since=None)
        return found
    since = state.missing_since
    if since is None:
        if not _was_entitled(case):
            return replace(found, left_on=state.left_on or found.left_on)
        since = today
        case.state = replace(state, missing_since=since)
    over = since + timedelta(days=setting.policy.missing_card.hold_days)
    if today < over or setting.policy.missing_card.policy == "manual":
        return None
    # As if cancelled by the run that ends the hold; the grace that begins remembers it from then on.
    gone = replace(found, cancelled_on=today, expired_on=None, left_on=today)
    case.state = replace(case.state, missing_since=None, card_id=None)
    return gone


def _was_entitled(case: Case) -> bool:
    """Only from entitled is there a hold: a mailbox in a grace, disabled or deleted goes its way (2.3)."""
    box = case.box
    return box is not None and box.state in LIVING and box.disable_on is None


def _held(case: Case, setting: Setting) -> Judged:
    """A card row is gone without a cancellation: hold, alert, nothing changes (D26)."""
    since = case.state.missing_since or setting.today
    over = since + timedelta(days=setting.policy.missing_card.hold_days)
    message = f"the card has been missing from the registration data since {since}; from {over} it counts as cancelled"
    case.find("MISSING_CARD", message, Severity.ALERT)
    case.state = replace(case.state, state=Standing.MISSING_HOLD, frozen=None, due_on=over)
    return _judged(case, ())


def _evidence(found: Entitlement, setting: Setting) -> tuple[Evidence, ...]:
    if found.card is None:
        return ()
    return (Evidence(table="cards", key=found.card.card_id, snapshot=setting.snapshot),)


def _settle_mailbox(case: Case, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]) -> None:
    """The mailbox's own state machine (2.2)."""
    case.state = _seen(case.state, found, setting.today)
    box, today, policy = case.box, setting.today, setting.policy
    if box is not None and box.state is MailboxState.DELETED and box.purge_on and today >= box.purge_on:
        if not (found.qualifying and today == box.purge_on):
            box = purged(box, today)
            case.put(box)
    if box is None or box.state is MailboxState.PURGED:
        if found.qualifying:
            case.put(_new_mailbox(case, box, found, setting, evidence))
        return
    if box.live:
        seen_on = case.state.ending_seen_on or today
        case.put(_named(live_mailbox(box, found, Anchors(today=today, seen_on=seen_on), policy, evidence), case))
    elif box.state is MailboxState.DISABLED:
        _settle_disabled(case, box, found, setting, evidence)
    elif found.qualifying:
        because = "the card is current again, and the mailbox can still be restored"
        case.put(_named(revived(box, today, why("D23", because, *evidence)), case))
    _hold_by_hand(case, found, setting)


def _seen(state: PersonState, found: Entitlement, today: date) -> PersonState:
    """Remembers the day on which an end was first seen (D03)."""
    ending = ending_of(found)
    if ending == state.ending:
        return state
    return replace(state, ending=ending, ending_seen_on=today if ending else None)


def _new_mailbox(
    case: Case, last: Mailbox | None, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]
) -> Mailbox:
    generation = last.generation + 1 if last else 1
    code = found.card.status_code if found.card else ""
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
        because=f"the card is current and its status {code} entitles to a mailbox",
        evidence=evidence,
    )


def _named(box: Mailbox, case: Case) -> Mailbox:
    return replace(box, name=case.state.username) if box.name is None and case.state.username else box


def _settle_disabled(
    case: Case, box: Mailbox, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]
) -> None:
    today, policy = setting.today, setting.policy
    if found.qualifying and not _held_by_hand(case):
        case.put(revived(box, today, why("D23", "the card is current again", *evidence)))
    elif box.delete_on is None and not found.qualifying:
        months = policy.disabled.delete_after_months
        case.put(replace(box, delete_on=add_months(today, months, overflow=policy.time.month_overflow)))
    elif box.delete_on and today >= box.delete_on and not found.qualifying:
        because = f"it has been disabled since {box.disabled_on}"
        case.put(deleted(box, today, policy, why("D08", because, *evidence)))


def card_mark(case: Case) -> str:
    """What a hold by hand rests on: the cards and their last days. A new card or a renewal is another mark (2.6)."""
    return ";".join(sorted(f"{card.card_id}:{card.end_date}" for card in case.record.cards))


def _held_by_hand(case: Case) -> bool:
    hold = case.holds.get(HoldKind.MANUAL_DISABLE)
    return hold is not None and hold.fingerprint == card_mark(case)


def _hold_by_hand(case: Case, found: Entitlement, setting: Setting) -> None:
    """R45, D41: the Service Desk disabled the mailbox; it stays so until undone, or a new card or a renewal."""
    box, hold = case.box, case.holds.get(HoldKind.MANUAL_DISABLE)
    if box is None or hold is None or not box.live or not _held_by_hand(case):
        return
    because = f"the Service Desk disabled it: {hold.reason}"
    off = disabled(box, setting.today, setting.policy, why("R45", because))
    case.put(replace(off, manual_disable=True, delete_on=None if found.qualifying else off.delete_on))


def _settle_living(
    case: Case, found: Entitlement, holders: Holders, setting: Setting, evidence: tuple[Evidence, ...]
) -> tuple[NameOverride, ...]:
    """Name, addresses and sender, as far as the mailbox is alive."""
    box = case.box
    dropped: tuple[NameOverride, ...] = ()
    if box is None:
        return ()
    if box.live and box.name is None:
        message = "entitled to a mailbox, but registration has no username yet"
        case.find("PENDING_USERNAME", message, Severity.INFO)
        return ()
    living = box.state in LIVING and found.keeps(box)
    if living and found.card is not None:
        dropped = settle_names(case, found.card, setting)
    current = [a for a in case.record.affiliations if a.current(setting.today)]
    served, left_out = serve(current, case.state.served, setting.policy.affiliation.max)
    case.state = replace(case.state, served=tuple(a.unit_id for a in served))
    if living:
        for affiliation in left_out:
            message = f"the affiliation to {affiliation.unit_id} is beyond the eight that are served"
            case.find("AFFILIATION_LIMIT", message, Severity.INFO)
    settle_addresses(case, served, holders, setting, evidence, living=living)
    settle_sender(case, found, served, holders, setting, evidence)
    return dropped


def _settle_notices(case: Case, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...]) -> None:
    box = case.box
    if box is None or case.deceased:
        for notice in list(case.notices.values()):
            if notice.state is NoticeState.OWED:
                case.notices[notice.key] = replace(notice, state=NoticeState.DROPPED)
        return
    ahead = found.coming is not None and found.coming.startswith("cancelled")
    owing = Owing(
        person_id=case.person_id,
        box=box,
        rows=tuple(case.rows.values()),
        known=case.notices,
        until=None if ahead else found.until,
        policy=setting.policy,
        today=setting.today,
        evidence=evidence,
    )
    for notice in owed(owing, case.revived):
        case.notices[notice.key] = notice


def _settle_state(case: Case, found: Entitlement, setting: Setting) -> None:
    left_on = found.left_on if case.record.cards or found.left_on else case.state.left_on
    case.state = replace(
        case.state,
        state=standing(found, case.box),
        left_on=left_on,
        card_id=found.card.card_id if found.qualifying and found.card else case.state.card_id,
        code=found.card.status_code if found.card else case.state.code,
    )
    case.state = replace(case.state, due_on=_next_date(case, found, setting))


def _next_date(case: Case, found: Entitlement, setting: Setting) -> date | None:
    """The next day on which time alone may change anything. A date that has passed without effect is tried tomorrow."""
    days: set[date | None] = set()
    for card in case.record.cards:
        days |= {card.start_date, next_day(card.end_date), card.cancelled_on, card.status_effective_on}
    for affiliation in case.record.affiliations:
        days |= {affiliation.start_date, next_day(affiliation.end_date) if affiliation.end_date else None}
        days |= set(setting.units.starts.get(affiliation.unit_id, ()))
    waiting: set[date | None] = set()
    box = case.box
    if box is not None:
        waiting |= {box.disable_on, box.delete_on, box.purge_on if box.state is MailboxState.DELETED else None}
        days.add(next_day(box.since))
    if found.until is not None:
        days.add(warn_on(found.until, setting.policy))
    for row in case.rows.values():
        if row.live:
            waiting |= {row.notice_due_on, row.delete_on}
    tomorrow = setting.today + ONE_DAY
    ahead = {day for day in days if day is not None and day > setting.today}
    ahead |= {max(day, tomorrow) for day in waiting if day is not None}
    return min(ahead, default=None)


def _judged(case: Case, dropped: tuple[NameOverride, ...]) -> Judged:
    return Judged(
        case=case,
        rows=(
            case.state,
            *case.boxes.values(),
            *case.rows.values(),
            *case.overrides.values(),
            *case.decisions.values(),
            *case.alternatives.values(),
            *case.notices.values(),
        ),
        removed=dropped,
        findings=tuple(case.findings),
    )


def person_state(person_id: PersonId) -> PersonState:
    """Somebody seen for the first time."""
    return PersonState(person_id=person_id, username=None, state=Standing.OUT)
