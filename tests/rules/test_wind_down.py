"""Addresses that go: name, affiliation, notice, end (R37-R41, R46, R47; D03, D04, D06, D18, D22, D23; rules.md 5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from building.oxford import oxford, student
from building.world import World, day

from nexusops.model.changes import WindDownAddress
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.policy import NoticePolicy, Policy


def _mover(last_day: str, *, start: str = "2023-01-01") -> World:
    """Ann Lee, in Merton and Chemistry until a day."""
    world = oxford().person("2", "mert0001").card("2", "GR", "Ann", "Lee", start, "2028-09-30")
    world.affiliation("2", "MERT", start).affiliation("2", "CHEM", start, last_day)
    world.run(start)
    return world


def test_a_department_change_in_all_its_days() -> None:
    """R38, R39, R40, R41, R46, R47: the worked example of rules.md 5."""
    world = _mover("2025-01-14", start="2024-10-01").affiliation("2", "LAW", "2025-01-15")
    assert world.run("2025-01-15").acts == [
        ("AddAddress", "ann.lee@law.ox.ac.uk"),
        ("WindDownAddress", "ann.lee@chem.ox.ac.uk"),
    ]
    assert world.box("mert0001").sender == "ann.lee@merton.ox.ac.uk"
    told = world.run("2025-01-16").notices
    assert [(n.notice, n.to, n.addresses, str(n.delete_on)) for n in told] == [
        ("winddown", ("ann.lee@merton.ox.ac.uk",), ("ann.lee@chem.ox.ac.uk",), "2025-03-16")
    ]
    assert world.run("2025-03-15").acts == []
    assert world.run("2025-03-16").acts == [("RemoveAddress", "ann.lee@chem.ox.ac.uk")]
    assert world.run("2025-03-17").acts == []


def test_what_ends_an_address_is_told_with_the_row_to_look_at() -> None:
    """R37, R39: the affiliation that it was given for, and the card whose name changed; both stood there without."""
    world = _mover("2025-01-14", start="2024-10-01")
    left = world.run("2025-01-15")
    world.card("2", "GR", "Ann", "Smith", "2024-10-01", "2028-09-30")
    renamed = world.run("2025-01-16")
    ends = [p.change for one in (left, renamed) for p in one.changes if isinstance(p.change, WindDownAddress)]
    where = {str(one.address): [(row.table, row.key, row.snapshot) for row in one.why.evidence] for one in ends}
    assert where == {
        "ann.lee@chem.ox.ac.uk": [("affiliations", "2/CHEM", "snapshot-of-2025-01-15")],
        "ann.lee@merton.ox.ac.uk": [("cards", "c2", "snapshot-of-2025-01-16")],
    }


@pytest.mark.parametrize(
    ("began", "told", "ended"),
    [
        ("2025-01-15", "2025-01-16", "2025-03-16"),
        ("2024-12-30", "2024-12-31", "2025-02-28"),
        ("2023-12-31", "2024-01-01", "2024-03-01"),
        ("2025-06-30", "2025-07-01", "2025-09-01"),
    ],
)
def test_the_calendar_of_a_wind_down(began: str, told: str, ended: str) -> None:
    """D01, D04: the end is two months after the notice; months are clamped, never counted in days."""
    world = _mover(str(day(began).replace(day=1)))
    world.run(began)
    row = world.address("ann.lee@chem.ox.ac.uk")
    assert (str(row.winddown_on), str(row.notice_due_on), str(row.delete_on)) == (began, told, ended)
    world.run(told)
    row = world.address("ann.lee@chem.ox.ac.uk")
    assert (str(row.notice_sent_on), str(row.delete_on)) == (told, ended)
    world.run(ended)
    assert world.address("ann.lee@chem.ox.ac.uk").state == "deleted"


def test_late_data_never_cost_the_user_time() -> None:
    """R39, D03: wind-down begins in the run that sees it."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.run("2025-02-20")
    assert str(world.address("ann.lee@chem.ox.ac.uk").winddown_on) == "2025-02-20"


def test_a_notice_that_goes_out_late_postpones_the_end() -> None:
    """D04, D06: the channel was down for ten days."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.run("2025-01-15")
    world.channel_works = False
    world.run("2025-01-16")
    world.channel_works = True
    told = world.run("2025-01-26").notices
    assert [(n.key, str(n.delete_on)) for n in told] == [("winddown|2|2025-01-16", "2025-03-26")]
    assert world.run("2025-03-16").acts == []
    assert world.run("2025-03-26").acts == [("RemoveAddress", "ann.lee@chem.ox.ac.uk")]


def test_nothing_is_deleted_whose_notice_never_went_out() -> None:
    """D06: an outage of the channel postpones, for as long as it lasts."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.channel_works = False
    for text in ("2025-01-15", "2025-01-16", "2025-03-16", "2025-06-16"):
        world.run(text)
    assert world.address("ann.lee@chem.ox.ac.uk").state == "winddown"


def test_under_the_strict_policy_a_late_notice_postpones_nothing() -> None:
    """D04: `strict` ends after two months."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.policy = Policy(notice=NoticePolicy(policy="strict"))
    world.run("2025-01-15")
    world.run("2025-01-16")
    assert str(world.address("ann.lee@chem.ox.ac.uk").delete_on) == "2025-03-15"


def test_under_the_strict_policy_nothing_ends_on_the_day_of_its_notice() -> None:
    """D04, D06: the notice came after the two months; a second run of that hour finds nothing to do either."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.policy = Policy(notice=NoticePolicy(policy="strict"))
    world.channel_works = False
    world.run("2025-01-15")
    assert world.run("2025-03-20").acts == [("SendNotice", "mert0001")]
    world.channel_works = True
    world.run("2025-03-20")
    assert world.run("2025-03-20").acts == []
    assert world.run("2025-03-21").acts == [("RemoveAddress", "ann.lee@chem.ox.ac.uk")]


def test_a_notice_is_never_sent_twice() -> None:
    """R47: the same day run again, and the days after."""
    world = _mover("2025-01-14", start="2024-10-01")
    for text in ("2025-01-15", "2025-01-16", "2025-01-16", "2025-01-17", "2025-02-17"):
        world.run(text)
    assert [(n.kind, str(n.sent_on)) for n in world.sent()] == [("winddown", "2025-01-16")]


def test_several_addresses_of_one_day_are_one_message() -> None:
    """D33: one message a person, day and kind, which lists all."""
    world = _mover("2025-01-14", start="2024-10-01").affiliation("2", "MERT", "2024-10-01", "2025-01-14")
    world.affiliation("2", "LAW", "2024-10-01")
    world.run("2025-01-15")
    told = world.run("2025-01-16").notices
    assert [n.addresses for n in told] == [("ann.lee@chem.ox.ac.uk", "ann.lee@merton.ox.ac.uk")]


def test_a_change_of_name_makes_new_addresses_and_winds_the_old_ones_down() -> None:
    """R37, D18: the sender follows the unit."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    world.card("1", "UG", "Ann", "Whitfield", "2024-10-01", "2028-09-30")
    assert world.run("2025-01-15").acts == [
        ("AddAddress", "ann.whitfield@balliol.ox.ac.uk"),
        ("AddAddress", "ann.whitfield@chem.ox.ac.uk"),
        ("SetSender", "ball0001"),
        ("WindDownAddress", "ann.lee@balliol.ox.ac.uk"),
        ("WindDownAddress", "ann.lee@chem.ox.ac.uk"),
    ]
    assert world.box("ball0001").sender == "ann.whitfield@balliol.ox.ac.uk"


def test_a_choice_follows_the_person_through_a_change_of_name() -> None:
    """D17, D18: the choice is carried to the address that took the place, and is honoured when the name comes back."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM").choose("1", "ann.lee@chem.ox.ac.uk")
    world.run("2024-10-01")
    world.card("1", "UG", "Ann", "Whitfield", "2024-10-01", "2028-09-30")
    world.run("2025-01-15")
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == (
        "ann.whitfield@chem.ox.ac.uk",
        "choice",
    )
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    world.run("2025-01-20")
    assert world.box("ball0001").sender == "ann.lee@chem.ox.ac.uk"


def test_an_address_that_winds_down_already_cannot_be_chosen() -> None:
    """R12, R40, rules.md 3.7: D18 carries on only a choice that was made while the address was in use."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    world.card("1", "UG", "Ann", "Whitfield", "2024-10-01", "2028-09-30")
    world.run("2025-01-15")
    world.choose("1", "ann.lee@chem.ox.ac.uk", at=datetime(2025, 1, 16, 10, tzinfo=UTC))
    refused = world.run("2025-01-17")
    assert ("SENDER_NOT_ACTIVE", "1") in refused.codes
    assert (world.box("ball0001").sender, world.box("ball0001").sender_origin) == (
        "ann.whitfield@balliol.ox.ac.uk",
        "default",
    )


def test_name_and_unit_in_one_snapshot_make_only_the_final_combination() -> None:
    """2.6: no address in between."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    world.card("1", "UG", "Ann", "Whitfield", "2024-10-01", "2028-09-30")
    world.affiliation("1", "CHEM", "2024-10-01", "2025-01-14").affiliation("1", "LAW", "2025-01-15")
    world.run("2025-01-15")
    assert world.states("1") == {
        "ann.lee@balliol.ox.ac.uk": "winddown",
        "ann.lee@chem.ox.ac.uk": "winddown",
        "ann.whitfield@balliol.ox.ac.uk": "active",
        "ann.whitfield@law.ox.ac.uk": "active",
    }


def test_a_change_and_its_reversal_within_a_day_tell_nobody_anything() -> None:
    """D23, 2.6: wind-down and reactivation, no notice."""
    world = _mover("2025-01-14", start="2024-10-01")
    assert world.run("2025-01-15").acts == [("WindDownAddress", "ann.lee@chem.ox.ac.uk")]
    world.affiliation("2", "CHEM", "2024-10-01")
    assert world.run("2025-01-15").acts == [("ReviveAddress", "ann.lee@chem.ox.ac.uk")]
    assert (world.run("2025-01-16").acts, world.sent()) == ([], [])


def test_a_return_in_wind_down_gives_the_same_address_back_and_says_so() -> None:
    """D23: timers dropped; one message, since the end had been announced."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.run("2025-01-15")
    world.run("2025-01-16")
    world.affiliation("2", "CHEM", "2024-10-01")
    assert world.run("2025-02-01").acts == [("ReviveAddress", "ann.lee@chem.ox.ac.uk"), ("SendNotice", "mert0001")]
    row = world.address("ann.lee@chem.ox.ac.uk")
    assert (row.state, row.winddown_on, row.delete_on, row.notice_sent_on) == ("active", None, None, None)
    assert [n.kind for n in world.sent()] == ["winddown", "winddown_cancelled"]
    assert world.run("2025-03-16").acts == []


def test_somebody_back_on_the_day_of_deletion_keeps_the_address() -> None:
    """rules.md 0: returns come before deletions."""
    world = _mover("2025-01-14", start="2024-10-01")
    world.run("2025-01-15")
    world.run("2025-01-16")
    world.affiliation("2", "CHEM", "2024-10-01")
    assert world.run("2025-03-16").acts[0] == ("ReviveAddress", "ann.lee@chem.ox.ac.uk")


def test_a_wind_down_shortened_at_request_needs_no_notice_and_is_not_revived() -> None:
    """D43, rules.md 3.17: it ends on the date given."""
    from dataclasses import replace

    world = _mover("2025-01-14", start="2024-10-01")
    world.run("2025-01-15")
    row = world.address("ann.lee@chem.ox.ac.uk")
    shortened = replace(row, delete_on=day("2025-01-20"), gate=False, notice_due_on=None)
    rows = {**world.ledger.allocations, (row.address, row.period): shortened}
    world.ledger = replace(world.ledger, allocations=rows)
    world.hold(Hold(subject=row.address, kind=HoldKind.SHORTENED, fingerprint="", actor="desk", reason="harassment"))
    assert world.run("2025-01-19").acts == []
    assert world.run("2025-01-20").acts == [("RemoveAddress", "ann.lee@chem.ox.ac.uk")]
    assert world.sent() == []
