"""A name changed between the backup and the day on which the state is restored from it (docs/operations.md)."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from building.old_tenant import OldTenant

BROWN, SMITH = "mary.brown@balliol.ox.ac.uk", "mary.smith@balliol.ox.ac.uk"
DAYS = ("2025-10-01", "2025-10-02", "2025-10-03")


def run(site: OldTenant, day: str, *words: str, hour: str = "08", code: int = 0) -> list[tuple[str, str]]:
    snapshot = site.data.write(site.folder / "snapshot", f"{day}T{int(hour) - 1:02}:50:00Z")
    said = site.at("plan", *words, "--format", "json", "--snapshot", snapshot, at=f"{day}T{hour}:00:00Z")
    changes = site.changes(said.document)
    said = site.at("run", *words, "--snapshot", snapshot, at=f"{day}T{hour}:00:00Z")
    assert said.code == code, said.out + said.err
    return changes


def restored(site: OldTenant) -> None:
    """Mary Brown is called Smith from the second day on; the backup is of the first, and it is the third."""
    state = site.folder / "config" / "state" / "nexusops.db"
    site.student("1000005", "ball0005", "Mary Brown")
    site.student("1000006", "ball0006", "Ann Lee")
    run(site, DAYS[0])
    backup = site.folder / "backup.db"
    with sqlite3.connect(state) as now, sqlite3.connect(backup) as kept:
        now.backup(kept)
    site.data.change("cards", {"person_id": "1000005"}, family_names="Smith")
    run(site, DAYS[1])
    run(site, DAYS[2])
    for suffix in ("", "-wal", "-shm"):
        Path(f"{state}{suffix}").unlink(missing_ok=True)
    backup.rename(state)


def addresses(site: OldTenant, person_id: str) -> dict[str, Any]:
    rows = [row for row in site.state()["addresses"] if row["person_id"] == person_id and row["kind"] == "personal"]
    return {row["address"]: (row["state"], row["delete_on"]) for row in rows}


def test_who_is_called_otherwise_since_the_backup_keeps_the_new_address(old: OldTenant) -> None:
    """R17, R37, R46: a namesake comes in the hour of the restoration, and is first by the id; the former address ends
    no earlier than was announced, and is announced anew.
    """
    restored(old)
    old.student("1000001", "ball0001", "Mary Smith")
    snapshot = old.data.write(old.folder / "snapshot", "2025-10-03T09:50:00Z")
    found = old.at("adopt", "--snapshot", snapshot, "--format", "json", at="2025-10-03T10:00:00Z").document
    assert found["gained"] == [{"address": SMITH, "person_id": "1000005"}]
    assert sorted(run(old, DAYS[2], "--refresh", "full", hour="10")) == [
        ("AddAddress", "mary.smith2@balliol.ox.ac.uk"),
        ("CreateMailbox", "ball0001"),
        ("SetSender", "ball0001"),
        ("WindDownAddress", BROWN),
    ]
    assert addresses(old, "1000005") == {BROWN: ("winddown", "2025-12-04"), SMITH: ("active", None)}
    assert {box["name"]: box["sender"] for box in old.state()["mailboxes"]} == {
        "ball0001": "mary.smith2@balliol.ox.ac.uk",
        "ball0005": SMITH,
        "ball0006": "ann.lee@balliol.ox.ac.uk",
    }
    assert old.at("drift", at="2025-10-03T10:00:00Z").code == 0
    assert run(old, "2025-10-04") == [("SendNotice", "ball0005")]
    assert run(old, "2025-12-03") == []
    assert run(old, "2025-12-04") == [("RemoveAddress", BROWN)]


def test_a_sender_that_registration_does_not_call_for_is_not_taken_over(old: OldTenant) -> None:
    """R20: only the new name makes a second address in a domain theirs."""
    restored(old)
    old.set_mailbox("ball0005", WindowsEmailAddress="mary.jones@balliol.ox.ac.uk")
    snapshot = old.data.write(old.folder / "snapshot", "2025-10-03T09:50:00Z")
    found = old.at("adopt", "--snapshot", snapshot, "--format", "json", at="2025-10-03T10:00:00Z").document
    assert found["gained"] == []
