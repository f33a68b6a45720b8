"""docs/faults.md is what happens: every operation under every scripted fault (interface.md 9; `make faults`)."""

from __future__ import annotations

import os
from pathlib import Path

from building.fault_table import FAULTS, OPERATIONS, PAGE, cells, word

WHOLE = os.environ.get("NEXUSOPS_FAULTS") == "all"
STRIDE = 1 if WHOLE else 13
"""Each operation under some faults and each fault at some operations; NEXUSOPS_FAULTS=all: all of them."""
CHOSEN = [
    (operation, name)
    for row, operation in enumerate(OPERATIONS)
    for column, name in enumerate(FAULTS)
    if (row * 5 + column) % STRIDE == 0
]


def kept() -> dict[tuple[str, str], str]:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    (_, *faults), *cells_of = rows
    return {(operation, fault): w for operation, *words in cells_of for fault, w in zip(faults, words, strict=True)}


def test_the_page_names_every_operation_and_every_fault() -> None:
    assert set(kept()) == {(operation.name, fault) for operation in OPERATIONS for fault in FAULTS}


def test_no_operation_ends_in_a_part_or_cannot_be_finished() -> None:
    words = {part for cell in kept().values() for part in cell.split(" / ")}
    assert words <= {"done", "set aside", "stopped", "waiting", "–"}


def test_the_page_is_current(tmp_path: Path) -> None:
    found = cells(CHOSEN, tmp_path)
    page = kept()
    now = {where: word(*outcome) for where, outcome in found.items()}
    assert now == {where: page[where] for where in now}
