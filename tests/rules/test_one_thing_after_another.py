"""What was owed or wished for, when the next thing happens (R42, R47; D05, D16, D23)."""

from __future__ import annotations

from building.oxford import oxford, student

from nexusops.model.policy import Policy, StatusChangePolicy

WORK = "ann.lee@chem.ox.ac.uk"


def test_a_notice_that_nobody_could_be_sent_leaves_a_fresh_wind_down_its_own_day() -> None:
    """R47, D23: the mailbox was disabled on the day of the notice; enabled again, the address starts afresh."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM", end="2025-01-14")
    world.run("2024-12-20")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-13").run("2025-01-14")
    world.run("2025-01-15")
    assert (world.box("ball0001").state, world.address(WORK).notice_sent_on) == ("disabled", None)
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    assert world.run("2025-01-23").notices == []
    told = world.run("2025-01-24").notices
    assert [(n.addresses, str(n.delete_on), n.short_notice) for n in told] == [((WORK,), "2025-03-24", False)]


def test_a_status_change_with_two_months_notice_is_not_short() -> None:
    """D05: where two months are honoured, nothing is excused."""
    world = student(oxford(), "1", "Ann Lee", "BALL")
    world.policy = Policy(status_change=StatusChangePolicy(honour_two_months=True))
    world.run("2024-12-20")
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    told = world.run("2025-01-16").notices
    assert [(n.notice, str(n.delete_on), n.short_notice) for n in told] == [("status_change", "2025-03-16", False)]


def test_no_default_moves_while_a_grace_lasts_though_affiliations_end() -> None:
    """D16, R42: a domain that a college and a department share says no longer for which the address was given."""
    world = oxford().unit("HALL", "college", "shared.ox.ac.uk").unit("LAB", "department", "shared.ox.ac.uk")
    student(world, "1", "Ann Lee", "CHEM").affiliation("1", "LAB", "2024-11-01").run("2024-12-20")
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    assert (world.box("ball0001").state, world.box("ball0001").sender) == ("grace_status", WORK)
    world.run("2025-01-16")
    world.affiliation("1", "LAB", "2024-11-01", "2025-01-19")
    assert world.run("2025-01-20").acts == []
    assert world.box("ball0001").sender == WORK


def test_a_choice_that_is_withdrawn_in_a_grace_leaves_what_the_last_status_preferred() -> None:
    """D16, R42: a status that gives no mailbox prefers nothing."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.choose("1", WORK).run("2024-12-20")
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    assert (world.box("ball0001").state, world.box("ball0001").sender) == ("grace_status", WORK)
    world.choices.clear()
    world.run("2025-01-16")
    assert world.box("ball0001").sender == "ann.lee@balliol.ox.ac.uk"
