"""What could not be done, as a page that says what to do next, with the status that fits it."""

from __future__ import annotations

from nexusops.console.answers import Forbidden, NotFound, Page, TakesForms
from nexusops.errors import (
    GuardStopped,
    NexusopsError,
    Refused,
    SnapshotRefused,
    StalePlan,
    StateUnavailable,
    TenantUnreadable,
    UsageError,
)

_STATUSES: tuple[tuple[type[NexusopsError], int, str], ...] = (
    (Refused, 422, "Refused"),
    (StalePlan, 409, "The plan no longer fits"),
    (GuardStopped, 409, "The guard stopped the plan"),
    (SnapshotRefused, 409, "The registration snapshot was refused"),
    (TenantUnreadable, 502, "The tenant cannot be read"),
    (StateUnavailable, 503, "The state is in use, or cannot be read"),
    (UsageError, 500, "The configuration is wrong"),
)

_FORMS = "Go to the page that has the form, and send it from there."


def refusal_page(error: Exception) -> Page:
    """One page for every error; a defect is told as one, without its insides."""
    if isinstance(error, NotFound):
        return _page(404, "Not found", f"{error.what}.", error.next_step)
    if isinstance(error, Forbidden):
        return _page(403, "Not allowed", error.message, error.next_step)
    if isinstance(error, TakesForms):
        return _page(405, "Nothing was sent", "Forms are sent to this address; nothing is shown at it.", _FORMS)
    for kind, status, title in _STATUSES:
        if isinstance(error, kind):
            return _page(status, title, error.message, error.next_step)
    return _page(
        500,
        "A defect in nexusops",
        f"The page failed: {type(error).__name__}. Nothing more is known here.",
        "Start the console with --log-level debug, do the same again, and report the traceback in its log.",
    )


def _page(status: int, title: str, message: str, next_step: str) -> Page:
    return Page(template="refusal", title=title, status=status, values={"message": message, "next_step": next_step})
