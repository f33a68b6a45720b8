"""Where several rules about names, addresses, units and senders meet (2.1, 2.5, 2.6; D10-D12, D15-D20, D25, D30)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from building.oxford import oxford, student
from building.world import World, day

from nexusops.model.ids import UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.units import DomainState, Reorg

HOME, WORK, LAW = "ann.lee@balliol.ox.ac.uk", "ann.lee@chem.ox.ac.uk", "ann.lee@law.ox.ac.uk"


def _reorg(world: World, source: str, target: str, on: str, months: int = 3, name: str = "r1") -> World:
    world.reorgs.append(
        Reorg(
            reorg_id=name,
            kind="merge",
            effective_on=day(on),
            source_unit=UnitId(source),
            target_unit=UnitId(target),
            months=months,
        )
    )
    return world


def _run(world: World, *days: str) -> World:
    for text in days:
        world.run(text)
    return world


def test_members_who_moved_to_the_new_unit_with_the_merge_keep_sender_and_choice_there() -> None:
    """R52, D18, rules.md 3.11: the affiliation may move with the merge; the successor unit's address counts."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM").choose("1", WORK)
    world.run("2024-10-01")
    _reorg(world, "CHEM", "LAW", "2025-01-15", months=6)
    del world.affiliations["1", "CHEM"]
    world.affiliation("1", "LAW", "2025-01-15").run("2025-01-15")
    row, box = world.address(WORK), world.box("ball0001")
    assert (row.state, row.reason, row.months, row.successor) == ("winddown", "reorg", 6, LAW)
    assert (box.sender, box.sender_origin) == (LAW, "choice")


def test_a_unit_that_became_another_and_that_a_third_moves_on_the_day() -> None:
    """D30: a chain of reorganisations; the second one finds its people though nothing else changed on that day."""
    world = student(oxford(), "1", "Ann Lee", "CHEM", code="MC")
    _reorg(_reorg(world, "CHEM", "LAW", "2025-01-15"), "LAW", "HIST", "2025-03-20", name="r2")
    _run(world, "2024-10-01", "2025-01-15", "2025-01-16", "2025-01-17")
    assert str(world.state("1").due_on) == "2025-03-20"
    assert world.run("2025-03-20", only={"1"}).acts == [
        ("AddAddress", "ann.lee@history.ox.ac.uk"),
        ("SetSender", "ball0001"),
        ("WindDownAddress", LAW),
    ]
    assert world.states("1") == {WORK: "winddown", LAW: "winddown", "ann.lee@history.ox.ac.uk": "active"}


def test_a_wind_down_of_a_domain_begins_on_the_day_that_its_row_names() -> None:
    """2.5, rules.md 3.4: until winddown_start the domain is active, and gives addresses."""
    world = student(oxford(), "1", "Ann Lee", "CHEM", code="MC")
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=date(2025, 1, 15), winddown_months=4)
    world.run("2024-10-01")
    assert (world.states("1"), str(world.state("1").due_on)) == ({WORK: "active"}, "2025-01-15")
    world.run("2025-01-15")
    row = world.address(WORK)
    assert (row.state, row.reason, str(row.delete_on)) == ("winddown", "reorg", "2025-05-15")
    assert world.box("ball0001").sender == "ball0001@nexus.ox.ac.uk"


def test_a_reorganisation_of_six_months_ends_after_six_months() -> None:
    """R53: delete_on is W + N where that is later than two months after the notice."""
    world = _reorg(student(oxford(), "1", "Ann Lee", "CHEM", code="MC"), "CHEM", "LAW", "2025-08-31", months=6)
    _run(world, "2024-10-01", "2025-08-31", "2025-09-01")
    assert [(n.kind, str(n.delete_on)) for n in world.sent()] == [("winddown", "2026-02-28")]
    assert (world.run("2026-02-27").acts, world.run("2026-02-28").acts) == ([], [("RemoveAddress", WORK)])


def test_leaving_a_merged_unit_near_its_end_brings_nothing_forward() -> None:
    """D22, D30: two months after a new notice would be no earlier than the end that stands; no new notice."""
    world = _reorg(student(oxford(), "1", "Ann Lee", "CHEM", code="MC"), "CHEM", "LAW", "2025-01-15", months=4)
    _run(world, "2024-10-01", "2025-01-15", "2025-01-16")
    world.affiliations.clear()
    assert world.run("2025-03-14").acts == [("SetSender", "ball0001"), ("WindDownAddress", LAW)]
    assert str(world.address(WORK).delete_on) == "2025-05-15"
    assert [n.addresses for n in world.run("2025-03-15").notices] == [(LAW,)]


def test_an_own_mail_address_may_be_chosen_again_when_the_managed_one_has_ended() -> None:
    """rules.md 3.7, 3.17, R58: while it winds down it may not be the sender (R40); once it is only outside, it may."""
    world = student(oxford(), "1", "Ann Lee", "CHEM", code="MC").choose("1", WORK)
    world.run("2024-10-01")
    world.domain("chem.ox.ac.uk", managed=False).unit("CHEM", "department", "chem.ox.ac.uk", own_mail=True)
    world.route_outside(WORK, "ann.lee@mailhost.chem.ox.ac.uk", "1")
    _run(world, "2025-01-15", "2025-01-16")
    assert (world.address(WORK).state, world.box("ball0001").sender) == ("winddown", "ball0001@nexus.ox.ac.uk")
    _run(world, "2025-03-16", "2025-03-17")
    box = world.box("ball0001")
    assert (world.address(WORK).state, box.sender, box.sender_origin) == ("deleted", WORK, "choice")


def test_a_number_stays_with_the_person_through_a_move_on_one_day() -> None:
    """R22, D12: the new affiliation reuses the present name part, though the plain one is free there."""
    world = student(student(oxford(), "1", "Ann Lee", "CHEM"), "2", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    world.affiliation("2", "CHEM", "2024-10-01", "2025-01-14").affiliation("2", "LAW", "2025-01-15").run("2025-01-15")
    assert world.states("2") == {"ann.lee2@chem.ox.ac.uk": "winddown", "ann.lee2@law.ox.ac.uk": "active"}


def test_a_change_of_name_takes_the_smallest_number_for_the_new_name_everywhere() -> None:
    """R37, D11: new addresses of a new base are first addresses; the former number means nothing."""
    world = student(student(oxford(), "1", "Ann Lee", "CHEM"), "2", "Ann Lee", "CHEM", "LAW")
    student(world, "3", "Ann Ray", "LAW").run("2024-10-01")
    world.card("2", "UG", "Ann", "Ray", "2024-10-01", "2028-09-30").run("2025-01-15")
    active = sorted(a for a, state in world.states("2").items() if state == "active")
    assert active == ["ann.ray2@chem.ox.ac.uk", "ann.ray2@law.ox.ac.uk"]
    row = world.address("ann.lee2@chem.ox.ac.uk")
    assert (row.state, row.reason, row.successor) == ("winddown", "name", "ann.ray2@chem.ox.ac.uk")


def test_a_name_that_is_changed_back_before_the_end_gets_its_addresses_back() -> None:
    """2.1: name reverted; the short-lived ones wind down in their turn, and the sender comes back too (D18)."""
    world = student(oxford(), "1", "Ann Lee", "BALL")
    world.run("2024-10-01")
    _run(world.card("1", "UG", "Ann", "Ray", "2024-10-01", "2028-09-30"), "2025-01-15", "2025-01-16")
    told = world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30").run("2025-02-01").notices
    assert world.states("1") == {HOME: "active", "ann.ray@balliol.ox.ac.uk": "winddown"}
    assert ([(n.notice, n.addresses) for n in told], world.box("ball0001").sender) == (
        [("winddown_cancelled", (HOME,))],
        HOME,
    )


def test_a_long_name_gets_its_number_inside_the_limit_also_in_the_ledger() -> None:
    """R17, D15: base + n is at most 64 characters, and is found again as the person's own."""
    name = "Ann " + "x" * 80
    world = student(student(oxford(), "1", name), "2", name)
    world.run("2024-10-01")
    (second,) = world.states("2")
    assert (len(second.partition("@")[0]), second[-18:], world.run("2024-10-02").acts) == (
        64,
        "2@balliol.ox.ac.uk",
        [],
    )


def test_eight_places_of_which_one_is_freed_on_the_day_of_a_ninth_and_a_tenth() -> None:
    """R21, D20: one of those waiting moves up, by start and then by unit; the freed place's address winds down."""
    world = oxford()
    for number in range(10):
        world.unit(f"U{number}", "department", f"u{number}.ox.ac.uk")
    student(world, "1", "Ann Lee", *(f"U{number}" for number in range(10)), code="MC").run("2024-10-01")
    assert set(world.states("1")) == {f"ann.lee@u{number}.ox.ac.uk" for number in range(8)}
    done = world.affiliation("1", "U3", "2024-10-01", "2025-01-14").run("2025-01-15")
    assert done.acts == [("AddAddress", "ann.lee@u8.ox.ac.uk"), ("WindDownAddress", "ann.lee@u3.ox.ac.uk")]
    assert {f.message for f in done.findings} == {"the affiliation to U9 is beyond the 8 that are served"}


def test_a_choice_follows_two_changes_of_name_and_waits_where_it_is_not_eligible() -> None:
    """D17, D18: carried from one address to the next; ignored while the domain winds down, honoured afterwards."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM").choose("1", WORK)
    world.run("2024-10-01")
    for text, family in (("2025-01-15", "Ray"), ("2025-02-15", "Fox")):
        world.card("1", "UG", "Ann", family, "2024-10-01", "2028-09-30").run(text)
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == ("ann.fox@chem.ox.ac.uk", "choice")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-02-28").run("2025-03-01")
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == (
        "ann.fox@balliol.ox.ac.uk",
        "default",
    )
    world.affiliation("1", "CHEM", "2024-10-01").run("2025-03-02")
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == ("ann.fox@chem.ox.ac.uk", "choice")


def test_each_part_of_an_accepted_name_is_dropped_alone() -> None:
    """D25: the personal names change, the wanted last part stays; then the family name, and nothing is left of it."""
    world = student(oxford(), "1", "Mary Anne Lee").card("1", "UG", "Mary Anne", "Lee Roy", "2024-10-01", "2028-09-30")
    world.request_name("q1", "1", "anne.roy").run("2024-10-01")
    assert world.state("1").base == "anne.roy"
    world.card("1", "UG", "Maria", "Lee Roy", "2024-10-01", "2028-09-30").run("2025-01-15")
    assert world.state("1").base == "maria.roy"
    world.card("1", "UG", "Maria", "Lee", "2024-10-01", "2028-09-30").run("2025-02-15")
    assert (world.state("1").base, dict(world.ledger.overrides)) == ("maria.lee", {})
    world.run("2025-02-16")
    assert world.state("1").base == "maria.lee"  # a request is decided once, and not taken up again


def _ends_as_asked() -> World:
    """Ann Lee left CHEM, and asked that her address there end on 20 January."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-14").run("2025-01-15")
    row = replace(world.address(WORK), delete_on=day("2025-01-20"), gate=False, notice_due_on=None)
    world.ledger = replace(world.ledger, allocations={**world.ledger.allocations, (row.address, row.period): row})
    return world.hold(Hold(subject=WORK, kind=HoldKind.SHORTENED, fingerprint="", actor="desk", reason="asked"))


@pytest.mark.parametrize("back", ["2025-01-19", "2025-01-20", "2025-01-21"])
def test_whoever_returns_to_a_unit_has_the_address_again_whose_end_had_been_asked_for(back: str) -> None:
    """D23, D43: an end that was asked for holds until registration says something newer, and not beyond; on which side
    of its day somebody returns makes no difference.
    """
    world = _ends_as_asked()
    if back == "2025-01-21":
        world.run("2025-01-20")
    world.affiliation("1", "CHEM", "2024-10-01").run(back)
    assert world.states("1") == {HOME: "active", WORK: "active"}
    assert (world.address(WORK).delete_on, dict(world.ledger.holds)) == (None, {})
    world.affiliation("1", "CHEM", "2024-10-01", "2025-02-28").run("2025-03-01")
    assert str(world.address(WORK).delete_on) == "2025-05-02"
    world.affiliation("1", "CHEM", "2024-10-01").run("2025-03-05")
    assert world.states("1") == {HOME: "active", WORK: "active"}


def test_the_earliest_of_two_colleges_is_the_sender_whatever_the_order_of_rows() -> None:
    """R10, D16: earliest affiliation start, then unit_id; a department is never preferred by an undergraduate."""
    world = student(oxford(), "1", "Ann Lee", "MERT", "BALL", "CHEM")
    world.affiliation("1", "CHEM", "2020-01-01").run("2024-10-01")
    assert world.box("ball0001").sender == HOME
    world = student(oxford(), "1", "Ann Lee", "BALL").affiliation("1", "MERT", "2024-09-01")
    world.run("2024-10-01")
    assert world.box("ball0001").sender == "ann.lee@merton.ox.ac.uk"


def test_of_a_domain_that_both_share_only_the_affiliation_of_the_preferred_class_counts() -> None:
    """R11, D16: the older affiliation to a college makes the department that shares its domain no earlier one."""
    world = oxford().unit("HALL", "college", "shared.ox.ac.uk").unit("LAB", "department", "shared.ox.ac.uk")
    student(world, "1", "Ann Lee", "CHEM", code="MC").affiliation("1", "HALL", "2024-09-01")
    world.affiliation("1", "LAB", "2024-10-05").run("2024-10-10")
    assert world.box("ball0001").sender == WORK


def test_a_unit_without_a_domain_counts_to_the_eight() -> None:
    """R8, R21: an affiliation that gives no address takes a place all the same."""
    world = oxford()
    for number in range(8):
        world.unit(f"U{number}", "department", f"u{number}.ox.ac.uk")
    student(world, "1", "Ann Lee", *(f"U{number}" for number in range(8)), code="MC")
    world.affiliation("1", "NONE", "2024-09-01").run("2024-10-01")
    assert set(world.states("1")) == {f"ann.lee@u{number}.ox.ac.uk" for number in range(7)}


def test_a_name_goes_on_in_the_same_run_only_when_the_quarantine_is_over() -> None:
    """R19, D09, D01: six months from the last day of February are clamped, and the day itself is still too early."""
    world = student(oxford(), "1", "Ann Lee", end="2025-08-30")
    _run(world, "2024-10-01", "2025-08-31", "2025-10-31")
    assert (world.states("1"), str(world.state("1").left_on)) == ({HOME: "deleted"}, "2025-08-31")
    student(world, "2", "Ann Lee", start="2026-02-28").run("2026-02-28")
    student(world, "3", "Ann Lee", start="2026-03-01").run("2026-03-01")
    assert (world.states("2"), world.states("3")) == ({"ann.lee2@balliol.ox.ac.uk": "active"}, {HOME: "active"})


def test_an_address_that_no_need_gives_counts_by_the_units_of_its_own_domain() -> None:
    """D16, rules.md 3.11: a split that says nothing of somebody leaves them a college address, and no other sort."""
    world = student(oxford(), "1", "Ann Lee", "BALL")
    world.run("2024-10-01")
    world.affiliation("1", "LAW", "2024-11-01").run("2024-11-01")
    world.reorgs.append(
        Reorg(
            reorg_id="r1",
            kind="split",
            effective_on=day("2025-01-15"),
            source_unit=UnitId("BALL"),
            target_unit=UnitId("MERT"),
            months=2,
        )
    )
    world.run("2025-01-15")
    assert (world.states("1"), world.box("ball0001").sender) == ({HOME: "active", LAW: "active"}, HOME)
    world.card("1", "MC", "Ann", "Lee", "2024-10-01", "2028-09-30").run("2025-02-01")
    assert world.box("ball0001").sender == LAW


def test_any_of_several_addresses_outside_may_be_chosen() -> None:
    """R12, rules.md 3.7: registration lists each of them for the person."""
    first, second = "jo@stats.ox.ac.uk", "jo.hill@stats.ox.ac.uk"
    world = student(oxford(), "1", "Jo Hill", "STAT")
    for address in (first, second):
        world.route_outside(address, f"{address.partition('@')[0]}@mailhost.stats.ox.ac.uk", "1")
    chosen = []
    for address in (first, second):
        world.choose("1", address).run("2024-10-01")
        chosen.append((world.box("ball0001").sender, world.box("ball0001").sender_origin))
    assert chosen == [(first, "choice"), (second, "choice")]
