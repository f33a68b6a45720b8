"""Sites that stand still: made once, copied by whoever acts on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from building.killed import DAYS, KilledSite


@pytest.fixture(scope="session")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> KilledSite:
    """After the first day's run; to be copied, never used."""
    site = KilledSite.made(tmp_path_factory.mktemp("one_day") / "site")
    assert site.type("run", DAYS[0]) == 0
    return site


@pytest.fixture(scope="session")
def two_days(one_day: KilledSite, tmp_path_factory: pytest.TempPathFactory) -> KilledSite:
    """After the runs of two days; to be copied, never used."""
    site = one_day.copied(tmp_path_factory.mktemp("two_days") / "site")
    assert site.type("run", DAYS[1]) == 0
    return site


@pytest.fixture
def fresh(one_day: KilledSite, tmp_path: Path) -> KilledSite:
    """A site of one's own, after the first day's run."""
    return one_day.copied(tmp_path / "fresh")


@pytest.fixture
def second(two_days: KilledSite, tmp_path: Path) -> KilledSite:
    """A site of one's own, after two days' runs."""
    return two_days.copied(tmp_path / "second")
