"""``audit``: the journal's rows about a subject, and its hash chain (interface.md 8)."""

from __future__ import annotations

import sqlite3

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
    assert site.on_day_one("run").code == 0
    assert site.type("audit", "verify").code == 0
    with sqlite3.connect(site.folder / "state" / "nexusops.db") as state:
        state.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 3")
    state.close()
    said = site.type("audit", "verify", "--format", "json")
    assert (said.code, said.document) == (6, {"broken": [3]})
