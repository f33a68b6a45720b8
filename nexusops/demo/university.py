"""The people and units of an invented university: a cast of notable names, then as many others as are wanted.

Seeded: the same number and seed give the same people, in the same order, one at a time, up to a million. Nobody in it
exists; a likeness is chance.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from nexusops.demo.cast import CAST
from nexusops.demo.snapshots import Member, Row

FIRST_DAY = date(2025, 10, 1)


class UnitRow(NamedTuple):
    unit_id: str
    name: str
    kind: str
    domain: str
    own_mail: bool = False


UNITS = (
    UnitRow("ALDG", "Aldgate College", "college", "aldgate.ox.ac.uk"),
    UnitRow("BRAY", "Bray College", "college", "bray.ox.ac.uk"),
    UnitRow("CORV", "Corvus College", "college", "corvus.ox.ac.uk"),
    UnitRow("WYTH", "Wytham Hall", "college", "wytham.ox.ac.uk"),
    UnitRow("CHEM", "Chemistry", "department", "chem.ox.ac.uk"),
    UnitRow("PHYS", "Physics", "department", "physics.ox.ac.uk"),
    UnitRow("LAW", "Law", "department", "law.ox.ac.uk"),
    UnitRow("FOOD", "Food Technology", "department", "foodtech.ox.ac.uk"),
    UnitRow("HIST", "Modern History", "department", "history.ox.ac.uk"),
    UnitRow("HMED", "History of Medicine", "department", "history.ox.ac.uk"),
    UnitRow("STAT", "Statistics", "department", "stats.ox.ac.uk", own_mail=True),
    UnitRow("ADMN", "University Administration", "other", "admin.ox.ac.uk"),
    UnitRow("LIBR", "University Library", "other", "library.ox.ac.uk"),
)
"""Four colleges, nine others; History and the history of medicine share a domain, Statistics keeps its own mail."""

GIVEN = (
    "Adam Aisha Alice Amara Anders Andrea Anil Anna Arjun Astrid Beatriz Ben Carlos Chiara Chloe Daniel David Diana "
    "Elena Elif Emma Erik Esther Eva Farid Felix Fiona Francesca Freya George Gita Hannah Haruto Hugo Ida Imran Ines "
    "Ingrid Isaac Ivan Jack Jakob James Jana Javier Joanna Jonas Joseph Julia Kai Karim Kate Kenji Lars Laura Leila "
    "Leo Liam Lina Louis Lucia Maja Marco Maria Mark Marta Maya Mehmet Mia Michael Milan Mina Mohammed Nadia Naomi "
    "Nia Nina Noah Nora Olga Omar Oscar Paula Pavel Peter Rachel Rafael Rahul Rania Robert Rosa Ruby Samuel Sana Sara "
    "Sean Sofia Stefan Sunita Tara Theo Thomas Tomas Uma Vera Viktor William Yasmin Yusuf Zara Zofia"
).split()
STEMS = (
    "Ash Bark Beck Birch Black Brad Bran Brook Burn Carl Chad Clay Clif Cole Cran Dal Den Dun Ed Ell Far Fen Field "
    "Flet Ford Glen Gran Green Had Hal Ham Har Hat Hay Hill Hol Hud Hunt Ken Kirk Lang Law Leigh Lin Lock Long Mar "
    "Mel Mer Mid Mor Nor Oak Old Par Pem Pres Rad Rich Rock Roth Rush Sand Shel Sher Stan Sut Thorn Wal War West Win"
).split()
ENDINGS = (
    "bourne bridge brook bury by combe cott croft dale den don field ford gate grove ham hurst land ley lock low man "
    "mere more ness over ridge rick scot sey shaw side son stead stock stone thorpe ton vale wald ward water "
    "well wick win wood worth"
).split()
COMMON = ("Smith", "Jones", "Patel", "Khan", "Brown", "Taylor", "Chen", "Wang", "Singh", "Garcia", "Müller", "O'Connor")
STUDENTS, STAFF = ("UG", "UG", "UG", "GR", "GR", "GT"), ("US", "US", "MC", "FS", "AV", "CS", "FR", "DS", "VR", "VV", "PT")


def units(people: int) -> tuple[UnitRow, ...]:
    """The units: those of the cast, and another department or college for each 400 people, 250 in all."""
    further = min(250 - len(UNITS), people // 400)
    kinds = ("college", "department", "department", "department")
    return UNITS + tuple(
        UnitRow(f"U{n:03}", f"{kinds[n % 4].title()} {n}", kinds[n % 4], f"u{n:03}.ox.ac.uk") for n in range(further)
    )


def unit_rows(people: int) -> Iterator[Row]:
    for unit in units(people):
        yield (unit.unit_id, unit.name, unit.kind, unit.domain, unit.own_mail, "org_chart")


def domain_rows(people: int) -> Iterator[Row]:
    """One row a domain, although two units may share it."""
    own_mail = {unit.domain: unit.own_mail for unit in units(people)}
    for domain, own in own_mail.items():
        yield (domain, "ox", not own, "active", None, None, None, None)


def members(people: int, seed: int = 1) -> Iterator[Member]:
    """The cast, then others until there are ``people``; never fewer than the cast."""
    yield from CAST
    choose = random.Random(seed)
    colleges = [unit.unit_id for unit in units(people) if unit.kind == "college"]
    others = [unit.unit_id for unit in units(people) if unit.kind != "college"]
    for number in range(len(CAST) + 1, people + 1):
        yield _somebody(number, choose, colleges, others)


def _somebody(number: int, choose: random.Random, colleges: list[str], others: list[str]) -> Member:
    student = choose.random() < 0.6
    code = choose.choice(STUDENTS if student else STAFF)
    places = [choose.choice(others)]
    if student or choose.random() < 0.5:
        places.insert(0, choose.choice(colleges))
    if choose.random() < 0.2:
        places.append(choose.choice(others))
    start = date(2025 - choose.randrange(4), 10, 1)
    given = choose.choice(GIVEN)
    family = choose.choice(COMMON) if choose.random() < 0.1 else choose.choice(STEMS) + choose.choice(ENDINGS)
    if choose.random() < 0.08:
        family += f" {choose.choice(STEMS)}{choose.choice(ENDINGS)}"
    block, rest = divmod(number, 10_000)
    return Member(
        person_id=str(1_000_000 + number),
        username=f"n{chr(97 + block // 26)}{chr(97 + block % 26)}{rest:04}",
        personal_names=given,
        family_names=family,
        status_code=code,
        affiliations=tuple((unit_id, start, None) for unit_id in dict.fromkeys(places)),
        start_date=start,
        end_date=date(2027 + choose.randrange(4), 9, 30),
    )
