"""A package of several files says in its docstring where what stands, so that nobody has to open them all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAPPED = sorted(
    init.parent
    for tree in ("nexusops", "tests/building")
    for init in (ROOT / tree).rglob("__init__.py")
    if len(list(init.parent.glob("*.py"))) > 2
)
FILE, ROOM = r"[a-z_]+\.py", r"(?<![\w/.])[a-z_]+/"


def said_of(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""


@pytest.mark.parametrize("package", MAPPED, ids=lambda package: str(package.relative_to(ROOT)))
def test_a_map_names_every_file_and_room(package: Path) -> None:
    files = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    rooms = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert files - set(re.findall(FILE, said_of(package))) == set()
    assert rooms - set(re.findall(ROOM, said_of(package))) == set()


@pytest.mark.parametrize("package", MAPPED, ids=lambda package: str(package.relative_to(ROOT)))
def test_a_map_names_no_file_that_is_gone(package: Path) -> None:
    here = {path.name for path in (*package.rglob("*.py"), *(ROOT / "nexusops").glob("*.py"))}
    assert set(re.findall(FILE, said_of(package))) - here == set()
