"""Units merge, split, are renamed, start and end their own mail (R48-R56; D18, D22, D30, D36, D45; 2.5)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World, day

from nexusops.model.ids import PersonId, UnitId
from nexusops.model.policy import Policy, ReorgPolicy
from nexusops.model.units import DomainState, Reorg, ReorgMember


def reorg(world: World, kind: str, source: str, target: str, on: str, months: int = 3, ref: str | None = None) -> World:
    world.reorgs.append(
        Reorg(
            reorg_id="r1",
            kind=kind,
            effective_on=day(on),
            source_unit=UnitId(source),
            target_unit=UnitId(target),
            months=months,
            negotiated_ref=ref,
        )
    )
    return world


def _chemists() -> World:
    world = student(student(oxford(), "1", "Ann Lee", "CHEM", code="US"), "2", "Ann Lee", "LAW", code="US")
    world.unit("CLAW", "department", "chemlaw.ox.ac.uk")
    world.run("2024-10-01")
    return world


def test_a_merge_gives_every_member_an_address_in_the_new_unit_and_winds_the_old_domain_down() -> None:
    """R52, R53, R54, D30: names go by affiliation start and username; the sender moves from W."""
    world = reorg(reorg(_chemists(), "merge", "CHEM", "CLAW", "2025-01-15"), "merge", "LAW", "CLAW", "2025-01-15")
    assert world.run("2025-01-14").acts == []
    done = world.run("2025-01-15")
    assert done.acts == [
        ("AddAddress", "ann.lee2@chemlaw.ox.ac.uk"),
        ("AddAddress", "ann.lee@chemlaw.ox.ac.uk"),
        ("SetSender", "ball0001"),
        ("SetSender", "ball0002"),
        ("WindDownAddress", "ann.lee@chem.ox.ac.uk"),
        ("WindDownAddress", "ann.lee@law.ox.ac.uk"),
    ]
    assert [world.box(name).sender for name in ("ball0001", "ball0002")] == [
        "ann.lee@chemlaw.ox.ac.uk",
        "ann.lee2@chemlaw.ox.ac.uk",
    ]
    row = world.address("ann.lee@chem.ox.ac.uk")
    assert (row.reason, row.months, str(row.delete_on), row.successor) == (
        "reorg",
        3,
        "2025-04-15",
        "ann.lee@chemlaw.ox.ac.uk",
    )
    assert {name: row.state for name, row in world.ledger.domains.items() if "chem" in name} == {
        "chem.ox.ac.uk": "winddown",
        "chemlaw.ox.ac.uk": "active",
    }


def test_a_domain_that_wound_down_is_failing_once_its_last_address_has_ended() -> None:
    """2.5, rules.md 3.17."""
    world = reorg(_chemists(), "rename", "CHEM", "CLAW", "2025-01-15", months=2)
    for text in ("2025-01-15", "2025-01-16", "2025-03-15"):
        world.run(text)
    assert world.ledger.domains["chem.ox.ac.uk"].state == "winddown"  # type: ignore[index]
    world.run("2025-03-16")
    assert world.ledger.domains["chem.ox.ac.uk"].state == "failing"  # type: ignore[index]


@pytest.mark.parametrize(
    ("months", "ref", "refused"),
    [(1, None, True), (2, None, False), (6, None, False), (7, None, True), (12, "IT-2025/3", False)],
)
def test_a_wind_down_takes_two_to_six_months_unless_more_was_negotiated(
    months: int, ref: str | None, refused: bool
) -> None:
    """R53, D30: REORG_MONTHS; a refused reorganisation does nothing."""
    world = reorg(_chemists(), "merge", "CHEM", "CLAW", "2025-01-15", months=months, ref=ref)
    done = world.run("2025-01-15")
    assert (("REORG_MONTHS", "r1") in done.codes, done.acts == []) == (refused, refused)


@pytest.mark.parametrize(
    ("months", "ref", "limits", "ends"),
    [
        (2, None, (2, 6), "2025-03-16"),
        (6, None, (2, 6), "2025-07-15"),
        (1, None, (2, 6), "2025-03-16"),
        (1, "R-7", (2, 6), "2025-03-16"),
        (7, None, (2, 6), "2025-07-15"),
        (12, "R-7", (2, 6), "2026-01-15"),
        (7, None, (2, 9), "2025-08-15"),
        (2, None, (3, 9), "2025-04-15"),
        (None, None, (3, 9), "2025-04-15"),
    ],
)
def test_a_domain_winds_down_within_the_sites_own_limits_or_as_negotiated(
    months: int | None, ref: str | None, limits: tuple[int, int], ends: str
) -> None:
    """R53, rules.md 3.4, D30: what may not be becomes the nearest that may, and is told."""
    least, most = limits
    policy = Policy(reorg=ReorgPolicy(min_months=least, max_months=most))
    world = student(oxford(policy=policy), "1", "Ann Lee", "CHEM")
    world.run("2025-01-14")
    columns = {"state": DomainState.WINDDOWN, "winddown_start": day("2025-01-15")}
    world.domain("chem.ox.ac.uk", winddown_months=months, negotiated_ref=ref, **columns)
    done = world.run("2025-01-15")
    told = ("REORG_MONTHS", "chem.ox.ac.uk") in done.codes
    assert str(world.address("ann.lee@chem.ox.ac.uk").delete_on) == ends
    assert told == (months is not None and not least <= months <= most and (months < least or ref is None))


def test_a_joiner_of_a_unit_that_winds_down_gets_the_successors_address_only() -> None:
    """D30: no new people in the old domain."""
    world = reorg(_chemists(), "merge", "CHEM", "CLAW", "2025-01-15")
    world.run("2025-01-15")
    student(world, "3", "Bob Ray", "CHEM", code="US", start="2025-02-01")
    world.run("2025-02-01")
    assert world.states("3") == {"bob.ray@chemlaw.ox.ac.uk": "active"}


def test_leaving_the_unit_meanwhile_brings_the_date_forward_with_a_new_notice() -> None:
    """D22, D30: two months after the new notice, if that is earlier."""
    world = reorg(_chemists(), "merge", "CHEM", "CLAW", "2025-01-15", months=6)
    world.run("2025-01-15")
    world.run("2025-01-16")
    assert str(world.address("ann.lee@chem.ox.ac.uk").delete_on) == "2025-07-15"
    world.affiliation("1", "CHEM", "2024-10-01", "2025-02-28")
    world.run("2025-03-01")
    row = world.address("ann.lee@chem.ox.ac.uk")
    assert (str(row.delete_on), str(row.notice_due_on)) == ("2025-05-02", "2025-03-02")
    told = world.run("2025-03-02").notices
    assert [n.addresses for n in told] == [("ann.lee@chem.ox.ac.uk", "ann.lee@chemlaw.ox.ac.uk")]


def test_a_split_goes_by_its_list_and_who_is_not_on_it_keeps_the_address() -> None:
    """R52, rules.md 3.11: REORG_NO_TARGET."""
    world = student(student(oxford(), "1", "Ann Lee", "CHEM", code="US"), "2", "Bob Ray", "CHEM", code="US")
    world.unit("ORG", "department", "organic.ox.ac.uk").unit("INO", "department", "inorganic.ox.ac.uk")
    world.run("2024-10-01")
    reorg(world, "split", "CHEM", "ORG", "2025-01-15")
    world.members.append(ReorgMember(reorg_id="r1", person_id=PersonId("1"), target_unit=UnitId("ORG")))
    done = world.run("2025-01-15")
    assert world.states("1") == {"ann.lee@chem.ox.ac.uk": "winddown", "ann.lee@organic.ox.ac.uk": "active"}
    assert world.states("2") == {"bob.ray@chem.ox.ac.uk": "active"}
    assert ("REORG_NO_TARGET", "2") in done.codes


def test_a_renamed_unit_with_the_same_domain_changes_nothing() -> None:
    """2.6."""
    world = _chemists()
    world.unit("CLAW", "department", "chem.ox.ac.uk")
    reorg(world, "rename", "CHEM", "CLAW", "2025-01-15")
    assert world.run("2025-01-15").acts == []


def test_a_unit_that_is_renamed_and_takes_another_domain_has_the_months_of_its_row() -> None:
    """2.6, R53: a merge of one, of a unit that stays itself; without such a row the wind-down is the usual one."""
    world = student(student(oxford(), "1", "Ann Lee", "CHEM", code="US"), "2", "Bob Ray", "LAW", code="US")
    world.run("2024-10-01")
    world.unit("CHEM", "department", "chemistry.ox.ac.uk").unit("LAW", "department", "laws.ox.ac.uk")
    reorg(world, "rename", "CHEM", "CHEM", "2025-01-15", months=4).run("2025-01-15")
    assert [(world.box(name).sender, str(world.address(old).delete_on)) for name, old in (
        ("ball0001", "ann.lee@chem.ox.ac.uk"), ("ball0002", "bob.ray@law.ox.ac.uk"))] == [
        ("ann.lee@chemistry.ox.ac.uk", "2025-05-15"),
        ("bob.ray@laws.ox.ac.uk", "2025-03-16"),
    ]  # fmt: skip


def test_a_unit_that_is_renamed_alone_has_not_left_the_domain_that_it_shares() -> None:
    """R9, 2.6: the other unit of the domain merges; the domain lives on for the one that is merely renamed."""
    world = student(student(oxford(), "1", "Ann Lee", "HIST", code="US"), "2", "Bob Ray", "HMED", code="US")
    world.run("2024-10-01")
    reorg(reorg(world, "rename", "HMED", "HMED", "2025-01-15"), "merge", "HIST", "CHEM", "2025-01-15")
    world.run("2025-01-15")
    assert world.states("2") == {"bob.ray@history.ox.ac.uk": "active"}


def test_a_unit_into_which_its_successor_is_merged_later_is_there_again() -> None:
    """R52, D30: one there and back in a month; nobody is left without an address because both rows still stand."""
    world = student(student(oxford(), "1", "Ann Lee", "CHEM", code="US"), "2", "Bob Ray", "LAW", code="US")
    reorg(world, "merge", "CHEM", "LAW", "2025-01-15").run("2024-10-01")
    world.run("2025-01-15")
    assert world.box("ball0001").sender == "ann.lee@law.ox.ac.uk"
    reorg(world, "merge", "LAW", "CHEM", "2025-01-25").run("2025-01-25")
    assert [world.box(name).sender for name in ("ball0001", "ball0002")] == [
        "ann.lee@chem.ox.ac.uk",
        "bob.ray@chem.ox.ac.uk",
    ]
    assert (world.states("1"), str(world.address("ann.lee@law.ox.ac.uk").delete_on)) == (
        {"ann.lee@chem.ox.ac.uk": "active", "ann.lee@law.ox.ac.uk": "winddown"},
        "2025-04-25",
    )
    assert (world.ledger.domains["chem.ox.ac.uk"].state, world.ledger.domains["law.ox.ac.uk"].state) == (  # type: ignore[index]
        "active",
        "winddown",
    )


def test_a_cancelled_reorganisation_brings_the_addresses_back() -> None:
    """2.5: winddown -> active."""
    world = reorg(_chemists(), "merge", "CHEM", "CLAW", "2025-01-15")
    world.run("2025-01-15")
    world.reorgs.clear()
    world.run("2025-01-20")
    assert world.states("1") == {"ann.lee@chem.ox.ac.uk": "active", "ann.lee@chemlaw.ox.ac.uk": "winddown"}


def test_one_of_two_units_of_a_domain_that_merges_takes_only_its_own_people() -> None:
    """R9, D19, D30: the domain lives on for the other unit."""
    world = student(student(oxford(), "1", "Ann Lee", "HIST", code="US"), "2", "Bob Ray", "HMED", code="US")
    world.run("2024-10-01")
    reorg(world, "merge", "HIST", "CHEM", "2025-01-15")
    world.run("2025-01-15")
    assert (world.states("1"), world.states("2")) == (
        {"ann.lee@history.ox.ac.uk": "winddown", "ann.lee@chem.ox.ac.uk": "active"},
        {"bob.ray@history.ox.ac.uk": "active"},
    )


def test_a_new_unit_gives_addresses_once_its_domain_is_active() -> None:
    """R50: agreed is not yet active."""
    world = student(oxford(), "1", "Ann Lee", "BALL")
    world.domain("new.ox.ac.uk", state=DomainState.AGREED).unit("NEW", "department", "new.ox.ac.uk")
    world.affiliation("1", "NEW", "2024-10-01")
    world.run("2024-10-01")
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "active"}
    world.domain("new.ox.ac.uk", state=DomainState.ACTIVE)
    assert world.run("2024-11-01").acts == [("AddAddress", "ann.lee@new.ox.ac.uk")]


def test_a_unit_that_starts_its_own_mail_winds_its_addresses_down_and_one_that_ends_it_gets_them_back() -> None:
    """R55, D45, 2.5: the managed flag flips; the forward that we set is cleared."""
    world = student(oxford(), "1", "Ann Lee", "CHEM", code="US")
    world.run("2024-10-01")
    world.domain("chem.ox.ac.uk", managed=False).unit("CHEM", "department", "chem.ox.ac.uk", own_mail=True)
    done = world.run("2025-01-15")
    assert done.acts == [("SetSender", "ball0001"), ("WindDownAddress", "ann.lee@chem.ox.ac.uk")]
    assert (world.address("ann.lee@chem.ox.ac.uk").reason, world.ledger.domains["chem.ox.ac.uk"].state) == (  # type: ignore[index]
        "own_mail",
        "own_mail",
    )
    world.domain("chem.ox.ac.uk").unit("CHEM", "department", "chem.ox.ac.uk")
    world.run("2025-02-01")
    assert world.states("1") == {"ann.lee@chem.ox.ac.uk": "active"}


def test_nobody_gets_a_personal_address_in_a_foreign_domain() -> None:
    """R51: incoming only, never generated for people."""
    world = student(oxford(), "1", "Ann Lee", "BALL").unit("PRESS", "department", "press.example")
    world.affiliation("1", "PRESS", "2024-10-01")
    world.run("2024-10-01")
    assert world.states("1") == {"ann.lee@balliol.ox.ac.uk": "active"}
    assert world.ledger.domains["press.example"].state == "incoming_only"  # type: ignore[index]


def test_a_unit_that_is_not_on_the_chart_counts_like_any_other() -> None:
    """R48, R49: an inter-departmental unit that was created."""
    world = student(oxford(), "1", "Ann Lee", "BALL").unit("IDC", "other", "idc.ox.ac.uk", source="created")
    world.affiliation("1", "IDC", "2024-10-01")
    world.run("2024-10-01")
    assert world.states("1")["ann.lee@idc.ox.ac.uk"] == "active"


@pytest.mark.parametrize("own", [True, False])
def test_which_units_keep_their_own_mail_is_data(own: bool) -> None:
    """R56, D45: a column of the unit, no list in the program."""
    world = student(oxford(), "1", "Ann Lee", "BALL").unit("MATH", "department", "maths.ox.ac.uk", own_mail=own)
    world.affiliation("1", "MATH", "2024-10-01")
    world.run("2024-10-01")
    assert ("ann.lee@maths.ox.ac.uk" in world.states("1")) is not own
