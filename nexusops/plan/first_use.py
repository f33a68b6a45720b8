"""An empty state beside a tenant that is in use: nobody has adopted it, or the state was lost (interface.md 3).

Without its history the rules judge everybody as if they came today: addresses that wind down or have ended are
forgotten, and with them whose they are (R19), what people decided, and what was told to whom.
"""

from __future__ import annotations

from collections.abc import Collection

from nexusops.model.findings import Finding, Severity
from nexusops.model.ledger import Ledger
from nexusops.model.tenant import Actual
from nexusops.plan.guard import FIRST_OF_ALL, NO_HISTORY


def found_without_history(before: Ledger, actual: Actual, boxes: Collection[str]) -> int:
    """How many mailboxes the tenant has of people, and among the units' ``boxes``, where the ledger has none."""
    if before.serial or before.mailboxes:
        return 0
    there = [*actual.people.values(), *(found for name, found in actual.boxes.items() if name in boxes)]
    return sum(found.exchange_guid is not None and not found.deleted for found in there)


def no_history(site: str, found: int) -> tuple[Finding, ...]:
    """Told of however few they are; the guard's limit ``TakenOver`` stops the plan where they are many."""
    message = f"{NO_HISTORY.format(found)}: {FIRST_OF_ALL[0].lower()}{FIRST_OF_ALL[1:]}"
    return (Finding(code="NO_HISTORY", subject=site, message=message, severity=Severity.ALERT),) if found else ()
