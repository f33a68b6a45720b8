"""The HTML page, parsed: complete, self-contained, safe, and usable with a keyboard or a screen reader."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from building.plans import SNAPSHOT_SHA256, personal, plan_of, why
from building.stories import NAMES, UNITS, end_of_courses, every_kind, nothing_to_do

from nexusops.model.changes import DisableMailbox
from nexusops.model.findings import Finding
from nexusops.model.plan import Plan, Planned
from nexusops.report.page import coded, plan_page

VOID = {"meta", "input", "col", "link", "br", "wbr"}


class Page(HTMLParser):
    """The elements of a page, in order, with their attributes, their path and their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[int] = []
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(text)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for place in self.open:
            self.elements[place][2].append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str | None], str]]:
        wanted = {name.rstrip("_"): value for name, value in wanted.items()}
        return [
            (attributes, " ".join("".join(text).split()))
            for name, attributes, text in self.elements
            if name == tag and wanted.items() <= attributes.items()
        ]


def every_kind_page() -> Page:
    return Page(plan_page(every_kind(), units=UNITS, names=NAMES))


def test_every_change_is_a_row_with_its_reason_and_its_units() -> None:
    page = every_kind_page()
    rows = page.all("tr", class_="row")
    assert len(rows) == len(every_kind().changes)
    attributes, text = next(row for row in rows if row[0]["id"] == "change-c8")
    assert attributes["data-units"] == "MERT LAW"
    assert text == (
        "ann.lee@chem.ox.ac.uk active -> in wind-down, receives up to the day before 2025-12-02 1000005 Ann Lee "
        "MERT, LAW R39 the affiliation to CHEM ended on 2025-09-30"
    )


def test_destructive_kinds_come_first_and_are_marked_in_words_too() -> None:
    bodies = every_kind_page().all("tbody", role="rowgroup")
    assert [body["data-kind"] for body, _ in bodies if body.get("class") == "danger"] == [
        "DeleteMailbox",
        "RemoveAddress",
        "DisableMailbox",
        "WindDownAddress",
    ]
    assert [text.split()[:3] for _, text in bodies[:4]] == [
        [body["data-kind"], "1", "destructive"] for body, _ in bodies[:4]
    ]


def test_the_guard_and_the_findings_stand_above_the_changes() -> None:
    page = every_kind_page()
    assert [text for _, text in page.all("h2")] == ["Guard: passes", "Findings", "Changes"]
    assert page.all("summary")[0][1] == "alert DUP_USERNAME (1) chem0043 belongs to 1000012 as well"


def test_a_stopped_plan_says_how_to_lift_the_limit() -> None:
    """D28."""
    plan, units, names = end_of_courses(120)
    page = Page(plan_page(plan, units=units, names=names))
    assert page.all("h2")[0][1] == "The guard stops this plan"
    codes = [text for _, text in page.all("code")]
    assert "--accept Destructive=80" in codes
    assert f"--approve {plan.digest}" in codes
    assert len(page.all("ul", class_="worst")[0][1].split()) == 20


def test_the_page_can_be_filtered_by_words_person_kind_and_unit() -> None:
    page = every_kind_page()
    options = [attributes["value"] for attributes, _ in page.all("option")]
    assert options == [
        "",
        *[body["data-kind"] for body, _ in page.all("tbody", role="rowgroup")],
        "",
        "BALL",
        "CHEM",
        "FOOD",
        "LAW",
        "MERT",
    ]
    assert [attributes["id"] for attributes, _ in page.all("input")] == ["words", "person", "destructive"]


def test_where_no_unit_is_known_there_is_neither_a_column_nor_a_filter_of_them() -> None:
    plan, _, _ = end_of_courses(60)
    page = Page(plan_page(plan))
    assert [text for _, text in page.all("th", role="columnheader")] == [
        "Target",
        "What becomes of it",
        "Subject",
        "Because",
    ]
    assert len(page.all("td", role="cell")) == 4 * len(plan.changes)
    assert {attributes["colspan"] for attributes, _ in page.all("th", role="rowheader")} == {"4"}
    assert [attributes["id"] for attributes, _ in page.all("select")] == ["kind"]


def test_the_page_asks_the_network_for_nothing_and_runs_only_its_own_script() -> None:
    text = plan_page(every_kind(), units=UNITS, names=NAMES)
    page = Page(text)
    for name, attributes, _ in page.elements:
        assert not {"src", "action", "style", "onclick", "srcset"} & set(attributes), name
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|https?://", text)
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0][0]["content"]
    inline = re.findall(r"<(?:style|script)>(.*?)</", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in inline]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src 'none'; base-uri 'none'; form-action 'none'"
    )


def hostile(typed: str) -> Plan:
    change = DisableMailbox(mailbox=personal(typed, "1"), why=why(typed, "R36", typed))
    planned = Planned(id=typed, job=typed, change=change)
    return plan_of([planned], findings=(Finding(code=typed, subject=typed, message=typed),))


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a' onclick='b", "</title>"]
)
def test_whatever_was_typed_stays_text(typed: str) -> None:
    harmless, page = Page(plan_page(hostile("x"))), Page(plan_page(hostile(typed)))
    assert [(tag, sorted(given)) for tag, given, _ in page.elements] == [
        (tag, sorted(given)) for tag, given, _ in harmless.elements
    ]
    assert page.all("td", class_="target")[0][1] == typed


def test_labels_headings_and_roles_are_there_for_those_who_do_not_see() -> None:
    page = every_kind_page()
    assert page.all("html")[0][0]["lang"] == "en-GB"
    assert page.all("title")[0][1] == "Plan for oxford-test on 2025-10-01: 18 changes"
    fields = page.all("input") + page.all("select")
    labels = page.all("label")
    assert len(labels) == len(fields) == 5
    assert all(text for _, text in labels)
    assert all(attributes.get("scope") for attributes, _ in page.all("th"))
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes.get("aria-labelledby") for _, attributes, _ in page.elements} - {None} <= set(ids)
    levels = [int(name[1]) for name, _, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert all(later - sooner <= 1 for sooner, later in pairwise(levels))


def brightness(colour: str) -> float:
    parts = [
        int(part * (2 if len(colour) == 4 else 1), 16) / 255
        for part in re.findall("." * (len(colour) // 3), colour[1:])
    ]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_has_enough_contrast(scheme: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    style = Page(plan_page(nothing_to_do())).all("style")[0][1]
    colours = dict(re.findall(r"--([a-z-]+): (#\w+)", re.findall(r":root \{(.*?)\}", style)[scheme]))
    pairs = [(ink, "back") for ink in ("ink", "quiet", "link", "danger", "warn", "good")]
    pairs += [("danger", "danger-back"), ("warn", "warn-back"), ("good", "good-back")]
    pairs += [("quiet", "danger-back"), ("ink", "danger-back"), ("ink", "soft"), ("ink", "warn-back")]
    for ink, back in pairs:
        light, dark = sorted((brightness(colours[ink]), brightness(colours[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, back)


def test_an_empty_plan_says_so_and_needs_no_script() -> None:
    page = Page(plan_page(nothing_to_do()))
    assert page.all("p", class_="none")[0][1] == "No changes."
    assert page.all("script") == page.all("form") == page.all("table", class_="changes") == []


def test_five_thousand_changes_make_a_page_of_a_few_megabytes() -> None:
    plan, units, names = end_of_courses(5000)
    text = plan_page(plan, units=units, names=names)
    assert text.count('class="row"') == 5000
    assert len(text) < 3_000_000
    assert SNAPSHOT_SHA256[:12] in text


def test_a_next_step_shows_direction_marks_instead_of_obeying_them() -> None:
    """Part of it may be what somebody has typed: it would read the other way round."""
    assert coded("ask \u202e for `a\u2066b`") == "ask \\u202e for <code>a\\u2066b</code>"
