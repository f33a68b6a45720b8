"""A site on the embedded tenant with the invented university, and the command line to call on it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building.typed import Said, typed

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.demo.cast import CAST
from nexusops.demo.days import write_day_one, write_day_two
from nexusops.demo.snapshots import restamped

FIRST = datetime(2025, 10, 1, 8, tzinfo=UTC)
SECOND = datetime(2025, 10, 2, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CommandSite:
    """``day_one`` and ``day_two`` are snapshots of the demo's first two days, at 08:00Z."""

    folder: Path
    day_one: Path
    day_two: Path
    capture: pytest.CaptureFixture[str] | None

    @classmethod
    def made(cls, folder: Path, capture: pytest.CaptureFixture[str] | None) -> CommandSite:
        site, one, two = folder / "site", folder / "1", folder / "2"
        write_starter(site)
        write_day_one(one, tenant="oxford-test", at=FIRST, people=len(CAST), seed=1)
        write_day_two(two, tenant="oxford-test", at=SECOND, people=len(CAST), seed=1)
        return cls(site, one, two, capture)

    def type(self, *words: str | Path) -> Said:
        assert self.capture is not None
        return typed(self.capture, self.folder, *words)

    def on_day_one(self, command: str, *words: str | Path) -> Said:
        return self.type(command, *words, "--at", "2025-10-01T08:00:00Z", "--snapshot", self.day_one)

    def on_day_two(self, command: str, *words: str | Path) -> Said:
        return self.type(command, *words, "--at", "2025-10-02T08:00:00Z", "--snapshot", self.day_two)


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandSite:
    return CommandSite.made(tmp_path, capsys)


@pytest.fixture(scope="session")
def _lived_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The site after its first day, and two months later, when somebody's card had been cancelled on the second."""
    root = tmp_path_factory.mktemp("lived")
    one, two = root / "1", root / "2"
    write_starter(root / "site")
    write_day_one(one, tenant="oxford-test", at=FIRST, people=len(CAST), seed=1)
    write_day_two(two, tenant="oxford-test", at=SECOND, people=len(CAST), seed=1)
    for snapshot, at in ((one, FIRST), (two, SECOND)):
        _run(root / "site", snapshot, at)
        if snapshot is one:
            shutil.copytree(root / "site", root / "begun")
    for at in (datetime(2025, 10, 3, tzinfo=UTC), datetime(2025, 11, 3, tzinfo=UTC), datetime(2025, 12, 4, tzinfo=UTC)):
        _run(root / "site", restamped(two, root / f"{at:%Y-%m-%d}", at - timedelta(minutes=10)), at)
    return root / "begun", root / "site"


def _run(folder: Path, snapshot: Path, at: datetime) -> None:
    when = ["--at", f"{at:%Y-%m-%dT%H:%M:%SZ}", "--snapshot", str(snapshot)]
    assert call(["--config", str(folder), "run", *when]) == 0


@pytest.fixture
def begun(site: CommandSite, _lived_folders: tuple[Path, Path]) -> CommandSite:
    """The site after the run of day one."""
    shutil.rmtree(site.folder)
    shutil.copytree(_lived_folders[0], site.folder)
    return site


@pytest.fixture
def lived(site: CommandSite, _lived_folders: tuple[Path, Path]) -> CommandSite:
    """The site after the run of 2025-12-04: a mailbox is disabled, and wind-downs have ended."""
    shutil.rmtree(site.folder)
    shutil.copytree(_lived_folders[1], site.folder)
    return site
