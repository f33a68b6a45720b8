"""What only the tenant knows and the rules need: mailboxes that exist, and forwards set by hand (D35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nexusops.model.ids import MailboxKey
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, MailboxKind, MailboxState
from nexusops.model.tenant import Actual, ActualMailbox
from nexusops.plan.case import altered


def actual_of(box: Mailbox, actual: Actual) -> ActualMailbox | None:
    """What was read of this mailbox, joined on ids: by person, or by the box's name."""
    if box.kind is MailboxKind.PERSONAL:
        return actual.people.get(box.person_id) if box.person_id else None
    return actual.boxes.get(box.name) if box.name else None


def observe(ledger: Ledger, actual: Actual) -> Ledger:
    """The ledger with the tenant's ids, and with forwards that somebody set or removed by hand."""
    return replace(ledger, mailboxes=_each(ledger, actual))


def recognise(ledger: Ledger, actual: Actual) -> Ledger:
    """A pending mailbox that the tenant has is active; whoever made it."""
    found = {
        key: replace(box, state=MailboxState.ACTIVE)
        if box.state is MailboxState.PENDING and _exists(actual_of(box, actual))
        else box
        for key, box in _each(ledger, actual).items()
    }
    return replace(ledger, mailboxes=found)


def _exists(found: ActualMailbox | None) -> bool:
    return found is not None and found.exchange_guid is not None and not found.deleted


def _each(ledger: Ledger, actual: Actual) -> Mapping[MailboxKey, Mailbox]:
    latest: dict[tuple[str, str], MailboxKey] = {}
    for key, box in sorted(ledger.mailboxes.items(), key=lambda item: item[1].generation):
        latest[box.kind, box.person_id or box.name or key] = key
    current = set(latest.values())
    return {key: _observed(box, actual) if key in current else box for key, box in ledger.mailboxes.items()}


def _observed(box: Mailbox, actual: Actual) -> Mailbox:
    found = actual_of(box, actual)
    if found is None:
        return box
    box = altered(box, user_id=found.user_id or box.user_id, exchange_guid=found.exchange_guid or box.exchange_guid)
    ours = {box.forward_set, box.forward.to if box.forward and box.forward.origin is ForwardOrigin.AUTO else None}
    if found.forward is not None and found.forward not in ours:
        return replace(box, forward=Forward(to=found.forward, origin=ForwardOrigin.MANUAL))
    if box.forward is not None and box.forward.origin is ForwardOrigin.MANUAL:
        return replace(box, forward=None)
    return box
