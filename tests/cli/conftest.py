"""A site on the embedded tenant with the invented university, and the command line to call on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.demo.cast import CAST
from nexusops.demo.days import write_day_one, write_day_two

FIRST = datetime(2025, 10, 1, 8, tzinfo=UTC)
SECOND = datetime(2025, 10, 2, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """What one command line answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


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
        self.capture.readouterr()
        code = call(["--config", str(self.folder), *map(str, words)])
        printed = self.capture.readouterr()
        return Said(code, printed.out, printed.err)

    def on_day_one(self, command: str, *words: str | Path) -> Said:
        return self.type(command, *words, "--at", "2025-10-01T08:00:00Z", "--snapshot", self.day_one)

    def on_day_two(self, command: str, *words: str | Path) -> Said:
        return self.type(command, *words, "--at", "2025-10-02T08:00:00Z", "--snapshot", self.day_two)


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandSite:
    return CommandSite.made(tmp_path, capsys)
