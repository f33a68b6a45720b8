"""The pages' own commands: every ``sh`` block is run as it stands, and says what the page shows of its answer."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from nexusops.cli import call

REPOSITORY = Path(__file__).parents[2]
PAGES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
_BLOCK = re.compile(r"^( *)```(sh|text)\n(.*?)^ *```$", re.M | re.S)
_ENDS_WITH = re.compile(r"# exit (\d+)$", re.M)
_NEEDS_NO_SHELL = re.compile(r"(nexusops [^|<>$;&*\n]*\n)+")
LEFT_OUT = "…"
"""A shown line that holds it stands for whatever the program says there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One ``sh`` block. Its last command ends with ``exit_code``, which a comment ``# exit N`` states, else with 0;
    ``shown`` are the lines of the ``text`` blocks beneath it."""

    line: int
    script: str
    exit_code: int
    shown: tuple[str, ...]


def steps(page: Path) -> list[Step]:
    """The page's ``sh`` blocks in their order."""
    text = page.read_text("utf-8")
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        body = textwrap.dedent(block[3])
        if block[2] == "sh":
            stated = _ENDS_WITH.search(body)
            code = int(stated[1]) if stated else 0
            found.append(Step(line=text.count("\n", 0, block.start()) + 1, script=body, exit_code=code, shown=()))
        elif found:
            last = found.pop()
            lines = tuple(line.strip() for line in body.splitlines() if line.strip() and LEFT_OUT not in line)
            found.append(Step(line=last.line, script=last.script, exit_code=last.exit_code, shown=last.shown + lines))
    return found


def run_page(page: Path, folder: Path) -> int:
    """Runs the page's blocks one after the other in ``folder``, and says how many there were."""
    blocks = steps(page)
    for step in blocks:
        code, answer = _called(step.script, folder) if _NEEDS_NO_SHELL.fullmatch(step.script) else _typed(step, folder)
        where = f"{page.relative_to(REPOSITORY)}:{step.line}\n{step.script}\n{answer}"
        assert code == step.exit_code, f"{where}\nends with {code}, not {step.exit_code}"
        said = {line.strip() for line in answer.splitlines()}
        assert [line for line in step.shown if line not in said] == [], where
    return len(blocks)


def _typed(step: Step, folder: Path) -> tuple[int, str]:
    """In a shell of its own."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
    environment.pop("NEXUSOPS_CONFIG", None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", step.script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    ended = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell tells a signal
    return ended, done.stdout


def _called(script: str, folder: Path) -> tuple[int, str]:
    """The same in this process, up to the first command that fails: each start of the program takes half a second."""
    answer = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(answer), contextlib.redirect_stderr(answer):
        for line in script.splitlines():
            code = call(shlex.split(line, comments=True)[1:])
            if code:
                return code, answer.getvalue()
    return 0, answer.getvalue()
