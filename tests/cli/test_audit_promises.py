"""Whether the promises were kept; the runs; what is due and what is late (rules.md 4a, 4e; interface.md 8)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from cli.conftest import CommandSite

PROMISES = ("notices", "reuse", "entitlement", "invariants", "ledger", "overrides")


def tampered(site: CommandSite, *statements: str) -> None:
    with closing(sqlite3.connect(site.folder / "state" / "nexusops.db")) as state, state:
        for statement in statements:
            assert state.execute(statement).rowcount == 1, statement


def broken(site: CommandSite, promise: str) -> list[tuple[str, str]]:
    said = site.type("audit", promise, "--format", "json")
    document = said.document
    assert said.code == (6 if document["broken"] else 0)
    assert document["kept"] is not bool(document["broken"])
    assert site.type("audit", promise).code == said.code
    return [(row["rule"], row["subject"]) for row in document["broken"]]


def picked(site: CommandSite, table: str, wanted: Callable[[Any], bool]) -> Any:
    return next(row for row in site.type("state", "export", "--format", "json").document[table] if wanted(row))


def test_a_site_that_was_run_by_the_rules_kept_every_promise(lived: CommandSite) -> None:
    assert [broken(lived, promise) for promise in PROMISES] == [[]] * len(PROMISES)
    assert lived.type("audit", "verify").code == 0
    assert lived.type("audit", "notices", "--format", "json").document["checked"] > 0


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE addresses SET person_id = '1000008' WHERE address = '{gone}'", "{gone}: person_id"),
        ("UPDATE addresses SET deleted_on = '2025-12-09' WHERE address = '{gone}'", "{gone}: deleted_on"),
        ("UPDATE mailboxes SET sender = 'x@y' WHERE name = 'bray0039'", "mailbox:person:1000039:1: sender"),
        ("DELETE FROM addresses WHERE address = '{gone}'", "{gone} is gone"),
        (
            "INSERT INTO domains (domain, state, since) VALUES ('mine.ox.ac.uk', 'active', '2025-10-01')",
            "domains:mine.ox.ac.uk is there, and no row of the journal wrote it",
        ),
        ("DELETE FROM runs WHERE at LIKE '2025-10-03%'", "run {run} is gone"),
    ],
)
def test_what_was_altered_beside_the_journal_is_found(lived: CommandSite, statement: str, found: str) -> None:
    """The chain covers the journal alone: of the ledger it says what each row was when it was last written."""
    gone = "thomas.ashdown@chem.ox.ac.uk"
    told = picked(lived, "runs", lambda run: run["at"].startswith("2025-10-03"))["run_id"]
    tampered(lived, statement.format(gone=gone))
    assert lived.type("audit", "verify").code == 0
    [row] = lived.type("audit", "ledger", "--format", "json").document["broken"]
    said = f"{row['subject']} {row['message']}"
    said = re.sub(r" is not as row \d+ of the journal left it", "", said)
    assert said.startswith(found.format(gone=gone, run=told))


def test_who_noted_the_last_hash_finds_that_rows_were_taken_away(lived: CommandSite) -> None:
    """SECURITY.md: whoever may write the database may also write the chain anew."""
    noted = lived.type("audit", "verify", "--format", "json").document
    assert lived.type("audit", "verify", "--head", noted["head"].upper()).code == 0
    last = f"FROM journal WHERE seq = {noted['rows'] - 1}"
    tampered(
        lived,
        f"DELETE FROM journal WHERE seq = {noted['rows']}",
        f"UPDATE meta SET journal_seq = journal_seq - 1, journal_hash = (SELECT hash {last})",
    )
    assert lived.type("audit", "verify").code == 0
    said = lived.type("audit", "verify", "--head", noted["head"])
    assert (said.code, "took rows away, or wrote the journal anew" in said.out) == (6, True)
    as_json = lived.type("audit", "verify", "--head", noted["head"], "--format", "json").document
    assert (as_json["kept"], as_json["broken"], as_json["head_known"]) == (False, [], False)
    assert lived.type("audit", "notices", "--head", "x").code == 2


def test_what_was_sent_to_somebody_is_listed(lived: CommandSite) -> None:
    """R47, D33: by username, and of an address what told of it."""
    for subject in ("bray0039", "THOMAS.ashdown@chem.ox.ac.uk", "1000039"):
        assert lived.type("notices", "sent", subject).out.splitlines() == [
            "Notices sent: 1",
            "  2025-10-03  wind-down  ends 2025-12-03  to thomas.ashdown@bray.ox.ac.uk  thomas.ashdown@chem.ox.ac.uk",
        ]
    [sent] = lived.type("notices", "sent", "bray0039", "--format", "json").document["sent"]
    assert (sent["sent_on"], sent["due_on"], sent["kind"]) == ("2025-10-03", "2025-10-03", "winddown")
    assert lived.type("notices", "sent", "office@chem.ox.ac.uk").out == "Notices sent: nothing\n"
    assert lived.type("notices", "sent", "thomas.ashdown@bray.ox.ac.uk").out == "Notices sent: nothing\n"
    unknown = lived.type("notices", "sent", "Thomas Ashdown")
    assert (unknown.code, "`nexusops notices sent bray0039`" in unknown.err) == (6, True)


def test_the_journal_says_who_had_an_address(lived: CommandSite) -> None:
    """rules.md 4e: an auditor sees what is masked for everybody else."""
    said = lived.type("audit", "thomas.ashdown@chem.ox.ac.uk").out
    assert "thomas.ashdown@chem.ox.ac.uk is given to bray0039 (Thomas Ashdown, 1000039)  by" in said
    whole = lived.type("audit", "bray0039").out
    assert ("person bray0039: the next day to look at it noted" in whole, "person 1000039" in whole) == (True, False)


def test_a_deletion_without_two_months_notice_is_found(lived: CommandSite) -> None:
    """R46."""
    ended = picked(lived, "addresses", lambda row: row["state"] == "deleted" and row["notice_sent_on"])
    where = f"WHERE address = '{ended['address']}' AND period = {ended['period']}"
    tampered(lived, f"UPDATE addresses SET notice_sent_on = '2025-11-20' {where}")
    assert broken(lived, "notices") == [("R46", ended["address"])]
    tampered(lived, f"UPDATE addresses SET notice_sent_on = NULL {where}")
    assert broken(lived, "notices") == [("R46", ended["address"])]


@pytest.mark.parametrize("altered", ["state = 'owed'", "sent_on = '2025-01-01'", "addresses = '[]'"])
def test_a_notice_that_nobody_sent_is_not_believed(lived: CommandSite, altered: str) -> None:
    """R46: the day in the address's own row is no proof; the notice that told of it is."""
    ended = picked(lived, "addresses", lambda row: row["state"] == "deleted" and row["notice_sent_on"])
    sent = picked(lived, "notices", lambda row: row["kind"] == "winddown" and ended["address"] in row["addresses"])
    tampered(
        lived,
        f"UPDATE notices SET {altered} WHERE kind = 'winddown' AND person_id = '{sent['person_id']}'"
        f" AND sent_on = '{sent['sent_on']}'",
    )
    assert ("R46", ended["address"]) in broken(lived, "notices")


@pytest.mark.parametrize("chosen", ['policy = "strict"', "gate_deletion = false"])
def test_a_policy_that_gives_less_than_two_months_breaks_the_promise(lived: CommandSite, chosen: str) -> None:
    """R46, D04, D06: a site may choose so, and the breach is on record."""
    ended = picked(lived, "addresses", lambda row: row["state"] == "deleted" and row["notice_sent_on"])
    (lived.folder / "policy.toml").write_text(f"[notice]\n{chosen}\n")
    tampered(lived, f"UPDATE addresses SET notice_sent_on = '2025-11-20' WHERE address = '{ended['address']}'")
    assert broken(lived, "notices") == [("R46", ended["address"])]


def test_an_address_given_again_too_soon_is_found(lived: CommandSite) -> None:
    """R19, D09: more than six months after its owner left; six months to the day are too soon. D43: never, once they
    died.
    """
    left = picked(lived, "people", lambda row: row["left_on"])
    columns = "local, domain, base, n, kind, gate, rule, because, evidence"
    ended = picked(lived, "addresses", lambda row: row["person_id"] == left["person_id"] and row["kind"] == "personal")
    other = picked(lived, "people", lambda row: row["state"] == "entitled")
    tampered(
        lived,
        f"UPDATE people SET left_on = '2025-05-03' WHERE person_id = '{left['person_id']}'",
        f"UPDATE addresses SET state = 'deleted', deleted_on = '2025-06-01' WHERE address = '{ended['address']}'",
        f"INSERT INTO addresses (address, period, state, person_id, created_on, {columns}) SELECT address, 2, 'active',"
        f" '{other['person_id']}', '2025-11-03', {columns} FROM addresses WHERE address = '{ended['address']}'",
    )
    assert broken(lived, "reuse") == [("R19", ended["address"])]
    tampered(
        lived, f"UPDATE addresses SET created_on = '2025-11-04' WHERE address = '{ended['address']}' AND period = 2"
    )
    assert broken(lived, "reuse") == []
    row = lived.type("audit", "reuse", "--format", "json").document["rows"][0]
    assert (row["left_on"], row["free_after"], row["given_on"]) == ("2025-05-03", "2025-11-03", "2025-11-04")
    tampered(lived, f"UPDATE people SET deceased = 1 WHERE person_id = '{left['person_id']}'")
    assert broken(lived, "reuse") == []  # that was known only later
    told = f"object = 'person:{left['person_id']}' AND at < '2025-11-04' AND after IS NOT NULL"
    last = f"seq = (SELECT max(seq) FROM journal WHERE {told})"
    tampered(lived, f"UPDATE journal SET after = json_set(after, '$.deceased', json('true')) WHERE {last}")
    assert broken(lived, "reuse") == [("D43", ended["address"])]


def test_a_mailbox_without_entitlement_is_found(begun: CommandSite) -> None:
    """R35."""
    someone = picked(begun, "people", lambda row: row["state"] == "entitled" and row["username"])
    tampered(begun, f"UPDATE people SET state = 'out' WHERE person_id = '{someone['person_id']}'")
    assert broken(begun, "entitlement") == [("R35", someone["person_id"])]


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("R3", "UPDATE mailboxes SET sender = NULL WHERE name = '{name}'"),
        ("R40", "UPDATE addresses SET state = 'winddown', delete_on = '2026-01-01' WHERE address = '{sender}'"),
        ("R39", "UPDATE addresses SET state = 'winddown', delete_on = NULL WHERE address = '{name}@nexus.ox.ac.uk'"),
    ],
)
def test_what_must_always_be_so_and_is_not_is_found(begun: CommandSite, rule: str, statement: str) -> None:
    """rules.md 2.1, 2.2: R3, R40."""
    box = picked(begun, "mailboxes", lambda row: row["state"] == "active" and row["sender_origin"] == "default")
    assert broken(begun, "invariants") == []
    tampered(begun, statement.format(**box))
    assert rule in {found for found, _ in broken(begun, "invariants")}


def test_who_overrode_what_and_why_is_listed(begun: CommandSite) -> None:
    """D41, D28."""
    box = picked(begun, "mailboxes", lambda row: row["state"] == "active" and row["kind"] == "personal")
    desk = ("--actor", "olive", "--reason", "stolen card", "--at", "2025-10-01T09:00:00Z")
    assert begun.type("desk", "disable", box["name"], "--override", *desk).code == 0
    (row,) = begun.type("audit", "overrides", "--format", "json").document["rows"]
    assert (row["kind"], row["kept"], row["message"]) == (
        "decided",
        True,
        f"{box['name']}: disabled by the desk; decided by olive: stolen card",
    )
    assert f"decided  2025-10-01  {box['person_id']}" in begun.type("audit", "overrides").out


def test_an_undo_without_a_reason_breaks_no_promise_and_the_desk_without_one_does(begun: CommandSite) -> None:
    """interface.md 3: only the desk must say why."""
    run = begun.type("history", "--format", "json").document["runs"][0]["run_id"]
    assert begun.type("undo", run, "--apply", "--actor", "olive", "--at", "2025-10-01T09:00:00Z").code == 0
    rows = begun.type("audit", "overrides", "--format", "json").document["rows"]
    told = {row["message"].partition(": ")[2] for row in rows if row["subject"] == "1000001"}
    assert (broken(begun, "overrides"), told) == (
        [],
        {
            (
                "kept as it is, since a change was undone; decided by olive: no reason was given; "
                "`nexusops desk release aldg0001` lets it go"
            )
        },
    )
    undone = "'holds:1000001:undone'"
    tampered(begun, f"UPDATE journal SET object = 'holds:1000001:manual_disable' WHERE object = {undone}")
    assert broken(begun, "overrides") == [("D41", "1000001")]


def test_a_limit_that_was_lifted_by_number_is_an_override(site: CommandSite) -> None:
    """D28: who, when, why, and by how much; a plain run lifts none."""
    (site.folder / "guard.toml").write_text("[limits]\nAddAddress = 3\n", "utf-8")
    number = site.on_day_one("plan", "--format", "json").document["counts"]["AddAddress"]
    why = ("--actor", "olive", "--reason", "the first run")
    assert site.on_day_one("run", "--accept", f"AddAddress={number}", "--accept", "SetSender=7", *why).code == 0
    (row,) = site.type("audit", "overrides", "--format", "json").document["rows"]
    run = site.type("history", "--format", "json").document["runs"][0]["run_id"]
    assert row == {
        "at": "2025-10-01",
        "kept": True,
        "kind": "lifted",
        "message": f"{number} accepted where 3 are allowed, by olive in run {run[:12]}: the first run",
        "rule": "D28",
        "subject": "AddAddress",
    }
    assert site.type("audit", "verify").code == 0


def test_an_approval_that_was_slipped_in_is_found(site: CommandSite) -> None:
    """D28: the guard reads the row; nobody approved without the journal's knowing it."""
    (site.folder / "guard.toml").write_text("[limits]\nAddAddress = 3\n", "utf-8")
    digest = site.on_day_one("plan", "--format", "json").document["digest"]
    values = f"'{digest}', 'olive', '2025-10-01T08:00:00Z', 'she never did', 0"
    tampered(site, f"INSERT INTO approvals (digest, actor, at, reason, used) VALUES ({values})")
    assert broken(site, "overrides") == [("D28", digest)]
    assert "she never did; the journal knows nothing of it" in site.type("audit", "overrides").out
    assert site.on_day_one("run", "--approve", digest, "--actor", "ann", "--reason", "the first run").code == 0
    assert broken(site, "overrides") == [("D28", digest)]


def test_runs_and_what_one_of_them_did(lived: CommandSite) -> None:
    runs = lived.type("history", "--format", "json").document["runs"]
    assert len(runs) == 5
    first = runs[-1]
    document = lived.type("history", first["run_id"][:12], "--format", "json").document
    assert document["run"]["run_id"] == first["run_id"]
    assert "fallback_domain" in document["run"]["texts"]["config"]
    assert {row["run_id"] for row in document["rows"]} == {first["run_id"]}
    assert first["run_id"] in lived.type("history", first["run_id"]).out
    assert lived.type("history", "--on", "2031-01-01").out == "There was no run on 2031-01-01.\n"
    unknown = lived.type("history", "nothing")
    assert (unknown.code, "See `nexusops history`" in unknown.err) == (6, True)


def test_notices_that_are_due_and_ends_that_are_late(begun: CommandSite) -> None:
    """R47, D06: what is late says for what it waits."""
    assert begun.on_day_two("run").code == 0
    later = ("--until", "2025-10-03", "--at", "2025-10-02T09:00:00Z", "--format", "json")
    due = begun.type("notices", "due", *later).document["due"]
    winding = picked(begun, "addresses", lambda row: row["state"] == "winddown")
    assert winding["address"] in {address for row in due for address in row["addresses"]}
    assert {row["on"] for row in due} == {"2025-10-03"}
    assert begun.type("overdue", "--at", "2025-10-02T09:00:00Z").code == 0
    late = begun.type("overdue", "--at", "2025-12-24T09:00:00Z", "--format", "json")
    assert late.code == 6
    row = next(row for row in late.document["overdue"] if row["target"] == winding["address"])
    assert (row["days_late"], row["waits_for"]) == (21, "its notice, and two months after it (D06)")


def test_every_kind_of_notice_is_told_before_it_is_sent(begun: CommandSite) -> None:
    """rules.md 4a: person, addresses and the day, one row a notice; R44: that of a cancelled card was left out."""
    assert begun.on_day_two("run").code == 0
    assert begun.type("notices", "due", "--at", "2025-10-02T09:00:00Z").out == "Notices due: nothing\n"
    on_its_day = ("--at", "2025-10-03T08:00:00Z", "--format", "json")
    due = begun.type("notices", "due", *on_its_day).document["due"]
    planned = begun.type("simulate", "--until", "2025-10-03", *on_its_day).document["days"][0]["changes"]
    told = [[row["subject"], row["kind"], row["to"], row["addresses"], row["delete_on"]] for row in due]
    sent = [[change["subject"], *change["becomes"].values()] for change in planned if change["kind"] == "SendNotice"]
    assert sorted(told) == sorted([subject, *values[:4]] for subject, *values in sent)
    assert due[0] == {
        "on": "2025-10-03",
        "kind": "cancelled",
        "subject": "1000041",
        "person_id": "1000041",
        "unit_id": None,
        "to": ["peter.lindqvist@physics.ox.ac.uk"],
        "addresses": ["peter.lindqvist@physics.ox.ac.uk"],
        "delete_on": "2025-11-02",
        "short_notice": False,
        "what": "cancelled: peter.lindqvist@physics.ox.ac.uk",
        "target": "ends 2025-11-02",
        "rule": "R44",
        "days_late": 0,
        "waits_for": "the next run",
    }
    late = begun.type("notices", "due", "--at", "2025-10-09T08:00:00Z", "--format", "json").document["due"]
    assert {(row["days_late"], row["delete_on"]) for row in late if row["kind"] == "winddown"} == {(6, "2025-12-09")}
    assert begun.type("notices", "due", "--until", "2025-10-02", *on_its_day).code == 2
    assert begun.type("notices", "due", "--until", "2999-01-01", *on_its_day).code == 2
