"""The import contracts are only as good as their lists: a part that stands in none may import what it likes."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
PARTS = {
    f"nexusops.{path.stem}"
    for path in (ROOT / "nexusops").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
} - {"nexusops.__init__"}


def contract(name: str) -> Any:
    return next(each for each in PROJECT["importlinter"]["contracts"] if each["name"] == name)


def layers() -> list[set[str]]:
    return [{part.strip(" ()") for part in row.split("|")} for row in contract("Imports run one way")["layers"]]


def test_every_part_has_its_layer() -> None:
    assert set().union(*layers()) >= PARTS


def test_every_adapter_is_kept_from_the_decisions() -> None:
    """In their row also stand the pipeline, which decides, and the embedded tenant, which imports nothing."""
    row = next(row for row in layers() if "nexusops.registration" in row)
    adapters = (row & PARTS) - {"nexusops.pipeline", "nexusops.emulator"}
    assert set(contract("Adapters import no decision")["source_modules"]) >= adapters


def test_every_file_beside_the_modules_is_installed_with_them() -> None:
    patterns = PROJECT["setuptools"]["package-data"]["nexusops"]
    inside = ROOT / "nexusops"
    files = [path for path in inside.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    names = [str(path.relative_to(inside)) for path in files]
    # setuptools' ** also means no folder at all; fnmatch's * also crosses folders.
    assert [name for name in names if not any(fnmatch(name, pattern.replace("**/", "")) for pattern in patterns)] == []
