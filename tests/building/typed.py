"""What somebody types, and what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nexusops.cli import call


@dataclass(frozen=True, slots=True)
class Said:
    """What one command line answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def typed(capture: pytest.CaptureFixture[str], config: Path, *words: str | Path) -> Said:
    """The command line, in this process, with that configuration."""
    capture.readouterr()
    code = call(["--config", str(config), *map(str, words)])
    printed = capture.readouterr()
    return Said(code, printed.out, printed.err)
