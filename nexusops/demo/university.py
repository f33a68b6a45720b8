"""The people and units of an invented university: a cast of notable names, then as many others as are wanted.

Seeded: the same number and seed give the same people, in the same order, one at a time, up to a million. Nobody in it
exists; a likeness is chance.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from importlib import resources
from typing import NamedTuple

from nexusops.demo.cast import CAST
from nexusops.demo.snapshots import Member, Row

FIRST_DAY = date(2025, 10, 1)


class Names(NamedTuple):
    """Given names, stems and endings of family names, and family names that many people share."""

    given: Sequence[str]
    stems: Sequence[str]
    endings: Sequence[str]
    common: Sequence[str]


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

STUDENTS = ("UG", "UG", "UG", "GR", "GR", "GT")
STAFF = ("US", "US", "MC", "FS", "AV", "CS", "FR", "DS", "VR", "VV", "PT")


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
    choose, names = random.Random(seed), _names()
    colleges = [unit.unit_id for unit in units(people) if unit.kind == "college"]
    others = [unit.unit_id for unit in units(people) if unit.kind != "college"]
    for number in range(len(CAST) + 1, people + 1):
        yield _somebody(number, choose, names, colleges, others)


def _names() -> Names:
    text = resources.files("nexusops.demo").joinpath("names.toml").read_text("utf-8")
    return Names(**{key: words.split() for key, words in tomllib.loads(text).items()})


def _somebody(
    number: int, choose: random.Random, names: Names, colleges: Sequence[str], others: Sequence[str]
) -> Member:
    student = choose.random() < 0.6
    start = date(2025 - choose.randrange(4), 10, 1)
    block, rest = divmod(number, 10_000)
    return Member(
        person_id=str(1_000_000 + number),
        username=f"n{chr(97 + block // 26)}{chr(97 + block % 26)}{rest:04}",
        personal_names=choose.choice(names.given),
        family_names=_family(choose, names),
        status_code=choose.choice(STUDENTS if student else STAFF),
        affiliations=tuple((unit_id, start, None) for unit_id in _places(student, choose, colleges, others)),
        start_date=start,
        end_date=date(2027 + choose.randrange(4), 9, 30),
    )


def _family(choose: random.Random, names: Names) -> str:
    """One family name, of a few that many share or of the many; one in twelve has two."""
    family = choose.choice(names.common)
    if choose.random() > 0.1:
        family = choose.choice(names.stems) + choose.choice(names.endings)
    if choose.random() < 0.08:
        family += f" {choose.choice(names.stems)}{choose.choice(names.endings)}"
    return family


def _places(student: bool, choose: random.Random, colleges: Sequence[str], others: Sequence[str]) -> dict[str, None]:
    """Two units on average: a department, for students and half of the staff a college, sometimes one more."""
    places = [choose.choice(others)]
    if student or choose.random() < 0.5:
        places.insert(0, choose.choice(colleges))
    if choose.random() < 0.2:
        places.append(choose.choice(others))
    return dict.fromkeys(places)
