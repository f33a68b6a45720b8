"""A package whose names are imported when they are asked for: the same names as a type checker sees, and no sooner."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("nexusops.pipeline", "nexusops.registration", "nexusops.report")
ACTING = {
    "nexusops.pipeline.act",
    "nexusops.apply.executor",
    "nexusops.tenant.live",
    "nexusops.rules.mailauth.spf",
    "nexusops.emulator.app",
    "alembic",
}


def seen_by_type_checkers(package: str) -> dict[str, str]:
    """Name -> module, as the imports under TYPE_CHECKING have it."""
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text("utf-8"))
    imports = (node for part in tree.body if isinstance(part, ast.If) for node in part.body)
    return {n.name: node.module or "" for node in imports if isinstance(node, ast.ImportFrom) for n in node.names}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_is_what_a_type_checker_takes_it_for(package: str) -> None:
    module, homes = importlib.import_module(package), seen_by_type_checkers(package)
    assert sorted(module.__all__) == sorted(homes)
    assert {name: getattr(module, name) for name in homes} == {
        name: getattr(importlib.import_module(home), name) for name, home in homes.items()
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_that_of_a_module_beside_it(package: str) -> None:
    """Which of the two one would get would depend on what was imported before."""
    beside = {path.stem for path in (ROOT / package.replace(".", "/")).iterdir()}
    assert beside & set(seen_by_type_checkers(package)) == set()


def test_what_is_not_there_is_told_as_any_module_would() -> None:
    with pytest.raises(AttributeError, match=r"module 'nexusops\.report' has no attribute 'nothing'"):
        _ = importlib.import_module("nexusops.report").nothing


def test_an_answer_loads_nothing_of_what_acts() -> None:
    """rules.md 4c: explain within half a second; most of that is starting up. Nor of what judges the DNS."""
    code = f"import sys, nexusops.pipeline.explain.answers\nprint(sorted({ACTING!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
