"""The table rule -> test -> file, made from the tests' own docstrings: ``make rules``.

A test proves the rules and decisions that its docstring names. The command fails where one has no test.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
RULES = [f"R{n}" for n in range(1, 89)]
DECISIONS = [f"D{n:02}" for n in range(1, 49)]
_ID = re.compile(r"\b([RD])0?(\d{1,2})\b(?:\s*-\s*[RD]0?(\d{1,2})\b)?")


def ids_of(text: str) -> set[str]:
    """Rule ids in a text; ``R5-R7`` names all three."""
    found = set()
    for kind, first, last in _ID.findall(text):
        for number in range(int(first), int(last or first) + 1):
            found.add(f"R{number}" if kind == "R" else f"D{number:02}")
    return found


def tests_of(path: Path) -> Iterator[tuple[str, int, str]]:
    """(name, line, docstring) of each test function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, node.lineno, ast.get_docstring(node) or ""


def table() -> dict[str, list[str]]:
    """id -> where it is proved."""
    found: dict[str, list[str]] = {name: [] for name in (*RULES, *DECISIONS)}
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, line, text in tests_of(path):
            for rule in ids_of(text) & found.keys():
                found[rule].append(f"tests/{path.relative_to(TESTS)}:{line}  {name}")
    return found


def main() -> int:
    missing = []
    for rule, places in table().items():
        if not places:
            missing.append(rule)
            sys.stdout.write(f"{rule:4}  NO TEST\n")
        for number, place in enumerate(places):
            sys.stdout.write(f"{rule if number == 0 else '':4}  {place}\n")
    if missing:
        sys.stderr.write(f"No test names {', '.join(missing)}.\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
