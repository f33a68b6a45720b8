"""Where several rules about leaving and coming back meet (2.2, 2.3, 2.6; D08, D09, D16, D23, D26, D29, D33, D44)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from building.oxford import oxford, student
from building.world import World

from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.policy import CancelledPolicy, ExpiryPolicy, Policy

HOME, WORK = "ann.lee@balliol.ox.ac.uk", "ann.lee@chem.ox.ac.uk"
HAND = Hold(subject="1", kind=HoldKind.MANUAL_DISABLE, fingerprint="c1:2028-09-30", actor="desk", reason="phished")


def _ann(*units: str, **card: object) -> World:
    world = student(oxford(), "1", "Ann Lee", *units, **card)
    world.run(str(card.get("start", "2024-10-01")))
    return world


def _run(world: World, *days: str) -> World:
    for day in days:
        world.run(day)
    return world


def test_a_status_without_a_mailbox_moves_no_sender_while_the_grace_lasts() -> None:
    """D16, R42: only a qualifying status prefers a class; addresses stay usable for sending as they were."""
    world = _ann("BALL", "CHEM")
    assert world.box("ball0001").sender == HOME
    world.card("1", "CL", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    assert (world.run("2025-01-10").acts, world.run("2025-01-15").acts) == ([], [])
    assert (world.box("ball0001").state, world.box("ball0001").sender) == ("grace_status", HOME)


def test_a_status_change_tells_of_all_addresses_and_their_true_day() -> None:
    """2.6, D22: those already winding down take the earlier date, and the new notice names them too."""
    world = _run(_ann("BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2025-01-09"), "2025-01-10", "2025-01-11")
    world.card("1", "CL", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    told = world.run("2025-01-16").notices
    assert [(n.notice, n.addresses, str(n.delete_on), n.short_notice) for n in told] == [
        ("status_change", (HOME, WORK), "2025-02-15", True)
    ]


def test_of_a_cancellation_and_a_status_change_each_takes_its_day() -> None:
    """2.2, D22: disabled a month after the cancellation, deleted a month after the status, not two after disabling."""
    world = _ann(cancelled_on="2025-01-15")
    world.card("1", "CL", "Ann", "Lee", "2025-02-01", "2030-09-30", card_id="library")
    days = ("2025-01-15", "2025-01-16", "2025-02-01", "2025-02-02", "2025-02-15", "2025-02-28", "2025-03-01")
    assert [[kind for kind, _ in world.run(day).acts] for day in days] == [
        [],
        ["SendNotice"],
        [],
        ["SendNotice"],
        ["DisableMailbox"],
        [],
        ["DeleteMailbox"],
    ]
    assert [(n.kind, str(n.delete_on)) for n in world.sent()] == [
        ("cancelled", "2025-02-15"),
        ("status_change", "2025-03-01"),
    ]


def test_a_cancellation_is_told_on_its_day_though_another_card_comes_that_day() -> None:
    """D33, R44: told the day after, also by the run that finds the status changed on top of it; that is told then."""
    world = _run(_ann(cancelled_on="2025-01-15"), "2025-01-15")
    world.card("1", "CB", "Ann", "Lee", "2025-01-16", "2029-09-30", card_id="library")
    told = [[(n.notice, str(n.delete_on)) for n in world.run(on).notices] for on in ("2025-01-16", "2025-01-17")]
    assert told == [[("cancelled", "2025-02-15")], [("status_change", "2025-02-16")]]


def test_a_vanished_card_of_somebody_who_left_long_ago_counts_from_today() -> None:
    """D09, D26: an older card that is still there does not make the leaving years older than it was."""
    world = oxford().person("1", "ball0001").affiliation("1", "BALL", "2019-10-01")
    world.card("1", "UG", "Ann", "Lee", "2019-10-01", "2022-09-30", card_id="old")
    world.card("1", "CL", "Ann", "Lee", "2022-09-01", "2030-09-30", card_id="library")
    _run(world, "2019-10-01", "2022-10-01", "2022-11-01")
    assert (world.states("1"), world.state("1").left_on) == ({HOME: "deleted"}, None)
    del world.cards["library"]
    world.run("2025-01-15")
    assert str(world.state("1").left_on) == "2025-01-15"
    student(world, "2", "Ann Lee", start="2025-07-15").run("2025-07-15")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "active"}


def test_the_only_card_of_somebody_who_kept_no_mailbox_vanishes() -> None:
    """D09: the first day without any card; their address can be given on some day."""
    world = _ann()
    world.card("1", "CL", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    _run(world, "2025-01-15", "2025-02-15")
    world.cards.clear()
    world.run("2025-03-01")
    world.run("2025-03-02")
    assert str(world.state("1").left_on) == "2025-03-01"


def test_an_older_card_does_not_shorten_the_quarantine_after_a_hold() -> None:
    """D09, D26: the card that vanished counts as cancelled on the seventh day, not when an older one ended."""
    world = _ann(card_id="new")
    world.card("1", "UG", "Ann", "Lee", "2020-10-01", "2022-09-30", card_id="old").run("2024-10-02")
    del world.cards["new"]
    _run(world, "2025-01-15", "2025-01-22", "2025-01-23", "2025-02-22")
    assert (world.box("ball0001").state, str(world.state("1").left_on)) == ("disabled", "2025-01-22")


def test_a_notice_that_is_owed_waits_while_its_reader_is_frozen_or_missing() -> None:
    """D29, D26, D33: nothing at all happens meanwhile; then it goes out, if it is still true."""
    world = _ann("BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2025-01-09")
    world.channel_works = False
    _run(world, "2025-01-10", "2025-01-11")
    world.channel_works = True
    world.faults["1"] = "DUP_AFFILIATION"
    assert world.run("2025-01-12").acts == []
    del world.faults["1"]
    kept = dict(world.cards)
    world.cards.clear()
    assert world.run("2025-01-13").acts == []
    world.cards.update(kept)
    told = world.run("2025-01-14").notices
    assert [(n.key, str(n.delete_on)) for n in told] == [("winddown|1|2025-01-11", "2025-03-14")]


def test_what_a_frozen_person_was_promised_is_not_carried_out_meanwhile() -> None:
    """D29: no change of any kind, though the tenant is not yet as promised."""
    world = _ann(cancelled_on="2025-01-15")
    _run(world, "2025-01-15", "2025-01-16", "2025-02-15")
    world.tenant["ball0001"] = replace(world.tenant["ball0001"], enabled=True)
    world.faults["1"] = "DUP_PERSON"
    assert world.run("2025-02-16").acts == []
    del world.faults["1"]
    assert world.run("2025-02-17").acts == [("DisableMailbox", "ball0001")]


def test_an_unknown_unit_holds_back_what_destroys_and_nothing_else() -> None:
    """D29: neither disabled nor deleted while an affiliation row is ignored; the dates stay and act afterwards."""
    world = _ann(cancelled_on="2025-01-15")
    world.spared["1"] = "ORPHAN_AFFILIATION"
    _run(world, "2025-01-15", "2025-01-16")
    assert [(n.kind, str(n.delete_on)) for n in world.sent()] == [("cancelled", "2025-02-15")]
    assert (world.run("2025-02-15").acts, world.box("ball0001").state) == ([], "grace_cancelled")
    del world.spared["1"]
    assert world.run("2025-02-16").acts == [("DisableMailbox", "ball0001")]
    world.spared["1"] = "ORPHAN_AFFILIATION"
    assert (world.run("2025-04-16").acts, world.box("ball0001").state) == ([], "disabled")
    del world.spared["1"]
    assert world.run("2025-04-17").acts == [("DeleteMailbox", "ball0001")]


def test_a_card_for_less_than_a_month_is_warned_about_the_day_after_it_began() -> None:
    """D07, R36: not in the very run that makes the mailbox; and a second run on that day has nothing to do."""
    world = student(oxford(), "1", "Ann Lee", end="2024-10-20")
    assert [kind for kind, _ in world.run("2024-10-01").acts if kind == "SendNotice"] == []
    assert world.run("2024-10-01").acts == []
    told = world.run("2024-10-02").notices
    assert [(n.key, str(n.delete_on)) for n in told] == [("expiry_warning|1|2024-09-20", "2024-10-21")]
    assert world.run("2024-10-03").acts == []


def test_a_warning_names_the_day_on_which_the_mailbox_is_really_disabled() -> None:
    """D07, profile of 2023: warned a month before the card's last day; three months of access follow it."""
    policy = Policy(expiry=ExpiryPolicy(grace_months_by_status={"UG": 3}))
    world = student(oxford(policy=policy), "1", "Ann Lee", end="2025-06-30")
    world.run("2024-10-01")
    told = world.run("2025-05-30").notices
    assert [(n.notice, str(n.delete_on)) for n in told] == [("expiry_warning", "2025-10-01")]
    assert _run(world, "2025-07-01", "2025-09-30").box("ball0001").state == "active"
    assert world.run("2025-10-01").acts == [("DisableMailbox", "ball0001")]


@pytest.mark.parametrize(
    ("back", "act", "generation"), [("2025-05-15", "RestoreMailbox", 1), ("2025-05-16", "CreateMailbox", 2)]
)
def test_thirty_days_after_the_deletion_is_the_last_day_for_a_restoring(back: str, act: str, generation: int) -> None:
    """D08, D23, R43: deleted on 15 April; restored on 15 May, a new mailbox of that name after it."""
    world = _run(_ann(cancelled_on="2025-01-15"), "2025-01-15", "2025-01-16", "2025-02-15", "2025-04-15")
    world.card("1", "UG", "Ann", "Lee", back, "2028-09-30", card_id="new")
    assert world.run(back).acts[0] == (act, "ball0001")
    box = world.box("ball0001")
    assert (box.generation, box.state, box.sender) == (generation, "active", HOME)
    assert [(world.address(a).period, world.address(a).state) for a in (HOME, "ball0001@nexus.ox.ac.uk")] == [
        (2, "active"),
        (2, "active"),
    ]


def test_a_suspended_address_whose_end_was_announced_comes_back_with_one_message() -> None:
    """D23, 2.1: wind-down, notice, disabled; then card and affiliation are current again."""
    world = _run(_ann("BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2025-01-09"), "2025-01-10", "2025-01-11")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2025-01-14").run("2025-01-15")
    assert world.states("1") == {HOME: "suspended", WORK: "suspended"}
    world.card("1", "UG", "Ann", "Lee", "2025-02-01", "2028-09-30", card_id="new")
    world.affiliation("1", "CHEM", "2024-10-01")
    told = world.run("2025-02-01").notices
    assert world.states("1") == {HOME: "active", WORK: "active"}
    assert [(n.notice, n.addresses) for n in told] == [("winddown_cancelled", (WORK,))]


def test_a_message_that_an_end_is_off_is_not_sent_when_it_is_on_again() -> None:
    """D33: no notice says what is no longer true."""
    world = _run(_ann("BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2025-01-09"), "2025-01-10", "2025-01-11")
    world.affiliation("1", "CHEM", "2024-10-01")
    world.channel_works = False
    world.run("2025-01-20")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-20")
    world.channel_works = True
    assert [n.notice for n in world.run("2025-01-21").notices] == []
    told = world.run("2025-01-22").notices
    assert [(n.notice, str(n.delete_on)) for n in told] == [("winddown", "2025-03-22")]


def test_two_addresses_that_come_back_at_different_hours_are_both_told_of() -> None:
    """D23, D33: the second of a day has the next day's identity; nothing is lost, nothing is said twice."""
    world = _ann("BALL", "CHEM", "LAW")
    for unit in ("CHEM", "LAW"):
        world.affiliation("1", unit, "2024-10-01", "2025-01-09")
    _run(world, "2025-01-10", "2025-01-11")
    first = world.affiliation("1", "CHEM", "2024-10-01").run("2025-01-20").notices
    second = world.affiliation("1", "LAW", "2024-10-01").run("2025-01-20").notices
    assert [(n.key, n.addresses) for n in (*first, *second)] == [
        ("winddown_cancelled|1|2025-01-20", (WORK,)),
        ("winddown_cancelled|1|2025-01-21", ("ann.lee@law.ox.ac.uk",)),
    ]


def test_who_comes_back_is_served_before_who_is_new() -> None:
    """rules.md 0, D10: returns come before creations, whoever's affiliation is older."""
    world = _run(_ann(cancelled_on="2025-01-15"), "2025-01-15", "2025-02-15", "2025-04-15", "2025-05-15")
    world.card("1", "UG", "Ann", "Lee", "2025-09-01", "2028-09-30", card_id="new").affiliation(
        "1", "BALL", "2025-09-01"
    )
    student(world, "2", "Ann Lee", start="2025-08-30")
    world.run("2025-09-01")
    assert (world.states("1"), world.states("2")) == ({HOME: "active"}, {"ann.lee2@balliol.ox.ac.uk": "active"})


def test_a_mailbox_disabled_by_the_desk_keeps_its_name_and_address_for_its_owner() -> None:
    """R45, D41, 2.6: no deletion while the card is current; when the card ends, two months of D08 begin."""
    world = _ann().hold(HAND)
    _run(world, "2025-01-15", "2025-06-15")
    assert (world.box("ball0001").state, world.box("ball0001").delete_on) == ("disabled", None)
    student(world, "2", "Ann Lee", start="2025-06-16", end="2030-09-30").run("2025-06-16")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "active"}
    assert world.run("2028-10-01").acts == []
    assert str(world.box("ball0001").delete_on) == "2028-12-01"
    assert world.run("2028-12-01").acts == [("DeleteMailbox", "ball0001")]


def test_a_cancellation_while_disabled_for_the_end_of_the_card_changes_nothing() -> None:
    """2.2: unlisted pairs are no-ops."""
    world = _run(_ann(end="2025-01-14"), "2025-01-15")
    before = world.box("ball0001")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2025-01-14", cancelled_on="2025-01-10")
    assert world.run("2025-01-16").acts == []
    assert world.box("ball0001") == before
    assert (before.state, str(before.delete_on)) == ("disabled", "2025-03-15")


def test_a_person_without_any_row_is_held_and_then_leaves_like_anybody() -> None:
    """D26: card, person and affiliations are all gone from the snapshot."""
    world = _ann("BALL", "CHEM")
    for table in (world.people, world.cards, world.affiliations):
        table.clear()
    days = ("2025-01-15", "2025-01-21", "2025-01-22", "2025-01-23", "2025-02-22", "2025-04-22")
    assert [world.run(day).acts for day in days] == [
        [],
        [],
        [],
        [("SendNotice", "ball0001")],
        [("DisableMailbox", "ball0001")],
        [("DeleteMailbox", "ball0001")],
    ]
    assert (world.states("1"), str(world.state("1").left_on)) == ({HOME: "deleted", WORK: "deleted"}, "2025-01-22")


def test_deceased_people_have_no_warning_and_their_wind_downs_end_without_one() -> None:
    """D43: no notices; deadlines do not wait for a notice that will never go out."""
    world = _ann("BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2025-01-09")
    world.person("1", "ball0001", deceased=True)
    days = ("2025-01-10", "2025-01-11", "2025-03-11")
    assert [world.run(day).acts for day in days] == [
        [("WindDownAddress", WORK)],
        [],
        [("RemoveAddress", WORK)],
    ]
    assert world.sent() == []


def test_a_cancellation_without_a_month_of_grace_is_told_all_the_same() -> None:
    """R44, D33: the day after, at the alternative address, once; also where that day's run was missed."""
    for day, later in (("2025-01-16", "2025-01-17"), ("2025-01-20", "2025-01-21")):
        world = student(oxford(policy=Policy(cancelled=CancelledPolicy(grace_months=0))), "1", "Ann Lee")
        world.alternative("1", "ann@private.example").run("2024-10-01")
        world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on="2025-01-15")
        assert world.run("2025-01-15").acts == [("DisableMailbox", "ball0001")]
        told = [(n.notice, n.to, n.addresses, str(n.delete_on)) for n in world.run(day).notices]
        assert told == [("cancelled", ("ann@private.example",), (HOME,), "2025-01-15")]
        assert world.run(later).acts == []


def test_a_cancellation_of_whom_the_desk_had_disabled_before_is_told() -> None:
    """R44, R45, D33: until then it could have been enabled again; the desk has told of nothing but the disabling."""
    world = _ann().alternative("1", "ann@private.example").hold(HAND)
    assert _run(world, "2025-01-10").box("ball0001").state == "disabled"
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on="2025-01-15")
    assert world.run("2025-01-15").acts == []
    told = [(n.notice, n.to, n.addresses, str(n.delete_on)) for n in world.run("2025-01-16").notices]
    assert told == [("cancelled", ("ann@private.example",), (HOME,), "2025-01-10")]
    assert (world.run("2025-01-17").acts, str(world.box("ball0001").delete_on)) == ([], "2025-03-15")


def test_whom_the_desk_disables_after_the_cancellation_it_tells_itself() -> None:
    """R45: the disabling is what they are told of; the notice of the cancellation has been sent."""
    world = _run(_ann(cancelled_on="2025-01-15").alternative("1", "ann@private.example"), "2025-01-15", "2025-01-16")
    world.hold(replace(HAND, fingerprint="c1:2028-09-30")).run("2025-01-17")
    assert (world.box("ball0001").state, world.run("2025-01-18").acts) == ("disabled", [])
