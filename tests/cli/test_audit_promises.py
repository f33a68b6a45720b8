"""Whether the promises were kept; the runs; what is due and what is late (rules.md 4a, 4e; interface.md 8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from cli.conftest import CommandSite

PROMISES = ("notices", "reuse", "entitlement", "invariants", "overrides")


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
