"""architecture.md, Accepted: what the state keeps of a snapshot, and what becomes of the rest."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from building.snapshot_folder import SnapshotFolder

from nexusops.errors import StateUnavailable
from nexusops.registration.folder import FolderRegistration
from nexusops.registration.tables import Tables

Read = Callable[..., Tables]


def test_a_snapshot_is_kept_table_by_table(college: SnapshotFolder, read: Read) -> None:
    """ports: Parquet, and the manifest as JSON; tables that the snapshot had not are not invented."""
    packed = read(college).pack()
    assert set(packed) == {"manifest", "persons", "cards", "units", "domains", "affiliations"}
    assert {content[:4] for name, content in packed.items() if name != "manifest"} == {b"PAR1"}


@pytest.mark.parametrize(
    ("table", "content"),
    [("manifest", None), ("manifest", b"{"), ("manifest", b"{}"), ("cards", None), ("cards", b"PAR1")],
)
def test_a_kept_snapshot_that_was_damaged(
    college: SnapshotFolder, read: Read, table: str, content: bytes | None
) -> None:
    """Exit 9: the state cannot be read."""
    packed = {name: found for name, found in read(college).pack().items() if name != table}
    if content is not None:
        packed[table] = content
    with pytest.raises(StateUnavailable, match="the snapshot kept in the state cannot be read"):
        FolderRegistration(Path("nowhere"), None, "ox.ac.uk").unpack(packed)


def test_a_snapshot_that_nobody_holds_leaves_nothing_behind(college: SnapshotFolder, read: Read) -> None:
    """A worker reads one every hour."""
    kept, dropped = read(college), read(college)
    schema = dropped.shelf.schema
    del dropped
    gc.collect()
    schemas = {name for (name,) in kept.shelf.rows("SELECT schema_name FROM information_schema.schemata")}
    assert (kept.shelf.schema in schemas, schema in schemas) == (True, False)


def test_importing_registration_loads_neither_duckdb_nor_sqlalchemy() -> None:
    """Commands that read no snapshot start without them."""
    script = "import sys, nexusops.registration; print({'duckdb', 'sqlalchemy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
