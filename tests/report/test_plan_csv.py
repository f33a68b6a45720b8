"""CSV read back as a spreadsheet would (RFC 4180), and harmless in one."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from building.plans import personal, plan_of, plans, why
from building.stories import NAMES, UNITS, every_kind
from hypothesis import HealthCheck, given, settings

from nexusops.codec import encode_plan
from nexusops.model.changes import EnableMailbox
from nexusops.model.plan import Plan, Planned
from nexusops.report.csvtable import plan_csv


def read_back(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_says_who_what_why_and_how_to_undo_it() -> None:
    rows = read_back(plan_csv(every_kind(), units=UNITS, names=NAMES))
    assert rows[7] == {
        "id": "c8",
        "kind": "WindDownAddress",
        "destructive": "yes",
        "target": "ann.lee@chem.ox.ac.uk",
        "subject": "1000005",
        "name": "Ann Lee",
        "units": "MERT LAW",
        "what": "Wind down ann.lee@chem.ox.ac.uk: it receives up to the day before 2025-12-02, and no longer sends.",
        "was": '{"state": "active"}',
        "becomes": '{"state": "winddown", "winddown_on": "2025-10-01", "delete_on": "2025-12-02", '
        '"reason": "affiliation"}',
        "rule": "R39",
        "because": "the affiliation to CHEM ended on 2025-09-30",
        "undo": "exact",
        "job": "addresses",
        "after": "",
    }


def test_lines_end_with_crlf_and_the_first_is_the_header() -> None:
    """RFC 4180."""
    lines = plan_csv(every_kind()).split("\r\n")
    assert lines[0].startswith("id,kind,destructive,target,subject,")
    assert lines[-1] == ""
    assert len(lines) == 1 + len(every_kind().changes) + 1


@given(plans)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_change_is_one_row_that_reads_back(plan: Plan) -> None:
    rows = read_back(plan_csv(plan))
    documents: Any = encode_plan(plan)["changes"]
    read = [(row["id"], row["kind"], row["was"], row["becomes"]) for row in rows]
    assert [(i, kind, json.loads(was or "null"), json.loads(to or "null")) for i, kind, was, to in read] == [
        (one["id"], one["kind"], one["was"], one["becomes"]) for one in documents
    ]
    assert [row["because"].removeprefix("'") for row in rows] == [one["because"].removeprefix("'") for one in documents]


@pytest.mark.parametrize("typed", ["=1+1", "+44", "-2", "@SUM(A1)", "\tx", "\rx", "＝1", " =1", "\n=1"])
def test_no_cell_is_a_formula(typed: str) -> None:
    """Registration data are typed by people; a spreadsheet must show them and not compute them."""
    change = EnableMailbox(mailbox=personal("a", "1"), why=why("1", "R43", typed))
    (row,) = read_back(plan_csv(plan_of([Planned(id="c1", job="mailboxes", change=change)])))
    assert row["because"] == f"'{typed}"
