"""The layout is the architecture, and stays so: small files, short functions, plain names, one clock."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for folder in ("nexusops", "jobs") for path in (ROOT / folder).rglob("*.py") if "versions" not in path.parts
)
BANNED = ("manager", "handler", "processor", "helper", "util", "utils", "common", "base", "core", "data", "info")
CLOCKS = ("nexusops/clock.py", "nexusops/emulator/", "nexusops/tenant/auth.py", "nexusops/tenant/cassettes.py")


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_a_file_fits_on_a_few_screens(path: Path) -> None:
    """architecture.md, principle 9: 250 lines is long."""
    assert path.read_text().count("\n") <= 300


def _functions() -> Iterator[tuple[str, int]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{_named(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_a_function_fits_on_one_screen() -> None:
    """architecture.md, principle 9: 25 lines is long; none is over 60, signature and docstring included."""
    assert {name: size for name, size in _functions() if size > 60} == {}


def test_names_say_what_a_thing_is() -> None:
    """architecture.md, Names: words that fit everything are not used."""
    found = []
    for path in SOURCES:
        classes = [n.name for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ClassDef)]
        words = {w.lower() for name in classes for w in re.findall(r"[A-Z][a-z]+", name)} | {path.stem.strip("_")}
        found += [f"{_named(path)}: {word}" for word in sorted(words & set(BANNED))]
    assert found == []


def test_the_clock_is_read_in_one_place() -> None:
    """architecture.md, Refused on sight: time is an argument."""
    pattern = re.compile(r"\b(datetime\.now|date\.today|datetime\.utcnow|time\.time)\(")
    readers = {_named(path) for path in SOURCES if pattern.search(path.read_text())}
    assert {name for name in readers if not name.startswith(CLOCKS)} == set()


def test_help_loads_nothing_heavy() -> None:
    """interface.md: `nexusops --help` within 150 ms; what would cost that is not imported at all."""
    heavy = "msgraph msal azure sqlalchemy duckdb rich jinja2 httpx alembic tenacity starlette msgspec".split()
    code = (
        "import sys, runpy\n"
        "sys.argv = ['nexusops', '--help']\n"
        "try:\n    runpy.run_module('nexusops', run_name='__main__')\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"
