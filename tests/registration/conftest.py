"""Snapshots for the tests of registration: written by the shared builder, read as a site of Oxford's would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from building.snapshot_folder import SnapshotFolder, Value

from nexusops.registration.folder import FolderRegistration
from nexusops.registration.tables import Tables

AS_OF = "2025-10-01T08:50:00+01:00"
Read = Callable[..., Tables]


@pytest.fixture
def college() -> SnapshotFolder:
    """One undergraduate of Balliol, as in rules.md 5."""
    return (
        SnapshotFolder()
        .person("1000001", "ball1234")
        .card("1000001", "UG", "Mary Anne", "Brown", "2025-10-01", "2028-09-30")
        .affiliation("1000001", "BALL", "2025-10-01")
        .unit("BALL", "college", "balliol.ox.ac.uk", name="Balliol College")
        .domain("balliol.ox.ac.uk")
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes the rows as a folder and reads that."""
    count = iter(range(1000))

    def write_and_read(rows: SnapshotFolder, as_of: Value = AS_OF) -> Tables:
        path = rows.write(tmp_path / f"snapshot{next(count)}", as_of)
        return FolderRegistration(path, "oxford-test", "ox.ac.uk").read()

    return write_and_read
