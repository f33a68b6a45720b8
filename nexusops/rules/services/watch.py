"""Which products' DNS is watched while they are live, and what of it somebody should look at (rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterable

from nexusops.model.dns_spf import Note
from nexusops.model.findings import Severity
from nexusops.model.services import Service, ServiceState

SPF_FAULTS = frozenset(
    {
        "NO_SPF",
        "MULTIPLE_SPF",
        "INCLUDE_NO_SPF",
        "LOOP",
        "TOO_MANY_LOOKUPS",
        "TOO_MANY_VOID_LOOKUPS",
        "PASS_ALL",
        "SYNTAX",
    }
)
"""What keeps a record from being published (D40)."""
WATCHED = SPF_FAULTS | {
    "DNS_DIFFERS",
    "PROVIDER_CHANGED",
    "PROVIDER_BROKEN",
    "PROVIDER_NEAR_LIMIT",
    "NEAR_LOOKUP_LIMIT",
}
"""What can go wrong with a service domain after it was proved; the rest of ``domain check`` was so from the start."""


def is_watched(row: Service) -> bool:
    """It was live once with what is published now; before that the postmaster may still be at it."""
    live = row.state in (ServiceState.LIVE, ServiceState.REVIEW_DUE)
    return live and bool(row.published) and row.verified_on is not None


def to_review(notes: Iterable[Note]) -> bool:
    """live to review_due: the DNS is not as planned, or a provider changed or broke; not where it only comes near."""
    from nexusops.rules.mailauth.check import severity_of  # only where there is something to judge

    return any(severity_of(note.code) is Severity.ALERT for note in notes)
