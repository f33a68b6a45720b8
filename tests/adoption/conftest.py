from __future__ import annotations

from pathlib import Path

import pytest
from building.old_tenant import OldTenant


@pytest.fixture
def old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> OldTenant:
    return OldTenant(tmp_path, capsys)
