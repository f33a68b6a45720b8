"""What the pages say, in single-user mode, on the invented university's second day."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from console.conftest import Running, serving

from nexusops.config.starter import write_starter
from nexusops.console.routes import match


def shown(html: str) -> str:
    """The text of a page's main part, as one line."""
    main = html.partition("<main")[2]
    text = re.sub(r"<title>.*?</title>|<desc.*?</desc>|<[^>]*>", " ", "<main" + main)
    return re.sub(r" (?=[,.;])", "", " ".join(text.replace("&#39;", "'").split()))


def test_the_plan_says_what_stops_it_and_each_change_with_its_reason(looked_at: Running) -> None:
    """D28: the digest, the limit and how far it is exceeded, the units concerned."""
    text = shown(looked_at.browser().open("/").text)
    assert "16 changes 4 destructive" in text
    assert "The guard stops this plan" in text
    assert "Destructive 4 3 exceeded" in text
    assert "Most of what Destructive counts: BRAY 3, CHEM 3, ADMN 1." in text
    assert re.search(r"Digest sha256:[0-9a-f]{64}", text)
    assert "Oliver Marsh" in text
    assert "there is no current affiliation with chem.ox.ac.uk any more R39" in text


def test_the_plan_is_searched_and_filtered_by_kind_unit_and_person(looked_at: Running) -> None:
    browser = looked_at.browser()

    def found(query: str) -> str:
        said = re.search(r"\d+ to (\d+) of \d+ changes?(, out of \d+)?|No change fits", shown(browser.open(query).text))
        return said[0] if said else ""

    assert found("/?kind=WindDownAddress") == "1 to 4 of 4 changes, out of 16"
    assert found("/?unit=ADMN") == "1 to 3 of 3 changes, out of 16"
    assert found("/?person=oliver&kind=SetSender") == "1 to 1 of 1 change, out of 16"
    assert found("/?words=former+sender") == "1 to 2 of 2 changes, out of 16"
    assert found("/?words=nothing+of+the+kind") == "No change fits"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"/?from={'9' * 5000}", "Today's plan"),
        (f"/people?q={'a' * 20_000}", "Nobody is found for"),
        (f"/people?q={'a+' * 2_000}", "Nobody is found for"),
        (f"/people?q={'a+' * 126}", "People"),
        (f"/people/{'a' * 20_000}", "Nothing is known of"),
    ],
    ids=["place", "word", "words", "many words", "subject"],
)
def test_what_is_too_long_to_be_meant_is_no_defect_and_no_trouble_of_the_state(
    looked_at: Running, path: str, says: str
) -> None:
    """A number with more digits than Python reads, a name longer than a database looks for."""
    answer = looked_at.browser().open(path)
    assert answer.status_code in (200, 404)
    assert says in shown(answer.text)


def test_what_is_typed_into_a_search_is_shown_and_never_obeyed(looked_at: Running) -> None:
    html = looked_at.browser().open("/people?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_somebody_is_found_by_a_piece_of_their_name_without_its_accents(looked_at: Running) -> None:
    browser = looked_at.browser()
    text = shown(browser.open("/people?q=García").text)
    assert "José María García López hist0003 1000003 entitled HIST" in text
    assert "3 people" in shown(browser.open("/people?q=john+smith").text)
    assert "Nobody is found for “nobody at all”" in shown(browser.open("/people?q=nobody+at+all").text)


def test_who_was_misheard_is_offered_for_what_they_may_be(looked_at: Running) -> None:
    for heard in ("jose.garcialopz@history.ox.ac.uk", "Jose Garcialoppez", "jose.garcialopez@chem.ox.ac.uk"):
        text = shown(looked_at.browser().open(f"/people?q={quote(heard)}").text)
        assert f"Nobody is called “{heard}”. Nearest to it:" in text
        assert "José María García López hist0003 1000003 entitled HIST" in text


def test_a_nul_is_nothing_that_anybody_types(looked_at: Running) -> None:
    """PostgreSQL refuses it: pages said that the state could not be read."""
    assert match("GET", "/people/admn0040\0") is None
    assert looked_at.browser().open("/people/admn0040%00").status_code == 404
    browser = looked_at.browser()
    assert "'2025\N{REPLACEMENT CHARACTER}' is no day." in shown(browser.open("/forecast?until=2025%00").text)
    fields = {"mailbox": "chem-office", "to": "\0", "reason": "a"}
    answer = browser.submit(browser.open("/units/CHEM"), "/units/CHEM/hand-over", **fields)
    assert "Nobody has the username \N{REPLACEMENT CHARACTER}." in shown(answer.text)


def test_a_username_an_address_or_a_person_id_leads_to_its_page_at_once(looked_at: Running) -> None:
    browser = looked_at.browser()
    for subject in ("bray0039", "thomas.ashdown@chem.ox.ac.uk", "1000039", "chem-office"):
        assert browser.open(f"/people?q={subject}").url.path == f"/people/{subject}"


def test_a_persons_page_explains_them_and_draws_the_life_of_each_address(looked_at: Running) -> None:
    page = looked_at.browser().open("/people/bray0039").text
    text = shown(page)
    assert "Thomas Ashdown bray0039 Entitled; the mailbox bray0039 is active and sends as" in text
    assert "2028-10-01 Disable the mailbox bray0039: it can no longer sign in, send or receive" in text
    assert "thomas.ashdown@bray.ox.ac.uk: active from 2025-10-01" in page
    assert page.count('<rect class="bar active"') == 3


def test_a_unit_shows_its_people_and_its_own_mailboxes(looked_at: Running) -> None:
    text = shown(looked_at.browser().open("/units/CHEM").text)
    assert "chem-office secondary office@chem.ox.ac.uk Giovanni D`Angelo active" in text
    assert "IT staff chem0011" in text
    assert "People 7" in text
    assert "Thomas Ashdown bray0039 entitled active" in text
    food = shown(looked_at.browser().open("/units/FOOD").text)
    assert "enquiries@ foodtech.ox.ac.uk the mailbox food0042 food0007" in food


def test_all_units_are_listed_with_how_many_people_they_have(looked_at: Running) -> None:
    text = shown(looked_at.browser().open("/units").text)
    assert "CHEM Chemistry department chem.ox.ac.uk 7 1" in text
    assert "STAT Statistics department stats.ox.ac.uk keeps its own mail" in text


def test_findings_stand_under_their_codes_and_can_be_narrowed_to_one(looked_at: Running) -> None:
    browser = looked_at.browser()
    whole = shown(browser.open("/findings").text)
    assert "NAME_NOT_LATIN" in whole
    assert "NAME_INCOMPLETE" in whole
    narrowed = shown(browser.open("/findings?code=NAME_INCOMPLETE").text)
    assert "NAME_INCOMPLETE 1 What to do: a name request, decided by the desk, cures it. About What Suharto" in narrowed


def test_a_run_shows_its_journal(looked_at: Running) -> None:
    browser = looked_at.browser()
    runs = browser.open("/runs").text
    link = re.search(r'href="(/runs/[0-9a-f]+)"', runs)
    assert link is not None
    text = shown(browser.open(link[1]).text)
    assert "mary.brown@aldgate.ox.ac.uk is given" in text
    assert "intent" in text
    assert "done" in shown(browser.open(f"{link[1]}?show=steps").text)


def test_the_journal_of_a_run_is_narrowed_and_turned_page_by_page(looked_at: Running) -> None:
    """A first run has more rows than a page; what failed is asked for by itself."""
    browser = looked_at.browser()
    run = re.search(r'href="(/runs/\w+)"', browser.open("/runs").text)
    assert run is not None
    numbers, link = [], "?show=steps"
    while link:
        page = browser.open(run[1] + link)
        numbers += [int(number) for number in re.findall(r'class="n">(\d+)</td>', page.text)]
        later = re.search(r'<a href="([^"]+)">Later', page.text)
        link = later[1].replace("&amp;", "&") if later else ""
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 200
    assert "promise" not in shown(page.text).partition("Journal")[2]
    assert "Nothing of the kind." in shown(browser.open(f"{run[1]}?show=undone").text)


def test_every_cell_says_under_which_heading_it_stands(looked_at: Running) -> None:
    """On a narrow screen, where a row is a card, it shows what it says here."""
    browser = looked_at.browser()
    seen = 0
    for path in (
        "/",
        "/people?q=smith",
        "/people/bray0039",
        "/units",
        "/units/CHEM",
        "/findings",
        "/runs",
        "/forecast",
    ):
        for table in re.findall(r"<table.*?</table>", browser.open(path).text, re.S):
            heads = [re.sub("<[^>]+>", "", head) for head in re.findall(r'<th scope="col".*?</th>', table, re.S)]
            for row in re.findall(r"<tr.*?</tr>", table.partition("<tbody>")[2], re.S):
                assert re.findall(r'<t[dh] data-label="([^"]*)"', row) == heads, path
                seen += 1
    assert seen > 50


def test_a_history_leaves_the_steps_in_the_tenant_out_until_they_are_asked_for(looked_at: Running) -> None:
    browser = looked_at.browser()
    short, whole = (shown(browser.open(f"/people/bray0039{query}").text) for query in ("", "?steps=1"))
    assert "the mailbox bray0039 is active" in short
    step = "in the tenant: the licence of bray0039 assigned"
    assert (step in short, step in whole) == (False, True)


def test_the_plan_leads_to_whoever_it_is_about_as_far_as_they_are_known(looked_at: Running) -> None:
    """Why, and what comes next, stands there; of Oliver Marsh, who joins with this plan, nothing is known yet."""
    page = looked_at.browser().open("/")
    assert '<a class="name" href="/people/1000039">1000039 Thomas Ashdown</a>' in page.text
    assert '<td data-label="Who">1000044 Oliver Marsh</td>' in page.text


def test_before_the_first_run_a_page_says_how_there_will_be_something(tmp_path: Path) -> None:
    """A new installation, of which only the folder is there."""
    write_starter(tmp_path / "site")
    with serving(tmp_path / "site") as console:
        browser = console.browser()
        found = {path: shown(browser.open(path).text) for path in ("/units", "/new-request", "/forecast")}
    told = (
        "Refused There is nothing to show before the first run. Next: Have the first plan carried out, from the plan's "
        "page or with nexusops run."
    )
    assert {path: text.partition(" As of ")[0] for path, text in found.items()} == dict.fromkeys(found, told)


def test_whoever_has_no_name_yet_is_called_by_their_number_once(looked_at: Running) -> None:
    page = looked_at.browser().open("/people/1000045")
    assert "<h1><bdi>1000045</bdi></h1>" in page.text


def test_the_forecast_draws_what_will_happen_and_lists_it(looked_at: Running) -> None:
    """The same calendar as ``simulate``; Edward's card begins in January."""
    browser = looked_at.browser()
    page = browser.open("/forecast?until=2026-02-01")
    text = shown(page.text)
    assert "1 CreateMailbox" in text
    assert "2026-01-10" in text
    assert '<rect class="made"' in page.text
    assert browser.open("/forecast?until=tomorrow").status_code == 422
    assert browser.open("/forecast?until=2099-01-01").status_code == 422


def test_what_does_not_exist_is_said_with_what_to_do_next(looked_at: Running) -> None:
    browser = looked_at.browser()
    for path in ("/nowhere", "/people/nobody", "/units/NONE", "/runs/none", "/people/a/b"):
        answer = browser.open(path)
        assert answer.status_code == 404, path
        assert "Next:" in shown(answer.text)
