from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from building.old_tenant import OldTenant


@pytest.fixture
def old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[OldTenant]:
    """Whatever is taken over, nothing stands in the ledger afterwards that must not."""
    tenant = OldTenant(tmp_path, capsys)
    yield tenant
    said = tenant.type("audit", "invariants")
    assert said.code == 0, said.out
