"""Who may what: every row of the console's table for every role, and nothing beyond one's own units."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from console.conftest import Running, serving
from console.test_approvals import NOWHERE
from console.test_pages import shown
from console.test_protection import example

from nexusops.cli import call
from nexusops.console.people import MOST
from nexusops.console.routes import ROUTES

WHO = {
    "postmaster": "admn0038",
    "desk": "stat0038",
    "auditor": "hist0003",
    "unit IT": "chem0011",
    "nobody": "bray0039",
}
EVERYBODY = {"postmaster", "desk", "auditor", "unit IT"}
STAFF = EVERYBODY - {"unit IT"}
MAY = {
    ("GET", "/"): EVERYBODY,
    ("POST", "/plan/again"): EVERYBODY,
    ("POST", "/plan/approve"): {"postmaster"},
    ("POST", "/plan/carry-out"): {"postmaster"},
    ("POST", "/plan/finish"): {"postmaster"},
    ("GET", "/carrying-out"): STAFF,
    ("GET", "/people"): EVERYBODY,
    ("GET", "/people/{subject}"): EVERYBODY,
    ("GET", "/units"): EVERYBODY,
    ("GET", "/units/{unit}"): EVERYBODY,
    ("POST", "/units/{unit}/hand-over"): {"postmaster", "desk", "unit IT"},
    ("GET", "/runs"): STAFF,
    ("GET", "/runs/{run}"): STAFF,
    ("GET", "/findings"): EVERYBODY,
    ("GET", "/saas"): EVERYBODY,
    ("GET", "/new-request"): {"postmaster", "unit IT"},
    ("POST", "/new-request/advise"): {"postmaster", "unit IT"},
    ("POST", "/saas"): {"postmaster", "unit IT"},
    ("GET", "/saas/{request}"): EVERYBODY,
    ("POST", "/saas/{request}/hand-over"): {"postmaster", "unit IT"},
    ("POST", "/saas/{request}/retire"): {"postmaster", "unit IT"},
    ("GET", "/forecast"): STAFF,
}


@pytest.fixture(scope="module")
def doors(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A console that people sign in to."""
    folder = Path(shutil.copytree(first_day, tmp_path_factory.mktemp("roles") / "site"))
    with serving(folder, signing_in=NOWHERE) as running:
        yield running


def test_the_table_below_has_every_row_of_the_console() -> None:
    assert set(MAY) == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("role", WHO)
def test_every_page_and_action_is_open_to_exactly_these_roles(doors: Running, role: str) -> None:
    """Forms are sent empty: whoever may send one is told what it lacks, whoever may not is told that."""
    browser = doors.signed_in(WHO[role])
    token = browser.open("/").text.partition('name="csrf" value="')[2].partition('"')[0]
    allowed = set()
    for method, path in MAY:
        address = example(path)
        answer = browser.open(address) if method == "GET" else browser.client.post(address, data={"csrf": token})
        if "Your roles do not let you" in answer.text:
            assert answer.status_code == 403
        else:
            allowed.add((method, path))
    assert allowed == {row for row, roles in MAY.items() if role in roles}


def test_whoever_loses_a_role_loses_it_at_once(site: Path) -> None:
    with serving(site, signing_in=NOWHERE) as console:
        browser = console.signed_in("stat0038")
        assert browser.open("/runs").status_code == 200
        text = (site / "guard.toml").read_text("utf-8")
        (site / "guard.toml").write_text(text.replace('"stat0038"', ""), "utf-8")
        assert browser.open("/runs").status_code == 403


def test_a_role_is_its_bearers_in_whatever_capitals_it_was_written_down(site: Path) -> None:
    """Usernames have none; a sign-in was told that it had no role, and nobody saw why."""
    text = (site / "guard.toml").read_text("utf-8")
    (site / "guard.toml").write_text(text.replace('"stat0038"', '"STAT0038"'), "utf-8")
    with serving(site, signing_in=NOWHERE) as console:
        assert console.signed_in("stat0038").open("/runs").status_code == 200


def test_unit_it_see_the_changes_of_their_own_units_only(doors: Running) -> None:
    """R30: and neither the guard's digest nor the whole plan's figures."""
    text = shown(doors.signed_in("chem0011").open("/").text)
    assert "7 changes 3 destructive Changes" in text
    assert "Thomas Ashdown" in text
    assert "Helen Carter" not in text
    assert "sha256:" not in text


def test_unit_it_see_their_own_people_and_no_others(doors: Running) -> None:
    """The same answer for somebody else's and for what does not exist."""
    browser = doors.signed_in("chem0011")
    assert "Thomas Ashdown" in browser.open("/people/bray0039").text
    assert browser.open("/people/thomas.ashdown@bray.ox.ac.uk").status_code == 200
    assert browser.open("/people/chem-office").status_code == 200
    for other in ("admn0040", "helen.carter@admin.ox.ac.uk", "law-moot", "no-such-thing"):
        answer = browser.open(f"/people/{other}")
        assert answer.status_code == 404, other
        assert f"Nothing is known of {other}, or it is not in your units." in answer.text
    assert "Helen Carter" not in browser.open("/people?q=carter").text
    for other in ("admn0040", "1000040", "helen.carter@admin.ox.ac.uk", "law-moot", "no-such-thing"):
        answer = browser.open(f"/people?q={other}")
        assert (answer.status_code, answer.url.path) == (200, "/people"), other
        assert f"Nobody is found for “{other}”" in answer.text


def test_unit_it_find_their_own_people_however_many_others_have_the_name(site: Path) -> None:
    """The first of the university that bear it are all of another unit here."""
    with closing(sqlite3.connect(site / "state" / "nexusops.db")) as state, state:
        state.execute("CREATE TEMPORARY TABLE namesake AS SELECT * FROM people WHERE person_id = '1000011'")
        state.execute("UPDATE namesake SET base = 'aaron.smith', served = '[\"LAW\"]'")
        for one in range(MOST + 1):
            state.execute("UPDATE namesake SET person_id = ?, username = ?", (f"{3000000 + one}", f"law{3000 + one}"))
            state.execute("INSERT INTO people SELECT * FROM namesake")
    with serving(site, signing_in=NOWHERE) as running:
        found = {
            username: shown(running.signed_in(username).open("/people?q=smith").text)
            for username in ("chem0011", "admn0038")
        }
    assert "3 people Name Username Person id Standing Units John Smith chem0011" in found["chem0011"]
    assert "Only the first" not in found["chem0011"]
    assert f"Only the first {MOST} are shown" in found["admn0038"]


def test_unit_it_see_the_findings_of_those_who_have_no_place_yet(site: Path) -> None:
    """Frozen people, and those who wait for a username: they belong to the unit that they are affiliated to."""
    tables, manifest = site / "snapshot" / "it_staff.csv", site / "snapshot" / "manifest.json"
    document = json.loads(manifest.read_text("utf-8"))
    rows = tables.read_text("utf-8") + "bray0031,1000031,BRAY\n"
    tables.write_text(rows, "utf-8")
    document["tables"]["it_staff"] = {"rows": rows.count("\n") - 1, "sha256": sha256(rows.encode()).hexdigest()}
    manifest.write_text(json.dumps(document), "utf-8")
    assert call(["--config", str(site), "run", "--at", "2025-10-02T08:00:00Z", "--accept", "Destructive=4"]) == 0
    with serving(site, signing_in=NOWHERE) as running:
        found = {one: shown(running.signed_in(one).open("/findings").text) for one in ("bray0031", "chem0011")}
    assert (
        "PENDING_USERNAME 1 What to do: nothing; the run after the username makes it. About What 1000045"
        in found["bray0031"]
    )
    assert "Nothing was found." in found["chem0011"]


def test_unit_it_see_their_own_unit_and_its_findings_only(doors: Running) -> None:
    browser = doors.signed_in("chem0011")
    text = shown(browser.open("/units").text)
    assert "Chemistry" in text
    assert "Law" not in text
    assert browser.open("/units/LAW").status_code == 404
    assert "Nothing was found." in browser.open("/findings").text
    found = shown(doors.signed_in("food0007").open("/findings").text)
    assert "ROLE_TO_PERSONAL 1 What to do: attach it to a mailbox of the unit. About What enquiries@" in found
    assert "NAME_INCOMPLETE" not in found


def test_unit_it_hand_over_their_own_units_mailboxes_only(doors: Running) -> None:
    """D31, R30."""
    browser = doors.signed_in("chem0011")
    page = browser.open("/units/CHEM")
    fields = {"to": "chem0011", "reason": "mine now"}
    answer = browser.submit(page, "/units/CHEM/hand-over", mailbox="law-moot", **fields)
    assert (answer.status_code, "law-moot does not belong to CHEM." in answer.text) == (403, True)
    mistaken = browser.submit(page, "/units/CHEM/hand-over", mailbox="chem-office", to="brown", reason="mine now")
    assert "Nobody has the username brown." in mistaken.text
    assert "aldg0001" not in mistaken.text  # who is called so is none of theirs
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    sent = {"csrf": token, "mailbox": "law-moot", **fields}
    assert browser.client.post("/units/LAW/hand-over", data=sent).status_code == 404


def test_unit_it_see_that_a_leavers_address_winds_down_and_no_longer_whose_it_is(site: Path) -> None:
    """rules.md 4b: "which wind down?"; those of people who have left the unit are the ones that matter."""
    lifted = ("--accept", "Destructive=4")
    assert call(["--config", str(site), "run", "--at", "2025-10-02T08:00:00Z", *lifted]) == 0
    with serving(site, signing_in=NOWHERE) as doors:
        own, all_of_it = (shown(doors.signed_in(who).open("/units/CHEM").text) for who in ("chem0011", "stat0038"))
    assert "thomas.ashdown@ chem.ox.ac.uk no longer in the unit 2025-10-02 not yet 2025-12-03" in own
    assert "bray0039" not in own
    assert "thomas.ashdown@ chem.ox.ac.uk Thomas Ashdown bray0039 2025-10-02 not yet 2025-12-03" in all_of_it
