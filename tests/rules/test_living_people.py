"""A mailbox, its addresses and its sender (R1-R3, R8-R13, R20-R22, R34, R38, R55; D16, D17, D19, D20, D21, D46)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World

from nexusops.model.policy import COLLEGE_PREFERRING, NON_QUALIFYING, QUALIFYING


def test_a_new_undergraduate_waits_for_the_card_to_be_current() -> None:
    """R1, R2, R3: the worked example of rules.md 5."""
    world = oxford().person("1000001", "ball1234").affiliation("1000001", "BALL", "2025-10-01")
    world.card("1000001", "UG", "Mary Anne", "Brown", "2025-10-01", "2028-09-30")
    assert world.run("2025-09-20").acts == []
    assert world.run("2025-10-01").acts == [
        ("CreateMailbox", "ball1234"),
        ("AddAddress", "mary.brown@balliol.ox.ac.uk"),
        ("SetSender", "ball1234"),
    ]
    box = world.box("ball1234")
    assert (box.state, box.sender, box.sender_origin) == ("active", "mary.brown@balliol.ox.ac.uk", "default")
    assert world.run("2025-10-02").acts == []


@pytest.mark.parametrize("code", NON_QUALIFYING)
def test_a_card_that_gives_no_mailbox_gives_none(code: str) -> None:
    """R1, D46: cardholders and virtual access."""
    world = student(oxford(), "1", "Ann Lee", code=code)
    assert (world.run("2024-10-01").acts, world.state("1").state) == ([], "out")


@pytest.mark.parametrize("code", QUALIFYING)
def test_a_qualifying_card_prefers_college_or_department(code: str) -> None:
    """R10, R11, D16, D46: which status prefers which address."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM", code=code)
    world.run("2024-10-01")
    wanted = "ann.lee@balliol.ox.ac.uk" if code in COLLEGE_PREFERRING else "ann.lee@chem.ox.ac.uk"
    assert world.box("ball0001").sender == wanted


def test_without_a_username_the_mailbox_waits() -> None:
    """R2: PENDING_USERNAME, and nothing is made; the username brings everything."""
    world = oxford().person("1", None).card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    world.affiliation("1", "BALL", "2024-10-01")
    first = world.run("2024-10-01")
    assert (first.acts, first.codes) == ([], {("PENDING_USERNAME", "1")})
    world.person("1", "ball0001")
    assert world.run("2024-10-02").acts[0] == ("CreateMailbox", "ball0001")


def test_a_member_of_an_own_mail_unit_gets_a_mailbox_and_its_fallback() -> None:
    """R34, R55, D21: no address there, but a Nexus account for everybody."""
    world = student(oxford(), "1", "Ann Lee", "STAT", code="US")
    assert world.run("2024-10-01").acts == [("CreateMailbox", "ball0001")]
    box = world.box("ball0001")
    assert (box.sender, box.sender_origin) == ("ball0001@nexus.ox.ac.uk", "fallback")


@pytest.mark.parametrize("units", [("NONE",), ()], ids=["unit without a domain", "no affiliation"])
def test_without_a_domain_the_fallback_is_the_sender(units: tuple[str, ...]) -> None:
    """R8, R34: a unit without a domain gives no address."""
    world = oxford().person("1", "ball0001").card("1", "US", "Ann", "Lee", "2024-10-01", "2028-09-30")
    for unit in units:
        world.affiliation("1", unit, "2024-10-01")
    world.run("2024-10-01")
    assert world.box("ball0001").sender_origin == "fallback"


def test_two_units_that_share_a_domain_share_one_address() -> None:
    """R9, R20, D19: one address serves both, and stays until the last affiliation ends."""
    world = student(oxford(), "1", "Ann Lee", "HIST", "HMED", code="US")
    world.run("2024-10-01")
    assert world.states("1") == {"ann.lee@history.ox.ac.uk": "active"}
    world.affiliation("1", "HIST", "2024-10-01", "2024-10-31")
    assert world.run("2024-11-01").acts == []
    world.affiliation("1", "HMED", "2024-10-01", "2024-11-30")
    assert world.run("2024-12-01").acts == [
        ("SetSender", "ball0001"),
        ("WindDownAddress", "ann.lee@history.ox.ac.uk"),
    ]


def test_a_later_affiliation_gives_an_address_of_the_same_name_in_the_same_mailbox() -> None:
    """R13, R22, R38: no second mailbox, and the sender stays."""
    world = student(oxford(), "1", "Ann Lee", "BALL")
    world.run("2024-10-01")
    world.affiliation("1", "CHEM", "2024-11-01")
    assert world.run("2024-11-01").acts == [("AddAddress", "ann.lee@chem.ox.ac.uk")]
    assert world.box("ball0001").sender == "ann.lee@balliol.ox.ac.uk"


def test_the_default_moves_when_the_preferred_class_gains_its_first_address() -> None:
    """R10, D16: an undergraduate with only a department's address gets a college."""
    world = student(oxford(), "1", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    assert world.box("ball0001").sender == "ann.lee@chem.ox.ac.uk"
    world.affiliation("1", "BALL", "2024-11-01")
    world.run("2024-11-01")
    assert world.box("ball0001").sender == "ann.lee@balliol.ox.ac.uk"


def test_the_default_is_sticky_within_its_class() -> None:
    """D16: an earlier college arriving later does not take the sender away."""
    world = student(oxford(), "1", "Ann Lee", "MERT")
    world.run("2024-10-01")
    world.affiliation("1", "BALL", "2024-01-01")
    world.run("2024-10-02")
    assert world.box("ball0001").sender == "ann.lee@merton.ox.ac.uk"


def test_a_status_that_prefers_the_other_class_moves_the_default() -> None:
    """R11, D16: a student becomes staff."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    world.card("1", "US", "Ann", "Lee", "2024-10-01", "2028-09-30")
    assert world.run("2024-11-01").acts == [("SetSender", "ball0001")]
    assert world.box("ball0001").sender == "ann.lee@chem.ox.ac.uk"


def test_a_choice_is_honoured_ignored_while_ineligible_and_honoured_again() -> None:
    """R12, R40, D17: it outlives changes, and is never erased."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM").choose("1", "ann.lee@chem.ox.ac.uk")
    world.run("2024-10-01")
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == ("ann.lee@chem.ox.ac.uk", "choice")
    world.affiliation("1", "CHEM", "2024-10-01", "2024-10-31")
    ended = world.run("2024-11-01")
    assert ("SENDER_NOT_ACTIVE", "1") in ended.codes
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == (
        "ann.lee@balliol.ox.ac.uk",
        "default",
    )
    world.affiliation("1", "CHEM", "2024-10-01")
    world.run("2024-11-02")
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == ("ann.lee@chem.ox.ac.uk", "choice")


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ("bob.ray@balliol.ox.ac.uk", "SENDER_NOT_YOURS"),
        ("nobody.here@balliol.ox.ac.uk", "SENDER_UNKNOWN"),
        ("ann.lee@ann-lee.org.uk", "SENDER_FOREIGN"),
    ],
)
def test_a_choice_that_is_not_eligible_is_refused_with_its_code(chosen: str, code: str) -> None:
    """R12, rules.md 3.7."""
    world = student(student(oxford(), "1", "Ann Lee"), "2", "Bob Ray").domain("ann-lee.org.uk")
    world.run("2024-10-01")
    world.choose("1", chosen)
    done = world.run("2024-10-02")
    assert (done.acts, done.codes) == ([], {(code, "1")})


def _with_affiliations(count: int) -> World:
    world = oxford().person("1", "ball0001").card("1", "US", "Ann", "Lee", "2024-10-01", "2028-09-30")
    for number in range(1, count + 1):
        world.unit(f"U{number}", "department", f"u{number}.ox.ac.uk").affiliation(
            "1", f"U{number}", f"2024-09-{number:02}"
        )
    return world


def test_the_ninth_affiliation_waits_for_a_place() -> None:
    """R21, D20: eight are served, the ninth is reported, and moves up when a place is free."""
    world = _with_affiliations(9)
    done = world.run("2024-10-01")
    assert sorted(world.states("1")) == [f"ann.lee@u{n}.ox.ac.uk" for n in range(1, 9)]
    assert done.codes == {("AFFILIATION_LIMIT", "1")}
    world.affiliation("1", "U3", "2024-09-03", "2024-10-31")
    moved = world.run("2024-11-01")
    assert moved.acts == [("AddAddress", "ann.lee@u9.ox.ac.uk"), ("WindDownAddress", "ann.lee@u3.ox.ac.uk")]


def test_a_served_affiliation_is_never_displaced_by_an_earlier_one() -> None:
    """D20."""
    world = _with_affiliations(8)
    world.run("2024-10-01")
    world.affiliation("1", "BALL", "2020-01-01")
    done = world.run("2024-10-02")
    assert (done.acts, done.codes) == ([], {("AFFILIATION_LIMIT", "1")})


def test_several_current_cards_unite_and_the_qualifying_one_decides() -> None:
    """D42: qualifying before non-qualifying, whatever their dates."""
    world = student(oxford(), "1", "Ann Lee")
    world.card("1", "CB", "Anne", "Leigh", "2024-12-01", "2030-09-30", card_id="later")
    done = world.run("2024-12-02")
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "active"}
    assert ("MULTIPLE_CARDS", "1") in done.codes
