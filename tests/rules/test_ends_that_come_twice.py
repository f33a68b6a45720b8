"""An end that is called off, comes a second time, or waits for the desk (2.2, 2.6; R44; D03, D05, D08, D41, D44)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World

from nexusops.model.changes import DeleteMailbox
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.policy import Policy, StatusChangePolicy

HAND = Hold(subject="1", kind=HoldKind.MANUAL_DISABLE, fingerprint="c1:2028-09-30", actor="desk", reason="phished")


def _ann(*units: str, **card: object) -> World:
    world = student(oxford(), "1", "Ann Lee", *units, **card)
    world.run("2024-10-01")
    return world


def _run(world: World, *days: str) -> World:
    for day in days:
        world.run(day)
    return world


@pytest.mark.parametrize(("day", "name"), [("2030-01-15", None), ("2030-01-16", "ball0002")])
def test_whoever_comes_back_after_more_than_five_years_may_have_another_username(day: str, name: str | None) -> None:
    """D44, R18: on the day itself it is still a change of username, and freezes."""
    world = _run(_ann(end="2025-01-14"), "2025-01-15", "2025-03-15", "2025-04-14")
    assert (world.box("ball0001").state, str(world.state("1").left_on)) == ("purged", "2025-01-15")
    world.person("1", "ball0002").card("1", "UG", "Ann", "Lee", "2030-01-01", "2033-09-30", card_id="again").run(day)
    made = [box.name for box in world.ledger.mailboxes.values() if box.state == "active"]
    frozen = None if name else "USERNAME_CHANGED"
    assert (world.state("1").frozen, made) == (frozen, [name] if name else [])


def test_what_the_desk_decided_ends_on_the_day_on_which_a_new_card_entitles() -> None:
    """2.6, D41: not by a card without a mailbox, and not before the new one begins."""
    world = _ann().hold(HAND)
    world.run("2025-01-15")
    world.card("1", "CL", "Ann", "Lee", "2025-01-20", "2030-09-30", card_id="library")
    world.card("1", "GR", "Ann", "Lee", "2025-02-01", "2030-09-30", card_id="new")
    states = [_run(world, today).box("ball0001").state for today in ("2025-01-20", "2025-01-31", "2025-02-01")]
    assert states == ["disabled", "disabled", "active"]


def test_a_cancellation_that_is_withdrawn_keeps_what_the_desk_disabled_from_being_deleted() -> None:
    """D08, D41: it waits for the desk as long as the card is good; the two months of a leaver no longer count."""
    world = _ann(cancelled_on="2025-01-10")
    world.run("2025-01-10")
    world.hold(HAND).run("2025-01-15")
    assert str(world.box("ball0001").delete_on) == "2025-03-15"
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    states = [_run(world, today).box("ball0001").state for today in ("2025-01-20", "2025-03-15", "2025-06-15")]
    assert states == ["disabled", "disabled", "disabled"]


def test_a_cancellation_that_is_told_again_after_it_was_withdrawn_is_first_seen_again() -> None:
    """D03, R44: the same day in the past; the month counts from the run that is told of it now."""
    world = _ann(cancelled_on="2025-01-15")
    world.run("2025-01-15")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30").run("2025-01-20")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on="2025-01-15").run("2025-02-01")
    assert (world.box("ball0001").state, str(world.box("ball0001").disable_on)) == ("grace_cancelled", "2025-03-01")


def test_a_mailbox_is_deleted_for_the_reason_that_came_first() -> None:
    """D08, R42, D22: two months after it was disabled; or a month after the status, where that is earlier."""
    said = []
    for code in ("UG", "CL"):
        world = _run(_ann(cancelled_on="2025-01-15"), "2025-01-15")
        if code == "CL":
            world.card("1", code, "Ann", "Lee", "2025-02-01", "2030-09-30", card_id="library").run("2025-02-01")
        world.run("2025-02-15")
        done = world.run("2025-03-01" if code == "CL" else "2025-04-15")
        said += [p.change.why.rule for p in done.changes if isinstance(p.change, DeleteMailbox)]
    assert said == ["D08", "R42"]


def test_two_months_that_are_honoured_wait_for_the_notice_of_this_change_and_no_other() -> None:
    """D05: that an earlier wind-down was told of tells nobody of the end of the mailbox."""
    world = student(oxford(policy=Policy(status_change=StatusChangePolicy(honour_two_months=True))), "1", "Ann Lee")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-09").alternative("1", "ann@mail.example")
    _run(world, "2024-10-01", "2025-01-10", "2025-01-11")
    world.card("1", "CL", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15").run("2025-01-15")
    ends = [str(world.box("ball0001").delete_on)]
    world.channel_works = False
    ends += [str(_run(world, today).box("ball0001").delete_on) for today in ("2025-01-16", "2025-01-20")]
    world.channel_works = True
    ends += [str(_run(world, today).box("ball0001").delete_on) for today in ("2025-01-21", "2025-01-25")]
    assert ends == ["2025-03-16", "2025-03-16", "2025-03-20", "2025-03-21", "2025-03-21"]


def test_a_status_that_is_corrected_to_a_later_day_gives_its_month_from_there() -> None:
    """D03, R42, D22: late data must not cost somebody their time; another status or an earlier day changes nothing."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-03").run("2025-01-04")
    ends = []
    for today, code, since in (
        ("2025-01-05", "CL", "2025-01-05"),
        ("2025-01-20", "CL", "2025-01-18"),
        ("2025-01-22", "CL", "2025-01-10"),
        ("2025-01-25", "VA", "2025-01-24"),
        ("2025-01-25", "VA", "2025-01-24"),
    ):
        world.card("1", code, "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on=since).run(today)
        winding = world.address("ann.lee@chem.ox.ac.uk")
        ends.append((world.box("ball0001").state, str(world.box("ball0001").delete_on), str(winding.delete_on)))
    assert ends == [
        ("grace_status", "2025-02-05", "2025-02-05"),
        ("grace_status", "2025-02-18", "2025-02-18"),
        ("grace_status", "2025-02-18", "2025-02-18"),
        ("grace_status", "2025-02-18", "2025-02-18"),
        ("grace_status", "2025-02-18", "2025-02-18"),
    ]
    assert [world.run(today).acts for today in ("2025-02-17", "2025-02-18")] == [[], [("DeleteMailbox", "ball0001")]]


def test_a_second_card_without_a_mailbox_gives_no_second_month() -> None:
    """R42: the status stopped qualifying once, and the new card changes nothing of that."""
    world = _ann()
    world.card("1", "CL", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-05")
    world.run("2025-01-05")
    world.card("1", "CL", "Ann", "Lee", "2025-01-20", "2028-09-30", card_id="library").run("2025-01-20")
    assert str(world.box("ball0001").delete_on) == "2025-02-05"
