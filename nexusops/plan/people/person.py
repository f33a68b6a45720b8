"""What the rules make of one person today: mailbox, name, addresses, sender, notices, and the next date to look
again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from nexusops.model.dates import earliest
from nexusops.model.findings import Evidence, Severity
from nexusops.model.frozen import altered
from nexusops.model.ids import UnitId
from nexusops.model.ledger import NameOverride, Standing
from nexusops.model.mailboxes import MailboxState
from nexusops.plan.holding import Held, withhold
from nexusops.plan.people.addresses import end_due, settle_addresses
from nexusops.plan.people.calendar import next_date
from nexusops.plan.people.case import LIVING, Case, Judged
from nexusops.plan.people.contacts import settle_alternatives
from nexusops.plan.people.freezing import freezes
from nexusops.plan.people.mailbox import settle_mailbox
from nexusops.plan.people.names import settle_names
from nexusops.plan.people.senders import settle_sender
from nexusops.plan.people.telling import settle_notices
from nexusops.plan.setting import Setting
from nexusops.rules.book import Book
from nexusops.rules.entitlement import Entitlement, entitlement
from nexusops.rules.lifecycle import standing
from nexusops.rules.reorganising import needs, serve


def judge(case: Case, book: Book, setting: Setting, held: Held | None = None) -> Judged:
    """Applies every rule to one person; the order is that of rules.md 0: returns, creations, wind-downs, ends,
    notices.
    """
    case.findings.extend(case.record.findings)
    frozen = case.record.frozen or freezes(case, book, setting)
    if frozen is not None:
        return _frozen(case, frozen)
    if case.record.person is not None:
        case.state = altered(
            case.state,
            username=case.record.person.username or case.state.username,
            deceased=case.record.person.deceased,
            frozen=None,
        )
    found = _entitlement(case, setting)
    if found is None:
        return _held(case, setting)
    evidence, was = _evidence(found, setting), case.box
    settle_mailbox(case, found, setting, evidence)
    dropped = _settle_living(case, found, book, setting, evidence)
    settle_alternatives(case, setting)
    if held is None or not _withheld(case, held, setting):
        settle_notices(case, found, setting, evidence, was)
    _settle_state(case, found, setting)
    return _judged(case, dropped)


def _withheld(case: Case, held: Held, setting: Setting) -> bool:
    """What an undo holds stays as it was; an address that is held back from coming back ends on its day all the same
    (R41). Where it is the life of the mailbox that is held, nobody is told anything new.
    """
    back = {row.address for row in case.revived}
    life = withhold(case, held)
    if case.box is not None and case.box.state not in (MailboxState.DELETED, MailboxState.PURGED):
        end_due(case, setting, back)
    return life


def _frozen(case: Case, code: str) -> Judged:
    """No change of any kind, and timers paused: dates kept, overdue actions wait (2.3)."""
    case.state = replace(case.state, state=Standing.FROZEN, frozen=code, due_on=None)
    return _judged(case, ())


def _entitlement(case: Case, setting: Setting) -> Entitlement | None:
    """What the cards say; None while a card that vanished holds everything as it is (D26)."""
    today, state = setting.today, case.state
    found = entitlement(case.record.cards, setting.policy, today, state.code, state.card_id)
    if found.several:
        case.find("MULTIPLE_CARDS", "the person has several current cards; the first by D42 decides")
    vanished = state.card_id is not None and all(card.card_id != state.card_id for card in case.record.cards)
    since = state.missing_since
    replaced = found.status_on is not None and since is None and found.status_on >= today  # by one with another status
    if found.qualifying or not vanished or replaced or found.status_coming:
        if since is not None:
            case.state = altered(state, missing_since=None)
        return found
    if since is None:
        if not _was_entitled(case):
            return found if found.status_on else replace(found, left_on=state.left_on or found.left_on)
        since = today
        case.state = replace(state, missing_since=since)
    over = since + timedelta(days=setting.policy.missing_card.hold_days)
    if today < over or setting.policy.missing_card.policy == "manual":
        return None
    case.state = replace(case.state, missing_since=None, card_id=None)
    if found.status_on is not None:
        return found  # they are still here, with a card that gives no mailbox (R42)
    # As if cancelled by the run that ends the hold; the grace that begins remembers it from then on.
    return replace(found, cancelled_on=today, expired_on=None, left_on=today, missing=True)


def _was_entitled(case: Case) -> bool:
    """Only from entitled is there a hold: a mailbox in a grace, disabled or deleted goes its way (2.3)."""
    box = case.box
    return box is not None and box.state in LIVING and box.disable_on is None


def _held(case: Case, setting: Setting) -> Judged:
    """A card row is gone without a cancellation: hold, alert, nothing changes (D26)."""
    since = case.state.missing_since or setting.today
    over = since + timedelta(days=setting.policy.missing_card.hold_days)
    then = f"from {over} it counts as cancelled"
    if setting.policy.missing_card.policy == "manual":
        then = "nothing changes until it is back or registration cancels it"
    message = f"the card has been missing from the registration data since {since}; {then}"
    case.find("MISSING_CARD", message, Severity.ALERT)
    days = (day for card in case.record.cards for day in (card.start_date, card.status_effective_on))
    due_on = earliest(over, *(day for day in days if day is not None and day > setting.today))  # another card may begin
    case.state = replace(case.state, state=Standing.MISSING_HOLD, frozen=None, due_on=due_on)
    return _judged(case, ())


def _evidence(found: Entitlement, setting: Setting) -> tuple[Evidence, ...]:
    if found.card is None:
        return ()
    return (Evidence(table="cards", key=found.card.card_id, snapshot=setting.snapshot),)


def _settle_living(
    case: Case, found: Entitlement, book: Book, setting: Setting, evidence: tuple[Evidence, ...]
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
    case.served = _shared(tuple(a.unit_id for a in served))
    case.needs = needs(case.person_id, served, setting.units)
    if living:
        for affiliation in left_out:
            message = f"the affiliation to {affiliation.unit_id} is beyond the {len(served)} that are served"
            case.find("AFFILIATION_LIMIT", message, Severity.INFO)
    settle_addresses(case, served, book, setting, evidence, living=living)
    settle_sender(case, found, book.holders, setting, evidence)
    return dropped


@lru_cache(maxsize=4096)
def _shared(units: tuple[UnitId, ...]) -> tuple[UnitId, ...]:
    """Of the many people with the same units one tuple."""
    return units


def _settle_state(case: Case, found: Entitlement, setting: Setting) -> None:
    case.state = altered(
        case.state,
        state=standing(found, case.box),
        served=case.state.served if case.served is None else case.served,
        left_on=_left_on(case, found, setting),
        card_id=found.card.card_id if found.qualifying and found.card else case.state.card_id,
        code=_status(case, found, setting.today),
        due_on=next_date(case, found, setting),
    )


def _status(case: Case, found: Entitlement, today: date) -> str | None:
    """The status that counts today: one that takes effect later, or stands on a card that is over, leaves it."""
    known = case.state.code
    counts = found.card is not None and found.card.current(today)
    return found.code or found.card.status_code if found.card and (counts or not known) else known


def _left_on(case: Case, found: Entitlement, setting: Setting) -> date | None:
    """D09: the first day without any current card. Rows that vanish later never make it an earlier one.

    Where the card that was current has itself vanished, those that are left do not know the day: it is today.
    """
    state, cards = case.state, case.record.cards
    if any(card.current(setting.today) for card in cards):
        return None
    vanished = state.code is not None and state.code not in {card.status_code for card in cards}
    gives = setting.policy.status_map.qualifying
    gave = state.code in gives
    changed = any(card.card_id == state.card_id and (gave or card.status_code not in gives) for card in cards)
    if vanished and not changed and state.left_on is None:
        return setting.today
    told = [day for day in (found.left_on, case.state.left_on) if day is not None]
    return max(told, default=None)


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
        removed=(*dropped, *case.gone),
        findings=tuple(case.findings),
    )
