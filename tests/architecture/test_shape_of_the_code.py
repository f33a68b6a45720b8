"""The layout is the architecture, and stays so: small files, short functions, plain names, one clock."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A migration is a record of what the schema was: one statement after another, and never edited.
SOURCES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
    for folder in ("nexusops", "jobs")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "versions" not in path.parts
}
BANNED = {"manager", "handler", "processor", "helper", "util", "common", "base", "core", "data", "info"}
CLOCKS = ("nexusops/clock.py", "nexusops/emulator/", "nexusops/tenant/auth.py", "nexusops/tenant/cassettes.py")
READS_THE_CLOCK = re.compile(
    r"(.*\.)?(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime|ctime))"
)


def test_a_file_fits_on_a_few_screens() -> None:
    """architecture.md, principle 9: 250 lines is long."""
    sizes = {name: (ROOT / name).read_text("utf-8").count("\n") for name in SOURCES}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_a_function_fits_on_one_screen() -> None:
    """architecture.md, principle 9: 25 lines is long; none is over 50, signature and docstring included."""
    sizes = {
        f"{name}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, tree in SOURCES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: size for name, size in sizes.items() if size > 50} == {}


def _words(name: str) -> set[str]:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word.lower() for word in words} | {word.lower().removesuffix("s") for word in words}


def _names() -> Iterator[tuple[str, str]]:
    """Every name of a package, a module or a class, and where it stands."""
    for name, tree in SOURCES.items():
        yield from ((name, part) for part in Path(name).with_suffix("").parts)
        yield from ((name, node.name) for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def test_names_say_what_a_thing_is() -> None:
    """architecture.md, Names: words that fit everything are not used."""
    assert {(where, name) for where, name in _names() if _words(name) & BANNED} == set()


def test_the_clock_is_read_in_one_place() -> None:
    """architecture.md, Refused on sight: time is an argument."""
    readers = {
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, tree in SOURCES.items()
        if not name.startswith(CLOCKS)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and READS_THE_CLOCK.fullmatch(ast.unparse(node)))
        or (isinstance(node, ast.ImportFrom) and node.module == "time" and "time" in {n.name for n in node.names})
    }
    assert readers == set()
