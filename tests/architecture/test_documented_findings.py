"""Whoever reads a finding finds it explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nexusops.report.cures import CURES

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    {
        *(ROOT / "nexusops" / "registration").glob("*.py"),
        *(ROOT / "nexusops" / "plan").glob("*.py"),
        *(ROOT / "nexusops" / "rules").glob("r*.py"),
        *(ROOT / "nexusops" / "apply").glob("*.py"),
    }
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_code_that_a_run_finds_stands_in_the_documentation(path: Path) -> None:
    pages = " ".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    text = path.read_text("utf-8")
    codes = {*re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+)"', text), *re.findall(r'code="([A-Z]+)"', text)}
    assert {code for code in codes if f"`{code}`" not in pages} == set()


def test_the_program_says_what_to_do_about_a_finding_as_the_page_does() -> None:
    """docs/findings.md; of a code that stands there twice the first one counts."""
    found: dict[str, str] = {}
    for line in (ROOT / "docs" / "findings.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("| "))]
            cure = re.sub(r"\[[^\]]+\]\(([^)]+)\)", r"docs/\1", cells[-1])
            found = dict.fromkeys(re.findall(r"`([A-Z_]+)`", cells[0]), cure) | found
    assert found == CURES
