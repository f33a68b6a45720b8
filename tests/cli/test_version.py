"""Which version it was, wherever somebody asks who was not there: of the program, of a plan, of a run, of a defect."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from cli.conftest import CommandSite

from nexusops import __version__

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_version_is_that_of_the_package(site: CommandSite) -> None:
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    assert (project["version"], site.type("--version").out) == (__version__, f"nexusops {__version__}\n")


def test_a_plan_says_which_version_made_it_whichever_shows_it(site: CommandSite, tmp_path: Path) -> None:
    """interface.md 4: the digest does not cover it; a plan of a version that did not say is shown without."""
    path = tmp_path / "plan.json"
    assert site.on_day_one("plan", "--out", path).code == 0
    plan = json.loads(path.read_text("utf-8"))
    assert plan["program_version"] == __version__
    for version in ("0.0.9", None):
        other = {key: value for key, value in plan.items() if key != "program_version"}
        path.write_text(json.dumps({**other, **({"program_version": version} if version else {})}), "utf-8")
        shown = site.type("show", path, "--format", "json").document
        assert (shown.get("program_version"), shown["digest"]) == (version, plan["digest"])
        named = 'content="nexusops 0.0.9"' in site.type("show", path, "--format", "html").out
        assert named is (version is not None)
