"""Of several cards each end and each start counts for what it is (D03, D09, D42; R19, R36, R42, R44)."""

from __future__ import annotations

from building.oxford import oxford, student
from building.world import World

HOME = "ann.lee@balliol.ox.ac.uk"


def _ann(*cards: tuple[str, str, str, str], **settings: object) -> World:
    """Somebody at Balliol with these cards: (card_id, status, first day, last day)."""
    world = oxford(**settings).person("1", "ball0001").affiliation("1", "BALL", "2020-10-01")
    for card_id, code, start, end in cards:
        world.card("1", code, "Ann", "Lee", start, end, card_id=card_id)
    return world


def _stands(world: World) -> tuple[str, str, str, str]:
    box, left = world.box("ball0001"), world.state("1").left_on
    return box.state.value, str(box.disable_on), str(box.delete_on), str(left)


def _cancelled(world: World, card_id: str, code: str, start: str, end: str, on: str) -> World:
    return world.card("1", code, "Ann", "Lee", start, end, card_id=card_id, cancelled_on=on)


def test_an_older_card_that_ran_out_takes_nothing_from_the_month_after_a_cancellation() -> None:
    """R44, D09: the card that ended last says how and when they left; the one of years ago says neither."""
    world = _ann(("c1", "UG", "2020-10-01", "2023-09-30"), ("c2", "GR", "2023-10-01", "2026-09-30"))
    world.run("2024-10-01")
    _cancelled(world, "c2", "GR", "2023-10-01", "2026-09-30", "2025-01-15").run("2025-01-15")
    assert _stands(world) == ("grace_cancelled", "2025-02-15", "None", "2025-01-15")


def test_an_address_waits_six_months_after_the_last_of_several_cards() -> None:
    """R19, D09: neither an earlier card, nor one that is still to come, moves the day of leaving."""
    world = _ann(("c1", "UG", "2020-10-01", "2023-09-30"), ("c2", "GR", "2023-10-01", "2025-01-14"))
    world.run("2024-10-01")
    world.card("1", "GR", "Ann", "Lee", "2026-10-01", "2027-09-30", card_id="c3")
    world.run("2025-01-15")
    assert _stands(world) == ("disabled", "None", "2025-03-15", "2025-01-15")
    for today in ("2025-03-15", "2025-04-14"):
        world.run(today)
    for today, name in (("2025-07-15", "ann.lee2"), ("2025-07-16", "ann.lee")):
        number = today[-1]
        student(world, number, "Ann Lee", "BALL", start=today).run(today)
        assert set(world.states(number)) == {f"{name}@balliol.ox.ac.uk"}


def test_a_card_that_is_cancelled_on_its_last_day_is_cancelled() -> None:
    """R44: that day is no longer one of the card's; the month replaces the expiry of the day after."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-01-15"))
    world.run("2024-10-01")
    _cancelled(world, "c1", "UG", "2024-10-01", "2025-01-15", "2025-01-15").run("2025-01-15")
    assert _stands(world) == ("grace_cancelled", "2025-02-15", "None", "2025-01-15")


def test_a_cancellation_after_the_last_day_of_a_card_changes_nothing() -> None:
    """R36: it had run out, and was not cut short."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-01-15"))
    world.run("2024-10-01")
    _cancelled(world, "c1", "UG", "2024-10-01", "2025-01-15", "2025-01-16").run("2025-01-16")
    assert _stands(world) == ("disabled", "None", "2025-03-16", "2025-01-16")


def test_a_status_that_changes_before_the_cancellation_of_its_card_is_not_cancelled_yet() -> None:
    """R42, D03: a card of years ago does not bring the day of a cancellation forward that is dated ahead."""
    world = _ann(("c1", "UG", "2020-10-01", "2023-09-30"), ("c2", "GR", "2023-10-01", "2026-09-30"))
    world.run("2024-10-01")
    _cancelled(world, "c2", "CL", "2023-10-01", "2026-09-30", "2025-06-01").run("2025-01-15")
    assert _stands(world) == ("grace_status", "None", "2025-02-15", "None")


def test_a_card_whose_status_gives_none_later_brings_no_cancelled_mailbox_back() -> None:
    """2.2, R44: only a card that qualifies drops the timer; what one will be later is no reason to go on now."""
    world = _ann(("c1", "UG", "2024-10-01", "2028-09-30"))
    world.run("2024-10-01")
    _cancelled(world, "c1", "UG", "2024-10-01", "2028-09-30", "2025-01-15").run("2025-01-15")
    ahead = {"card_id": "c2", "status_effective_on": "2025-02-01"}
    world.card("1", "CL", "Ann", "Lee", "2025-01-20", "2028-09-30", **ahead).run("2025-01-20")
    assert _stands(world) == ("grace_cancelled", "2025-02-15", "None", "None")


def _warned(world: World, *days: str) -> list[tuple[str, str, str]]:
    for today in days:
        world.run(today)
    return [(n.kind.value, str(n.sent_on), str(n.delete_on)) for n in world.sent()]


def test_the_warning_is_about_the_last_day_of_cards_that_follow_on() -> None:
    """R35, D07: a renewal counts to its own last day, whichever of the cards was there first."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-01-31"), ("c2", "GR", "2025-02-01", "2025-03-31"))
    days = ("2024-10-01", "2024-12-31", "2025-02-27", "2025-02-28")
    assert _warned(world, *days) == [("expiry_warning", "2025-02-28", "2025-04-01")]


def test_a_short_card_that_follows_on_is_warned_of_while_the_one_before_lasts() -> None:
    """D07: a month before the last day of both."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-02-28"), ("c2", "GR", "2025-03-01", "2025-03-15"))
    days = ("2024-10-01", "2025-02-14", "2025-02-15")
    assert _warned(world, *days) == [("expiry_warning", "2025-02-15", "2025-03-16")]


def test_the_warning_is_about_the_card_that_lasts_longest() -> None:
    """D07, D42: the primary card began later, and ends earlier."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-03-31"), ("c2", "GR", "2024-11-01", "2025-01-31"))
    days = ("2024-10-01", "2024-12-31", "2025-01-31", "2025-02-01", "2025-02-28")
    assert _warned(world, *days) == [("expiry_warning", "2025-02-28", "2025-04-01")]
    assert world.box("ball0001").state == "active"


def test_a_card_without_a_mailbox_that_follows_on_is_no_renewal() -> None:
    """D07, R42: the warning comes all the same, and names the day on which the mailbox is deleted."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-03-31"), ("c2", "CL", "2025-04-01", "2026-03-31"))
    days = ("2024-10-01", "2025-02-28")
    assert _warned(world, *days) == [("expiry_warning", "2025-02-28", "2025-05-01")]
    world.run("2025-04-01")
    assert _stands(world) == ("grace_status", "None", "2025-05-01", "None")


def test_a_status_that_gives_a_mailbox_later_gives_none_before_its_day() -> None:
    """R2, R43: somebody with a library card is appointed from next month on."""
    world = _ann(("c1", "CL", "2024-10-01", "2028-09-30"))
    world.run("2024-10-01")
    world.card("1", "MC", "Ann", "Lee", "2024-10-01", "2028-09-30", card_id="c1", status_effective_on="2025-02-01")
    made = [(today, kind) for today in ("2025-01-15", "2025-01-31", "2025-02-01") for kind, _ in world.run(today).acts]
    assert made == [("2025-02-01", "CreateMailbox"), ("2025-02-01", "AddAddress"), ("2025-02-01", "SetSender")]


def test_a_cancellation_that_is_withdrawn_after_the_last_day_of_the_card_shortens_no_month() -> None:
    """R44: the grace ends no earlier because of the card's own last day."""
    world = _ann(("c1", "UG", "2024-10-01", "2025-01-20"))
    world.run("2024-10-01")
    _cancelled(world, "c1", "UG", "2024-10-01", "2025-01-20", "2025-01-15").run("2025-01-15")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2025-01-20", card_id="c1").run("2025-01-25")
    assert _stands(world) == ("grace_cancelled", "2025-02-15", "None", "2025-01-21")
