"""interface.md 1: every error message ends with what to do next; it names the command, and the command is there."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from nexusops.cli.lazy import COMMANDS
from nexusops.tenant.faults import AADSTS, ADVICE, aadsts_advice

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
    for path in sorted((ROOT / "nexusops").rglob("*.py"))
}
NAMED = re.compile(r"`nexusops |`pip install|(?<![\w-])--[a-z]")
"""A command, or an option of the one that was just typed."""
PAGES = "nexusops/console/"
"""Who reads a page of the console has its links and buttons, not a command line."""
TOLD_ELSEWHERE = {"error.next_step", "next_step", "advice", "next_step(plan)"}
"""Handed on, or put together by what is tested below and where it stands."""


def texts(node: ast.AST, module: ast.Module) -> Iterator[str]:
    """What an expression may say; its own variables are those of the module that are assigned a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = ["".join(texts(part, module)) or "…" for part in node.values]
        yield "".join(parts)
    elif isinstance(node, ast.FormattedValue):
        constant = isinstance(node.value, ast.Name) and node.value.id.isupper()
        yield from (list(texts(node.value, module)) if constant else []) or ["…"]
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, module)
        yield from texts(node.orelse, module)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from texts(value, module)
    elif isinstance(node, ast.Name):
        for one in ast.walk(module):
            targets = one.targets if isinstance(one, ast.Assign) else []
            for target in targets:
                yield from _assigned(target, one, node.id, module)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_advice":
        advice = next(f for f in ast.walk(module) if isinstance(f, ast.FunctionDef) and f.name == "_advice")
        yield from (
            text
            for one in ast.walk(advice)
            if isinstance(one, ast.Return) and one.value is not None
            for text in texts(one.value, module)
        )


def _assigned(target: ast.expr, one: ast.AST, name: str, module: ast.Module) -> Iterator[str]:
    assert isinstance(one, ast.Assign)
    if isinstance(target, ast.Name) and target.id == name:
        yield from texts(one.value, module)
    if isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
        for each, value in zip(target.elts, one.value.elts, strict=True):
            if isinstance(each, ast.Name) and each.id == name:
                yield from texts(value, module)


def next_steps() -> Iterator[tuple[str, str]]:
    """Where, and what: of every error that is made anywhere."""
    for name, tree in SOURCES.items():
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and not name.startswith(PAGES))
        for call in calls:
            for keyword in call.keywords:
                if keyword.arg == "next_step":
                    where, found = f"{name}:{call.lineno}", list(texts(keyword.value, tree))
                    known = found or ast.unparse(keyword.value) in TOLD_ELSEWHERE
                    assert known, f"{where}: {ast.unparse(keyword.value)} says nothing that is understood"
                    yield from ((where, text) for text in found)


def test_every_error_names_the_next_command() -> None:
    found = list(next_steps())
    assert len(found) > 100
    assert [(where, text) for where, text in found if not NAMED.search(text)] == []


@pytest.mark.parametrize(
    "text", [*ADVICE.values(), *(aadsts_advice(f"AADSTS{code}") for code in AADSTS), aadsts_advice("")]
)
def test_so_does_every_advice_about_the_tenant(text: str) -> None:
    assert NAMED.search(text)


@cache
def command(words: tuple[str, ...]) -> click.Command | None:
    """The command of these words; None where there is none."""
    if words[0] not in COMMANDS:
        return None
    module, attribute = COMMANDS[words[0]].target.split(":")
    found: click.Command = getattr(importlib.import_module(module), attribute)
    for word in words[1:]:
        if not isinstance(found, click.Group):
            return found
        if word not in found.commands:
            return None
        found = found.commands[word]
    return found


def commands_named() -> Iterator[tuple[str, str]]:
    for name, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                for text in texts(node, tree):
                    yield from ((f"{name}:{node.lineno}", found) for found in re.findall(r"`nexusops ([^`]+)`", text))


def test_every_command_that_is_named_anywhere_is_there_with_its_options() -> None:
    wrong, seen = [], 0
    for where, line in commands_named():
        words = line.split()
        path = tuple(word for word in words if re.fullmatch(r"[a-z][a-z-]*", word))[:2]
        if words[0].startswith(("-", "…")) or not path:
            continue
        found = command(path) or command(path[:1])
        if found is None or (isinstance(command(path[:1]), click.Group) and command(path) is None):
            wrong.append((where, line))
            continue
        known = {option for parameter in found.params for option in parameter.opts}
        wrong += [(where, line) for word in words if word.startswith("--") and word.partition("=")[0] not in known]
        seen += 1
    assert wrong == []
    assert seen > 100
