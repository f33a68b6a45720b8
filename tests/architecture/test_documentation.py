"""The pages lead somewhere: every link within the repository, and to every heading."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from building.documented import PAGES, REPOSITORY
from rules_table import DECISIONS, RULES

_FENCE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z]+:")


def prose(page: Path) -> str:
    """The page without its code, in which brackets are no links."""
    return _CODE.sub("", _FENCE.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """How headings are addressed, as GitHub and the generator do it."""
    headings = re.findall(r"^#+ +(.*?) *$", _FENCE.sub("", page.read_text("utf-8")), re.M)
    return {anchor(heading) for heading in headings}


def anchor(heading: str) -> str:
    kept = "".join(one for one in heading.lower() if one in " -_" or unicodedata.category(one)[0] in "LN")
    return kept.replace(" ", "-")


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in _LINK.findall(prose(page)):
        if _ELSEWHERE.match(target):
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (fragment and fragment not in anchors(there)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_link_to_no_page_or_no_heading_is_broken(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# What it's for, in `code`\n[a](page.md) [b](#what-its-for-in-code) [c](https://host.example/) `[d](no.md)`\n"
        "[e](no.md) [f](#no) [g](page.md#no)\n",
        "utf-8",
    )
    assert broken_links(page) == ["no.md", "#no", "page.md#no"]


def test_the_readme_leads_to_the_index() -> None:
    assert "docs/index.md" in _LINK.findall(prose(REPOSITORY / "README.md"))


def test_every_rule_and_decision_is_said_in_words() -> None:
    """What stands behind a change or a fact in brackets, R39 or D08, can be looked up."""
    rows = (REPOSITORY / "docs" / "rules.md").read_text("utf-8").splitlines()
    said = {name for row in rows if row.startswith("| ") for name in re.findall(r"\b[RD]\d+\b", row.split("|")[1])}
    assert said == {*RULES, *DECISIONS}
