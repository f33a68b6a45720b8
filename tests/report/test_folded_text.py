"""Reports on a terminal, however narrow: nothing is cut off, and what goes on in a next line stands further in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.explain import Event, Explanation, Fact, Upcoming, explain_text

AT = datetime(2025, 10, 2, 8, tzinfo=UTC)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
EXPLAINED = Explanation(
    subject="thomas.ashdown@chem.ox.ac.uk",
    kind="personal address",
    summary="in wind-down for bray0039",
    facts=[Fact(label="state", value="winddown", rule="R39", because="there is no affiliation any more")],
    history=[
        Event(at=AT, what="thomas.ashdown@chem.ox.ac.uk winds down", rule="R39", actor="ann", reason="as planned")
    ],
    upcoming=[Upcoming(on=date(2025, 12, 3), what="Remove the address thomas.ashdown@chem.ox.ac.uk", rule="R41")],
)
TEXTS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)
BLOCKS = st.one_of(
    st.builds(Line, text=st.lists(TEXTS).map(" ".join), indent=st.integers(0, 14), hang=st.integers(0, 14)),
    st.integers(1, 5).flatmap(
        lambda size: st.lists(st.lists(TEXTS, min_size=size, max_size=size), min_size=1, max_size=4).map(
            lambda rows: Table(rows=rows)
        )
    ),
)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", ANSI.sub("", text))


@given(st.lists(BLOCKS, max_size=4), st.integers(30, 200), st.booleans())
def test_a_terminal_shows_every_character_that_a_file_gets(blocks: list[Block], width: int, colour: bool) -> None:
    assert squeezed(written(blocks, Look(colour=colour, width=width))) == squeezed(written(blocks))


def test_an_explanation_on_a_narrow_terminal() -> None:
    assert explain_text(EXPLAINED, whole=False, look=Look(colour=False, width=44)).splitlines() == [
        "thomas.ashdown@chem.ox.ac.uk (personal",
        "address)",
        "in wind-down for bray0039",
        "",
        "Now",
        "  state:       winddown",
        "               because there is no",
        "               affiliation any more (R39)",
        "",
        "Next",
        "  2025-12-03  Remove the address",
        "              thomas.ashdown@chem.ox.ac.uk",
        "              (R41)",
        "",
        "History",
        "  2025-10-02T08:00:00Z",
        "      thomas.ashdown@chem.ox.ac.uk winds",
        "      down (R39)  by ann: as planned",
    ]


def test_a_digest_is_never_broken_where_the_terminal_has_room_for_it() -> None:
    """It is copied from there into --approve."""
    digest = f"sha256:{'0123456789abcdef' * 4}"
    table = Table(rows=[("at", "2025-10-02T08:00:00Z"), ("ledger", "serial 3"), ("digest", digest)])
    assert written([table], Look(colour=False, width=80)).startswith("  at      2025-10-02")
    text = written(
        [table, Line(text=f"or exactly this plan: --approve {digest}", indent=4, hang=20)], Look(colour=False, width=80)
    )
    assert max(map(len, text.splitlines())) <= 80
    assert text.split().count(digest) == 2


@pytest.mark.parametrize("width", [60, 100])
def test_without_colour_there_is_no_escape_and_the_same_folding(width: int) -> None:
    blocks: list[Block] = [Line(text="a word " * 30, tone=Tone.DANGER, hang=4), Table(rows=[("a", "b " * 60)])]
    plain, coloured = (written(blocks, Look(colour=colour, width=width)) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert ANSI.sub("", coloured) == plain
    assert max(map(len, plain.splitlines())) <= width


def test_a_file_gets_one_record_a_line() -> None:
    lines = written([Line(text="a word " * 30, hang=4), Table(rows=[("a", "b " * 60)])]).splitlines()
    assert len(lines) == 2
