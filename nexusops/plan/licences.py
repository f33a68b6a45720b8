"""No mailbox is begun for which no licence is left (tenant-api.md 4.4): its user would be half made."""

from __future__ import annotations

from collections.abc import Sequence

from nexusops.model.changes import CreateMailbox
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import PersonId
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.plan import Planned
from nexusops.model.tenant import Actual
from nexusops.plan.arrange import scope_of, without


def within_stock(planned: Sequence[Planned], actual: Actual) -> tuple[tuple[Planned, ...], tuple[Finding, ...]]:
    """The changes that the licences suffice for, in the order of the plan; who has to wait is told (``NO_LICENCE``).

    Where the stock was not read, nobody is to be made.
    """
    wanting = [one for one in planned if _wants_licence(one, actual)]
    left = max(actual.licences_left or 0, 0)
    if actual.licences_left is None or len(wanting) <= left:
        return tuple(planned), ()
    waiting = wanting[left:]
    message = (
        f"waits for a licence: {len(wanting)} mailboxes are to be made, and the tenant has licences for {left} of them"
    )
    findings = (
        Finding(
            code="NO_LICENCE",
            subject=one.change.why.subject,
            message=message,
            severity=Severity.ALERT,
            scope=scope_of(one.change),
        )
        for one in waiting
    )
    return without(planned, {one.id for one in waiting}), tuple(findings)


def _wants_licence(planned: Planned, actual: Actual) -> bool:
    """Personal mailboxes do; one that was begun may have its licence already."""
    change = planned.change
    if not isinstance(change, CreateMailbox) or change.mailbox.kind is not MailboxKind.PERSONAL:
        return False
    found = actual.people.get(PersonId(change.why.subject))
    return found is None or found.deleted or not found.licensed
