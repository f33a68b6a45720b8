"""What a run did, why something is as it is, and what went wrong: text and JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from building.golden import golden
from building.plans import AT, SNAPSHOT_SHA256
from building.state_rows import allocation, person
from building.stories import FINDINGS

from nexusops.errors import Defect, SnapshotRefused
from nexusops.model.addresses import AddressState
from nexusops.model.changes import Kind
from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.model.ledger import Standing
from nexusops.model.policy import Policy
from nexusops.pipeline.explain.facts import reuse_fact
from nexusops.report.applied import Applied, Undone, applied_json, applied_text
from nexusops.report.blocks import Look
from nexusops.report.errors import error_text
from nexusops.report.explain import Event, Explanation, Fact, Period, Upcoming, explain_json, explain_text

GOLDEN = Path(__file__).parent / "golden"

PARTLY = Applied(
    run_id="01J8ZK3M5Q",
    at=AT,
    result="partial",
    digest="sha256:" + "9a3c" * 16,
    done={"CreateMailbox": 12, "SetSender": 25},
    waiting=(Undone(id="c3", kind=Kind.CREATE_MAILBOX, target="ball1234", subject="1000001", message="not made yet"),),
    set_aside=(Undone(id="c7", kind=Kind.SET_SENDER, target="mert0005", subject="1000005", message="found x@y.uk"),),
    failed=(
        Undone(id="c8", kind=Kind.ADD_ADDRESS, target="a.b@chem.ox.ac.uk", subject="1000007", message="503 five times"),
        Undone(id="c9", kind=Kind.DELETE_MAILBOX, target="hist0003", subject="1000008", message="on litigation hold"),
    ),
    findings=FINDINGS[:1],
    resumed="01J8ZK0000",
)
ADDRESS = Explanation(
    subject="ann.lee2@chem.ox.ac.uk",
    kind="personal address",
    summary="It belongs to 1000005 and is winding down; it receives up to the day before 2025-12-02.",
    facts=(
        Fact(
            label="state",
            value="winddown",
            rule="R39",
            because="the affiliation to CHEM ended on 2025-09-30",
            since=date(2025, 10, 1),
            evidence=(Evidence(table="affiliations", key="1000005,CHEM", snapshot=SNAPSHOT_SHA256),),
        ),
        Fact(
            label="name",
            value="ann.lee2, not ann.lee",
            rule="R17",
            because="ann.lee@chem.ox.ac.uk was somebody else's (a***) when this one was made",
            since=date(2023, 10, 1),
            evidence=(Evidence(table="ledger", key="ann.lee@chem.ox.ac.uk,1"),),
        ),
        Fact(label="sender", value="no", rule="R40", because="an address in wind-down cannot be the sender"),
    ),
    periods=(
        Period(owner="1000002", state="deleted", since=date(2015, 10, 1), until=date(2018, 12, 2)),
        Period(owner="1000005", state="winddown", since=date(2023, 10, 1)),
    ),
    history=tuple(
        Event(
            at=datetime(2025, 1 + n, 1, tzinfo=UTC),
            what=f"event {n}",
            rule="R39",
            actor="nexusops",
            reason="as asked" if n == 6 else None,
        )
        for n in range(7)
    ),
    upcoming=(
        Upcoming(on=date(2025, 10, 2), what="a notice is sent", rule="R47"),
        Upcoming(on=date(2025, 12, 2), what="it is deleted", rule="R41", unless="the affiliation to CHEM comes back"),
    ),
)
NOTHING_KNOWN = Explanation(subject="ball1234", kind="person", summary="Mary Brown, entitled.")


REFUSED = SnapshotRefused(
    [
        Defect(code="SNAPSHOT_STALE", message="71 minutes old"),
        Defect(code="SNAPSHOT_PARTIAL", message="no cards"),
    ],
    next_step="Export the snapshot again, and run `nexusops snapshot check DIR`.",
)

OUTPUTS: dict[str, Callable[[], str]] = {
    "applied_partly.txt": lambda: applied_text(PARTLY),
    "applied_partly.json": lambda: applied_json(PARTLY),
    "applied_nothing.txt": lambda: applied_text(Applied(run_id="r2", at=AT, result="nothing")),
    "explain_address.txt": lambda: explain_text(ADDRESS),
    "explain_address_whole.txt": lambda: explain_text(ADDRESS, whole=True),
    "explain_address.json": lambda: explain_json(ADDRESS),
    "explain_short.txt": lambda: explain_text(NOTHING_KNOWN),
    "error_refused.txt": lambda: error_text(REFUSED),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_whole_output_is_as_agreed(name: str) -> None:
    """rules.md 4a (a partly failed run), 4c (explain)."""
    output = OUTPUTS[name]()
    assert output == golden(GOLDEN / name, output)


def test_the_short_answer_fits_on_a_screen() -> None:
    """rules.md 4c: the desk answers while somebody waits on the telephone."""
    lines = explain_text(ADDRESS).splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "why the 2?",
            "because ann.lee@chem.ox.ac.uk was somebody else's (a***) when this one was made (R17)",
        ),
        ("when does it stop?", "2025-12-02  it is deleted (R41)"),
        ("what would prevent that?", "unless the affiliation to CHEM comes back"),
        ("who had it before?", "2015-10-01  2018-12-02  1000002  deleted"),
    ],
)
def test_the_answer_stands_on_a_line_of_its_own(question: str, answer: str) -> None:
    assert answer in [line.strip() for line in explain_text(ADDRESS).splitlines()], question


ALERT = Finding(code="DNS_DIFFERS", subject="bulkday", message="…", severity=Severity.ALERT)


@pytest.mark.parametrize(
    ("result", "undone", "said"),
    [
        ("applied", {}, "Nothing has to be done."),
        ("nothing", {"findings": (ALERT,)}, "Look at the alerts"),
        ("partial", {"set_aside": PARTLY.set_aside}, "Read why they were set aside"),
        ("applied", {"waiting": PARTLY.waiting}, "The next run goes on"),
        ("failed", {}, "`nexusops resume` finishes"),
    ],
)
def test_each_end_says_what_to_do_next(result: str, undone: dict[str, Any], said: str) -> None:
    """interface.md 1: every message ends with what to do next."""
    applied = Applied(run_id="r", at=AT, result=result, **undone)  # type: ignore[arg-type]
    assert applied_text(applied).splitlines()[-1].startswith(f"Next: {said}")


def test_an_outcome_and_an_explanation_have_colour_on_a_terminal() -> None:
    look = Look(colour=True, width=100)
    assert "\x1b[1;31m! DeleteMailbox" in applied_text(PARTLY, look)
    assert "\x1b[1mNow" in explain_text(ADDRESS, look=look)


@pytest.mark.parametrize(
    ("owner", "value", "rule"),
    [
        ({"state": Standing.OUT, "left_on": date(2025, 8, 31)}, "to somebody else after 2026-02-28", "R19"),
        ({"state": Standing.OUT, "left_on": date(2025, 8, 31), "deceased": True}, "not until it is released", "D43"),
        ({"state": Standing.FROZEN, "left_on": date(2025, 8, 31)}, "not until they are repaired", "D29"),
        ({"state": Standing.ENTITLED, "left_on": None}, "never, as long as its owner is here", "D10"),
    ],
)
def test_when_an_address_that_has_ended_may_be_given_again(owner: dict[str, Any], value: str, rule: str) -> None:
    """R19, D10, D29, D43: as it is decided when somebody of that name comes."""
    ended = allocation("ann.lee@chem.ox.ac.uk", state=AddressState.DELETED)
    (fact,) = reuse_fact(ended, replace(person("1"), **owner), Policy())
    assert (fact.label, fact.value, fact.rule) == ("given again", value, rule)
