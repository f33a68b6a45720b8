"""Files that are written whole or not at all (nexusops/whole.py), and that the program writes no others."""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Thread

import pytest

from nexusops.codec import write_whole
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


def test_of_two_who_write_at_once_one_waits_for_the_other(tmp_path: Path) -> None:
    """interface.md 3: else half of the second one's table stood there as the first one's, and was read by the hubs."""
    path = tmp_path / "table"
    path.write_text("old")
    other = Thread(target=write_whole, args=("the second one's", path, "table"))
    with whole(path) as part:
        part.write_text("the first one's")
        other.start()
        other.join(0.2)
        assert (other.is_alive(), path.read_text(), part.read_text()) == (True, "old", "the first one's")
    other.join()
    assert (path.read_text(), os.listdir(tmp_path)) == ("the second one's", ["table"])


def test_of_a_link_it_is_what_it_leads_to_that_is_written(tmp_path: Path) -> None:
    """interface.md 3: whoever reads it by its own name would have the old table for ever."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "routes").symlink_to(Path("hub", "table"))
    write_whole("new", tmp_path / "routes", "table")
    assert (tmp_path / "routes").is_symlink()
    assert {path.name: path.read_text() for path in (tmp_path / "hub").iterdir()} == {"table": "new"}


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
