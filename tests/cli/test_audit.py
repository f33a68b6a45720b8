"""``audit``: the journal's rows about a subject, and its hash chain (interface.md 8)."""

from __future__ import annotations

import sqlite3
from email import message_from_bytes
from email.utils import parsedate_to_datetime

from cli.conftest import CommandSite


def test_every_row_about_an_address_says_who_did_what_under_which_rule(site: CommandSite) -> None:
    assert site.on_day_one("run").code == 0
    document = site.type("audit", "oliver.marsh@aldgate.ox.ac.uk", "--format", "json").document
    assert document == {"subject": "oliver.marsh@aldgate.ox.ac.uk", "rows": []}
    address = site.type("state", "export", "--format", "json").document["addresses"][0]["address"]
    rows = site.type("audit", address, "--format", "json").document["rows"]
    assert [row["object"] for row in rows] == [f"address:{address}"] * len(rows)
    assert rows[0]["before"] is None
    assert rows[0]["after"]["state"] == "active"


def test_an_edited_journal_is_found(site: CommandSite) -> None:
    """interface.md 8: 6, with the rows that broke the promise; in the words of every other promise."""
    assert site.on_day_one("run").code == 0
    well = site.type("audit", "verify", "--format", "json")
    promise = {"promise": "verify", "sentence": "nobody has touched the journal since it was written"}
    head = {"rows": well.document["rows"], "head": well.document["head"], "head_known": None}
    assert (well.code, well.document) == (0, {**promise, "kept": True, "broken": [], **head})
    with sqlite3.connect(site.folder / "state" / "nexusops.db") as state:
        state.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 3")
    state.close()
    said = site.type("audit", "verify", "--format", "json")
    assert (said.code, said.document) == (6, {**promise, "kept": False, "broken": [3], **head})


def test_what_the_desk_decided_is_told_after_it_was_taken_back_too(begun: CommandSite) -> None:
    """rules.md 4e: every change, by whom and why; the ledger itself remembers what is in force only."""
    desk = ("--actor", "olive", "--reason", "stolen card", "--at", "2025-10-01T09:00:00Z")
    assert begun.type("desk", "disable", "chem0011", "--override", *desk).code == 0
    assert begun.type("desk", "undo-disable", "chem0011", *desk).code == 0
    rows = begun.type("audit", "chem0011", "--format", "json").document["rows"]
    decided = [(row["actor"], row["before"] is None) for row in rows if row["object"].startswith("holds:")]
    assert decided == [("olive", True), ("olive", False)]
    text = begun.type("audit", "chem0011").out
    assert "in the tenant: chem0011 taken out of the address book" in text
    assert "mailbox chem0011: its directory user noted" in text


def test_who_asks_for_a_name_is_told_who_may_be_meant(begun: CommandSite) -> None:
    said = begun.type("audit", "Thomas Ashdown")
    assert (said.code, said.out) == (0, "0 rows about Thomas Ashdown.\n")
    assert said.err == (
        "There is nobody and nothing of that name. "
        "It may be bray0039 (Thomas Ashdown, BRAY, CHEM): `nexusops audit bray0039`.\n"
    )


def test_a_notice_is_dated_as_the_journal_has_it(lived: CommandSite) -> None:
    """interface.md 1: the instant of a run is --at, and the clock is read nowhere else."""
    mails = [message_from_bytes(path.read_bytes()) for path in (lived.folder / "notices").iterdir()]
    notices = lived.type("state", "export", "--format", "json").document["notices"]
    dates = sorted(f"{parsedate_to_datetime(mail['Date']).date()}" for mail in mails)
    assert dates == sorted(notice["sent_on"] for notice in notices)
    assert dates[0] == "2025-10-03"
