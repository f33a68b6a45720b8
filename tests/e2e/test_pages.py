"""The pages' command blocks run as they stand, in their order, on a site of their own."""

from __future__ import annotations

from pathlib import Path

from building.documented import REPOSITORY, run_page, steps

from nexusops.cli import call

DOCS = REPOSITORY / "docs"


def test_the_tutorial_runs_from_nothing_to_the_second_day(tmp_path: Path) -> None:
    assert run_page(DOCS / "tutorial.md", tmp_path) == 12
    assert (tmp_path / "day-2.json").exists()


def test_the_runbook_runs_on_the_site_that_the_demo_leaves(tmp_path: Path) -> None:
    site = tmp_path / "rehearsal"
    assert call(["demo", "--keep", str(site)]) == 0
    assert run_page(DOCS / "runbook.md", site) == len(steps(DOCS / "runbook.md"))


def test_the_page_for_cambridge_runs_as_it_stands(tmp_path: Path) -> None:
    """R78-R85: what its profile sets, and what is found of a record that is not the standard one."""
    assert run_page(DOCS / "cambridge.md", tmp_path) == 2


def test_the_page_for_another_university_runs_as_it_stands(tmp_path: Path) -> None:
    """D46, R34: a site of its own from configuration alone."""
    assert run_page(DOCS / "another-university.md", tmp_path) == 4


def test_a_block_states_its_exit_code_and_what_it_shows_in_the_lines_beneath(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "\n```sh\nfalse    # exit 1\n```\n\n```text\n  a line\n… others\n```\n1. It:\n\n   ```sh\n   true\n   ```\n",
        "utf-8",
    )
    first, second = steps(page)
    assert (first.line, first.script, first.exit_code, first.shown) == (2, "false    # exit 1\n", 1, ("a line",))
    assert (second.script, second.exit_code, second.shown) == ("true\n", 0, ())
