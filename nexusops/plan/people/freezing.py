"""Why nothing may be changed for a person: faults that only the ledger or the policy can see (D29, D46, R15, R18)."""

from __future__ import annotations

from nexusops.model.addresses import AddressKind
from nexusops.model.findings import Severity
from nexusops.model.ids import Domain, address
from nexusops.model.mailboxes import MailboxState
from nexusops.plan.people.case import Case
from nexusops.plan.people.faults import policy_fault
from nexusops.plan.setting import Setting
from nexusops.rules.book import Book, kept_by_tenant

RETURN_YEARS = 5
"""D44: so long a returner keeps the username."""


def freezes(case: Case, book: Book, setting: Setting) -> str | None:
    """The code of the fault, which is among the case's findings; None: there is none."""
    person, known = case.record.person, case.state.username
    fault = policy_fault(case.record, setting.policy)
    if fault is not None:
        case.findings.append(fault)
        return fault.code
    if person is None:
        return None
    if person.username is None:
        return _without_username(case) if known and not _long_gone(case, setting) else None
    if known is not None and known != person.username and not _long_gone(case, setting):
        message = f"the username changed from {known} to {person.username}; a mailbox cannot change its name"
        case.find("USERNAME_CHANGED", message, Severity.ALERT)
        return "USERNAME_CHANGED"
    if setting.usernames.get(person.username, case.person_id) != case.person_id:
        case.find("DUP_USERNAME", f"the username {person.username} belongs to another person for ever", Severity.ALERT)
        return "DUP_USERNAME"
    return _named_like_a_box(case, person.username, setting) or _named_like_an_address(
        case, person.username, book, setting
    )


def _named_like_a_box(case: Case, username: str, setting: Setting) -> str | None:
    """R18: a unit has a mailbox of that name since before anybody had the username; the tenant refuses a second."""
    other = setting.shared.get(username)
    if other is None or (case.box is not None and case.box.name == username and case.box.state not in _NOT_THERE):
        return None
    kept = f", which the tenant keeps until {other.purge_on}" if other.state is MailboxState.DELETED else ""
    message = f"the username {username} is the name of a mailbox of {other.unit_id}{kept}; it needs another mailbox_id"
    case.find("DUP_USERNAME", f"{message}, or the person another username", Severity.ALERT)
    return "DUP_USERNAME"


def _named_like_an_address(case: Case, username: str, book: Book, setting: Setting) -> str | None:
    """R17, D21: the mailbox would have the routing name that is somebody else's address, or was until lately."""
    wanted = address(username, Domain(setting.site.fallback_domain))
    last = next(reversed(book.holders.get(wanted, ())), None)
    if last is None or last.person_id == case.person_id:
        return None
    if case.fallback is not None or not _gives_a_mailbox(case, setting):
        return None
    kept = kept_by_tenant(last, setting.policy, setting.today)
    if not (last.live or kept or (last.kind is AddressKind.PERSONAL and not book.free_for(wanted, case.person_id))):
        return None
    whose = f"is an address of {last.person_id or last.unit_id or 'another mailbox'}"
    message = f"{wanted}, which the mailbox of {username} would have, {whose}; the person needs another username"
    case.find("DUP_USERNAME", message, Severity.ALERT)
    return "DUP_USERNAME"


def _gives_a_mailbox(case: Case, setting: Setting) -> bool:
    """Whether a mailbox is to be made for them."""
    there = case.box is not None and case.box.state not in _NOT_THERE
    codes = setting.policy.status_map.qualifying
    return not there and any(card.current(setting.today) and card.status_code in codes for card in case.record.cards)


_NOT_THERE = frozenset({MailboxState.PENDING, MailboxState.PURGED})


def _long_gone(case: Case, setting: Setting) -> bool:
    """D44: who left more than five years ago, and has no mailbox left, may come back with another username."""
    left_on, box = case.state.left_on, case.box
    if left_on is None or (box is not None and box.state is not MailboxState.PURGED):
        return False
    return setting.today > setting.policy.months_after(left_on, 12 * RETURN_YEARS)


def _without_username(case: Case) -> str:
    case.find("USERNAME_CHANGED", "the username has gone from the registration data", Severity.ALERT)
    return "USERNAME_CHANGED"
