"""``show``: a saved plan, with the names and units that it does not carry where the site's state knows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandSite

HELEN = "1000040 Helen Carter (ADMN)"
"""In the state; the plan has her new name's address, and nothing else of her."""
OLIVER = "1000044 Oliver Marsh (ALDG)"
"""New in the plan, which makes his mailbox and gives him an address for his college."""


@pytest.fixture
def saved(begun: CommandSite, tmp_path: Path) -> Path:
    path = tmp_path / "day-2.json"
    assert begun.on_day_two("plan", "--out", path).code == 0
    return path


def test_a_saved_plan_is_printed_as_it_was_when_it_was_made(begun: CommandSite, saved: Path) -> None:
    made = begun.on_day_two("plan")
    assert begun.type("show", saved) == made
    assert HELEN in made.out
    assert OLIVER in made.out


def test_the_page_and_the_table_have_names_and_units(begun: CommandSite, saved: Path) -> None:
    page = begun.type("show", saved, "--format", "html").out
    row = re.search(r'data-units="ADMN">\n<td role="cell" class="target">helen\.carter@.*?</tr>', page, re.DOTALL)
    assert row is not None
    assert 'class="who">1000040 Helen Carter</td>\n<td role="cell" data-label="units">ADMN</td>' in row[0]
    assert "| 1000040 Helen Carter | ADMN |" in begun.type("show", saved, "--format", "md").out


def test_the_document_stays_without_names(begun: CommandSite, saved: Path) -> None:
    """interface.md 4."""
    assert "Helen Carter" not in saved.read_text("utf-8")
    assert begun.type("show", saved, "--format", "json").out == saved.read_text("utf-8")


def nothing_configured(site: CommandSite) -> None:
    (site.folder / "nexusops.toml").unlink()


def another_site(site: CommandSite) -> None:
    written = site.folder / "nexusops.toml"
    written.write_text(written.read_text("utf-8").replace('"oxford-test"', '"elsewhere"'), "utf-8")


def no_state(site: CommandSite) -> None:
    (site.folder / "state" / "nexusops.db").unlink()


def a_state_that_is_none(site: CommandSite) -> None:
    (site.folder / "state" / "nexusops.db").write_bytes(b"not a database")


def an_unset_place(site: CommandSite) -> None:
    written = site.folder / "nexusops.toml"
    written.write_text(written.read_text("utf-8").replace('"sqlite:///state/nexusops.db"', '"env:NEXUSOPS_NOWHERE"'))


@pytest.mark.parametrize("lost", [nothing_configured, another_site, no_state, a_state_that_is_none, an_unset_place])
def test_without_the_state_the_ids_stand_alone_and_nothing_is_made(
    begun: CommandSite, saved: Path, lost: Callable[[CommandSite], None]
) -> None:
    lost(begun)
    before = sorted(path.name for path in (begun.folder / "state").iterdir())
    said = begun.type("show", saved)
    assert (said.code, said.err) == (0, "")
    assert "Helen Carter" not in said.out
    assert re.search(r"helen\.carter@.*  1000040$", said.out, re.MULTILINE)
    assert OLIVER in said.out, "the plan itself tells of those who are new"
    assert sorted(path.name for path in (begun.folder / "state").iterdir()) == before


def test_no_column_of_units_stands_empty(begun: CommandSite, tmp_path: Path) -> None:
    saved = tmp_path / "senders.json"
    assert begun.on_day_two("plan", "addresses", "--out", saved).code == 0
    no_state(begun)
    page = begun.type("show", saved, "--format", "html").out
    table = begun.type("show", saved, "--format", "md").out
    assert "Units" not in page + table
    assert 'id="unit"' not in page
    assert "| Target | What becomes of it | Subject | Because |" in table


def test_showing_leaves_the_state_as_it_is(begun: CommandSite, saved: Path) -> None:
    state = begun.folder / "state" / "nexusops.db"
    stood = state.read_bytes()
    assert HELEN in begun.type("show", saved).out
    assert state.read_bytes() == stood
