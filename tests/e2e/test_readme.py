"""The README's shell examples run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_shell_examples_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    text = (REPOSITORY / "README.md").read_text("utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.M | re.S)]
    assert len(blocks) == 2
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"tour", "site", "day-2.html", "state.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_readmes_commands_are_the_programs_commands() -> None:
    from nexusops.cli.lazy import COMMANDS

    text = (REPOSITORY / "README.md").read_text("utf-8")
    named = set(re.findall(r"(?:`|^ *)nexusops (?:--config \S+ )?([a-z]+)\b", text, re.M)) | {"demo"}
    assert named == set(COMMANDS)


def test_the_example_configuration_holds_only_what_the_program_knows() -> None:
    from nexusops.config import load

    assert load(REPOSITORY / "config").site.name == "oxford-test"
