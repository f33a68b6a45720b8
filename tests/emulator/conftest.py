"""A fresh embedded tenant for each test, and a client that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator.asking import Asking

from nexusops.emulator.tenant import EmbeddedTenant


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asking]:
    with EmbeddedTenant.open(tmp_path / "tenant.db") as tenant:
        asking = Asking(tenant)
        yield asking
        asking.close()
