"""Files that are written whole or not at all (nexusops/whole.py), and that the program writes no others."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from nexusops.config.services import load_service, write_service
from nexusops.errors import UsageError
from nexusops.whole import whole

NEXUSOPS = Path(__file__).parents[2] / "nexusops"
WRITTEN = re.compile(r"(\w+)\.write_(?:text|bytes)\(")
SEEN_BY_NOBODY_ELSE = {
    "codec/files.py": {"path"},  # a pipe or device, in whose place nothing can be put
    "demo/stage.py": {"into"},
    "registration/database.py": {"path"},  # in a folder for this reading alone
    "registration/reading.py": {"path"},
    "registration/tables.py": {"path"},
    "tenant/cassettes.py": {"path"},  # the part of a recording
}


def interrupted(path: Path) -> None:
    with whole(path) as part:
        part.write_text("half of the n")
        raise ZeroDivisionError


def test_a_file_is_the_old_one_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("old")
    (tmp_path / ".table.part").write_text("what a kill left behind")
    with pytest.raises(ZeroDivisionError):
        interrupted(path)
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["table"])
    with whole(path, 0o600) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert (path.read_text(), path.stat().st_mode & 0o777, os.listdir(tmp_path)) == ("new", 0o600, ["table"])


def test_a_request_that_cannot_be_read_takes_nobodys_place(tmp_path: Path) -> None:
    """interface.md 7: the file that was there stays, whatever happens while it is written anew."""
    path = tmp_path / "services" / "adminday.toml"
    good: dict[str, object] = {
        "service_name": "Admin Day",
        "unit_id": "FOOD",
        "requester": "food0007",
        "provider": "Admin Day Ltd",
        "oxford_domain_needed": True,
        "direction": "send",
        "supports_exo": True,
        "supports_ms_smtp": True,
        "auth": "oauth2",
        "mode_wanted": "auto",
        "from_local": "adminday",
        "owner_person_id": "1000042",
    }
    asked = write_service(path, good)
    for bad in ({**good, "direction": "sideways"}, {**good, "unknown": 1}, {**good, "provider": "\x7f"}):
        with pytest.raises(UsageError):
            write_service(path, bad)
        assert (load_service(path), os.listdir(path.parent)) == (asked, ["adminday.toml"])


def test_what_the_program_reads_later_is_written_whole() -> None:
    """A half file after a power cut, or under the eyes of a reader, is a defect that no test of its writer shows."""
    found: dict[str, set[str]] = {}
    for path in NEXUSOPS.rglob("*.py"):
        name = path.relative_to(NEXUSOPS).as_posix()
        plain = {receiver for receiver in WRITTEN.findall(path.read_text("utf-8")) if receiver != "part"}
        if plain and not name.startswith("emulator/"):
            found[name] = plain
    assert found == SEEN_BY_NOBODY_ELSE
