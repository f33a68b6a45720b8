"""Whoever reads a finding about a domain finds it explained."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "nexusops" / "rules" / "mailauth").glob("*.py"),
    ROOT / "nexusops" / "pipeline" / "domain_checks.py",
]


def test_every_code_stands_in_the_page_for_the_postmaster() -> None:
    page = (ROOT / "docs" / "domains.md").read_text("utf-8")
    text = " ".join(path.read_text("utf-8") for path in SOURCES)
    codes = {
        code for code in re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)*)"', text) if "_" in code or code in ("LOOP", "SYNTAX")
    }
    assert len(codes) > 30
    assert {code for code in codes if f"`{code}`" not in page} == set()
