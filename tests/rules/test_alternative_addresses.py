"""Contact points outside the University (R31-R33; D32)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from building.world import World


def _known(world: World) -> dict[str, tuple[str, bool]]:
    return {row.source: (row.address, row.removed) for row in world.ledger.alternatives.values()}


def test_a_feed_fills_only_what_is_empty() -> None:
    """R32: inserted if the person has none; self-entered wins."""
    world = student(oxford(), "1", "Ann Lee").alternative("1", "ann@mail.example", "student_records")
    world.run("2024-10-01")
    world.alternative("1", "a.lee@other.example", "hris")
    world.run("2024-10-02")
    assert _known(world) == {"student_records": ("ann@mail.example", False)}


def test_what_the_person_enters_stands_beside_the_feed_and_is_never_overwritten() -> None:
    """R33, D32: key (person, source); self is used first."""
    world = student(oxford(), "1", "Ann Lee").alternative("1", "ann@mail.example", "hris")
    world.run("2024-10-01")
    world.alternative("1", "me@home.example")
    world.run("2024-10-02")
    assert _known(world) == {"hris": ("ann@mail.example", False), "self": ("me@home.example", False)}


def test_a_removed_one_leaves_a_tombstone_that_keeps_the_feed_from_bringing_it_back() -> None:
    """R33, D32."""
    world = student(oxford(), "1", "Ann Lee").alternative("1", "ann@mail.example")
    world.run("2024-10-01")
    world.alternatives.clear()
    world.alternative("1", "ann@mail.example", action="removed").alternative("1", "ann@mail.example", "hris")
    world.run("2024-10-02")
    assert _known(world) == {"self": ("ann@mail.example", True)}


def test_a_removal_counts_once_and_is_remembered() -> None:
    """R33, D32: what the feed brings afterwards is taken, and stays; the removed value does not come back."""
    world = student(oxford(), "1", "Ann Lee").alternative("1", "old@mail.example", "hris")
    world.run("2024-10-01")
    world.alternative("1", "", action="removed").run("2024-10-02")
    assert _known(world) == {"hris": ("old@mail.example", True), "self": ("old@mail.example", True)}
    world.alternatives.pop(0)
    world.alternative("1", "new@mail.example", "hris")
    for day in ("2024-10-03", "2024-10-04"):
        world.run(day)
        assert _known(world)["hris"] == ("new@mail.example", False)
    world.alternatives.pop()
    world.alternative("1", "old@mail.example", "hris").run("2024-10-05")
    assert _known(world)["hris"] == ("new@mail.example", False)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ann@balliol.ox.ac.uk", "ALT_IS_OXFORD"),
        ("ann@anything.ox.ac.uk", "ALT_IS_OXFORD"),
        ("ball0001@nexus.ox.ac.uk", "ALT_IS_OXFORD"),
        ("ann", "ALT_SYNTAX"),
        ("ann lee@mail.example", "ALT_SYNTAX"),
        ("ann@mail.example\n", "ALT_SYNTAX"),
        ("ann\x1b[31m@mail.example", "ALT_SYNTAX"),
        ("ann\u202e@mail.example", "ALT_SYNTAX"),
        ("ann@mail.examp\u212ae", "ALT_SYNTAX"),
        (f"{'a' * 242}@mail.example", "ALT_SYNTAX"),
    ],
)
def test_an_address_that_cannot_be_an_alternative_leaves_the_old_one(address: str, code: str) -> None:
    """R31, rules.md 3.9."""
    world = student(oxford(), "1", "Ann Lee").alternative("1", "ann@mail.example")
    world.run("2024-10-01")
    world.alternatives.clear()
    world.alternative("1", address)
    done = world.run("2024-10-02")
    assert (_known(world), done.codes) == ({"self": ("ann@mail.example", False)}, {(code, "1")})
