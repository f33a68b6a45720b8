"""What only the tenant knows and the rules need: mailboxes that exist, and forwards set by hand (D35)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from nexusops.model.frozen import altered
from nexusops.model.ids import MailboxKey, PersonId, alike, local_of
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, MailboxKind, MailboxState
from nexusops.model.tenant import Actual, ActualMailbox


def actual_of(box: Mailbox, actual: Actual) -> ActualMailbox | None:
    """What was read of this mailbox, joined on ids: by person, or by the box's name."""
    if box.kind is MailboxKind.PERSONAL:
        return actual.people.get(box.person_id) if box.person_id else None
    return actual.boxes.get(box.name) if box.name else None


def joined(ledger: Ledger, actual: Actual, usernames: Mapping[str, PersonId]) -> Actual:
    """The tenant without users that somebody's changed employeeId would make another person's (tenant-api.md 12, 1).

    Whose user we know keeps it; ``usernames`` are those of the users found, with the people who ever had them.
    """
    owners = {
        box.user_id: box.person_id
        for box in ledger.mailboxes.values()
        if box.user_id is not None and box.person_id is not None and box.state is not MailboxState.PURGED
    }
    moved: dict[PersonId, str] = {}
    for user_id, carries in actual.carried.items():
        owner = owners.get(user_id)
        if owner is not None:
            moved[owner] = f"the user {user_id} carries the employeeId {carries or '(none)'} instead of {owner}"
    for person_id, found in actual.people.items():
        owner = owners.get(found.user_id, usernames.get(local_of(found.user_principal_name), person_id))
        if owner != person_id:
            moved[person_id] = (
                f"the user {found.user_principal_name} carries the employeeId of {person_id}, not {owner}"
            )
    if not moved:
        return actual
    return replace(actual, people={p: m for p, m in actual.people.items() if p not in moved}, moved=moved)


def seen_before(ledger: Ledger, actual: Actual) -> tuple[int, int]:
    """How many mailboxes were there once, and have their licensed users still; how many of them are not told of."""
    known = lost = 0
    for box in ledger.mailboxes.values():
        found = actual_of(box, actual) if box.exchange_guid is not None and box.live else None
        if found is not None and found.user_id == box.user_id and found.licensed and not found.deleted:
            known += 1
            lost += found.exchange_guid is None
    return known, lost


def users_seen_before(ledger: Ledger, actual: Actual) -> tuple[int, int]:
    """How many people had a user of theirs when their mailbox was last seen; how many of them have none at all now, not
    even a deleted one.
    """
    before = [box.person_id for box in ledger.mailboxes.values() if box.live and box.user_id and box.person_id]
    there = actual.people.keys() | actual.ambiguous.keys()
    return len(before), sum(person_id not in there for person_id in before)


def observe(ledger: Ledger, actual: Actual) -> Ledger:
    """The ledger with what the tenant says: ids, forwards set or removed by hand, signatures, others' names."""
    return replace(
        ledger, mailboxes=_each(ledger, actual), signing=actual.signing, foreign=_foreign(ledger, actual.boxes)
    )


def _foreign(ledger: Ledger, boxes: Mapping[str, ActualMailbox]) -> frozenset[str]:
    """Whose they are nobody knows here: they are joined by their names alone. A state without any history is another
    matter, of the guard's (plan/first_use.py).
    """
    if not ledger.serial and not ledger.mailboxes:
        return frozenset()
    known = {
        box.name for box in ledger.mailboxes.values() if box.person_id is None and box.state is not MailboxState.PURGED
    }
    there = (name for name, found in boxes.items() if found.exchange_guid is not None and not found.deleted)
    return frozenset(there) - known


def settled(before: Ledger, after: Ledger, unfinished: Collection[str]) -> frozenset[MailboxKey]:
    """Mailboxes for which nothing is promised or still to be done: what differs there, somebody else has changed."""
    return frozenset(
        key
        for key, box in after.mailboxes.items()
        if box.state is not MailboxState.PENDING
        and key in before.mailboxes
        and before.mailboxes[key].state is box.state
        and box.scope not in unfinished
    )


def recognise(ledger: Ledger, actual: Actual) -> Ledger:
    """A pending mailbox that the tenant has is active; whoever made it."""
    found = {
        key: replace(box, state=MailboxState.ACTIVE)
        if box.state is MailboxState.PENDING and _is_made(box, actual_of(box, actual))
        else box
        for key, box in _each(ledger, actual).items()
    }
    return replace(ledger, mailboxes=found)


def _is_made(box: Mailbox, found: ActualMailbox | None) -> bool:
    there = found is not None and found.exchange_guid is not None and not found.deleted
    return there and not (found is not None and half_made(box.kind, box.sender, found))


def half_made(kind: MailboxKind, address: str | None, found: ActualMailbox) -> bool:
    """Whether making a shared mailbox broke off: it has its address, and the rest of it is still to come."""
    return kind is not MailboxKind.PERSONAL and found.listed and not found.deleted and found.primary == address


def _each(ledger: Ledger, actual: Actual) -> Mapping[MailboxKey, Mailbox]:
    latest: dict[tuple[PersonId | None, str | None], MailboxKey] = {}
    for key, box in sorted(ledger.mailboxes.items(), key=lambda item: item[1].generation):
        latest[box.person_id, None if box.person_id else box.name] = key  # whatever its kind, or its name, was (D44)
    current = set(latest.values())
    return {key: _observed(box, actual) if key in current else box for key, box in ledger.mailboxes.items()}


def _observed(box: Mailbox, actual: Actual) -> Mailbox:
    found = actual_of(box, actual)
    if found is None:
        return box
    box = altered(box, user_id=found.user_id or box.user_id, exchange_guid=found.exchange_guid or box.exchange_guid)
    if found.exchange_guid is None:  # its forward was not read
        return box
    ours = (box.forward_set, box.forward.to if box.forward and box.forward.origin is ForwardOrigin.AUTO else None)
    if found.forward is not None and not any(alike(found.forward, one) for one in ours):
        return replace(box, forward=Forward(to=found.forward, origin=ForwardOrigin.MANUAL))
    if box.forward is not None and box.forward.origin is ForwardOrigin.MANUAL:
        return replace(box, forward=None)
    return box
