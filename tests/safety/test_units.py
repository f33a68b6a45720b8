"""The systemd units and the crontab of docs/operations.md are ones that systemd and the program accept."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import needs

from nexusops.cli.lazy import COMMANDS

UNITS = Path(__file__).resolve().parents[2] / "docs" / "systemd"
INSTALLED = "/opt/nexusops/.venv/bin/nexusops"


def commands() -> list[list[str]]:
    """Every nexusops command line in the units and the crontab, without the program."""
    found = []
    for path in UNITS.iterdir():
        for line in path.read_text("utf-8").splitlines():
            for words in re.findall(rf"{re.escape(INSTALLED)} (.*)$", line):
                found.append(re.split(r" [>|]", words)[0].split())
    return found


def test_every_command_line_is_one_that_the_program_knows() -> None:
    assert len(commands()) >= 6
    for words in commands():
        rest = words[words.index("--config") + 2 :] if "--config" in words else words
        assert rest[0] in COMMANDS, words
        done = subprocess.run(
            [sys.executable, "-m", "nexusops", rest[0], "--help"], capture_output=True, text=True, check=True
        )
        options = [word for word in rest if word.startswith("--")]
        assert [word for word in options if word not in done.stdout] == []


def test_answers_that_name_people_reach_no_log() -> None:
    """SECURITY.md: the answer of a run names people and addresses; what a worker says does not."""
    for path in UNITS.glob("*.service"):
        text = path.read_text("utf-8")
        answers = re.search("^ExecStart=.* (run|audit) ", text, re.M) is not None
        assert answers == ("\nStandardOutput=null\n" in text), path.name
    for line in (UNITS / "crontab.example").read_text("utf-8").splitlines():
        assert " run " not in line or line.endswith(">/dev/null"), line


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        needs("systemd-analyze is not installed")
    for path in UNITS.glob("nexusops*"):
        text = path.read_text("utf-8").replace(INSTALLED, sys.executable).replace("User=nexusops", "User=root")
        (tmp_path / path.name).write_text(text.replace("Group=nexusops", "Group=root"), "utf-8")
    names = [path.name.replace("@.", "@oxford.") for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )
    said = [line for line in done.stderr.splitlines() if "nexusops" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_secrets_of_the_crontab_reach_the_program() -> None:
    """What a shell only sources is no environment of what it starts."""
    lines = [line for line in (UNITS / "crontab.example").read_text("utf-8").splitlines() if INSTALLED in line]
    assert len(lines) == 4
    for line in lines:
        assert re.search(r" set -a; \. /etc/nexusops/[a-z]+\.env; /opt/", line), line


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/promises.md", "SECURITY.md"])
def test_what_a_page_points_to_is_there(page: str) -> None:
    root = UNITS.parents[1]
    named = re.findall(r"`((?:tests|docs)/[A-Za-z0-9_/.@-]+)`", (root / page).read_text("utf-8"))
    assert [name for name in named if not (root / name).exists()] == []
