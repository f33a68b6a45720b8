"""The README's shell examples run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

from building.documented import REPOSITORY, run_page

README = REPOSITORY / "README.md"


def test_the_shell_examples_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    assert run_page(README, tmp_path) == 2
    assert {"tour", "site", "day-2.html", "state.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_readmes_commands_are_the_programs_commands() -> None:
    from nexusops.cli.lazy import COMMANDS

    text = README.read_text("utf-8")
    named = set(re.findall(r"(?:`|^ *)nexusops (?:--config \S+ )?([a-z]+)\b", text, re.M)) | {"demo"}
    assert named == set(COMMANDS)


def test_the_example_configuration_holds_only_what_the_program_knows() -> None:
    from nexusops.config import load

    assert load(REPOSITORY / "config").site.name == "oxford-test"
