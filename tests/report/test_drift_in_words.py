"""What ``drift`` says to people: what is mended, what is still under way, and what is theirs to do."""

from __future__ import annotations

from datetime import UTC, datetime

from nexusops.plan.drift import Difference, Drift
from nexusops.report.drift import drift_text

MISSING = Difference(
    code="TENANT_MISSING_MAILBOX", mailbox="ball0002", subject="2", message="ball0002 is not there", unfinished=True
)
SENDER = Difference(code="TENANT_WRONG_SENDER", mailbox="ball0003", subject="3", message="wrong sender", mended=True)
EXTRA = Difference(code="TENANT_EXTRA_ADDRESS", mailbox="ball0004", subject="a@ox.ac.uk", message="one too many")


def told(*found: Difference) -> list[str]:
    at = datetime(2025, 11, 3, 8, tzinfo=UTC)
    return drift_text(Drift(at=at, site="oxford-test", serial=7, mailboxes=5, differences=found)).splitlines()


def test_what_a_run_is_still_at_is_marked() -> None:
    """tenant-api.md 8: a restored mailbox that Exchange does not show yet is nothing to put right by hand."""
    assert told(MISSING) == [
        "Drift of oxford-test at 2025-11-03T08:00:00Z: 1 difference, mailboxes compared: 5",
        "  ~  TENANT_MISSING_MAILBOX  ball0002  ball0002 is not there",
        "",
        "1 marked ~ is of mailboxes on which work goes on: the next run goes on with it.",
    ]


def test_each_kind_has_its_own_mark_and_its_own_next_step() -> None:
    marks = [line[2] for line in told(MISSING, SENDER, EXTRA)[1:4]]
    assert (marks, told(MISSING, SENDER, EXTRA)[5:]) == (
        ["~", "*", " "],
        [
            "1 marked * is mended by a full plan: `nexusops plan --refresh full` shows how.",
            "1 marked ~ is of mailboxes on which work goes on: the next run goes on with it.",
            "What is not marked is left alone: put it right in the tenant.",
        ],
    )
