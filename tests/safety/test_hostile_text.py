"""What somebody typed into registration data, a reason or the DNS commands no terminal, and reads as it was written."""

from __future__ import annotations

import logging
import re

import pytest
from building.by_hand import exchange
from building.killed import DAYS, KilledSite, second_day
from building.snapshot_folder import SnapshotFolder

from nexusops.cli import call
from nexusops.cli.logs import JsonLines, Lines

EVIL = "\x1b[31m\u202e\u2066\x07\x9b"
"""Red, from right to left, within that from left to right, a bell, and a sequence begun in one character."""
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ZONE = rb"""$ORIGIN ox.ac.uk.
chem TXT "v=spf1 exp=\027[31m ?x\226\128\174\194\155 -all"
chem MX 10 a\027[31m.ox.ac.uk.
"""


def hostile() -> SnapshotFolder:
    """Every text that reaches a person through a change or a finding."""
    data = second_day()
    for number, (name, status, unit) in enumerate(
        (("Eve" + EVIL, "MC", "LAW"), ("Eve", "MC" + EVIL, "LAW"), ("Eve", "MC", "LAW" + EVIL)), start=7
    ):
        person = f"100000{number}"
        data.person(person, f"law000{number}").card(person, status, name, "Hacker", "2025-01-16", "2026-09-30")
        data.affiliation(person, unit, "2025-01-16")
    data.person("1000010" + EVIL, "law0010").person("1000011", "law0011" + EVIL)
    data.change("cards", {"person_id": "1000004"}, cancel_reason=EVIL).change("units", {"unit_id": "LAW"}, name=EVIL)
    data.alternative("1000003", f"a{EVIL}@mail.example").name_request("n1", "1000005", "di.eden" + EVIL)
    data.choice("1000001", f"x{EVIL}@chem.ox.ac.uk").staff("law0006" + EVIL, "1000006", "LAW")
    data.mailbox("law-office" + EVIL, "LAW", "office@law.ox.ac.uk", "1000006" + EVIL)
    return data.external_route(f"x{EVIL}@stats.ox.ac.uk", f"y{EVIL}@evil.example", "1000005")


@pytest.fixture
def site(fresh: KilledSite) -> KilledSite:
    fresh.export(DAYS[1], hostile())
    (fresh.folder / "config" / "zone").write_bytes(ZONE)
    return fresh


def commands(site: KilledSite) -> list[list[str]]:
    at, zone = ["--at", DAYS[1]], ["--zone", str(site.folder / "config" / "zone")]
    before, after = (str(site.folder / day[:10]) for day in DAYS[:2])
    people = [["explain", f"100000{n}", *at] for n in (3, 7, 8, 9)]
    return [
        ["snapshot", "check", after],
        ["snapshot", "diff", before, after],
        *(["plan", *at, "--snapshot", after, "--format", form] for form in ("text", "md")),
        ["run", *at, "--snapshot", after, "--reason", EVIL],
        ["desk", "exempt-forward", "chem0002", "--actor", EVIL, "--reason", EVIL, *at],
        *people,
        *(["audit", one] for one in ("chem0002", "law0007", "overrides", "no" + EVIL)),
        ["explain", "no" + EVIL, *at],
        ["history"],
        ["unit", "show", "LAW"],
        ["doctor", *at],
        *(["domain", "check", "chem.ox.ac.uk", *at, *zone], ["spf", "lint", "chem.ox.ac.uk", *zone]),
    ]


def test_nothing_that_was_typed_is_obeyed_by_a_terminal(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, and marks of direction, which would show another text than is there."""
    obeyed = {}
    for words in commands(site):
        capsys.readouterr()
        assert call(["--config", str(site.folder / "config"), *words]) in (0, 6), words
        said = capsys.readouterr()
        if found := OBEYED.search(said.out + said.err):
            obeyed[" ".join(words[:3])] = (said.out + said.err)[max(0, found.start() - 40) : found.end() + 40]
    assert obeyed == {}
    box = exchange(site, "1000007", "Get-Mailbox")[0]
    assert (box["Name"], OBEYED.search(box["DisplayName"])) == ("law0007", None)


def test_a_line_of_a_log_stays_one_line() -> None:
    """Nobody writes lines of their own into it."""
    record = logging.LogRecord("nexusops", logging.WARNING, "", 0, "it says %s", ("a\nERROR all is lost\x1b[2J",), None)
    assert Lines().format(record) == "WARNING nexusops: it says a\\u000aERROR all is lost\\u001b[2J"


def test_a_defect_is_told_with_its_traceback_where_all_is_told() -> None:
    """interface.md 1: the console's page says so; and nowhere else, since it may name somebody."""
    root = logging.getLogger()
    level = root.level
    try:
        raise KeyError("4711")
    except KeyError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("nexusops", logging.ERROR, "", 0, "A page failed", (), info)
    told = {}
    try:
        for least in (logging.WARNING, logging.DEBUG):
            root.setLevel(least)
            told[least] = ["4711" in form.format(record) for form in (Lines(), JsonLines())]
    finally:
        root.setLevel(level)
    assert told == {logging.WARNING: [False, False], logging.DEBUG: [True, True]}
