"""What falls due on several days or twice on one, and what a site may leave out (R47; D06, D07; interface.md 9)."""

from __future__ import annotations

from building.oxford import ann, leaves, oxford, student
from building.world import World

from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.policy import ExpiryPolicy, NoticePolicy, Policy

HOME, WORK, LAW = "ann.lee@balliol.ox.ac.uk", "ann.lee@chem.ox.ac.uk", "ann.lee@law.ox.ac.uk"


def _told(world: World) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(n.kind.value, str(n.due_on), str(n.sent_on), n.addresses) for n in world.sent()]


def test_what_fell_due_on_several_days_on_which_nothing_could_be_sent_is_a_message_for_each() -> None:
    """R47, D33: a notice is known by the day on which it fell due, and that is never the day of a late run."""
    world = ann("BALL", "CHEM", "LAW")
    world.channel_works = False
    leaves(world, "CHEM", "2025-01-14").run("2025-01-15")
    leaves(world, "LAW", "2025-01-15").run("2025-01-16")
    world.channel_works = True
    world.run("2025-01-20")
    assert _told(world) == [
        ("winddown", "2025-01-16", "2025-01-20", (WORK,)),
        ("winddown", "2025-01-17", "2025-01-20", (LAW,)),
    ]


def test_what_comes_up_later_on_a_day_waits_for_the_notice_of_the_next() -> None:
    """interface.md 9, D04: under same_day the first message of a day has been sent when the second end begins."""
    world = ann("BALL", "CHEM", "LAW", policy=Policy(notice=NoticePolicy(policy="same_day")))
    leaves(world, "CHEM", "2025-01-14").run("2025-01-15")
    leaves(world, "LAW", "2025-01-14").run("2025-01-15")
    world.run("2025-01-15")
    assert _told(world) == [("winddown", "2025-01-15", "2025-01-15", (WORK,))]
    world.run("2025-01-16")
    assert _told(world)[1:] == [("winddown", "2025-01-16", "2025-01-16", (LAW,))]


def test_a_site_may_end_addresses_whose_notice_could_not_be_sent() -> None:
    """D06: gate_deletion = false; the projected end stands."""
    world = ann("BALL", "CHEM", policy=Policy(notice=NoticePolicy(gate_deletion=False)))
    world.channel_works = False
    leaves(world, "CHEM", "2025-01-14").run("2025-01-15")
    assert [world.run(today).acts for today in ("2025-03-15", "2025-03-16")] == [
        [("SendNotice", "ball0001")],
        [("RemoveAddress", WORK)],
    ]


def test_a_card_is_warned_of_up_to_its_last_day_and_not_where_the_site_warns_of_none() -> None:
    """D07: a run that was missed warns late; warn_months = 0 is no warning on the last day."""
    for months, told in ((1, [("expiry_warning", "2025-02-28", "2025-03-31", (HOME,))]), (0, [])):
        world = student(
            oxford(policy=Policy(expiry=ExpiryPolicy(warn_months=months))), "1", "Ann Lee", end="2025-03-31"
        )
        world.run("2024-10-01")
        world.run("2025-03-31")
        assert _told(world) == told


def test_whom_the_desk_has_disabled_is_not_warned_of_the_end_of_the_card() -> None:
    """D07, R45: nothing would end on that day."""
    world = student(oxford(), "1", "Ann Lee", end="2025-03-31").alternative("1", "ann@mail.example")
    world.run("2024-10-01")
    world.hold(
        Hold(subject="1", kind=HoldKind.MANUAL_DISABLE, fingerprint="c1:2025-03-31", actor="desk", reason="phished")
    )
    for today in ("2025-01-15", "2025-02-28", "2025-03-01"):
        world.run(today)
    assert (world.box("ball0001").state, _told(world)) == ("disabled", [])


def test_a_late_notice_names_the_addresses_that_ended_with_the_mailbox_and_no_earlier_ones() -> None:
    """R42, D33: what was removed on a day of its own had a notice of its own."""
    world = ann("BALL", "CHEM").alternative("1", "ann@mail.example")
    leaves(world, "CHEM", "2024-11-09")
    for today in ("2024-11-10", "2024-11-11", "2025-01-11"):
        world.run(today)
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    told = world.run("2025-02-16").notices
    assert [(n.notice, n.addresses) for n in told] == [("status_change", (HOME,))]


def test_a_warning_that_could_not_be_sent_is_sent_with_the_new_last_day_alone() -> None:
    """D07, D33: of a card that was prolonged meanwhile the old day is never told."""
    world = student(oxford(), "1", "Ann Lee", end="2025-03-31")
    world.run("2024-10-01")
    world.channel_works = False
    world.run("2025-02-28")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2025-04-02").run("2025-03-05")
    world.channel_works = True
    world.run("2025-03-06")
    assert [(n.kind.value, str(n.due_on), str(n.delete_on)) for n in world.sent()] == [
        ("expiry_warning", "2025-03-02", "2025-04-03")
    ]


def test_whose_card_is_cancelled_on_the_day_on_which_the_desk_disables_is_told_by_the_desk() -> None:
    """R45, D33: only a cancellation that comes up later has a notice of its own."""
    told = {}
    for cancelled_on in ("2025-01-15", "2025-01-16"):
        world = student(oxford(), "1", "Ann Lee", cancelled_on=cancelled_on).alternative("1", "ann@mail.example")
        world.run("2024-10-01")
        world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
        world.run("2024-10-02")
        world.hold(
            Hold(subject="1", kind=HoldKind.MANUAL_DISABLE, fingerprint="c1:2028-09-30", actor="desk", reason="phished")
        )
        if cancelled_on == "2025-01-15":
            world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on=cancelled_on)
        world.run("2025-01-15")
        world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on=cancelled_on)
        for today in ("2025-01-16", "2025-01-17"):
            world.run(today)
        told[cancelled_on] = [(kind, sent) for kind, _, sent, _ in _told(world)]
    assert told == {"2025-01-15": [], "2025-01-16": [("cancelled", "2025-01-17")]}
