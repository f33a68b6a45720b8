"""Where the tenant differs from what the ledger says of it (rules.md 3.16): said, never mended from here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from nexusops.model.changes import AddAddress, Change, ClearForward, RemoveAddress, SetForward, SetSender
from nexusops.model.findings import Severity
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, alike, domain_of
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.site import Site
from nexusops.model.tenant import Actual, ActualMailbox
from nexusops.plan.compare import MISPLACED, Draft, compare, misplaced, users_named
from nexusops.plan.observe import actual_of, joined
from nexusops.plan.project import project


@frozen
class Difference:
    """One difference. ``expected`` is the ledger's value, ``found`` the tenant's; None: nothing.

    ``mended``: the next full plan puts it right, because it is an address that the ledger owns, or the sender or
    automatic forward that goes with it. ``unfinished``: it was planned, and is not done yet.
    """

    code: str
    mailbox: str
    subject: str
    message: str
    expected: str | None = None
    found: str | None = None
    mended: bool = False
    unfinished: bool = False
    severity: Severity = Severity.WARNING


@frozen
class Drift:
    """``mailboxes``: how many of the ledger's were compared."""

    at: datetime
    site: str
    serial: int
    mailboxes: int
    differences: tuple[Difference, ...]


def differences(ledger: Ledger, actual: Actual, site: Site, unfinished: Collection[str]) -> tuple[Difference, ...]:
    """All there are, in the order of mailboxes; people who are frozen or held are not looked at (D26, D29)."""
    usernames = {state.username: state.person_id for state in ledger.people.values() if state.username is not None}
    actual = joined(ledger, actual, usernames)
    settled = [key for key, box in ledger.mailboxes.items() if box.state is not MailboxState.PENDING]
    boxes = {box.name: box for box in sorted(ledger.mailboxes.values(), key=lambda box: box.generation) if box.name}
    wanted = [one for one in project(ledger, site) if boxes[one.name].state is not MailboxState.PENDING]
    found = [
        difference
        for draft in compare(wanted, actual, frozenset(settled))
        for difference in _of_draft(draft, boxes[draft.name], actual, boxes[draft.name].scope in unfinished)
    ]
    return (*found, *_unknown(ledger, actual, site))


def _of_draft(draft: Draft, box: Mailbox, actual: Actual, unfinished: bool) -> Iterator[Difference]:
    for finding in draft.findings:
        yield Difference(
            code=finding.code,
            mailbox=draft.name,
            subject=finding.subject,
            message=finding.message,
            found=finding.subject if finding.code == "TENANT_EXTRA_ADDRESS" else None,
            severity=finding.severity,
            unfinished=unfinished,
        )
    for change in draft.changes:
        difference = _of_change(change, box, unfinished)
        if difference is not None:
            yield _blocked(difference, change, actual)
    seen = actual_of(box, actual)
    if seen is not None and not seen.deleted:
        yield from _forward(draft, box, seen, unfinished)


def _blocked(difference: Difference, change: Change, actual: Actual) -> Difference:
    """What stands on another mailbox cannot be put back until it is taken off there."""
    if not isinstance(change, AddAddress | SetSender):
        return difference
    address = change.address if isinstance(change, AddAddress) else change.becomes
    there = (one for one in (*actual.people.values(), *actual.boxes.values()) if one.name != difference.mailbox)
    other = next((one.name for one in there if address in one.addresses), None)
    if other is None:
        return difference
    return replace(
        difference, mended=False, message=f"{difference.message}; {address} stands on {other}: take it off there"
    )


def _of_change(change: Change, box: Mailbox, unfinished: bool) -> Difference | None:
    name = box.name or ""
    expected: str | None
    found: str | None
    match change:
        case AddAddress():
            code, expected, found = "TENANT_MISSING_ADDRESS", change.address, None
            message = f"{change.address} is missing on {name}"
        case RemoveAddress():
            code, expected, found = "TENANT_ENDED_ADDRESS", None, change.address
            message = f"{change.address} has ended, and still stands on {name}"
        case SetSender():
            code, expected, found = "TENANT_WRONG_SENDER", change.becomes, change.was
            message = f"{name} sends as {change.was}, and should as {change.becomes}"
        case _:
            return None
    return Difference(
        code=code,
        mailbox=name,
        subject=change.address if not isinstance(change, SetSender) else box.person_id or name,
        message=message,
        expected=expected,
        found=found,
        mended=True,
        unfinished=unfinished,
    )


def _forward(draft: Draft, box: Mailbox, seen: ActualMailbox, unfinished: bool) -> Iterator[Difference]:
    """A forward of anybody's: one set by hand is the ledger's from the next run on, and never overwritten (D35)."""
    expected = box.forward.to if box.forward is not None else None
    if alike(expected, seen.forward):
        return
    mended = any(isinstance(change, SetForward | ClearForward) for change in draft.changes) and not seen.forward
    yield Difference(
        code="TENANT_WRONG_FORWARD",
        mailbox=box.name or "",
        subject=box.person_id or box.name or "",
        message=f"{box.name} forwards to {seen.forward or 'nobody'}, and the ledger says {expected or 'nobody'}",
        expected=expected,
        found=seen.forward,
        mended=mended,
        unfinished=unfinished,
    )


def _unknown(ledger: Ledger, actual: Actual, site: Site) -> Iterator[Difference]:
    """People whom the ledger does not know, and addresses in its domains on mailboxes that are nobody's."""
    reserved = {row.address for row in ledger.allocations.values() if row.live and row.mailbox_key is None}
    domains = {row.domain for row in ledger.allocations.values()} - {site.fallback_domain}
    people = {box.person_id for box in ledger.mailboxes.values()}
    settled = {box.person_id for box in ledger.mailboxes.values() if box.state is not MailboxState.PENDING}
    for person_id, users in sorted(actual.ambiguous.items()):
        if person_id not in settled:  # of the others it is said with their mailbox
            message = f"{users_named(users)} carry the employeeId {person_id}: leave it with one of them"
            yield Difference(code="TENANT_AMBIGUOUS", mailbox=users[0].name, subject=person_id, message=message)
    names = {box.name for box in ledger.mailboxes.values() if box.person_id is None}
    for person_id, found in sorted(actual.people.items(), key=lambda item: item[0]):
        if person_id not in people and found.exchange_guid is not None and not found.deleted:
            message = (
                f"{found.user_principal_name} has a mailbox, and the ledger has none for {person_id}: adopt it if "
                "registration knows that person, else correct its employeeId or leave it"
            )
            yield Difference(code="TENANT_UNKNOWN_PERSON", mailbox=found.name, subject=person_id, message=message)
    known = {box.user_id for box in ledger.mailboxes.values()}
    for name, found in _strangers(actual.boxes, names):
        if found.person_id is not None:
            message = misplaced(name, found.person_id)
            yield Difference(code=MISPLACED, mailbox=name, subject=name, message=message, found=found.person_id)
        for address in sorted(found.addresses - reserved) if found.user_id not in known else ():
            if domain_of(address) in domains:
                yield _extra(name, address)


def _strangers(
    boxes: Mapping[str, ActualMailbox], names: Collection[str | None]
) -> Iterable[tuple[str, ActualMailbox]]:
    return ((name, found) for name, found in sorted(boxes.items(), key=lambda item: item[0]) if name not in names)


def _extra(name: str, address: Address) -> Difference:
    message = f"{address} stands on {name}, which is no mailbox of the ledger's"
    return Difference(code="TENANT_EXTRA_ADDRESS", mailbox=name, subject=address, message=message, found=address)
