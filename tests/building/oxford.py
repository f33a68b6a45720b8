"""The units that most stories are told about."""

from __future__ import annotations

from building.world import World


def oxford(**settings: object) -> World:
    """Two colleges, three departments, two units that share a domain, and one that keeps its own mail."""
    world = World(**settings)  # type: ignore[arg-type]
    world.unit("BALL", "college", "balliol.ox.ac.uk").unit("MERT", "college", "merton.ox.ac.uk")
    world.unit("CHEM", "department", "chem.ox.ac.uk").unit("LAW", "department", "law.ox.ac.uk")
    world.unit("HIST", "department", "history.ox.ac.uk").unit("HMED", "department", "history.ox.ac.uk")
    world.unit("STAT", "department", "stats.ox.ac.uk", own_mail=True).unit("NONE", "department", None)
    return world


def student(world: World, number: str, name: str, *units: str, start: str = "2024-10-01", **card: object) -> World:
    """Somebody with a UG card until the end of September 2028, affiliated since ``start``."""
    personal, family = name.rsplit(" ", 1)
    code, end = str(card.pop("code", "UG")), str(card.pop("end", "2028-09-30"))
    world.person(number, f"ball{int(number):04}").card(number, code, personal, family, start, end, **card)
    for unit in units or ("BALL",):
        world.affiliation(number, unit, start)
    return world


def ann(*units: str, **settings: object) -> World:
    """Ann Lee, person 1, an undergraduate of Balliol unless ``units`` are others, in her first term."""
    world = student(oxford(**settings), "1", "Ann Lee", *units or ("BALL",))
    world.run("2024-10-01")
    return world


def leaves(world: World, unit: str, last: str) -> World:
    """She is in that unit up to the day ``last``, as is known from the next run on."""
    return world.affiliation("1", unit, "2024-10-01", last)
