"""A guarded plan is approved by its digest and carried out through the same pipeline as the command line (D28)."""

from __future__ import annotations

from pathlib import Path

from console.conftest import Running, serving
from console.test_pages import shown

from nexusops.cli import call
from nexusops.console.oidc import OpenIdConnect
from nexusops.console.settings import SignInSettings
from nexusops.console.signing_in import SigningIn

NOWHERE = SigningIn(
    OpenIdConnect(
        SignInSettings(client_id="c", client_secret="s", tenant_id="t", authority="https://localhost:1", ca_bundle=None)
    )
)


def test_a_plan_that_the_guard_stops_is_read_approved_and_carried_out(console: Running) -> None:
    """D28: nothing is done before the approval, exactly the plan that was read after it."""
    browser = console.browser()
    other_tab = page = browser.open("/")
    assert "Carry out" not in page.text
    page = browser.submit(page, "/plan/approve", reason="checked with Chemistry")
    again = shown(browser.submit(other_tab, "/plan/approve", reason="checked").text)
    assert "You have approved this plan already. Next: It can be carried out" in again
    assert "Your approval is recorded." in page.text
    assert "ann at 2025-10-02 08:00 UTC: checked with Chemistry" in shown(page.text)
    page = browser.submit(page, "/plan/carry-out", reason="as agreed")
    assert "The plan was carried out." in page.text
    assert "Result applied By ann Changes 16" in shown(page.text)
    assert "thomas.ashdown@law.ox.ac.uk" in page.text
    assert "Nothing is to be changed." in browser.open("/").text
    assert "in wind-down for bray0039" in browser.open("/people/thomas.ashdown@chem.ox.ac.uk").text.lower()


def test_where_the_policy_asks_for_two_people_one_is_not_enough(site: Path) -> None:
    """guard.toml: approvers = 2. The same person twice is one person."""
    with (site / "guard.toml").open("a", encoding="utf-8") as guard:
        guard.write("[approval]\napprovers = 2\n")
    with serving(site, signing_in=NOWHERE) as console:
        first, second = console.signed_in("admn0033"), console.signed_in("admn0038")
        other_tab = first.open("/")
        page = first.submit(other_tab, "/plan/approve", reason="read")
        again = shown(first.submit(other_tab, "/plan/approve", reason="read").text)
        assert "Next: Another person must approve it as well." in again
        assert "You have approved it. 1 more person must approve it as well" in shown(page.text)
        assert 'action="/plan/carry-out"' not in page.text
        page = second.submit(second.open("/"), "/plan/approve", reason="read too")
        assert "admn0033 at 2025-10-02 08:00 UTC: read" in shown(page.text)
        page = second.submit(page, "/plan/carry-out", reason="both have read it")
        assert "By admn0038 Changes 16" in shown(page.text)


def test_without_a_reason_or_an_approval_nothing_is_done_whatever_is_sent(console: Running) -> None:
    """The page hides the button; the guard in the pipeline is what protects."""
    browser = console.browser()
    page = browser.open("/")
    assert browser.submit(page, "/plan/approve", reason="  ").status_code == 422
    assert "Nobody has approved it yet." in shown(browser.open("/").text)
    digest = page.text.partition('name="digest" value="')[2].partition('"')[0]
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = browser.client.post("/plan/carry-out", data={"csrf": token, "digest": digest, "reason": "now"})
    assert answer.status_code == 409
    assert "A guard stopped the plan before the first write." in answer.text
    assert "--approve" in answer.text


def test_an_approval_of_a_plan_that_has_changed_meanwhile_is_refused(console: Running, site: Path) -> None:
    """D28: approved is what was read, nothing else."""
    browser = console.browser()
    page = browser.open("/")
    desk = [
        "desk",
        "exempt-forward",
        "bray0026",
        "--actor",
        "desk",
        "--reason",
        "asked",
        "--at",
        "2025-10-02T08:00:00Z",
    ]
    assert call(["--config", str(site), *desk]) == 0
    answer = browser.submit(page, "/plan/approve", reason="fine")
    assert answer.status_code == 409
    assert "The plan has changed since you read it. Nothing was done." in shown(answer.text)


def test_an_approval_in_the_console_lets_the_command_line_run_that_very_plan(console: Running, site: Path) -> None:
    """architecture.md: approvals are rows that the guard reads, so that command line and console are one path."""
    run = ["--config", str(site), "run", "--at", "2025-10-02T08:00:00Z"]
    assert call(run) == 4
    browser = console.browser()
    browser.submit(browser.open("/"), "/plan/approve", reason="read")
    assert call(run) == 0


def test_a_unit_hands_a_mailbox_over_and_the_next_plan_has_it(console: Running) -> None:
    """D31: the wish of the desk's command, from a page."""
    browser = console.browser()
    page = browser.submit(
        browser.open("/units/CHEM"), "/units/CHEM/hand-over", mailbox="chem-office", to="chem0011", reason="new job"
    )
    assert "The handover is recorded; the next run carries it out." in page.text
    later = shown(browser.open("/units/CHEM").text)  # whoever comes after sees it, too
    assert "office@chem.ox.ac.uk Giovanni D`Angelo until the next run, then John Smith active" in later
    answer = browser.submit(page, "/units/CHEM/hand-over", mailbox="chem-office", to="nobody", reason="new job")
    assert answer.status_code == 422
    assert "Nobody has the username nobody." in shown(answer.text)


def test_without_a_fit_snapshot_the_page_says_why_and_what_next(console: Running, site: Path) -> None:
    (site / "snapshot" / "manifest.json").unlink()
    page = console.browser().open("/")
    assert page.status_code == 200
    assert "No plan can be made" in page.text
    assert "Next:" in page.text
