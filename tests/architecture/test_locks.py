"""The lock files: each package in one version, with the hashes of its files, from whatever index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "docs/requirements.lock", "docs/systemd/requirements.lock")
PACKAGE = re.compile(r"([a-z0-9._-]+)==(\S+)( ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def packages(name: str) -> dict[str, str]:
    return {package: version for package, version, _, _ in PACKAGE.findall((ROOT / name).read_text("utf-8"))}


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_stands_in_a_lock_but_packages_with_their_hashes(name: str) -> None:
    """A file that is another one than was tried is not installed; no registry is named."""
    assert PACKAGE.sub("", (ROOT / name).read_text("utf-8")) == ""


def test_a_site_runs_the_versions_that_are_tested() -> None:
    tested = packages("requirements.lock")
    assert packages("docs/systemd/requirements.lock").items() <= tested.items()
    assert "pytest" in tested
    assert "pytest" not in packages("docs/systemd/requirements.lock")
