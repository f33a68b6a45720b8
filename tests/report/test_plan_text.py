"""What a person reads of a plan on the terminal, in a pipe and in a ticket."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from building.golden import golden
from building.plans import personal, plan_of, plans, why
from building.stories import NAMES, UNITS, end_of_courses, every_kind, nothing_to_do
from hypothesis import HealthCheck, given, settings

from nexusops.errors import UsageError
from nexusops.model.changes import DisableMailbox, EnableMailbox
from nexusops.model.plan import GuardReport, Plan, Planned
from nexusops.report.blocks import Look, look_of
from nexusops.report.forms import rendered
from nexusops.report.jsontext import plan_json
from nexusops.report.markdown import plan_markdown
from nexusops.report.sentences import describe
from nexusops.report.text import plan_text

GOLDEN = Path(__file__).parent / "golden"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def stopped_text() -> str:
    plan, units, names = end_of_courses(400)
    return plan_text(plan, units=units, names=names)


OUTPUTS: dict[str, Callable[[], str]] = {
    "every_kind.txt": lambda: plan_text(every_kind(), units=UNITS, names=NAMES),
    "every_kind_without_names.txt": lambda: plan_text(every_kind()),
    "nothing.txt": lambda: plan_text(nothing_to_do()),
    "stopped.txt": stopped_text,
    "every_kind.md": lambda: plan_markdown(every_kind(), units=UNITS, names=NAMES),
    "stopped.md": lambda: plan_markdown(end_of_courses(60)[0]),
    "every_kind.json": lambda: plan_json(every_kind()),
    "sentences.txt": lambda: "".join(f"{describe(planned.change)}\n" for planned in every_kind().changes),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_whole_output_is_as_agreed(name: str) -> None:
    """rules.md 4a: counts per action, digest, rule ids; why it stopped and how to go on."""
    output = OUTPUTS[name]()
    assert output == golden(GOLDEN / name, output)


def test_a_stopped_plan_names_the_limit_the_units_and_both_ways_to_lift_it() -> None:
    """D28, rules.md 4a: guard name, limit, actual, the ten units most affected, the --approve hint."""
    plan, units, _ = end_of_courses(600)
    text = plan_text(plan, units=units)
    assert "Destructive: 400 planned, limit 50, 350 too many" in text
    worst = re.search(r"most affected units: (.*)", text)
    assert worst is not None
    assert len(worst[1].split(", ")) == 10
    assert "--accept Destructive=400 --accept unit:UNIT03=23" in text
    assert f"--approve {plan.digest}" in text


def test_a_lifted_limit_is_said_and_does_not_stop() -> None:
    guard = GuardReport(counts={"Destructive": 60}, limits={"Destructive": 50}, accepted=("Destructive",))
    text = plan_text(plan_of((), guard=guard))
    assert "Guard: Destructive: 60 planned, limit 50; lifted for this run\n" in text
    assert "stopped" not in text


def test_the_way_to_lift_what_is_left_names_what_was_lifted_already_too() -> None:
    """D28: who copies it is not stopped once more by the limit that was lifted before."""
    report = GuardReport(
        counts={"AddAddress": 9, "SetSender": 4}, limits={}, accepted=("AddAddress",), tripped=("SetSender",)
    )
    assert report.lifts == "--accept AddAddress=9 --accept SetSender=4"


@pytest.mark.parametrize("form", ["text", "html", "md"])
def test_where_two_must_approve_no_report_offers_a_number(form: str) -> None:
    """D28: it would lift nothing."""
    guard = GuardReport(counts={"SetSender": 4}, limits={"SetSender": 3}, tripped=("SetSender",), approvers=2)
    written = "".join(rendered(plan_of((), guard=guard), form))
    assert "--accept" not in written
    assert "--approve" in written
    assert "2 people" in written
    alone = "".join(rendered(plan_of((), guard=replace(guard, approvers=1)), form))
    assert "--accept SetSender=4" in alone


def test_a_reason_that_many_share_is_printed_once_and_every_change_has_its_line() -> None:
    lines = stopped_text().splitlines()
    shared = [line for line in lines if "the card expired on 2025-09-30" in line]
    assert shared == ["  R36: the card expired on 2025-09-30  (266 times)"]
    assert sum(line.startswith("  ! DisableMailbox  ") for line in lines) == 266
    assert sum(line.startswith("    SetSender  ") for line in lines) == 134


def test_destructive_kinds_come_first_and_are_marked() -> None:
    headings = re.findall(r"^(! )?(\w+): \d+", plan_text(every_kind()), re.MULTILINE)
    kinds = [(mark, kind) for mark, kind in headings if kind != "Findings"]
    assert kinds[:5] == [
        ("! ", "DeleteMailbox"),
        ("! ", "RemoveAddress"),
        ("! ", "DisableMailbox"),
        ("! ", "WindDownAddress"),
        ("", "CreateMailbox"),
    ]
    assert all(mark == "" for mark, _ in kinds[4:])


@given(plans)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_plan_can_be_shown_in_every_format_and_obeys_no_control_character(plan: Plan) -> None:
    """Registration data may hold anything; a terminal must not obey it, and a change keeps to its line."""
    for form in ("text", "json", "html", "csv", "md"):
        assert "".join(rendered(plan, form))
    text = plan_text(plan)
    assert all(line.isprintable() for line in text.removesuffix("\n").split("\n"))
    assert sum(re.match(r"  [! ] [A-Z]\w+  ", line) is not None for line in text.splitlines()) == len(plan.changes)


def test_an_escape_sequence_in_a_name_is_spelt_out() -> None:
    change = DisableMailbox(mailbox=personal("a", "1"), why=why("1", "R36", "\x1b[2J\u202egone"))
    text = plan_text(plan_of([Planned(id="c1", job="mailboxes", change=change)]))
    assert r"R36: \u001b[2J\u202egone" in text


def test_a_terminal_gets_colour_at_its_width_and_the_same_words() -> None:
    plan = every_kind()
    coloured = plan_text(plan, look=Look(colour=True, width=90))
    assert "\x1b[1;31m! DeleteMailbox: 1 (destructive)" in coloured
    assert max(len(line) for line in ANSI.sub("", coloured).splitlines()) <= 90
    words = re.sub(r"\s+", "", plan_text(plan))
    assert sorted(words) == sorted(re.sub(r"\s+", "", ANSI.sub("", coloured)))


def test_a_pipe_gets_unfolded_text_and_no_color_takes_the_colour_alone_away() -> None:
    assert look_of(terminal=False, width=80) == Look()
    assert look_of(terminal=True, width=80, colour=False) == Look(colour=False, width=80)
    assert look_of(terminal=True, width=80) == Look(colour=True, width=80)


def test_markdown_takes_nothing_for_markup() -> None:
    because = "<script> | [a](http://b) `c` *d* @e"
    change = EnableMailbox(mailbox=personal("a", "1"), why=why("1", "R43", because))
    text = plan_markdown(plan_of([Planned(id="c1", job="mailboxes", change=change)]))
    escaped = r"R43: \<script\> \| \[a\]\(http\://b\) \`c\` \*d\* \@e"
    assert f"| a | disabled -\\> active | 1 | {escaped} |" in text.splitlines()


def test_another_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="A plan cannot be printed as 'xml'"):
        rendered(nothing_to_do(), "xml")
