"""Cancellation, expiry, change of status, return, at every stage (R35, R36, R42-R46; D05, D07, D08, D22, D23, D26)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World

from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.policy import ExpiryPolicy, MissingCardPolicy, Policy, StatusChangePolicy

HOME = "ann.lee@balliol.ox.ac.uk"


def _ann(**card: object) -> World:
    world = student(oxford(), "1", "Ann Lee", **card).alternative("1", "ann@mail.example")
    world.run("2024-10-01")
    return world


def _told(world: World) -> list[tuple[str, str, str, str]]:
    return [(n.kind.value, str(n.sent_on), str(n.to), str(n.delete_on)) for n in world.sent()]


def test_a_cancelled_card_gives_a_month_and_then_the_mailbox_is_disabled() -> None:
    """R44, D33: told the day after; addresses work, and may send, until then."""
    world = _ann(cancelled_on="2025-01-15")
    assert world.run("2025-01-15").acts == []
    box = world.box("ball0001")
    assert (box.state, str(box.disable_on), world.state("1").state) == ("grace_cancelled", "2025-02-15", "grace")
    assert world.run("2025-01-16").acts == [("SendNotice", "ball0001")]
    assert _told(world) == [("cancelled", "2025-01-16", HOME, "2025-02-15")]
    assert world.run("2025-02-14").acts == []
    assert world.run("2025-02-15").acts == [("DisableMailbox", "ball0001")]
    box = world.box("ball0001")
    assert (box.state, str(box.disabled_on), str(box.delete_on)) == ("disabled", "2025-02-15", "2025-04-15")
    assert (world.states("1"), world.state("1").state) == ({HOME: "suspended"}, "out")


def test_a_disabled_mailbox_is_deleted_after_two_months_and_purged_after_thirty_days() -> None:
    """D08: with its addresses, which are no changes of their own."""
    world = _ann(cancelled_on="2025-01-15")
    for day in ("2025-01-15", "2025-01-16", "2025-02-15"):
        world.run(day)
    assert world.run("2025-04-14").acts == []
    done = world.run("2025-04-15")
    assert done.acts == [("DeleteMailbox", "ball0001")]
    assert done.changes[0].change.addresses == ("ann.lee@balliol.ox.ac.uk", "ball0001@nexus.ox.ac.uk")  # type: ignore[union-attr]
    box = world.box("ball0001")
    assert (box.state, str(box.deleted_on), str(box.purge_on)) == ("deleted", "2025-04-15", "2025-05-15")
    world.run("2025-05-15")
    assert (world.box("ball0001").state, world.states("1")) == ("purged", {HOME: "deleted"})


def test_a_cancellation_seen_late_is_never_back_dated() -> None:
    """D03: the month counts from the run that first saw it; left_on keeps the real day (D09)."""
    world = _ann()
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on="2025-01-05")
    world.run("2025-01-20")
    assert (str(world.box("ball0001").disable_on), str(world.state("1").left_on)) == ("2025-02-20", "2025-01-05")


def test_a_cancellation_that_is_corrected_to_a_later_day_gives_its_month_from_there() -> None:
    """D03, R44: late data must not cost somebody their time; an earlier day takes nothing back."""
    world = _ann(cancelled_on="2025-01-05")
    ends = []
    told = (("2025-01-05", "2025-01-05"), ("2025-01-20", "2025-01-18"), ("2025-01-25", "2025-01-10"))
    for today, cancelled_on in told:
        world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on=cancelled_on)
        world.run(today)
        ends.append((world.box("ball0001").state, str(world.box("ball0001").disable_on), world.box("ball0001").because))
    assert ends == [
        ("grace_cancelled", "2025-02-05", "the card was cancelled on 2025-01-05"),
        ("grace_cancelled", "2025-02-18", "the card was cancelled on 2025-01-18"),
        ("grace_cancelled", "2025-02-18", "the card was cancelled on 2025-01-18"),
    ]
    assert world.run("2025-02-17").acts == []
    assert world.run("2025-02-18").acts == [("DisableMailbox", "ball0001")]


def test_a_cancellation_that_is_corrected_before_it_could_be_told_is_told_with_its_new_end() -> None:
    """D33: the notice that nobody could send names the day that counts by now."""
    world = _ann(cancelled_on="2025-01-05")
    world.run("2025-01-05")
    world.channel_works = False
    world.run("2025-01-06")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30", cancelled_on="2025-01-18")
    world.channel_works = True
    world.run("2025-01-20")
    assert _told(world) == [("cancelled", "2025-01-20", HOME, "2025-02-18")]


def test_a_cancellation_dated_ahead_counts_from_its_day_though_no_run_was_made_on_it() -> None:
    """D03: anchor = the later of the date and the first sight."""
    world = _ann(cancelled_on="2025-01-15")
    world.run("2025-01-10")
    assert world.box("ball0001").state == "active"
    world.run("2025-01-18")
    assert str(world.box("ball0001").disable_on) == "2025-02-15"


def test_a_month_after_the_31st_is_the_last_day_of_february() -> None:
    """D01, R44."""
    world = _ann(cancelled_on="2025-01-31")
    world.run("2025-01-31")
    assert str(world.box("ball0001").disable_on) == "2025-02-28"


def test_the_grace_is_not_shortened_by_the_end_of_the_card() -> None:
    """R44: the cancellation's month replaces the expiry."""
    world = _ann(end="2025-01-20", cancelled_on="2025-01-15")
    world.run("2025-01-15")
    assert world.run("2025-01-21").acts == [("SendNotice", "ball0001")]
    assert str(world.box("ball0001").disable_on) == "2025-02-15"


def test_in_a_grace_nothing_new_is_allotted_and_nothing_winds_down() -> None:
    """2.2: addresses stay active and may send; existing wind-downs run on."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM", cancelled_on="2025-01-15")
    for day in ("2024-10-01", "2025-01-15"):
        world.run(day)
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-15").affiliation("1", "LAW", "2025-01-16")
    assert world.run("2025-01-16").acts == [("SendNotice", "ball0001")]
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "active", "ann.lee@chem.ox.ac.uk": "active"}


def test_a_new_card_in_the_grace_drops_all_timers() -> None:
    """D23, R35: before the notice was due, nobody is told anything."""
    world = _ann(cancelled_on="2025-01-15")
    world.run("2025-01-15")
    world.card("1", "GR", "Ann", "Lee", "2025-01-15", "2028-09-30", card_id="new")
    assert world.run("2025-01-15").acts == []
    box = world.box("ball0001")
    assert (box.state, box.disable_on, world.run("2025-01-16").acts) == ("active", None, [])


def test_a_card_that_ends_is_warned_about_a_month_before_and_disables_the_day_after() -> None:
    """R35, R36, D07: the last day is inclusive; no further month."""
    world = _ann(end="2025-03-31")
    assert world.run("2025-02-27").acts == []
    assert world.run("2025-02-28").acts == [("SendNotice", "ball0001")]
    assert _told(world) == [("expiry_warning", "2025-02-28", HOME, "2025-04-01")]
    assert world.run("2025-03-31").acts == []
    assert world.run("2025-04-01").acts == [("DisableMailbox", "ball0001")]
    assert str(world.state("1").left_on) == "2025-04-01"


def test_a_warning_is_never_sent_after_the_fact_nor_for_a_card_that_was_renewed() -> None:
    """D07, R35: a later end date extends at once."""
    world = _ann(end="2025-03-31")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2026-03-31")
    assert world.run("2025-02-28").acts == []
    late = _ann(end="2025-03-31")
    assert late.run("2025-04-05").acts == [("DisableMailbox", "ball0001")]


def test_a_card_that_follows_on_needs_no_warning() -> None:
    """R35: unbroken entitlement across two cards."""
    world = _ann(end="2025-03-31").card("1", "GR", "Ann", "Lee", "2025-04-01", "2027-09-30", card_id="next")
    assert [world.run(day).acts for day in ("2025-02-28", "2025-04-01")] == [[], []]


def test_the_profile_of_2023_gives_students_three_months() -> None:
    """D07: grace_months_by_status."""
    world = student(
        oxford(policy=Policy(expiry=ExpiryPolicy(grace_months_by_status={"UG": 3}))), "1", "Ann Lee", end="2025-03-31"
    )
    world.run("2024-10-01")
    assert world.run("2025-04-01").acts == []
    assert (world.box("ball0001").state, world.state("1").state) == ("active", "grace")
    assert world.run("2025-07-01").acts == [("DisableMailbox", "ball0001")]


def test_the_day_that_the_profile_gives_bears_the_rule_of_the_expiry() -> None:
    """R36, D07: why a mailbox that still works is to be disabled is not why it was made (R2)."""
    policy = Policy(expiry=ExpiryPolicy(grace_months_by_status={"UG": 3}))
    world = student(oxford(policy=policy), "1", "Ann Lee", end="2025-03-31")
    said = []
    for day in ("2024-10-01", "2025-04-01", "2025-04-02", "2025-07-01"):
        world.run(day)
        box = world.box("ball0001")
        said.append((box.disable_on and str(box.disable_on), box.rule, box.because))
    assert said == [
        (None, "R2", "the card is current and its status UG entitles to a mailbox"),
        ("2025-07-01", "R36", "the card ended on 2025-03-31"),
        ("2025-07-01", "R36", "the card ended on 2025-03-31"),
        (None, "R36", "the card ended on 2025-03-31"),
    ]


def test_a_status_that_gives_no_mailbox_deletes_it_after_one_month() -> None:
    """R42, D05: told the day after with the true date, flagged short_notice."""
    world = _ann()
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    assert world.run("2025-01-15").acts == []
    assert (world.box("ball0001").state, str(world.box("ball0001").delete_on)) == ("grace_status", "2025-02-15")
    told = world.run("2025-01-16").notices
    assert [(n.notice, str(n.delete_on), n.short_notice) for n in told] == [("status_change", "2025-02-15", True)]
    assert world.run("2025-02-14").acts == []
    assert world.run("2025-02-15").acts == [("DeleteMailbox", "ball0001")]
    assert (world.states("1"), world.state("1").left_on) == ({HOME: "deleted"}, None)


def test_two_months_may_be_honoured_after_a_change_of_status() -> None:
    """D05: status_change.honour_two_months, from the notice, however late it goes out."""
    world = student(oxford(policy=Policy(status_change=StatusChangePolicy(honour_two_months=True))), "1", "Ann Lee")
    world.run("2024-10-01")
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    assert str(world.box("ball0001").delete_on) == "2025-03-16"
    world.channel_works = False
    world.run("2025-01-16")
    late = world.run("2025-03-16")
    assert (late.acts, str(world.box("ball0001").delete_on)) == ([("SendNotice", "ball0001")], "2025-05-16")
    world.channel_works = True
    (told,) = world.run("2025-03-20").notices
    assert (str(told.delete_on), str(world.box("ball0001").delete_on)) == ("2025-05-20", "2025-05-20")
    assert (world.run("2025-05-19").acts, world.run("2025-05-20").acts) == ([], [("DeleteMailbox", "ball0001")])


def test_a_status_dated_ahead_takes_effect_on_its_day() -> None:
    """D03: until then the card counts as what it was."""
    world = _ann()
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-02-01")
    world.run("2025-01-15")
    assert (world.box("ball0001").state, world.state("1").state) == ("active", "entitled")
    world.run("2025-02-03")
    assert str(world.box("ball0001").delete_on) == "2025-03-01"


def test_requalifying_drops_the_timer() -> None:
    """R43."""
    world = _ann()
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    world.card("1", "GR", "Ann", "Lee", "2024-10-01", "2028-09-30")
    world.run("2025-02-01")
    assert (world.box("ball0001").state, world.box("ball0001").delete_on, world.run("2025-02-15").acts) == (
        "active",
        None,
        [],
    )


def test_a_change_of_status_brings_a_running_wind_down_forward() -> None:
    """D22, 2.6: all addresses take the earlier date; back to their own when it is off."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM").affiliation("1", "CHEM", "2024-10-01", "2025-01-09")
    for day in ("2024-10-01", "2025-01-10", "2025-01-11"):
        world.run(day)
    world.card("1", "CB", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-15")
    world.run("2025-01-15")
    assert str(world.address("ann.lee@chem.ox.ac.uk").delete_on) == "2025-02-15"
    world.card("1", "GR", "Ann", "Lee", "2024-10-01", "2028-09-30")
    world.run("2025-01-20")
    assert str(world.address("ann.lee@chem.ox.ac.uk").delete_on) == "2025-03-11"


def test_cancelled_and_no_longer_qualifying_takes_the_earliest_and_deletion_wins() -> None:
    """2.2, D22: both dates on the same day."""
    world = _ann(cancelled_on="2025-01-15")
    world.card("1", "CB", "Ann", "Lee", "2025-01-15", "2028-09-30", card_id="cb")
    world.run("2025-01-15")
    box = world.box("ball0001")
    assert (box.state, str(box.disable_on), str(box.delete_on)) == ("grace_status", "2025-02-15", "2025-02-15")
    world.run("2025-01-16")
    assert world.run("2025-02-15").acts == [("DeleteMailbox", "ball0001")]


def test_a_wind_down_keeps_its_date_when_the_mailbox_is_disabled() -> None:
    """2.1, 2.6: suspended, then deleted with the mailbox or on its own date, whichever is first."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM", cancelled_on="2025-01-15")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-09")
    for day in ("2024-10-01", "2025-01-10", "2025-01-11", "2025-01-15", "2025-01-16", "2025-02-15"):
        world.run(day)
    row = world.address("ann.lee@chem.ox.ac.uk")
    assert (row.state, str(row.delete_on)) == ("suspended", "2025-03-11")
    assert world.run("2025-03-11").acts == [("RemoveAddress", "ann.lee@chem.ox.ac.uk")]
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "suspended", "ann.lee@chem.ox.ac.uk": "deleted"}


def test_a_return_while_disabled_with_another_unit() -> None:
    """D23, 2.6: enabled; the new unit's address is active, the old one starts a fresh wind-down that day."""
    world = _ann(cancelled_on="2025-01-15")
    for day in ("2025-01-15", "2025-01-16", "2025-02-15"):
        world.run(day)
    world.card("1", "GR", "Ann", "Lee", "2025-03-01", "2028-09-30", card_id="new")
    world.affiliation("1", "BALL", "2024-10-01", "2025-01-15").affiliation("1", "MERT", "2025-03-01")
    assert world.run("2025-03-01").acts == [
        ("EnableMailbox", "ball0001"),
        ("AddAddress", "ann.lee@merton.ox.ac.uk"),
        ("SetSender", "ball0001"),
        ("WindDownAddress", "ann.lee@balliol.ox.ac.uk"),
    ]
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "winddown", "ann.lee@merton.ox.ac.uk": "active"}
    assert str(world.address("ann.lee@balliol.ox.ac.uk").winddown_on) == "2025-03-01"


def test_a_return_within_thirty_days_of_deletion_restores_the_mailbox() -> None:
    """R43, D23: with its content, and its address as a new ownership period."""
    world = _ann(cancelled_on="2025-01-15")
    for day in ("2025-01-15", "2025-01-16", "2025-02-15", "2025-04-15"):
        world.run(day)
    world.card("1", "GR", "Ann", "Lee", "2025-05-01", "2028-09-30", card_id="new")
    assert world.run("2025-05-01").acts[0] == ("RestoreMailbox", "ball0001")
    row = world.address(HOME)
    assert (world.box("ball0001").state, world.box("ball0001").generation, row.state, row.period) == (
        "active",
        1,
        "active",
        2,
    )


def test_a_missing_card_row_holds_everything_for_seven_days_and_then_counts_as_cancelled() -> None:
    """D26: hold, alert; after that a month of grace still follows."""
    world = _ann()
    kept = world.cards.pop("c1")
    first = world.run("2025-01-15")
    assert (first.acts, first.codes, world.state("1").state) == ([], {("MISSING_CARD", "1")}, "missing_hold")
    assert world.run("2025-01-21").acts == []
    world.run("2025-01-22")
    assert (world.box("ball0001").state, str(world.box("ball0001").disable_on)) == ("grace_cancelled", "2025-02-22")
    assert (world.state("1").state, str(world.state("1").left_on)) == ("grace", "2025-01-22")
    world.cards["c1"] = kept
    world.run("2025-01-23")
    assert (world.box("ball0001").state, world.state("1").state, world.sent()) == ("active", "entitled", [])


def test_where_people_decide_a_lost_card_waits_and_the_finding_promises_no_end() -> None:
    """D26: `missing_card.policy=manual`."""
    world = _ann()
    world.policy = Policy(missing_card=MissingCardPolicy(policy="manual"))
    world.cards.pop("c1")
    said = [finding.message for finding in world.run("2025-01-15").findings]
    since = "the card has been missing from the registration data since 2025-01-15"
    assert said == [f"{since}; nothing changes until it is back or registration cancels it"]
    assert (world.run("2025-06-15").acts, world.state("1").state) == ([], "missing_hold")


def test_a_missing_row_that_comes_back_leaves_no_trace() -> None:
    """D26, 2.3: nothing happened meanwhile."""
    world = _ann()
    kept = world.cards.pop("c1")
    world.run("2025-01-15")
    world.cards["c1"] = kept
    assert (world.run("2025-01-18").acts, world.state("1").missing_since, world.state("1").state) == (
        [],
        None,
        "entitled",
    )


def test_the_hold_may_be_left_to_people() -> None:
    """D26: policy manual."""
    world = student(oxford(policy=Policy(missing_card=MissingCardPolicy(policy="manual"))), "1", "Ann Lee")
    world.run("2024-10-01")
    world.cards.clear()
    world.run("2025-01-15")
    world.run("2025-06-15")
    assert world.state("1").state == "missing_hold"


def test_somebody_who_never_had_a_card_has_neither_hold_nor_mailbox() -> None:
    """rules.md 3.17, D26."""
    world = oxford().person("1", "ball0001")
    done = world.run("2024-10-01")
    assert (done.acts, done.codes, world.state("1").state) == ([], set(), "out")


def test_who_has_died_is_told_nothing_and_the_mailbox_goes_its_way() -> None:
    """D43: no notices; deadlines do not wait for them."""
    world = _ann(cancelled_on="2025-01-15").person("1", "ball0001", deceased=True)
    assert [world.run(day).acts for day in ("2025-01-15", "2025-01-16", "2025-02-15")] == [
        [],
        [],
        [("DisableMailbox", "ball0001")],
    ]


def test_a_notice_of_a_disabled_mailbox_goes_to_the_alternative_address() -> None:
    """D33: never to both, never to a sender that cannot be read."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM", cancelled_on="2025-01-15")
    world.alternative("1", "ann@mail.example").affiliation("1", "CHEM", "2024-10-01", "2025-01-09")
    world.run("2024-10-01")
    world.channel_works = False
    for day in ("2025-01-10", "2025-01-15", "2025-02-15"):
        world.run(day)
    world.channel_works = True
    told = world.run("2025-02-16").notices
    assert [(n.notice, n.to) for n in told] == [(kind, ("ann@mail.example",)) for kind in ("cancelled", "winddown")]


def test_the_desk_disables_at_once_and_it_holds_until_a_new_card() -> None:
    """R45, D41, 2.6: the next snapshot still shows the card; only an undo or a renewal ends it."""
    world = _ann()
    world.hold(
        Hold(subject="1", kind=HoldKind.MANUAL_DISABLE, fingerprint="c1:2028-09-30", actor="desk", reason="phished")
    )
    assert world.run("2025-01-15").acts == [("DisableMailbox", "ball0001")]
    assert (world.box("ball0001").manual_disable, world.states("1")) == (True, {HOME: "suspended"})
    assert world.run("2025-01-16").acts == []
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2029-09-30")
    assert world.run("2025-01-17").acts[0] == ("EnableMailbox", "ball0001")


@pytest.mark.parametrize("day", ["2025-02-15", "2025-02-20", "2025-03-30"])
def test_overdue_work_after_an_outage_is_done_in_the_first_good_run(day: str) -> None:
    """rules.md 0: an action dated D is performed by the first good run with today >= D."""
    world = _ann(cancelled_on="2025-01-15")
    world.run("2025-01-15")
    done = world.run(day)
    assert ("DisableMailbox", "ball0001") in done.acts
    assert str(world.box("ball0001").disabled_on) == day
