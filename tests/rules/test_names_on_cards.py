"""How a local part is formed (R4-R7; D13, D14, D15; rules.md 3.17 and 5)."""

from __future__ import annotations

import pytest
from building.oxford import oxford, student
from hypothesis import given
from hypothesis import strategies as st

from nexusops.rules.naming import PERSONAL_LOCAL, form_name, local_part


@pytest.mark.parametrize(
    ("personal", "family", "local"),
    [
        ("Mary Anne", "Brown", "mary.brown"),
        ("Xiao Ming", "Li", "xiao.li"),
        ("José María", "García López", "jose.garcialopez"),
        ("Jean-Luc", "Picard", "jean-luc.picard"),
        ("Łukasz", "Żółć", "lukasz.zolc"),
        ("Zoë", "van der Berg", "zoe.vanderberg"),
        ("Ann", "Smith-Jones", "ann.smith-jones"),
        ("Ann", "O'Brien", "ann.obrien"),
        ("Ann", "O\u2019Brien", "ann.obrien"),
        ("Ann", "O\u02bcBrien", "ann.obrien"),
        ("Ann", "O\u00b4Brien", "ann.obrien"),
        ("Ann", "O`Brien", "ann.obrien"),
        ("Jürgen", "Groß", "jurgen.gross"),
        ("Æthel", "Þórðarson", "aethel.thordarson"),
        ("Đorđe", "Øster", "dorde.oster"),
        ("ISIL", "ISIK", "isil.isik"),
        ("Işıl", "Işık", "isil.isik"),
        ("Jean\u2010Luc", "Smith\u2013Jones", "jean-luc.smith-jones"),
        ("--Ann--", "Lee-", "ann.lee"),
        (". Ann", "Lee", "ann.lee"),
        ("Ann\u00a0Marie", "Lee", "ann.lee"),
        ("Dr.", "Lee, Jr.", "dr.leejr"),
        ("Ann", "Lee 3", "ann.lee3"),
        ("\uff21nn", "Lee", "ann.lee"),
    ],
)
def test_a_name_on_a_card_gives_this_local_part(personal: str, family: str, local: str) -> None:
    """R4, R5, R6, R7, D13: the first personal token, all family tokens joined, in lower-case Latin letters."""
    assert form_name(personal, family).base == local


@pytest.mark.parametrize(
    ("personal", "family", "code"),
    [
        ("Suharto", "", "NAME_INCOMPLETE"),
        ("", "Lee", "NAME_INCOMPLETE"),
        ("...", "Lee", "NAME_INCOMPLETE"),
        ("小明", "李", "NAME_NOT_LATIN"),
        ("小明 Ming", "Li", "NAME_NOT_LATIN"),
        ("Ming", "Li 李", "NAME_NOT_LATIN"),
        ("Ольга", "Щербакова", "NAME_NOT_LATIN"),
        ("Ann", "\u0660\u0661", "NAME_NOT_LATIN"),
    ],
)
def test_a_name_that_gives_no_local_part_says_why(personal: str, family: str, code: str) -> None:
    """D14: no guessing of romanisation; the first token that is not empty decides."""
    form = form_name(personal, family)
    assert (form.base, form.codes) == (None, (code,))


def test_invisible_characters_are_dropped_and_reported() -> None:
    """D13: zero-width and direction marks."""
    form = form_name("An\u200bn", "\u202eLee\u202c")
    assert (form.base, form.codes) == ("ann.lee", ("NAME_CONTROL_CHARS",))


def test_a_name_too_long_loses_its_last_family_names_first() -> None:
    """D15: whole tokens go before letters do."""
    form = form_name("Maria", "Alpha " + "b" * 40 + " " + "c" * 40)
    assert (form.base, form.codes) == ("maria.alpha" + "b" * 40, ("NAME_TRUNCATED",))


def test_no_more_family_names_are_lost_than_must_be() -> None:
    """D15: what has 64 characters fits."""
    names = f"{'b' * 30} {'c' * 30} {'d' * 5}"
    form = form_name("Ann", names)
    assert (form.base, len(form.base or ""), form.codes) == (f"ann.{'b' * 30}{'c' * 30}", 64, ("NAME_TRUNCATED",))
    assert form_name("Ann", names[:61]).codes == ()


def test_a_single_name_too_long_is_cut() -> None:
    """D15: at most 64 characters before the @."""
    form = form_name("Maria", "b" * 80)
    assert (form.base, len(form.base or "")) == ("maria." + "b" * 58, 64)


def test_a_suffix_shortens_the_base_so_that_both_fit() -> None:
    """R17, D15: base + n is at most 64 characters."""
    assert local_part("maria." + "b" * 58, 12) == "maria." + "b" * 56 + "12"


def test_a_number_never_takes_the_dot_of_a_long_name() -> None:
    """R4, D15: what stays is first.last, however long the first name and the number are."""
    base = "y" * 62 + ".s"
    assert [local_part(base, n) for n in (2, 10, 100)] == [
        "y" * 62 + ".2",
        "y" * 61 + ".10",
        "y" * 60 + ".100",
    ]


def test_a_name_that_a_number_shortens_is_reported() -> None:
    """D15, R17: NAME_TRUNCATED, for whom a letter was lost to the number; the name itself fits."""
    world = student(student(oxford(), "1", "Ann " + "b" * 60), "2", "Ann " + "b" * 60)
    done = world.run("2024-10-01")
    assert world.states("2") == {"ann." + "b" * 59 + "2@balliol.ox.ac.uk": "active"}
    assert done.codes == {("NAME_TRUNCATED", "2")}


def test_the_limit_may_be_set_to_63() -> None:
    """D15: a user principal name needs less than 64."""
    assert len(form_name("Maria", "b" * 80, max_local=63).base or "") == 63


@given(st.text(max_size=90), st.text(max_size=90), st.sampled_from([63, 64]))
def test_whatever_is_on_a_card_gives_a_legal_local_part_or_none(personal: str, family: str, most: int) -> None:
    """R4: a personal address matches [a-z0-9-]+.[a-z0-9-]+ and fits."""
    base = form_name(personal, family, max_local=most).base
    assert base is None or (PERSONAL_LOCAL.match(base) is not None and len(base) <= most)


def test_a_middle_name_or_an_accent_added_later_changes_nothing() -> None:
    """R5, R37: only a changed base has effects."""
    world = student(oxford(), "1", "Mary Brown")
    world.run("2024-10-01")
    world.card("1", "UG", "MÀRY Anne", "Brown", "2024-10-01", "2028-09-30")
    assert world.run("2024-10-02").acts == []


def test_a_name_that_becomes_unusable_takes_no_address_away() -> None:
    """D14: the finding is there, and the addresses stay until a usable name comes."""
    world = student(oxford(), "1", "Ming Li")
    world.run("2024-10-01")
    world.card("1", "UG", "明", "李", "2024-10-01", "2028-09-30")
    done = world.run("2024-10-02")
    assert (done.acts, done.codes, world.states("1")) == (
        [],
        {("NAME_NOT_LATIN", "1")},
        {"ming.li@balliol.ox.ac.uk": "active"},
    )
