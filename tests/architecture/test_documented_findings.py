"""Whoever reads a finding finds it explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
