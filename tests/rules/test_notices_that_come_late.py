"""A notice that could not be sent on its day, and whose mailbox has ended by then (rules.md 0; R42, R44; D33)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World, day

from nexusops.model.ledger import Hold, HoldKind

HOME = "ann.lee@balliol.ox.ac.uk"


def _ann(**card: object) -> World:
    world = student(oxford(), "1", "Ann Lee", **card).alternative("1", "ann@mail.example")
    world.run("2024-12-01")
    return world


@pytest.mark.parametrize("owed_before", [True, False])
def test_whose_mailbox_was_disabled_untold_is_told_late(owed_before: bool) -> None:
    """D33, rules.md 0: the notice of the day after is performed by the first good run, to the alternative address."""
    world = _ann(cancelled_on="2025-01-15")
    world.run("2025-01-15")
    world.channel_works = False
    if owed_before:
        world.run("2025-01-16")
    world.run("2025-02-17")
    assert world.sent() == []
    world.channel_works = True
    told = world.run("2025-02-18").notices
    assert [(n.notice, n.to, n.addresses, str(n.delete_on), n.text["closed"]) for n in told] == [
        ("cancelled", ("ann@mail.example",), (HOME,), "2025-02-17", "disabled")
    ]
    assert [(n.due_on, n.sent_on) for n in world.sent()] == [(day("2025-01-16"), day("2025-02-18"))]
    assert [world.run(text).notices for text in ("2025-02-19", "2025-04-17", "2025-05-17")] == [[], [], []]


def test_whose_mailbox_was_deleted_untold_after_a_change_of_status_is_told_late() -> None:
    """D33, R42: deletion beats what the notice announces, and the notice says so."""
    world = _ann()
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    done = world.run("2025-02-16")
    assert done.acts == [("DeleteMailbox", "ball0001"), ("SendNotice", "ball0001")]
    told = [(n.notice, n.to, n.addresses, str(n.delete_on), n.short_notice, n.text["closed"]) for n in done.notices]
    assert told == [("status_change", ("ann@mail.example",), (HOME,), "2025-02-16", True, "deleted")]
    assert world.run("2025-02-17").notices == []


@pytest.mark.parametrize("ends", ["back", "desk", "purged"])
def test_a_late_notice_that_says_nothing_any_more_is_never_sent(ends: str) -> None:
    """D23, D33, R45: of a mailbox that is back or gone for good; whom the desk disables, the desk tells."""
    world = _ann(cancelled_on="2025-01-15")
    world.run("2025-01-15")
    world.channel_works = False
    world.run("2025-01-16")
    if ends == "desk":
        world.hold(
            Hold(subject="1", kind=HoldKind.MANUAL_DISABLE, fingerprint="c1:2028-09-30", actor="desk", reason="phished")
        )
        world.run("2025-01-17")
    else:
        world.run("2025-02-15")
        assert world.run("2025-02-16").notices != []
    if ends == "back":
        world.card("1", "UG", "Ann", "Lee", "2025-03-01", "2028-09-30", card_id="again")
    later = ("2025-03-01",) if ends == "back" else ("2025-04-15", "2025-05-15")
    for text in later:
        world.run(text)
    world.channel_works = True
    assert world.run("2025-05-16").notices == []
    assert world.sent() == []
