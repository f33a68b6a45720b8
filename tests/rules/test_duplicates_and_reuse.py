"""Names that are taken, and addresses given on (R17-R19; D09-D12, D43)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World

from nexusops.model.policy import Policy, ReusePolicy


def test_the_second_and_third_of_a_name_get_a_number() -> None:
    """R17, D11: served in the order of earliest affiliation, then username."""
    world = student(oxford(), "3", "Ann Lee", start="2024-10-01")
    student(world, "1", "Ann Lee", start="2024-10-01")
    student(world, "2", "Ann Lee", start="2024-09-01")
    world.run("2024-10-01")
    assert [world.states(n) for n in ("2", "1", "3")] == [
        {"ann.lee@balliol.ox.ac.uk": "active"},
        {"ann.lee2@balliol.ox.ac.uk": "active"},
        {"ann.lee3@balliol.ox.ac.uk": "active"},
    ]


def test_the_first_addresses_of_a_person_get_the_same_number_everywhere() -> None:
    """D11: the smallest number that is free in all the domains needed."""
    world = student(oxford(), "1", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    student(world, "2", "Ann Lee", "BALL", "CHEM", start="2024-10-02")
    world.run("2024-10-02")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "active", "ann.lee2@chem.ox.ac.uk": "active"}


def test_a_later_domain_where_the_name_part_is_taken_is_an_exception_there_only() -> None:
    """R22, D12: the smallest free number in that domain, flagged; what exists is never altered."""
    world = student(student(oxford(), "1", "Ann Lee", "LAW"), "2", "Ann Lee", "BALL")
    world.run("2024-10-01")
    world.affiliation("2", "LAW", "2024-11-01")
    done = world.run("2024-11-01")
    assert world.states("2") == {"ann.lee@balliol.ox.ac.uk": "active", "ann.lee2@law.ox.ac.uk": "active"}
    assert done.codes == {("NAME_PART_EXCEPTION", "2")}
    assert world.run("2024-11-02").codes == {("NAME_PART_EXCEPTION", "2")}  # a whole plan tells it, too
    world.affiliation("2", "LAW", "2024-11-01", "2024-11-30")
    assert world.run("2024-12-01").codes == set()


def test_a_name_that_looks_like_a_generated_one_counts_as_what_it_is() -> None:
    """2.6: probing goes by whole strings."""
    world = oxford().person("9", "ball0009").affiliation("9", "BALL", "2024-10-01")
    world.card("9", "UG", "Ann", "Lee2", "2024-10-01", "2028-09-30")
    world.run("2024-10-01")
    student(student(world, "1", "Ann Lee", start="2024-10-02"), "2", "Ann Lee", start="2024-10-02")
    world.run("2024-10-02")
    assert [world.states(n) for n in ("9", "1", "2")] == [
        {"ann.lee2@balliol.ox.ac.uk": "active"},
        {"ann.lee@balliol.ox.ac.uk": "active"},
        {"ann.lee3@balliol.ox.ac.uk": "active"},
    ]


def _left_on_15_january() -> World:
    """Ann left, her mailbox was deleted, and the address is nobody's."""
    world = student(oxford(), "1", "Ann Lee", cancelled_on="2025-01-15")
    for day in ("2024-10-01", "2025-01-15", "2025-01-16", "2025-02-15", "2025-04-15"):
        world.run(day)
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "deleted"}
    assert str(world.state("1").left_on) == "2025-01-15"
    return world


@pytest.mark.parametrize(
    ("day", "address"),
    [("2025-07-15", "ann.lee2@balliol.ox.ac.uk"), ("2025-07-16", "ann.lee@balliol.ox.ac.uk")],
    ids=["six months to the day", "more than six months"],
)
def test_an_address_goes_to_another_person_only_after_more_than_six_months(day: str, address: str) -> None:
    """R19, D09: strictly more than six months after the owner left."""
    world = student(_left_on_15_january(), "2", "Ann Lee", start=day)
    world.run(day)
    assert world.states("2") == {address: "active"}


@pytest.mark.parametrize(
    ("day", "address"),
    [("2025-04-09", "ann.lee2@balliol.ox.ac.uk"), ("2025-04-10", "ann.lee@balliol.ox.ac.uk")],
    ids=["not purged yet", "purged"],
)
def test_an_address_waits_for_the_purge_of_the_mailbox_that_it_was_deleted_with(day: str, address: str) -> None:
    """R17, D08, D09: a cancellation that was told half a year late; the tenant keeps a deleted mailbox's addresses."""
    world = student(oxford(), "1", "Ann Lee", start="2024-01-01")
    world.run("2024-12-01")
    world.card("1", "UG", "Ann", "Lee", "2024-01-01", "2028-09-30", cancelled_on="2024-06-01")
    for text in ("2024-12-10", "2024-12-11", "2025-01-10", "2025-03-10"):
        world.run(text)
    assert (str(world.state("1").left_on), world.states("1")) == (
        "2024-06-01",
        {"ann.lee@balliol.ox.ac.uk": "deleted"},
    )
    student(world, "2", "Ann Lee", start=day).run(day)
    assert world.states("2") == {address: "active"}


def test_an_address_of_somebody_who_is_still_a_member_is_never_given_on() -> None:
    """D10, T16: leaving a unit is not leaving."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2024-10-31")
    for day in ("2024-10-01", "2024-11-01", "2024-11-02", "2025-01-02"):
        world.run(day)
    assert world.states("1")["ann.lee@chem.ox.ac.uk"] == "deleted"
    student(world, "2", "Ann Lee", "CHEM", start="2026-01-01")
    world.run("2026-01-01")
    assert world.states("2") == {"ann.lee2@chem.ox.ac.uk": "active"}


@pytest.mark.parametrize(("day", "address"), [("2025-05-01", "ann.lee2"), ("2025-05-02", "ann.lee")])
def test_a_site_may_let_leaving_the_unit_count_as_leaving(day: str, address: str) -> None:
    """D10's alternative: free more than six months after the address lost its unit; the reason must be that."""
    policy = Policy(reuse=ReusePolicy(owner_still_member="left_unit"))
    world = student(oxford(policy=policy), "1", "Ann Lee", "BALL", "CHEM")
    world.affiliation("1", "CHEM", "2024-10-01", "2024-10-31")
    for past in ("2024-10-01", "2024-11-01", "2024-11-02", "2025-01-02"):
        world.run(past)
    student(world, "2", "Ann Lee", "CHEM", start=day)
    world.run(day)
    assert world.states("2") == {f"{address}@chem.ox.ac.uk": "active"}


def test_a_former_name_is_not_given_on_because_its_owner_left_the_unit() -> None:
    """D10: whose name has changed has left nothing."""
    policy = Policy(reuse=ReusePolicy(owner_still_member="left_unit"))
    world = student(oxford(policy=policy), "1", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    world.card("1", "UG", "Ann", "Shaw", "2024-10-01", "2028-09-30")
    for past in ("2024-11-01", "2024-11-02", "2025-01-02"):
        world.run(past)
    student(world, "2", "Ann Lee", "CHEM", start="2025-10-01")
    world.run("2025-10-01")
    assert world.states("2") == {"ann.lee2@chem.ox.ac.uk": "active"}


def test_a_cardholder_has_not_left() -> None:
    """D09: any current card of any type."""
    world = _left_on_15_january().card("1", "CB", "Ann", "Lee", "2025-02-01", "2030-01-01", card_id="cb")
    world.run("2025-05-01")
    student(world, "2", "Ann Lee", start="2025-08-01")
    world.run("2025-08-01")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "active"}


@pytest.mark.parametrize("fault", ["BAD_CARD_DATES", "DUP_USERNAME"])
def test_a_row_that_cannot_be_read_costs_nobody_a_former_address(fault: str) -> None:
    """D29, D10: who is frozen may be here again; when their rows are good, it is theirs."""
    world = student(oxford(), "1", "Ann Lee", end="2025-08-30")
    for day in ("2024-10-01", "2025-08-31", "2025-10-31"):
        world.run(day)
    world.faults["1"] = fault
    student(world, "1", "Ann Lee", start="2026-04-01")
    student(world, "2", "Ann Lee", start="2026-04-01").run("2026-04-01")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "active"}
    world.faults.clear()
    world.run("2026-04-02")
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "active"}


def test_the_address_of_somebody_who_died_is_not_given_on() -> None:
    """D43: reuse is blocked until it is released."""
    world = _left_on_15_january().person("1", "ball0001", deceased=True)
    world.run("2025-05-01")
    student(world, "2", "Ann Lee", start="2026-01-01")
    world.run("2026-01-01")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "active"}


def test_the_owner_may_always_take_a_former_address_back() -> None:
    """D10, D23: a returner with the same affiliation, long after the purge; a new ownership period, a new mailbox."""
    world = _left_on_15_january()
    world.run("2025-05-15")
    world.card("1", "GR", "Ann", "Lee", "2025-06-01", "2028-09-30", card_id="back")
    done = world.run("2025-06-01")
    assert done.acts[0] == ("CreateMailbox", "ball0001")
    row = world.address("ann.lee@balliol.ox.ac.uk")
    assert (row.state, row.period, row.person_id, world.box("ball0001").generation) == ("active", 2, "1", 2)


def test_a_username_is_never_issued_again() -> None:
    """R18, D44: whoever else brings it is frozen."""
    world = _left_on_15_january().person("2", "ball0001").affiliation("2", "BALL", "2026-01-01")
    world.card("2", "UG", "Bob", "Ray", "2026-01-01", "2028-09-30")
    del world.people["1"]
    done = world.run("2026-01-01")
    assert (done.acts, done.codes, world.state("2").state) == ([], {("DUP_USERNAME", "2")}, "frozen")


def test_a_further_domain_takes_the_name_part_of_the_oldest_address_and_not_of_the_exception() -> None:
    """R22, D12: an exception stays one."""
    world = student(student(oxford(), "1", "Ann Lee", "LAW"), "2", "Ann Lee", "BALL")
    world.run("2024-10-01")
    world.affiliation("2", "LAW", "2024-11-01").run("2024-11-01")
    world.affiliation("2", "CHEM", "2024-12-01").run("2024-12-01")
    assert world.states("2") == {
        "ann.lee@balliol.ox.ac.uk": "active",
        "ann.lee2@law.ox.ac.uk": "active",
        "ann.lee@chem.ox.ac.uk": "active",
    }


def test_a_number_belongs_to_its_name_and_to_addresses_that_are_still_there() -> None:
    """R17, R22: a new name begins without it, and so does whoever comes back to another unit."""
    world = student(student(oxford(), "1", "Ann Lee"), "2", "Ann Lee")
    world.run("2024-10-01")
    world.card("2", "UG", "Ann", "Smith", "2024-10-01", "2025-01-14").run("2024-11-01")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "winddown", "ann.smith@balliol.ox.ac.uk": "active"}
    world = student(student(oxford(), "1", "Ann Lee"), "2", "Ann Lee", end="2025-01-14")
    for today in ("2024-10-01", "2025-01-15", "2025-03-15", "2025-04-14"):
        world.run(today)
    world.affiliation("2", "BALL", "2024-10-01", "2025-01-14").affiliation("2", "CHEM", "2025-05-01")
    world.card("2", "UG", "Ann", "Lee", "2025-05-01", "2028-09-30", card_id="again").run("2025-05-01")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "deleted", "ann.lee@chem.ox.ac.uk": "active"}


def test_the_turn_goes_by_the_earliest_affiliation_that_is_served_now() -> None:
    """D11: neither by a later one, nor by one that is over."""
    world = student(oxford(), "3", "Ann Lee", "CHEM", start="2024-10-01").affiliation("3", "BALL", "2024-09-01")
    student(world, "2", "Ann Lee", start="2024-09-15")
    student(world, "4", "Ann Lee", start="2024-09-20").affiliation("4", "LAW", "2020-10-01", "2021-09-30")
    world.run("2024-10-01")
    assert [sorted(world.states(number)) for number in ("3", "2", "4")] == [
        ["ann.lee@balliol.ox.ac.uk", "ann.lee@chem.ox.ac.uk"],
        ["ann.lee2@balliol.ox.ac.uk"],
        ["ann.lee3@balliol.ox.ac.uk"],
    ]


def test_whoever_moves_has_the_turn_of_the_place_that_they_move_to() -> None:
    """D11: served there from this run on, and earlier than the newcomer; what was served before is over."""
    world = student(oxford(), "1", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-09").affiliation("1", "LAW", "2025-01-10")
    student(world, "2", "Ann Lee", "LAW", start="2025-01-15")
    done = world.run("2025-01-15")
    assert (world.states("1"), world.states("2")) == (
        {"ann.lee@chem.ox.ac.uk": "winddown", "ann.lee@law.ox.ac.uk": "active"},
        {"ann.lee2@law.ox.ac.uk": "active"},
    )
    assert done.codes == set()
