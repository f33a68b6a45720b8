"""A person asks for another name in their addresses (R14, R15; D24, D25; rules.md 3.8)."""

from __future__ import annotations

from datetime import date

import pytest
from building.oxford import oxford, student

from nexusops.model.ids import PersonId
from nexusops.model.ledger import RequestOutcome
from nexusops.model.people import Card
from nexusops.rules.requests import decide


def _card(personal: str, family: str) -> Card:
    return Card(
        card_id="c",
        person_id=PersonId("1"),
        status_code="UG",
        personal_names=personal,
        family_names=family,
        start_date=date(2024, 10, 1),
        end_date=date(2028, 9, 30),
    )


@pytest.mark.parametrize(
    ("personal", "family", "known_as", "wanted", "outcome", "code"),
    [
        ("Xiao Ming", "Li", None, "xiaoming.li", "accepted", None),
        ("Xiao Ming", "Li", None, "xiao-ming.li", "accepted", None),
        ("Xiao Ming", "Li", None, "ming.li", "accepted", None),
        ("José María", "García López", None, "jose.garcia", "accepted", None),
        ("José María", "García López", None, "jose.lopez", "accepted", None),
        ("José María", "García López", None, "jose.garcia-lopez", "accepted", None),
        ("José María", "García López", None, "jose.lopezgarcia", "referred", "NAME_REFERRED"),
        ("Ann", "Smith-Jones", None, "ann.jones", "accepted", None),
        ("William", "Clinton", None, "bill.clinton", "accepted", None),
        ("Bill", "Clinton", None, "william.clinton", "accepted", None),
        ("Thomas", "Lee", "Dinah", "dinah.lee", "accepted", None),
        ("William", "Clinton", None, "boris.clinton", "referred", "NAME_REFERRED"),
        ("William", "Clinton", None, "bill.clinton-gore", "referred", "NAME_REFERRED"),
        ("William", "Clinton", None, "w.clinton", "rejected", "NAME_INITIAL"),
        ("William", "Clinton", None, "bill.c", "rejected", "NAME_INITIAL"),
        ("William", "Clinton", None, "bill", "rejected", "NAME_FORM"),
        ("William", "Clinton", None, "bill.j.clinton", "rejected", "NAME_FORM"),
        ("William", "Clinton", None, "bill clinton", "rejected", "NAME_FORM"),
        ("William", "Clinton", None, "bill." + "clinton" * 9, "rejected", "NAME_FORM"),
        ("William", "Clinton" * 8 + "abc", None, "bill." + "clinton" * 8 + "abc", "accepted", None),
        ("William", "Clinton" * 8 + "abcd", None, "bill." + "clinton" * 8 + "abcd", "rejected", "NAME_FORM"),
        ("Ann", "Lee", None, "ann.leesmith", "referred", "NAME_REFERRED"),
        ("Ann", "Li", None, "ann.lismith", "rejected", "NAME_NEEDS_CARD"),
        ("William", "Clinton", None, "bill.rodham", "rejected", "NAME_NEEDS_CARD"),
        ("明", "李", None, "ming.li", "referred", "NAME_REFERRED"),
        ("明", "李 Li", None, "ming.wang", "rejected", "NAME_NEEDS_CARD"),
        ("Suharto", "", None, "haji.suharto", "referred", "NAME_REFERRED"),
        ("Suharto", "", None, "s.suharto", "rejected", "NAME_INITIAL"),
    ],
)
def test_a_request_is_accepted_referred_or_rejected(
    personal: str, family: str, known_as: str | None, wanted: str, outcome: str, code: str | None
) -> None:
    """D24, D14: the card's own names; initials, other forms and other surnames never; the rest is for people, also what
    cures a card that gives no last name.
    """
    decision = decide(wanted, _card(personal, family), known_as)
    assert (decision.outcome, decision.code) == (outcome, code)


def test_an_accepted_request_changes_all_addresses_in_the_run_that_first_sees_it() -> None:
    """R14, rules.md 3.17: the old ones wind down, and the mailbox keeps its name (R15)."""
    world = student(oxford(), "1", "Xiao Ming Li", "BALL", "CHEM")
    world.run("2024-10-01")
    world.request_name("n1", "1", "xiaoming.li")
    assert world.run("2024-10-02").acts == [
        ("AddAddress", "xiaoming.li@balliol.ox.ac.uk"),
        ("AddAddress", "xiaoming.li@chem.ox.ac.uk"),
        ("SetSender", "ball0001"),
        ("WindDownAddress", "xiao.li@balliol.ox.ac.uk"),
        ("WindDownAddress", "xiao.li@chem.ox.ac.uk"),
    ]
    decision = world.ledger.decisions["n1"]
    assert (decision.outcome, decision.code, world.box("ball0001").name) == ("accepted", None, "ball0001")
    assert world.run("2024-10-03").acts == [("SendNotice", "ball0001")]


def test_a_referred_request_waits_for_the_desk_and_is_decided_once() -> None:
    """D24: nothing changes; the finding says which command decides it."""
    world = student(oxford(), "1", "William Clinton").request_name("n1", "1", "boris.clinton")
    done = world.run("2024-10-01")
    assert world.states("1") == {"william.clinton@balliol.ox.ac.uk": "active"}
    assert done.codes == {("NAME_REFERRED", "1")}
    assert "desk decide-name n1" in done.findings[0].message


def test_the_desks_acceptance_takes_effect_in_the_next_run() -> None:
    """R14, rules.md 3.17."""
    from dataclasses import replace

    world = student(oxford(), "1", "William Clinton").request_name("n1", "1", "boris.clinton")
    world.run("2024-10-01")
    accepted = replace(world.ledger.decisions["n1"], outcome=RequestOutcome.ACCEPTED, code=None, applied=False)
    world.ledger = replace(world.ledger, decisions={"n1": accepted})
    world.run("2024-10-02")
    assert world.states("1")["boris.clinton@balliol.ox.ac.uk"] == "active"


def test_each_part_of_an_accepted_name_falls_away_with_its_part_of_the_card() -> None:
    """D25, T12: a new family name on the card drops the last part and keeps the first."""
    world = student(oxford(), "1", "Xiao Ming Li").request_name("n1", "1", "xiaoming.li")
    world.run("2024-10-01")
    assert world.states("1") == {"xiaoming.li@balliol.ox.ac.uk": "active"}
    world.card("1", "UG", "Xiao Ming", "Wang", "2024-10-01", "2028-09-30")
    world.run("2024-10-02")
    assert world.states("1")["xiaoming.wang@balliol.ox.ac.uk"] == "active"
    world.card("1", "UG", "Daniel", "Wang", "2024-10-01", "2028-09-30")
    world.run("2024-10-03")
    assert world.states("1")["daniel.wang@balliol.ox.ac.uk"] == "active"
