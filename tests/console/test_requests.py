"""Requests for SaaS mail in the console: the answer, the file, what becomes of it (interface.md 7)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from console.conftest import Running, serving
from console.test_approvals import NOWHERE
from console.test_pages import shown

from nexusops.config.services import load_service
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.services import ServiceRequest

PLANNER = {
    "unit_id": "FOOD",
    "service_name": "Menu Planner",
    "provider": "Menu Ltd",
    "owner": "food0042",
    "oxford_domain_needed": "on",
    "direction": "send",
    "supports_exo": "on",
    "auth": "oauth2",
    "mode_wanted": "auto",
    "from_local": "menus",
    "daily_volume": "200",
}
OWN_DOMAIN = {
    **{key: value for key, value in PLANNER.items() if key != "supports_exo"},
    "spf_approver": "Dorothy Baker",
    "provider_include": "spf.menu.example",
}


@pytest.fixture
def doors(site: Path) -> Iterator[Running]:
    with serving(site, signing_in=NOWHERE) as running:
        yield running


def test_unit_it_ask_first_and_then_file_in_their_own_name(doors: Running, site: Path) -> None:
    """R62: the file is the one that ``saas request`` writes; whoever is named in the form, the requester signed in."""
    browser = doors.signed_in("food0007")
    page = browser.submit(browser.open("/new-request"), "/saas", **{**PLANNER, "daily_volume": "many"})
    assert (page.status_code, "'many' is no number of messages" in shown(page.text)) == (422, True)
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    page = browser.client.post("/new-request/advise", data={"csrf": token, **PLANNER})
    text = shown(page.text)
    assert "Approved Way a mailbox of its own, through Exchange Online Sends as menus@foodtech.ox.ac.uk" in text
    assert 'value="Menu Planner"' in page.text
    assert not (site / "services" / "menu-planner.toml").exists()
    page = browser.submit(page, "/saas", **{**PLANNER, "requester": "chem0011"})
    assert "The request is filed; the next plan has it." in page.text
    assert "State submitted Unit FOOD Owner Charlotte" not in page.text
    assert load_service(site / "services" / "menu-planner.toml") == ServiceRequest(
        request_id="menu-planner",
        service_name="Menu Planner",
        unit_id=UnitId("FOOD"),
        requester="food0007",
        provider="Menu Ltd",
        oxford_domain_needed=True,
        direction="send",
        supports_exo=True,
        supports_ms_smtp=False,
        auth="oauth2",
        from_local="menus",
        owner_person_id=PersonId("1000042"),
        daily_volume=200,
    )
    assert "menu-planner" in shown(browser.open("/saas").text)
    assert "new saas mailbox" in shown(browser.open("/?kind=CreateMailbox").text)


def test_outside_their_units_nobody_asks_files_or_sees(doors: Running, site: Path) -> None:
    """R30, R62: NOT_UNIT_IT."""
    browser = doors.signed_in("chem0011")
    page = browser.open("/new-request")
    assert "CHEM Chemistry" in page.text
    assert "FOOD" not in page.text
    for path in ("/saas", "/new-request/advise"):
        token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        answer = browser.client.post(path, data={"csrf": token, **PLANNER})
        assert answer.status_code == 403
        assert "NOT_UNIT_IT: you are not IT staff of FOOD." in shown(answer.text)
    food = doors.signed_in("food0007")
    food.submit(food.open("/new-request"), "/saas", **PLANNER)
    assert (site / "services" / "menu-planner.toml").exists()
    assert browser.open("/saas/menu-planner").status_code == 404
    assert "menu-planner" not in browser.open("/saas").text


def test_a_request_for_a_service_domain_shows_the_records_to_publish(console: Running) -> None:
    """R67: as the profile says, here as zone lines."""
    browser = console.browser()
    filled = {**OWN_DOMAIN, "requester": "food0007", "request_id": "planner"}
    page = browser.submit(browser.open("/new-request"), "/saas", **filled)
    assert page.url.path == "/saas/planner"
    text = shown(page.text)
    assert "Records to publish" in text
    assert "menu-planner.foodtech.ox.ac.uk. 3600 IN TXT" in text


def test_a_form_that_is_sent_twice_files_one_request_and_another_one_of_its_id_is_refused(console: Running) -> None:
    """A double click: the second answer is the one that is seen."""
    browser = console.browser()
    filled = {**PLANNER, "requester": "food0007", "request_id": "new"}
    answers = [browser.submit(browser.open("/new-request"), "/saas", **filled) for _ in range(2)]
    assert [(one.status_code, one.url.path) for one in answers] == [(200, "/saas/new")] * 2
    assert "The request is filed; the next plan has it. State submitted" in shown(answers[1].text)
    other = browser.submit(browser.open("/new-request"), "/saas", **{**filled, "from_local": "other"})
    assert other.status_code == 422
    assert "There is another request new already. Next: Choose another id." in shown(other.text)


def test_what_is_wrong_with_a_form_is_said_of_the_form(console: Running, site: Path) -> None:
    """Not of a file that whoever fills it in has never seen, and that is gone by then."""
    browser = console.browser()
    token = browser.open("/new-request").text.partition('name="csrf" value="')[2].partition('"')[0]
    for way in ("/new-request/advise", "/saas"):
        page = browser.client.post(way, data={"csrf": token, **PLANNER, "requester": "food0007", "from_local": "é"})
        text = shown(page.text)
        assert page.status_code == 422
        assert "This cannot be filed Before the @: expected what stands before the @" in text
        assert "Next: Correct it in the form, and send it again." in text
        assert ".toml" not in text
    assert not (site / "services" / "menu-planner.toml").exists()


def test_a_folder_that_cannot_be_written_to_is_no_defect(console: Running, site: Path) -> None:
    """As where the console runs as another user than the one who made the folder."""
    shutil.rmtree(site / "services")
    (site / "services").symlink_to("/proc/self/fdinfo")  # where not even root can make a file
    browser = console.browser()
    page = browser.submit(browser.open("/new-request"), "/saas", **{**PLANNER, "requester": "food0007"})
    text = shown(page.text)
    assert page.status_code == 422
    assert f"The request cannot be written to {site / 'services' / 'menu-planner.toml'}" in text
    assert f"Let the user of this program write to {site / 'services'}" in text


def test_an_id_cannot_lead_out_of_the_folder(console: Running, site: Path) -> None:
    browser = console.browser()
    before = sorted(site.rglob("*.toml"))
    for name in ("../nexusops", "a/b", ".hidden", "x" * 300, "con\x00trol"):
        filled = {**PLANNER, "requester": "food0007", "request_id": name}
        answer = browser.submit(browser.open("/new-request"), "/saas", **filled)
        assert answer.status_code == 422, name
    assert sorted(site.rglob("*.toml")) == before


def test_who_changes_their_mind_withdraws_what_no_run_has_seen(doors: Running, site: Path) -> None:
    """R62: unit IT file it in the console, and have no other way to the folder."""
    filed = site / "services" / "menu-planner.toml"
    browser = doors.signed_in("food0007")
    page = browser.submit(browser.open("/new-request"), "/saas", **PLANNER)
    assert filed.exists()
    stranger = doors.signed_in("chem0011")
    assert stranger.open("/saas/menu-planner").status_code == 404
    answer = browser.submit(page, "/saas/menu-planner/retire")
    assert (answer.url.path, filed.exists()) == ("/saas", False)
    assert "The request is withdrawn." in shown(answer.text)
    assert "menu-planner" not in shown(answer.text)


def test_a_request_that_runs_is_retired_and_the_next_plan_takes_its_mailbox_away(console: Running) -> None:
    """2.4: a product that is dropped."""
    browser = console.browser()
    browser.submit(browser.open("/new-request"), "/saas", **{**PLANNER, "requester": "food0007"})
    browser.submit(browser.open("/"), "/plan/approve", reason="read")
    browser.submit(browser.open("/"), "/plan/carry-out", reason="now")
    page = browser.open("/saas/menu-planner")
    assert "State live since 2025-10-02" in shown(page.text)
    page = browser.submit(page, "/saas/menu-planner/hand-over", to="food0007", reason="new owner")
    assert "The handover is recorded; the next run carries it out." in page.text
    assert "Owner Grace Adeyemi until the next run, then" in shown(page.text)
    page = browser.submit(page, "/saas/menu-planner/retire", reason="a better one")
    assert "Its end is recorded; the next run carries it out." in page.text
    assert "menu-planner" in shown(browser.open("/?kind=DeleteMailbox").text)
