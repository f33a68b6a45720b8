"""The console and a report in a real Chromium: what people do in it, and whether everybody can (axe-core, WCAG 2.2)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from building.stories import NAMES, UNITS, every_kind
from conftest import needs
from console.conftest import Doors, Running, serving
from console.test_approvals import NOWHERE
from console.test_carrying_out import half_done
from console.test_protection import example

from nexusops.console.routes import ROUTES
from nexusops.report.page import plan_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        needs("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh profile. A script error or something that the page's own policy forbids fails the test."""
    with chromium.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900}) as context:
        opened = context.new_page()
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        yield opened
        assert [text for text in said if "status of 40" not in text and "status of 42" not in text] == []


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """What axe-core finds wrong with the page as it stands, by all rules or these."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    wanted = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found = page.evaluate("wanted => axe.run({runOnly: wanted, resultTypes: ['violations']})", wanted)
    return [
        {"rule": one["id"], "on": page.url, "nodes": [node["html"][:200] for node in one["nodes"]]}
        for one in found["violations"]
    ]


def test_a_plan_is_read_approved_and_carried_out_with_the_keyboard_alone(console: Running, page: Page) -> None:
    """D28; WCAG 2.1.1: no mouse is needed for anything."""
    page.goto(console.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("Why this plan is right").focus()
    page.keyboard.type("checked with Chemistry")
    page.keyboard.press("Enter")
    page.get_by_text("Your approval is recorded.").wait_for()
    page.get_by_label("Why now").focus()
    page.keyboard.type("as agreed")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Carry out 16 changes"
    page.keyboard.press("Enter")
    page.get_by_text("The plan was carried out.").wait_for()
    page.goto(f"{console.url}/people/thomas.ashdown@chem.ox.ac.uk")
    page.get_by_text("it receives up to the day before 2025-12-03 and no longer sends").first.wait_for()
    assert page.locator("svg .bar.winddown").count() == 1
    assert violations(page) == []


def test_a_reason_is_asked_for_before_anything_is_sent(looked_at: Running, page: Page) -> None:
    page.goto(looked_at.url)
    page.get_by_role("button", name="Approve exactly this plan").click()
    assert page.evaluate("document.querySelector('#approve-reason').validity.valueMissing")
    assert page.get_by_text("Nobody has approved it yet.").is_visible()


def test_unit_it_sign_in_file_a_request_and_are_refused_outside_their_unit(front_door: Doors, page: Page) -> None:
    """R30, R62: through the tenant's own form, in one browser."""
    url = front_door.console.url.replace("127.0.0.1", "localhost")
    page.goto(url)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("User principal name").fill("food0007@nexus.ox.ac.uk")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="SaaS mail").click()
    page.get_by_role("link", name="New request").click()
    assert page.get_by_label("Unit").locator("option").all_inner_texts() == ["FOOD Food Technology"]
    page.get_by_label("What it is called").fill("Rota")
    page.get_by_label("Who provides it").fill("Rota Ltd")
    page.get_by_label("Who answers for it").fill("food0042")
    page.get_by_label("An address of the University is essential for it").check()
    page.get_by_label("It can connect to Exchange Online (Graph)").check()
    page.get_by_label("Before the @").fill("rota")
    page.get_by_role("button", name="Ask first").click()
    page.get_by_role("heading", name="Approved").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="File this request").click()
    page.get_by_text("The request is filed; the next plan has it.").wait_for()
    assert violations(page) == []
    page.goto(f"{url}/new-request")
    page.evaluate("document.querySelector('#unit_id option').value = 'CHEM'")
    page.get_by_label("What it is called").fill("Rota for others")
    page.get_by_label("Who provides it").fill("Rota Ltd")
    page.get_by_role("button", name="File this request").click()
    page.get_by_text("NOT_UNIT_IT: you are not IT staff of CHEM.").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()


def test_a_person_is_looked_up_by_their_name(looked_at: Running, page: Page) -> None:
    page.goto(looked_at.url)
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name, username").fill("ashdown")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Thomas Ashdown").click()
    page.get_by_role("heading", name="Thomas Ashdown").wait_for()
    assert page.get_by_role("img", name="Timeline").is_visible()


def test_every_page_can_be_used_by_everybody(looked_at: Running, chromium: Browser) -> None:
    """Contrast, labels, headings, landmarks, language: axe-core finds nothing."""
    paths = [example(route.path) for route in ROUTES if route.method == "GET"]
    with chromium.new_context(color_scheme="light") as context:
        page = context.new_page()
        found = []
        for path in (*paths, "/people?q=smith", "/people/thomas.ashdown@chem.ox.ac.uk"):
            page.goto(f"{looked_at.url}{path}")
            found += violations(page)
    assert found == []


def test_in_the_dark_every_colour_keeps_its_contrast(looked_at: Running, chromium: Browser) -> None:
    with chromium.new_context(color_scheme="dark") as context:
        page = context.new_page()
        found = []
        for path in ("/", "/people/bray0039", "/units/CHEM", "/new-request", "/findings", "/runs"):
            page.goto(f"{looked_at.url}{path}")
            found += violations(page, "color-contrast")
    assert found == []


def test_on_a_narrow_screen_no_page_is_wider_than_the_screen(looked_at: Running, chromium: Browser) -> None:
    """WCAG 1.4.10: tables scroll by themselves, the page does not."""
    with chromium.new_context(viewport={"width": 360, "height": 700}) as context:
        page = context.new_page()
        wide = []
        for route in ROUTES:
            if route.method == "GET":
                page.goto(f"{looked_at.url}{example(route.path)}")
                if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                    wide.append(route.path)
    assert wide == []


CUT_OFF = """
[...document.querySelectorAll('main *')]
  .filter(one => getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth)
  .map(one => one.getAttribute('aria-label'))
"""


def test_on_paper_nothing_is_cut_off(looked_at: Running, chromium: Browser) -> None:
    """It does not scroll; A4 is 718 pixels wide between its margins."""
    with chromium.new_context(viewport={"width": 718, "height": 900}) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        cut = {}
        for path in ("/", "/people/bray0039", "/units/CHEM", "/units", "/runs", "/saas", "/forecast"):
            page.goto(f"{looked_at.url}{path}")
            cut[path] = page.evaluate(CUT_OFF)
    assert {path: found for path, found in cut.items() if found} == {}


@pytest.mark.parametrize("scripts", [True, False])
def test_a_report_offers_filters_only_where_its_script_may_run(chromium: Browser, scripts: bool) -> None:
    """A viewer of attachments lets none run; the console's own pages have none."""
    with chromium.new_context(java_script_enabled=scripts) as context:
        page = context.new_page()
        page.set_content(plan_page(every_kind(), units=UNITS, names=NAMES))
        assert page.get_by_role("search").is_visible() is scripts


PAPER = "['body', 'h1 span'].map(one => getComputedStyle(document.querySelector(one)).color)"


def test_on_paper_it_is_light_whatever_the_screen_is(looked_at: Running, chromium: Browser) -> None:
    """The console, and a report."""
    with chromium.new_context(color_scheme="dark") as context:
        console, report = context.new_page(), context.new_page()
        for page in (console, report):
            page.emulate_media(media="print", color_scheme="dark")
        console.goto(looked_at.url)
        report.set_content(plan_page(every_kind(), units=UNITS, names=NAMES))
        found = [page.evaluate(PAPER) for page in (console, report)]
    assert found == [["rgb(27, 31, 36)", "rgb(87, 96, 106)"], ["rgb(0, 0, 0)", "rgb(68, 68, 68)"]]


HIDDEN = """
[document.documentElement, ...document.querySelectorAll('.wide:has(table)')]
  .some(one => one.scrollWidth > one.clientWidth)
"""
LONG = "maximiliana.hohenfels-waldburg-und-donnersmarck"


def test_names_without_a_space_break_and_hide_no_column(site: Path, chromium: Browser) -> None:
    """Real ones are long, and so are the addresses made of them."""
    with closing(sqlite3.connect(site / "state" / "nexusops.db")) as state, state:
        state.execute(
            "UPDATE people SET card_names = ? WHERE person_id = '1000011'", (json.dumps(["J" * 150, "W" * 150]),)
        )
        for table, column in (
            ("addresses", "address"),
            ("addresses", "base"),
            ("mailboxes", "sender"),
            ("journal", "object"),
        ):
            state.execute(f"UPDATE {table} SET {column} = replace({column}, 'john.smith', ?)", (LONG,))
    with serving(site) as console:
        for width in (360, 1200):
            with chromium.new_context(viewport={"width": width, "height": 700}) as context:
                page = context.new_page()
                wide = []
                for path in ("/people/chem0011", "/people?q=chem0013", "/units/CHEM", "/findings"):
                    page.goto(f"{console.url}{path}")
                    if page.evaluate(HIDDEN):
                        wide.append(path)
            assert (width, wide) == (width, [])


def test_the_door_can_be_used_by_everybody(site: Path, page: Page) -> None:
    with serving(site, signing_in=NOWHERE) as console:
        page.goto(console.url)
        assert violations(page) == []


def test_the_page_of_an_act_under_way_can_be_used_by_everybody(console: Running, page: Page) -> None:
    """In a real Chromium: it follows the act to its end by itself."""
    with half_done(console) as further:
        page.goto(f"{console.url}/carrying-out")
        page.get_by_text("3 of 7 changes").wait_for()
        assert page.get_by_role("progressbar", name="Changes that are behind us").is_visible()
        assert violations(page) == []
        further.set()
        page.get_by_text("The plan was carried out.").wait_for()
        assert violations(page) == []
