"""Senders that leave the tenant with the mailbox that sends otherwise: of domains with mail of their own (R57)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypeGuard

from nexusops.model.changes import Change, SetSender
from nexusops.model.ids import Domain, domain_of
from nexusops.model.ledger import Ledger
from nexusops.plan.compare import Draft


def with_leavers(drafts: Iterable[Draft], ledger: Ledger, unrouted: Collection[Domain]) -> tuple[Draft, ...]:
    """R57: a sender of a domain with mail of its own leaves the mailbox when another one takes its place."""
    found = tuple(drafts)
    if not any(_left(change, unrouted) for draft in found for change in draft.changes):
        return found
    own = {(row.address, row.mailbox_key) for row in ledger.allocations.values() if row.live}

    def told(change: Change) -> Change:
        if not _left(change, unrouted) or (change.was, change.mailbox.key) in own:
            return change
        return replace(change, leaves=True)

    return tuple(_without_leavers(replace(draft, changes=tuple(map(told, draft.changes)))) for draft in found)


def _left(change: Change, unrouted: Collection[Domain]) -> TypeGuard[SetSender]:
    return isinstance(change, SetSender) and change.was is not None and domain_of(change.was) in unrouted


def _without_leavers(draft: Draft) -> Draft:
    """What leaves with this very plan is no strange address."""
    leaving = {change.was for change in draft.changes if isinstance(change, SetSender) and change.leaves}
    findings = tuple(f for f in draft.findings if f.code != "TENANT_EXTRA_ADDRESS" or f.subject not in leaving)
    return replace(draft, findings=findings) if leaving else draft
