"""Start-up: help is printed without loading what only work needs (stack.md 1)."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest

from nexusops.cli.lazy import COMMANDS

HEAVY = {
    "sqlalchemy",
    "duckdb",
    "httpx",
    "msal",
    "azure",
    "msgraph",
    "rich",
    "jinja2",
    "msgspec",
    "alembic",
    "starlette",
    "uvicorn",
    "dns",
}

ACTING = {
    "nexusops.pipeline.act",
    "nexusops.apply.executor",
    "nexusops.tenant.live",
    "nexusops.rules.mailauth.spf",
    "nexusops.emulator.app",
    "alembic",
}


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_help_loads_no_command_and_no_heavy_library() -> None:
    program = (
        "import sys\nfrom nexusops.cli import call\ncode = call(['--help'])\n"
        "print(' '.join(sorted(sys.modules)), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not {name.partition(".")[0] for name in loaded} & HEAVY
    assert {name for name in loaded if name.startswith("nexusops.")} == {
        "nexusops.cli",
        "nexusops.cli.entry",
        "nexusops.cli.lazy",
        "nexusops.errors",
    }
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_listed_command_exists_and_its_own_help_says_the_same(name: str) -> None:
    module, attribute = COMMANDS[name].target.split(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_one_command_loads_no_heavy_library(name: str) -> None:
    program = (
        f"import sys\nfrom nexusops.cli import call\ncode = call(['{name}', '--help'])\n"
        "print(' '.join(sorted(sys.modules)), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {module.partition(".")[0] for module in done.stderr.split()} & HEAVY


def test_python_dash_m_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "nexusops", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: nexusops [OPTIONS] COMMAND")


def test_an_answer_loads_nothing_of_what_acts() -> None:
    """rules.md 4c: explain within half a second; most of that is starting up. Nor of what judges the DNS."""
    assert loaded_by("nexusops.pipeline.explain.answers") & ACTING == set()


@pytest.mark.parametrize("name", ["text", "jsontext", "applied", "audit", "explain", "errors"])
def test_a_report_in_text_or_json_loads_neither_html_nor_terminal_libraries(name: str) -> None:
    """architecture.md, Start-up."""
    loaded = {module.partition(".")[0] for module in loaded_by(f"nexusops.report.{name}")}
    assert loaded & {"jinja2", "rich", "markupsafe", "sqlalchemy", "httpx"} == set()
