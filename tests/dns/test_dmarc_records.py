"""What of two DMARC records makes a difference (R86; RFC 7489, 6.3)."""

from __future__ import annotations

import pytest

from nexusops.model.dns import Answer, AnswerStatus
from nexusops.pipeline.saas.proof import _record
from nexusops.rules.mailauth.dmarc import same_policy

PLANNED = "v=DMARC1; p=reject; rua=mailto:dmarc@chem.ox.ac.uk,mailto:x@y.example; pct=50"


@pytest.mark.parametrize(
    "there",
    [
        PLANNED,
        "v=DMARC1;p=reject;pct=50;rua=mailto:dmarc@chem.ox.ac.uk, mailto:x@y.example",
        "v = DMARC1 ; rua=mailto:x@y.example,mailto:DMARC@chem.ox.ac.uk ; P=Reject; pct=50;",
    ],
)
def test_order_spaces_and_capitals_do_not_matter(there: str) -> None:
    """R86."""
    assert same_policy(PLANNED, there)
    assert _record("policy", PLANNED, Answer(status=AnswerStatus.FOUND, values=("a note", there))).passed


@pytest.mark.parametrize(
    "there",
    [
        "v=DMARC1; p=none; rua=mailto:dmarc@chem.ox.ac.uk,mailto:x@y.example; pct=50",
        "v=DMARC1; p=reject; rua=mailto:dmarc@chem.ox.ac.uk; pct=50",
        "v=DMARC1; p=reject; pct=50",
        "p=reject; v=DMARC1; rua=mailto:dmarc@chem.ox.ac.uk,mailto:x@y.example; pct=50",
        "v=DMARC1; p=reject; p=reject; rua=mailto:dmarc@chem.ox.ac.uk,mailto:x@y.example; pct=50",
    ],
)
def test_another_policy_is_another_one(there: str) -> None:
    """R86: and two records are none at all."""
    assert not same_policy(PLANNED, there)
    assert not _record("policy", PLANNED, Answer(status=AnswerStatus.FOUND, values=(there,))).passed
    assert not _record(
        "policy", PLANNED, Answer(status=AnswerStatus.FOUND, values=(PLANNED, PLANNED.replace(" ", "")))
    ).passed
