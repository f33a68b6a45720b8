"""A unit's mailbox without an owner: its unit cannot be told, or the site gives it longer (R28; D06, D31)."""

from __future__ import annotations

from building.oxford import oxford, student
from building.world import World

from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.people import Staff
from nexusops.model.policy import NoticePolicy, Policy, SecondaryPolicy
from nexusops.model.units import NonpersonalMailbox

OFFICE = "office@chem.ox.ac.uk"


def _owned(world: World, person_id: str) -> World:
    world.boxes["chemoffice"] = NonpersonalMailbox(
        mailbox_id="chemoffice",
        kind="secondary",
        unit_id=UnitId("CHEM"),
        owner_person_id=PersonId(person_id),
        address=Address(OFFICE),
        requested_by="chem0009",
    )
    return world


def _orphaned(**settings: object) -> World:
    """Ann, who owned it, is gone since 15 January; Bob is the unit's IT staff."""
    world = student(oxford(**settings), "1", "Ann Lee", "CHEM", code="US", end="2025-01-14")
    student(world, "2", "Bob Ray", "CHEM", code="US")
    world.staff.append(Staff(staff_id="chem0009", person_id=PersonId("2"), unit_id=UnitId("CHEM")))
    world.run("2024-10-01")
    _owned(world, "1").run("2024-10-02")
    world.run("2025-01-15")
    return world


def _ends(world: World, *days: str) -> list[str]:
    """Of these days those on which it is deleted."""
    return [today for today in days if ("DeleteMailbox", "chemoffice") in world.run(today).acts]


def test_an_orphan_is_not_deleted_before_its_unit_was_told_two_months_ago() -> None:
    """D06, D31: an outage of the notices postpones its end."""
    world = _orphaned()
    world.channel_works = False
    assert _ends(world, "2025-01-16", "2025-03-16", "2025-03-31") == []
    world.channel_works = True
    world.run("2025-04-01")
    told = [(n.unit_id, n.addresses, str(n.delete_on)) for n in world.sent() if n.kind == "orphaned"]
    assert told == [("CHEM", (OFFICE,), "2025-06-01")]
    assert _ends(world, "2025-05-31", "2025-06-01") == ["2025-06-01"]


def test_a_site_may_delete_an_orphan_whose_unit_could_not_be_told() -> None:
    """D06: gate_deletion = false; the projected end stands."""
    world = _orphaned(policy=Policy(notice=NoticePolicy(gate_deletion=False)))
    world.channel_works = False
    assert _ends(world, "2025-01-16", "2025-03-15", "2025-03-16") == ["2025-03-16"]


def test_an_orphan_has_the_months_that_the_site_gives_it() -> None:
    """D31: longer than the two months of its notice."""
    world = _orphaned(policy=Policy(secondary=SecondaryPolicy(orphan_months=4)))
    assert _ends(world, "2025-01-16", "2025-03-16", "2025-05-14", "2025-05-15") == ["2025-05-15"]


def test_a_unit_is_not_told_of_an_orphan_that_was_taken_over_before_it_could_be() -> None:
    """D31, D33: the notice that nobody took is no longer true."""
    world = _orphaned()
    world.channel_works = False
    world.run("2025-01-16")
    _owned(world, "2").run("2025-01-17")
    world.channel_works = True
    for today in ("2025-01-18", "2025-03-16"):
        world.run(today)
    assert [n.kind for n in world.sent() if n.kind == "orphaned"] == []
    assert world.box("chemoffice").state == "active"


def test_a_unit_is_told_again_of_a_mailbox_that_is_an_orphan_again() -> None:
    """D31: the timer starts anew, and so does the notice."""
    world = _orphaned()
    world.run("2025-01-16")
    _owned(world, "2").run("2025-01-20")
    world.card("2", "US", "Bob", "Ray", "2024-10-01", "2025-02-14").run("2025-02-15")
    world.run("2025-02-16")
    told = [(str(n.due_on), str(n.delete_on)) for n in world.sent() if n.kind == "orphaned"]
    assert told == [("2025-01-16", "2025-03-16"), ("2025-02-16", "2025-04-16")]


def _deleted() -> World:
    """On 16 March, and kept by the tenant until 15 April."""
    world = _orphaned()
    assert _ends(world, "2025-01-16", "2025-03-16") == ["2025-03-16"]
    assert str(world.box("chemoffice").purge_on) == "2025-04-15"
    return world


def test_a_unit_that_asks_again_within_thirty_days_gets_its_mailbox_back() -> None:
    """D08, D31: with what was in it, on the last of those days too."""
    world = _owned(_deleted(), "2")
    assert world.run("2025-04-15").acts == [("RestoreMailbox", "chemoffice")]
    box, row = world.box("chemoffice"), world.address(OFFICE)
    assert (box.state, box.generation, box.owner_person_id, box.sender) == ("active", 1, "2", OFFICE)
    assert (row.state, row.period, row.mailbox_key) == ("active", 2, box.key)


def test_a_unit_that_asks_again_later_gets_a_new_mailbox_of_that_name() -> None:
    """D08: the old one keeps its row; its name is free on the day after the one on which it was found to be gone."""
    world = _owned(_deleted(), "2")
    acts = [world.run(today).acts for today in ("2025-04-16", "2025-04-17")]
    assert acts == [[], [("CreateMailbox", "chemoffice")]]
    boxes = [box for box in world.ledger.mailboxes.values() if box.name == "chemoffice"]
    assert [(box.generation, box.state) for box in sorted(boxes, key=lambda box: box.generation)] == [
        (1, "purged"),
        (2, "active"),
    ]


def test_whoever_has_died_owns_nothing_any_more() -> None:
    """D31, D43: while the card is still current; the unit is told, and nobody else."""
    world = student(oxford(), "1", "Ann Lee", "CHEM", code="US")
    student(world, "2", "Bob Ray", "CHEM", code="US")
    world.staff.append(Staff(staff_id="chem0009", person_id=PersonId("2"), unit_id=UnitId("CHEM")))
    world.run("2024-10-01")
    _owned(world, "1").run("2024-10-02")
    world.person("1", "ball0001", deceased=True).run("2025-01-15")
    world.run("2025-01-16")
    assert (world.box("chemoffice").state, world.box("ball0001").state) == ("orphaned", "active")
    assert [(n.kind, n.unit_id) for n in world.sent()] == [("orphaned", "CHEM")]
