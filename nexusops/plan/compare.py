"""The changes that make the tenant what it should be, in an order in which each step is safe: make before break."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    OnMailbox,
    RemoveAddress,
    RestoreMailbox,
    SetForward,
    SetSender,
    Why,
)
from nexusops.model.findings import Finding, Severity, box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, MailboxKey, PersonId, alike, domain_of
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.tenant import Actual, ActualMailbox, DesiredMailbox, Explained
from nexusops.plan.observe import half_made

MISPLACED = "TENANT_ID_MISPLACED"


@frozen
class Draft:
    """Changes of one mailbox in their order: each is safe once those before it are done."""

    name: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...] = ()


def drafted(drafts: Iterable[Draft]) -> list[Change]:
    return [change for draft in drafts for change in draft.changes]


def compare(
    desired: Iterable[DesiredMailbox], actual: Actual, settled: Collection[MailboxKey] = ()
) -> tuple[Draft, ...]:
    """A mailbox after another; equal values give no change. A person whose id is ambiguous, or has moved to another
    user, is left as they are. Of ``settled`` ones, for which nothing is promised, only addresses are mended (3.16).
    """
    drafts = []
    for wanted in desired:
        unjoined = _unjoined(wanted, actual)
        if unjoined is not None:
            drafts.append(Draft(name=wanted.name, changes=(), findings=(unjoined,)))
            continue
        personal = wanted.kind is MailboxKind.PERSONAL
        found = actual.people.get(wanted.person_id) if personal and wanted.person_id else actual.boxes.get(wanted.name)
        if found is not None and found.deleted and wanted.new:
            found = None  # a predecessor that the tenant is about to purge
        if wanted.key in settled:
            told = changed_elsewhere(wanted, found)
            if told is not None:
                findings = (_finding(wanted, told[0], told[1]),)
                drafts.append(_only_addresses(_compare(wanted, found), findings))
                continue
        drafts.append(_compare(wanted, found, settled=wanted.key in settled))
    return tuple(drafts)


def _unjoined(wanted: DesiredMailbox, actual: Actual) -> Finding | None:
    """Nobody can say which user is this person's."""
    if wanted.person_id is None:
        return None
    if wanted.person_id in actual.ambiguous:
        users = users_named(actual.ambiguous[wanted.person_id])
        message = f"more than one directory user carries this person's employeeId: {users}; nothing is changed"
        return _finding(wanted, "TENANT_AMBIGUOUS", message)
    moved = actual.moved.get(wanted.person_id)
    if moved is None:
        return None
    message = f"{moved}: nothing is changed for {wanted.name} until the employeeId is put right in the tenant"
    return _finding(wanted, "TENANT_ID_CHANGED", message, Severity.ALERT)


def users_named(users: Iterable[ActualMailbox]) -> str:
    """By their sign-in names, as an administrator looks for them."""
    return " and ".join(sorted(user.user_principal_name for user in users))


def misplaced(name: str, person_id: PersonId) -> str:
    """What is said of an employeeId on the account behind a mailbox that is nobody's."""
    return (
        f"{name} is no mailbox of a person, and the account behind it carries the employeeId {person_id}, which counts "
        "for nothing: remove it there; if the mailbox is that person's, make it a regular one"
    )


def changed_elsewhere(wanted: DesiredMailbox, found: ActualMailbox | None) -> tuple[str, str] | None:
    """What somebody else did to a mailbox that it is not ours to mend: a code, and what to do (3.16)."""
    name, there = wanted.name, found is not None and not found.deleted and found.exchange_guid is not None
    if not wanted.exists:
        message = f"{name} was deleted, and is there again: delete it in the tenant, or find out who restored it"
        return ("TENANT_STILL_THERE", message) if there and found is not None and not found.held else None
    if found is not None and found.deleted:
        return "TENANT_DELETED", f"{name} was deleted in the tenant; restore it there within 30 days"
    if not there or found is None:
        return "TENANT_MISSING_MAILBOX", f"{name} is not in the tenant any more; restore its user, or its licence"
    if wanted.kind is MailboxKind.PERSONAL and found.enabled is not wanted.enabled:
        word = "enabled" if found.enabled else "disabled"
        message = f"{name} was {word} in the tenant, not by nexusops: undo that there, or tell the service desk"
        return f"TENANT_{word.upper()}", message
    return None


def _only_addresses(draft: Draft, findings: tuple[Finding, ...]) -> Draft:
    """The changes of a draft that mend addresses; none where the mailbox itself is not there."""
    being = any(isinstance(change, CreateMailbox | RestoreMailbox | DeleteMailbox) for change in draft.changes)
    kept = () if being else tuple(change for change in draft.changes if isinstance(change, _ADDRESSING))
    told = tuple(finding for finding in draft.findings if finding.code != "AWAITING_MAILBOX")
    return Draft(name=draft.name, changes=kept, findings=(*findings, *told))


_ADDRESSING = AddAddress | RemoveAddress | SetSender | SetForward | ClearForward


def _compare(wanted: DesiredMailbox, found: ActualMailbox | None, *, settled: bool = True) -> Draft:
    on = OnMailbox(
        name=wanted.name,
        key=wanted.key,
        kind=wanted.kind,
        user_id=found.user_id if found else None,
        exchange_guid=found.exchange_guid if found else None,
    )
    if not wanted.exists:
        return _gone(wanted, found, on)
    if found is None and not wanted.enabled:
        return Draft(name=wanted.name, changes=())
    changes: list[Change] = []
    findings: list[Finding] = []
    to_make = found is None or found.exchange_guid is None or _half_made(wanted, found)
    if found is None or (to_make and not found.deleted):
        changes.append(_create(wanted, on))
        if found is not None and found.licensed and wanted.person_id:
            message = "the mailbox has been asked for, and Exchange has not made it yet; later runs go on"
            findings.append(_finding(wanted, "AWAITING_MAILBOX", message, Severity.INFO))
    elif found.deleted:
        changes.append(RestoreMailbox(mailbox=on, why=_why(wanted, wanted.why), disabled=not wanted.enabled))
    if found is not None and wanted.kind is MailboxKind.PERSONAL and wanted.enabled and not found.enabled:
        if found.exchange_guid is not None or found.deleted:
            changes.append(EnableMailbox(mailbox=on, why=_why(wanted, wanted.why)))
    changes.extend(_addresses(wanted, None if to_make else found, on))
    changes.extend(_forward(wanted, found, on))
    if found is not None and not found.deleted and not wanted.enabled:
        # One that is listed still is half disabled, unless somebody listed it since.
        if found.enabled or (found.listed and not settled):
            changes.append(DisableMailbox(mailbox=on, why=_why(wanted, wanted.why)))
    if found is not None:
        findings.extend(_odd(wanted, found))
    return Draft(name=wanted.name, changes=tuple(changes), findings=tuple(findings))


def _half_made(wanted: DesiredMailbox, found: ActualMailbox) -> bool:
    return wanted.new and half_made(wanted.kind, wanted.primary, found)


def _gone(wanted: DesiredMailbox, found: ActualMailbox | None, on: OnMailbox) -> Draft:
    if found is None or found.deleted:
        return Draft(name=wanted.name, changes=())
    if found.held:
        message = "the mailbox is on hold, so it is not deleted; release the hold or leave it"
        return Draft(name=wanted.name, changes=(), findings=(_finding(wanted, "ON_HOLD", message),))
    ended = tuple(sorted(address for address in wanted.owned if address in found.addresses))
    return Draft(name=wanted.name, changes=(DeleteMailbox(mailbox=on, why=_why(wanted, wanted.why), addresses=ended),))


def _create(wanted: DesiredMailbox, on: OnMailbox) -> CreateMailbox:
    personal = wanted.kind is MailboxKind.PERSONAL
    return CreateMailbox(
        mailbox=on,
        why=_why(wanted, wanted.why),
        user_principal_name=wanted.user_principal_name,
        display_name=wanted.display_name,
        person_id=wanted.person_id,
        unit_id=wanted.unit_id,
        owner_person_id=wanted.owner_person_id,
        address=None if personal else wanted.primary,
    )


def _addresses(wanted: DesiredMailbox, found: ActualMailbox | None, on: OnMailbox) -> list[Change]:
    """Add, then move the sender, then remove. A new mailbox (``found`` None) starts with its fallback (a box with its
    address) as sender.
    """
    personal = wanted.kind is MailboxKind.PERSONAL
    start = wanted.fallback if personal else wanted.primary
    made = {start, None if personal else Address(wanted.user_principal_name.lower())}
    present = frozenset(made) if found is None else found.addresses
    primary = start if found is None else found.primary
    changes: list[Change] = [
        AddAddress(mailbox=on, why=_why(wanted, reason), address=address)
        for address, reason in sorted(wanted.addresses.items())
        if address not in present
    ]
    if wanted.primary is not None and wanted.primary != primary:
        changes.append(SetSender(mailbox=on, why=_why(wanted, wanted.why_sender), was=primary, becomes=wanted.primary))
        primary = wanted.primary
    changes.extend(
        RemoveAddress(mailbox=on, why=_why(wanted, reason), address=address)
        for address, reason in sorted(wanted.owned.items())
        if address in present and address not in wanted.addresses and address != primary
    )
    return changes


def _forward(wanted: DesiredMailbox, found: ActualMailbox | None, on: OnMailbox) -> list[Change]:
    """R58, D35: a forward set by hand is never overwritten."""
    present = found.forward if found is not None else None
    if wanted.keeps_manual_forward or alike(wanted.forward, present):
        return []
    if wanted.forward is not None:
        return [SetForward(mailbox=on, why=_why(wanted, wanted.why_forward), was=present, becomes=wanted.forward)]
    return [ClearForward(mailbox=on, why=_why(wanted, wanted.why_forward), was=present)] if present else []


def _odd(wanted: DesiredMailbox, found: ActualMailbox) -> Iterator[Finding]:
    """3.16: what is said, and never mended: an employeeId that counts for nothing, an address that is not known."""
    if wanted.person_id is None and found.person_id is not None:
        yield _finding(wanted, MISPLACED, misplaced(wanted.name, found.person_id))
    known = {*wanted.owned, *wanted.addresses, wanted.primary, Address(wanted.user_principal_name.lower())}
    for address in sorted(found.addresses):
        if address not in known and not domain_of(address).endswith(".onmicrosoft.com"):
            message = f"{address} stands on {wanted.name}, to which the ledger does not give it"
            yield _finding(wanted, "TENANT_EXTRA_ADDRESS", message, subject=address)


def _why(wanted: DesiredMailbox, reason: Explained) -> Why:
    return Why(subject=wanted.subject, rule=reason.rule, because=reason.because, evidence=reason.evidence)


def _finding(
    wanted: DesiredMailbox,
    code: str,
    message: str,
    severity: Severity = Severity.WARNING,
    *,
    subject: str | None = None,
) -> Finding:
    scope = person_scope(wanted.person_id) if wanted.person_id else box_scope(wanted.name)
    about = subject or wanted.person_id or wanted.name
    return Finding(code=code, subject=about, message=message, severity=severity, scope=scope)
