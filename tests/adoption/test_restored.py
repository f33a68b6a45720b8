"""The state is restored from last night's backup, and the tenant has gone on since (docs/operations.md)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from building.old_tenant import OldTenant
from building.typed import Said

LATER = "2025-10-01T09:00:00Z"
AFTER = "2025-10-01T10:00:00Z"


class Restored:
    """Mary Brown came to Balliol and John Hart to the University after the backup; then the state was lost.

    In the hour of the restoration another Mary Brown and another John Hart come, whose turn is first by their ids.
    """

    def __init__(self, site: OldTenant) -> None:
        self.site, self.state = site, site.folder / "config" / "state" / "nexusops.db"
        site.student("1000005", "chem0005", "Mary Brown", "CHEM")
        self.hour("2025-10-01T07:50:00Z", "2025-10-01T08:00:00Z")
        backup = site.folder / "backup.db"
        with sqlite3.connect(self.state) as now, sqlite3.connect(backup) as kept:
            now.backup(kept)
        site.data.affiliation("1000005", "BALL", "2025-10-01")
        site.student("1000006", "ball0006", "John Hart")
        self.hour("2025-10-01T08:50:00Z", LATER)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.state}{suffix}").unlink(missing_ok=True)
        backup.rename(self.state)
        site.student("1000001", "ball0001", "Mary Brown")
        site.student("1000002", "ball0002", "John Hart")
        site.data.write(self.snapshot, "2025-10-01T09:50:00Z")

    @property
    def snapshot(self) -> Path:
        return self.site.folder / "snapshot"

    def hour(self, as_of: str, at: str) -> Said:
        self.site.data.write(self.snapshot, as_of)
        said = self.site.at("run", "--snapshot", self.snapshot, at=at)
        assert said.code == 0, said.err
        return said

    def senders(self) -> dict[str, str]:
        return {box["name"]: box["sender"] for box in self.site.state()["mailboxes"]}


@pytest.fixture
def restored(old: OldTenant) -> Restored:
    return Restored(old)


def test_what_was_given_since_the_backup_stays_whoever_comes_first_now(restored: Restored) -> None:
    """R17: nobody is given an address that somebody has, also where only the tenant still knows it."""
    site = restored.site
    found = site.at("adopt", "--snapshot", restored.snapshot, "--format", "json", at=AFTER).document
    assert found["gained"] == [{"address": "mary.brown@balliol.ox.ac.uk", "person_id": "1000005"}]
    assert [box["name"] for box in found["mailboxes"]] == ["ball0006"]
    said = site.at("run", "--refresh", "full", "--snapshot", restored.snapshot, at=AFTER)
    assert said.code == 0, said.out
    assert restored.senders() == {
        "ball0001": "mary.brown2@balliol.ox.ac.uk",
        "ball0002": "john.hart2@balliol.ox.ac.uk",
        "ball0006": "john.hart@balliol.ox.ac.uk",
        "chem0005": "mary.brown@balliol.ox.ac.uk",
    }
    assert site.at("drift", at=AFTER).code == 0


def test_an_address_that_only_somebody_else_would_call_theirs_is_not_taken_over(restored: Restored) -> None:
    """What stands on a mailbox by hand, and is neither its sender nor like its owner's name, stays a finding."""
    site = restored.site
    added = {"@odata.type": "#Exchange.GenericHashTable", "Add": ["smtp:boss@balliol.ox.ac.uk"]}
    site.set_mailbox("chem0005", EmailAddresses=added)
    document = site.at("adopt", "--snapshot", restored.snapshot, "--format", "json", at=AFTER).document
    assert [row["address"] for row in document["gained"]] == ["mary.brown@balliol.ox.ac.uk"]
    text = site.at("adopt", "--dry-run", "--snapshot", restored.snapshot, at=AFTER).out
    assert "There is nothing to take over." in text


def test_the_configured_source_is_read_anew_where_that_is_asked(restored: Restored) -> None:
    """The restored state knows the snapshot of the backup alone, in which nobody is called John Hart."""
    site = restored.site
    restored.snapshot.rename(site.folder / "config" / "snapshot")
    old, new = (
        site.at("adopt", "--dry-run", *words, "--format", "json", at=AFTER).document
        for words in ((), ("--new-snapshot",))
    )
    assert [box["name"] for box in old["mailboxes"]] == []
    assert [box["name"] for box in new["mailboxes"]] == ["ball0006"]


def test_a_dry_run_says_what_would_be_taken_over(restored: Restored) -> None:
    said = restored.site.at("adopt", "--dry-run", "--snapshot", restored.snapshot, at=AFTER)
    assert "1  address that a mailbox of the ledger has had since" in said.out
    assert restored.senders() == {"chem0005": "mary.brown@chem.ox.ac.uk"}
