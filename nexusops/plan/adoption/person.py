"""A person's mailbox that the tenant had before us (rules.md 3.16, R4, R5, R20, R22, D16, D17, D35, D41)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.dates import local_date
from nexusops.model.findings import Finding, Severity, person_scope
from nexusops.model.ids import Address, Domain, PersonId, domain_of, local_of, person_mailbox_key
from nexusops.model.ledger import Hold, HoldKind, PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState, SenderOrigin
from nexusops.model.people import Card
from nexusops.model.snapshot import PersonRecord
from nexusops.model.tenant import ActualMailbox, Reason
from nexusops.plan.adoption.mailbox import FOUND, Adopted, Adopting, extra, forward_of, number_of, row_of
from nexusops.plan.people.mailbox import mark_of
from nexusops.rules.allocation import end
from nexusops.rules.entitlement import Entitlement, entitlement
from nexusops.rules.lifecycle import deleted, standing
from nexusops.rules.naming import form_name
from nexusops.rules.sender import preferred_class

_FIRST_LAST = re.compile(r"([a-z0-9-]+\.[a-z0-9-]*[a-z-])([2-9]|[1-9][0-9]+)?")


def adopt_person(record: PersonRecord, found: ActualMailbox, known: PersonState | None, setting: Adopting) -> Adopted:
    """A person's mailbox: its addresses, sender and forward; the name part is the one that its addresses have."""
    person, scope = record.person, person_scope(record.person_id)
    result = Adopted(findings=list(record.findings) if record.frozen else [])
    if person is None or record.frozen is not None:
        return result
    if person.username is None:
        message = "the person has a mailbox, and registration has no username yet: adopt again when it has"
        result.findings.append(Finding(code="PENDING_USERNAME", subject=record.person_id, message=message, scope=scope))
        return result
    ends = entitlement(record.cards, setting.policy, setting.today)
    base, names = _name_part(ends.card, person.username, found, setting)
    box = _personal(record, person.username, found, ends, setting)
    rows = list(_person_rows(record.person_id, box, found, base, setting))
    box = _sending(box, found, rows, record, ends, setting)
    if found.deleted_at is not None:
        box, rows = _as_deleted(box, rows, local_date(found.deleted_at, setting.policy.time.zone), setting)
        if box.purge_on is None or box.purge_on <= setting.today:
            return result
    result.mailbox = box
    result.rows = [_state(record, known, ends, box, base, names), box, *rows]
    if box.manual_disable:
        result.rows.append(_hold(record, setting))
    if found.deleted:
        result.findings.append(_was_deleted(box, ends))
    else:
        result.findings.extend(_person_findings(record, person.username, found, rows, setting))
    return result


def _as_deleted(
    box: Mailbox, rows: Iterable[Allocation], day: date, setting: Adopting
) -> tuple[Mailbox, list[Allocation]]:
    """What somebody deleted, as if we had done it that day: whoever is entitled to it gets it back (2.2, D23)."""
    box = deleted(box, day, setting.policy, Reason(rule="D08", because=FOUND))
    return box, [end(row, day, Reason(rule="D08", because=FOUND)) for row in rows]


def _was_deleted(box: Mailbox, ends: Entitlement) -> Finding:
    then = "; the next plan restores it, because the person is entitled to it" if ends.qualifying else ""
    when = f"on {box.deleted_on}, and can be restored before {box.purge_on}"
    message = f"{box.name} was deleted in the tenant {when}{then}"
    subject = str(box.person_id)
    return Finding(code="TENANT_DELETED", subject=subject, message=message, scope=person_scope(PersonId(subject)))


def _personal(
    record: PersonRecord, username: str, found: ActualMailbox, ends: Entitlement, setting: Adopting
) -> Mailbox:
    """Disabled stays disabled: somebody may have had a reason, so an entitlement alone does not enable it (D41)."""
    off = not found.enabled and not found.deleted
    return Mailbox(
        key=person_mailbox_key(record.person_id, 1),
        name=username,
        generation=1,
        kind=MailboxKind.PERSONAL,
        person_id=record.person_id,
        unit_id=None,
        owner_person_id=None,
        state=MailboxState.DISABLED if off else MailboxState.ACTIVE,
        since=setting.today,
        sender=found.primary,
        forward=forward_of(found),
        disabled_on=setting.today if off else None,
        manual_disable=off and ends.qualifying,
        user_id=found.user_id,
        exchange_guid=found.exchange_guid,
        rule="R2",
        because=FOUND,
    )


def _hold(record: PersonRecord, setting: Adopting) -> Hold:
    return Hold(
        subject=record.person_id,
        kind=HoldKind.MANUAL_DISABLE,
        fingerprint=mark_of(record.cards),
        actor=setting.actor,
        reason="it was found disabled when nexusops took the tenant over",
    )


def _name_part(
    card: Card | None, username: str, found: ActualMailbox, setting: Adopting
) -> tuple[str | None, tuple[str, str] | None]:
    """The name part that the addresses have, the sender's before others', and the card's names beside which it counts
    as unchanged (R5, R22): whom a request had renamed may have addresses of the card's name yet.
    """
    names = (card.personal_names, card.family_names) if card is not None else None
    formed = form_name(*names, max_local=setting.policy.names.max_local).base if names else None
    mine = _mine(username, found, setting)
    sending = [local_of(a) for a in mine if a == found.primary]
    for some in (sending, [local_of(a) for a in mine]):
        if formed is not None and any(number_of(local, formed) for local in some):
            return formed, names
        spelt = next(filter(None, map(_FIRST_LAST.fullmatch, some)), None)
        if spelt is not None:
            return spelt[1], names
    return formed, names


def _mine(username: str, found: ActualMailbox, setting: Adopting) -> list[Address]:
    """Addresses that may be personal, the sender first."""
    mine = (a for a in sorted(found.addresses) if setting.personal(a, username))
    return sorted(mine, key=lambda a: a != found.primary)


def _person_rows(
    person_id: PersonId, box: Mailbox, found: ActualMailbox, base: str | None, setting: Adopting
) -> Iterator[Allocation]:
    """One personal address a domain (R20): the sender, else the card's name, else another first.last. Whatever else
    there is stays on the mailbox for as long as that lives, as an address that is not personal.
    """
    username = box.name or ""
    mine = _mine(username, found, setting)
    chosen: dict[Domain, Address] = {}
    for address in sorted(mine, key=lambda a: _rank(a, found, base)):
        if (
            address == found.primary
            or _FIRST_LAST.fullmatch(local_of(address))
            or number_of(local_of(address), base or "")
        ):
            chosen.setdefault(domain_of(address), address)
    for address in sorted(found.addresses):
        kind = setting.domains.get(domain_of(address))
        if domain_of(address) == setting.site.fallback_domain and not setting.personal(address, username):
            if local_of(address) == username:
                yield row_of(address, setting, kind=AddressKind.FALLBACK, key=box.key, person_id=person_id)
        elif chosen.get(domain_of(address)) == address:
            yield row_of(address, setting, kind=AddressKind.PERSONAL, key=box.key, person_id=person_id, base=base)
        elif kind is not None and address not in setting.aliases:
            other = AddressKind.FOREIGN if kind is AddressKind.FOREIGN else AddressKind.NONPERSONAL
            yield row_of(address, setting, kind=other, key=box.key, person_id=person_id)


def _rank(address: Address, found: ActualMailbox, base: str | None) -> tuple[bool, int, Address]:
    number = number_of(local_of(address), base) if base else None
    return address != found.primary, number or 1000, address


def _sending(
    box: Mailbox,
    found: ActualMailbox,
    rows: Iterable[Allocation],
    record: PersonRecord,
    ends: Entitlement,
    setting: Adopting,
) -> Mailbox:
    """The sender stays, as a default that was computed on what there is, or as the choice that was made (D16, D17)."""
    code = ends.card.status_code if ends.card is not None else ends.last_code
    wanted = preferred_class(code, setting.policy)
    personal = [row for row in rows if row.kind is AddressKind.PERSONAL]
    has = any(wanted in setting.classes.get(row.domain, ()) for row in personal)
    inner = found.primary is not None and domain_of(found.primary) == setting.site.fallback_domain
    if inner and all(row.address != found.primary for row in personal):
        return replace(box, sender_origin=SenderOrigin.FALLBACK, sender_rule="R34", sender_because=FOUND)
    if record.choice is not None and record.choice.address == found.primary:
        return replace(box, sender_origin=SenderOrigin.CHOICE, sender_rule="R12", sender_because=FOUND)
    basis = f"{wanted.value}:{'has' if has else 'none'}"
    return replace(box, sender_origin=SenderOrigin.DEFAULT, sender_basis=basis, sender_rule="D16", sender_because=FOUND)


def _state(
    record: PersonRecord,
    known: PersonState | None,
    ends: Entitlement,
    box: Mailbox,
    base: str | None,
    names: tuple[str, str] | None,
) -> PersonState:
    return PersonState(
        person_id=record.person_id,
        username=box.name,
        state=standing(ends, box),
        left_on=known.left_on if known is not None else ends.left_on,
        card_names=names,
        base=base,
        card_id=ends.card.card_id if ends.qualifying and ends.card is not None else None,
        code=ends.card.status_code if ends.card is not None else None,
        deceased=record.person.deceased if record.person is not None else False,
    )


def _person_findings(
    record: PersonRecord, username: str, found: ActualMailbox, rows: Iterable[Allocation], setting: Adopting
) -> Iterator[Finding]:
    scope, owned = person_scope(record.person_id), {row.address: row for row in rows}

    def say(code: str, subject: str, message: str, severity: Severity = Severity.WARNING) -> Finding:
        return Finding(code=code, subject=subject, message=message, severity=severity, scope=scope)

    name = local_of(found.user_principal_name)
    if name.lower() != username:
        message = f"the directory user is {found.user_principal_name}, and registration has the username {username}"
        yield say("USERNAME_CHANGED", record.person_id, message)
    if found.synced:
        message = f"{username} is mastered on premises: it is adopted, and changes of it here will be refused"
        yield say("TENANT_SYNCED", record.person_id, message)
    if not found.enabled:
        message = f"{username} was found disabled and stays so; `nexusops desk undo-disable {username}` enables it"
        yield say("TENANT_DISABLED", record.person_id, message, Severity.INFO)
    if found.primary is not None and found.primary not in owned:
        message = f"{username} sends as {found.primary}, which is no address of a domain that registration manages"
        yield say("SENDER_UNKNOWN", found.primary, message)
    for row in owned.values():
        if row.kind is AddressKind.NONPERSONAL:
            message = f"{row.address} is a further address of {username} in {row.domain}; it stays with the mailbox"
            yield say("TENANT_EXTRA_ADDRESS", row.address, message, Severity.INFO)
    yield from extra(found, owned, username, scope, setting)
