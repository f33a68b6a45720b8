"""What stands in the row of an address, and what stands there for good (2.1; R8, R17, R41, D08, D11, D22, D43)."""

from __future__ import annotations

from dataclasses import replace

from building.oxford import ann, leaves, oxford, student
from building.world import World, day

from nexusops.model.ids import UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.policy import DupPolicy, Policy
from nexusops.model.units import Reorg

HOME, WORK, LAW = "ann.lee@balliol.ox.ac.uk", "ann.lee@chem.ox.ac.uk", "ann.lee@law.ox.ac.uk"


def _row(world: World, address: str) -> tuple[str, str, str, str]:
    row = world.address(address)
    return row.state.value, str(row.winddown_on), str(row.delete_on), str(row.deleted_on)


def test_what_was_deleted_stays_as_it_is_while_its_owner_goes_on_leaves_and_comes_back() -> None:
    """2.1: a row that has ended is altered by nothing that happens to the mailbox."""
    world = leaves(ann("BALL", "CHEM"), "CHEM", "2025-01-14")
    for today in ("2025-01-15", "2025-01-16", "2025-03-16"):
        world.run(today)
    ended = ("deleted", "2025-01-15", "2025-03-16", "2025-03-16")
    world.card("1", "UG", "Ann", "Lee", "2024-10-01", "2025-04-30")
    seen = []
    for today in ("2025-03-17", "2025-05-01", "2025-07-01"):
        world.run(today)
        seen.append((world.box("ball0001").state.value, _row(world, WORK)))
    world.card("1", "UG", "Ann", "Lee", "2025-07-10", "2028-09-30", card_id="again").run("2025-07-10")
    seen.append((world.box("ball0001").state.value, _row(world, WORK)))
    assert seen == [("active", ended), ("disabled", ended), ("deleted", ended), ("active", ended)]


def test_an_address_says_why_it_is_as_it_is() -> None:
    """R8, R17: the plain name needs no excuse; a number has one."""
    world = student(ann(), "2", "Ann Lee")
    world.run("2024-10-02")
    rows = [world.address(name) for name in (HOME, "ann.lee2@balliol.ox.ac.uk")]
    given = "the affiliation to BALL gives an address in balliol.ox.ac.uk"
    assert [(row.rule, row.because) for row in rows] == [
        ("R8", given),
        ("R17", f"{given}, and the plain name or a lower number is taken"),
    ]


def test_where_the_site_says_so_each_domain_has_a_number_of_its_own() -> None:
    """D11: dup.scope = per_domain; nothing is an exception then."""
    world = student(oxford(policy=Policy(dup=DupPolicy(scope="per_domain"))), "1", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    done = student(world, "2", "Ann Lee", "BALL", "CHEM", start="2024-10-02").run("2024-10-02")
    assert world.states("2") == {HOME: "active", "ann.lee2@chem.ox.ac.uk": "active"}
    assert done.codes == set()


def test_a_former_name_with_its_number_makes_no_exception_of_the_new_one() -> None:
    """D12: the addresses of the present name are compared with each other alone."""
    world = student(ann(), "2", "Ann Lee")
    world.run("2024-10-02")
    done = world.card("2", "UG", "Ann", "Smith", "2024-10-01", "2028-09-30").run("2024-11-01")
    assert world.states("2") == {"ann.lee2@balliol.ox.ac.uk": "winddown", "ann.smith@balliol.ox.ac.uk": "active"}
    assert done.codes == set()


def test_a_wind_down_that_nobody_was_told_of_takes_the_day_of_its_mailbox_at_once() -> None:
    """2.6, D22: a change of status in the next hour; the one notice names that day, and is short."""
    world = leaves(ann("BALL", "CHEM"), "CHEM", "2025-01-13")
    world.run("2025-01-14")
    assert _row(world, WORK) == ("winddown", "2025-01-14", "2025-03-15", "None")
    world.card("1", "CL", "Ann", "Lee", "2024-10-01", "2028-09-30", status_effective_on="2025-01-14").run("2025-01-14")
    assert _row(world, WORK) == ("winddown", "2025-01-14", "2025-02-14", "None")
    world.run("2025-01-15")
    assert sorted((n.kind.value, str(n.delete_on), n.short_notice) for n in world.sent()) == [
        ("status_change", "2025-02-14", True),
        ("winddown", "2025-02-14", True),
    ]


def test_an_end_that_was_asked_for_says_so() -> None:
    """D43, R41: whoever looks at the removal sees that no notice was owed."""
    said = []
    for asked in (True, False):
        world = leaves(ann("BALL", "CHEM"), "CHEM", "2025-01-14")
        for today in ("2025-01-15", "2025-01-16"):
            world.run(today)
        if asked:
            hold = Hold(
                subject=WORK, kind=HoldKind.SHORTENED, fingerprint="2025-01-20", actor="desk", reason="deadname"
            )
            row = replace(world.address(WORK), delete_on=day("2025-01-20"), gate=False)
            world.hold(hold)
            world.ledger = replace(
                world.ledger, allocations={**world.ledger.allocations, (row.address, row.period): row}
            )
        done = world.run("2025-01-20" if asked else "2025-03-16")
        said += [(p.change.why.rule, p.change.why.because) for p in done.changes]
    assert said == [
        ("D43", "its end on this day was asked for"),
        ("R41", "it was in wind-down since 2025-01-15, and its notice was given"),
    ]


def test_the_merger_of_one_unit_lengthens_no_end_elsewhere() -> None:
    """R39, R53: somebody leaves another unit on the very day."""
    world = leaves(ann("BALL", "CHEM", "HIST"), "HIST", "2025-01-14")
    world.reorgs.append(
        Reorg(
            reorg_id="r1",
            kind="merge",
            effective_on=day("2025-01-15"),
            source_unit=UnitId("CHEM"),
            target_unit=UnitId("LAW"),
            months=6,
        )
    )
    world.run("2025-01-15")
    ends = {name: (world.address(name).reason, *_row(world, name)[:3]) for name in (WORK, "ann.lee@history.ox.ac.uk")}
    assert ends == {
        WORK: ("reorg", "winddown", "2025-01-15", "2025-07-15"),
        "ann.lee@history.ox.ac.uk": ("affiliation", "winddown", "2025-01-15", "2025-03-16"),
    }
