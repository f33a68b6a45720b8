"""Where two ends meet, or an end meets what the text says of another day (2.2, 2.6; D03, D10, D12, D22, D30, D43)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from building.oxford import leaves, oxford, student
from building.world import World, day

from nexusops.model.ids import UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.people import Staff
from nexusops.model.policy import NoticePolicy, Policy, TimePolicy
from nexusops.model.units import DomainState, NonpersonalMailbox, Reorg

WORK, LAW = "ann.lee@chem.ox.ac.uk", "ann.lee@law.ox.ac.uk"


def _ann(*units: str, **settings: object) -> World:
    world = student(oxford(**settings), "1", "Ann Lee", *units or ("CHEM",), code="MC")
    world.run("2024-10-01")
    return world


def _card(world: World, **columns: object) -> World:
    dates = {key: day(value) if isinstance(value, str) and key.endswith(("_on", "_date")) else value
             for key, value in columns.items()}  # fmt: skip
    world.cards["c1"] = replace(world.cards["c1"], **dates)  # type: ignore[arg-type]
    return world


def _merged(world: World, target: str, months: int, on: str) -> World:
    world.reorgs.append(
        Reorg(
            reorg_id="r1",
            kind="merge",
            effective_on=day(on),
            source_unit=UnitId("CHEM"),
            target_unit=UnitId(target),
            months=months,
            negotiated_ref=None,
        )
    )
    return world


def _dates(world: World, name: str) -> tuple[str, str, str]:
    box = world.box(name)
    return box.state.value, str(box.disable_on), str(box.delete_on)


def test_a_card_cancelled_and_of_another_status_in_one_snapshot_is_both() -> None:
    """R42, R44, 2.2: both graces end on one day, and deletion beats disabling."""
    world = _card(_ann(), status_code="CL", cancelled_on="2025-01-15")
    world.run("2025-01-15")
    assert _dates(world, "ball0001") == ("grace_status", "2025-02-15", "2025-02-15")
    assert world.run("2025-01-16").acts == [("SendNotice", "ball0001")]
    assert world.run("2025-02-14").acts == []
    assert world.run("2025-02-15").acts == [("DeleteMailbox", "ball0001")]


def test_a_cancelled_card_whose_status_changes_later_is_disabled_and_then_deleted() -> None:
    """2.2, D03, D22: the status counts from the run that first saw it, not from that of the cancellation."""
    world = _card(_ann(), cancelled_on="2025-03-01")
    world.run("2025-03-01")
    _card(world, status_code="CL").run("2025-03-10")
    assert _dates(world, "ball0001") == ("grace_status", "2025-04-01", "2025-04-10")


def test_another_card_that_gives_none_counts_from_the_day_on_which_it_is_seen() -> None:
    """2.2, D03: known since the middle of the grace, though it began before it."""
    world = _card(_ann(), cancelled_on="2025-03-01")
    world.run("2025-03-01")
    world.card("1", "CB", "Ann", "Lee", "2025-02-01", "2029-09-30", card_id="library").run("2025-03-15")
    assert _dates(world, "ball0001") == ("grace_status", "2025-04-01", "2025-04-15")


def test_a_card_that_has_ended_ends_the_mailbox_whatever_status_it_has_by_now() -> None:
    """R35, R36: the status is told when the card is over; ``left_on`` keeps the real day (D03, D09)."""
    world = _card(_ann(), end_date="2025-09-30")
    world.run("2025-09-29")
    _card(world, status_code="CL")
    assert world.run("2025-10-02").acts == [("DisableMailbox", "ball0001")]
    assert (str(world.state("1").left_on), str(world.box("ball0001").delete_on)) == ("2025-10-01", "2025-12-02")


def test_a_status_that_changes_on_the_card_is_no_end_of_a_former_one() -> None:
    """R42, R44: an older card that was cancelled long ago has no part in it."""
    world = _ann().card("1", "UG", "Ann", "Lee", "2018-10-01", "2022-09-30", card_id="old", cancelled_on="2021-01-01")
    world.run("2025-01-14")
    _card(world, status_code="CL", status_effective_on="2025-01-15").run("2025-01-15")
    assert _dates(world, "ball0001") == ("grace_status", "None", "2025-02-15")


def test_a_hold_ends_on_the_day_on_which_another_card_begins() -> None:
    """D26, R35: the run of that day finds it, though nothing else has changed."""
    world = _ann()
    del world.cards["c1"]
    world.card("1", "MC", "Ann", "Lee", "2025-01-18", "2028-09-30", card_id="new").run("2025-01-15")
    assert (world.state("1").state, str(world.state("1").due_on)) == ("missing_hold", "2025-01-18")
    world.run("2025-01-18")
    assert (world.state("1").state, world.state("1").missing_since) == ("entitled", None)


def test_a_card_that_vanishes_is_held_though_another_that_gives_none_is_there() -> None:
    """D26, R42: the lost row is no change of status; after the hold the other card's status counts from that day."""
    world = _ann().card("1", "CL", "Ann", "Lee", "2024-11-01", "2028-09-30", card_id="library")
    world.run("2025-01-14")
    del world.cards["c1"]
    assert world.run("2025-01-15").codes == {("MISSING_CARD", "1")}
    assert (world.run("2025-01-21").acts, world.state("1").state) == ([], "missing_hold")
    world.run("2025-01-22")
    assert (_dates(world, "ball0001"), world.state("1").left_on) == (("grace_status", "None", "2025-02-22"), None)


def test_who_left_and_has_a_card_that_gives_none_is_here_again_though_the_former_one_vanished() -> None:
    """D09: a cardholder has not left."""
    world = _card(_ann(), end_date="2025-01-14")
    world.run("2025-01-15")
    del world.cards["c1"]
    world.card("1", "CL", "Ann", "Lee", "2025-02-01", "2028-09-30", card_id="library").run("2025-02-03")
    assert (world.state("1").state, world.state("1").left_on) == ("out", None)


def test_a_card_that_gives_none_in_the_place_of_one_that_did_is_a_change_of_status() -> None:
    """R42: registration issues another card that day."""
    world = _ann()
    del world.cards["c1"]
    world.card("1", "CL", "Ann", "Lee", "2025-01-15", "2028-09-30", card_id="library").run("2025-01-15")
    assert _dates(world, "ball0001") == ("grace_status", "None", "2025-02-15")


@pytest.mark.parametrize("policy", ["extend", "strict", "same_day"])
def test_who_leaves_a_unit_that_winds_down_has_two_months_from_the_notice(policy: str) -> None:
    """D22, D30: brought forward, whatever the policy for notices is (D04)."""
    world = _ann("CHEM", "LAW", policy=Policy(notice=NoticePolicy(policy=policy)))
    _merged(world, "HIST", 6, "2025-02-01").run("2025-02-01")
    world.run("2025-02-02")
    leaves(world, "CHEM", "2025-05-09").run("2025-05-10")
    world.run("2025-05-11")
    ends = "2025-07-10" if policy == "same_day" else "2025-07-11"
    assert str(world.address(WORK).delete_on) == ends
    assert (WORK in world.states("1"), world.run("2025-07-09").acts) == (True, [])
    world.run(ends)
    assert world.states("1")[WORK] == "deleted"


def test_who_leaves_on_the_day_of_the_merger_has_two_months() -> None:
    """R39, D22: of the unit's six months and their own two the earlier end counts."""
    world = leaves(_merged(_ann("CHEM", "LAW"), "HIST", 6, "2025-02-01"), "CHEM", "2025-01-31")
    world.run("2025-02-01")
    assert str(world.address(WORK).delete_on) == "2025-04-02"


def test_who_moves_with_the_unit_keeps_its_months_though_it_has_no_domain_now() -> None:
    """R53: the affiliation is with the successor, which gives no address."""
    world = _merged(_ann("CHEM", "LAW"), "NONE", 6, "2025-02-01")
    del world.affiliations["1", "CHEM"]
    world.affiliation("1", "NONE", "2025-02-01").run("2025-02-01")
    world.run("2025-02-02")
    world.run("2025-03-02")
    assert str(world.address(WORK).delete_on) == "2025-08-01"


def test_who_leaves_a_domain_that_closes_without_a_successor_has_two_months_from_the_notice() -> None:
    """D30, 2.5: as in a merger."""
    world = _ann("CHEM", "LAW").domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_months=6)
    world.run("2025-02-01")
    world.run("2025-02-02")
    leaves(world, "CHEM", "2025-03-09").run("2025-03-10")
    assert world.run("2025-03-11").acts == [("SendNotice", "ball0001")]
    assert str(world.address(WORK).delete_on) == "2025-05-11"


def test_the_name_part_stays_while_an_address_with_it_winds_down() -> None:
    """R22, D12: a gap between two departments makes nobody lose the number that others know."""
    world = student(_ann(), "2", "Ann Lee", "CHEM", start="2024-11-01")
    world.run("2024-11-01")
    world.affiliation("2", "CHEM", "2024-11-01", "2025-01-14").run("2025-01-15")
    world.affiliation("2", "LAW", "2025-02-01").run("2025-02-01")
    assert world.states("2") == {"ann.lee2@chem.ox.ac.uk": "winddown", "ann.lee2@law.ox.ac.uk": "active"}


@pytest.mark.parametrize("news", ["died", "cardholder"])
def test_an_address_is_not_given_away_in_the_run_that_learns_of_its_former_owner(news: str) -> None:
    """D10, D43: what is first seen today counts before creations do (rules.md 0)."""
    world = _card(_ann(), end_date="2025-01-30")
    for run in ("2025-01-31", "2025-03-31", "2025-04-30"):
        world.run(run)
    if news == "died":
        world.person("1", "ball0001", deceased=True)
    else:
        world.card("1", "CB", "Ann", "Lee", "2025-09-01", "2027-09-30", card_id="library")
    student(world, "2", "Ann Lee", "CHEM", start="2025-09-01").run("2025-09-01")
    assert world.states("2") == {"ann.lee2@chem.ox.ac.uk": "active"}


def test_an_end_that_was_asked_for_stands_when_the_mailbox_is_enabled_again() -> None:
    """D43, 2.1: no fresh wind-down takes its place."""
    world = leaves(_ann("CHEM", "LAW"), "CHEM", "2025-01-14")
    world.run("2025-01-15")
    row = replace(world.address(WORK), delete_on=day("2025-02-20"), gate=False, notice_due_on=None)
    world.ledger = replace(world.ledger, allocations={**world.ledger.allocations, (row.address, row.period): row})
    world.hold(Hold(subject=WORK, kind=HoldKind.SHORTENED, fingerprint="", actor="desk", reason="deadname"))
    _card(world, end_date="2025-01-31").run("2025-02-01")
    world.card("1", "MC", "Ann", "Lee", "2025-02-05", "2028-09-30", card_id="new").run("2025-02-05")
    assert (world.address(WORK).state, str(world.address(WORK).delete_on)) == ("winddown", "2025-02-20")
    assert world.run("2025-02-19").acts == []
    assert world.run("2025-02-20").acts == [("RemoveAddress", WORK)]


@pytest.mark.parametrize(("overflow", "ends"), [("clamp", "2025-02-28"), ("roll", "2025-03-01")])
def test_a_unit_is_told_the_day_that_counts_for_its_orphan(overflow: str, ends: str) -> None:
    """D31, section 0, D01: two months after the notice, however late it goes out."""
    world = _ann(policy=Policy(time=TimePolicy(month_overflow=overflow)))
    student(world, "2", "Bo Li", "CHEM", code="MC", end="2024-11-30")
    world.staff.append(Staff(staff_id="ball0001", person_id=world.people["1"].person_id, unit_id=UnitId("CHEM")))
    world.boxes["office"] = NonpersonalMailbox(
        mailbox_id="office",
        kind="secondary",
        unit_id=UnitId("CHEM"),
        owner_person_id=world.people["2"].person_id,
        address="office@chem.ox.ac.uk",
        requested_by="registration",
    )
    world.run("2024-11-30")
    world.run("2024-12-01")
    told = world.run("2024-12-31").notices
    assert [str(notice.delete_on) for notice in told] == [ends]
    assert str(world.box("office").delete_on) == ends


def test_a_name_that_changes_on_the_day_of_a_merger_has_its_own_two_months() -> None:
    """D22, R37, R53: two ends apply to one address, and the earlier counts; who keeps the name has the merger's six."""
    world = student(_merged(_ann(), "LAW", 6, "2025-01-15"), "2", "Bob Ray", "CHEM", code="MC")
    world.run("2025-01-14")
    _card(world, family_names="Leigh").run("2025-01-15")
    assert {name: str(world.address(name).delete_on) for name in (WORK, "bob.ray@chem.ox.ac.uk")} == {
        WORK: "2025-03-16",
        "bob.ray@chem.ox.ac.uk": "2025-07-15",
    }
    assert (world.address(WORK).reason, world.box("ball0001").sender) == ("name", "ann.leigh@law.ox.ac.uk")
    told = world.run("2025-01-16").notices
    assert [(n.addresses, str(n.delete_on)) for n in told] == [
        ((WORK,), "2025-03-16"),
        (("bob.ray@chem.ox.ac.uk",), "2025-07-15"),
    ]


def test_a_status_that_takes_effect_later_moves_no_sender_before() -> None:
    """rules.md 3.3, D16: the class that a status prefers changes on the day on which the status does."""
    world = _ann("BALL", "CHEM")
    _card(world, status_code="UG", status_effective_on="2025-02-10").run("2025-02-01")
    assert (world.box("ball0001").sender, world.state("1").code) == (WORK, "MC")
    assert world.run("2025-02-09").acts == []
    assert world.run("2025-02-10").acts == [("SetSender", "ball0001")]
    assert (world.box("ball0001").sender, world.state("1").code) == ("ann.lee@balliol.ox.ac.uk", "UG")


@pytest.mark.parametrize("back", ["2025-02-01", "2025-02-20", "2025-05-01"])
def test_a_card_is_good_again_until_the_status_that_ends_it_takes_effect(back: str) -> None:
    """R42, D23: the cancellation was a mistake, and the change of status that came with its correction is ahead."""
    world = _ann("CHEM")
    _card(world, cancelled_on="2025-01-15")
    for text in ("2025-01-15", "2025-01-16", "2025-02-15", "2025-04-15"):
        if text < back:
            world.run(text)
    _card(world, cancelled_on=None, status_code="CB", status_effective_on="2025-05-10").run(back)
    box = world.box("ball0001")
    assert (box.state, box.disable_on, box.delete_on, world.states("1")) == ("active", None, None, {WORK: "active"})
    world.run("2025-05-10")
    assert (world.box("ball0001").state, str(world.box("ball0001").delete_on)) == ("grace_status", "2025-06-10")


@pytest.mark.parametrize(("code", "ends"), [("CL", "2025-03-10"), ("VA", "2025-03-01")])
def test_a_status_that_is_put_off_counts_from_its_new_day(code: str, ends: str) -> None:
    """R42, D03: a month from the day on which it takes effect after all; a further status without a mailbox is none."""
    world = _card(_ann("CHEM"), status_code="CL", status_effective_on="2025-02-01")
    for text in ("2025-01-15", "2025-02-01", "2025-02-02"):
        world.run(text)
    _card(world, status_code=code, status_effective_on="2025-02-10").run("2025-02-04")
    assert world.box("ball0001").state == ("active" if code == "CL" else "grace_status")
    world.run("2025-02-10")
    assert _dates(world, "ball0001") == ("grace_status", "None", ends)


def test_the_primary_card_stays_so_until_its_status_ends_it() -> None:
    """D42, rules.md 3.3: a card that still counts as what it was is not overtaken by an older one."""
    world = _ann("BALL", "CHEM").card("1", "GR", "Ann", "Lee", "2025-01-01", "2027-09-30", card_id="c2")
    world.run("2025-01-01")
    card = replace(world.cards["c2"], status_code="CL", status_effective_on=day("2025-02-10"))
    world.cards["c2"] = card
    for text, sender in (("2025-02-01", "ann.lee@balliol.ox.ac.uk"), ("2025-02-10", WORK)):
        world.run(text)
        assert (world.box("ball0001").state, world.box("ball0001").sender) == ("active", sender)


def test_the_month_of_a_status_begins_when_the_last_good_card_ends() -> None:
    """R42, D03: a second card that gives no mailbox has been there for long, and the cancellation was known before."""
    world = _ann().card("1", "CL", "Ann", "Lee", "2024-11-01", "2028-09-30", card_id="library")
    world.run("2024-11-01")
    _card(world, cancelled_on="2025-01-20").run("2025-01-05")
    world.run("2025-01-20")
    assert _dates(world, "ball0001") == ("grace_status", "2025-02-20", "2025-02-20")
