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
    }
)
_SNAPSHOT = "SNAPSHOT_"
"""The codes of a refusal (D27), which is no finding."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_code_that_a_run_finds_stands_in_the_documentation(path: Path) -> None:
    pages = " ".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    codes = set(re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+)"', path.read_text("utf-8")))
    assert {code for code in codes if not code.startswith(_SNAPSHOT) and f"`{code}`" not in pages} == set()
