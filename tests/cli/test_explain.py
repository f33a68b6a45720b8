"""``explain``: the questions of the service desk, answered for somebody who never saw the tool (rules.md 4c)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from cli.conftest import CommandSite


def explained(site: CommandSite, subject: str, at: str = "2025-12-04T09:00:00Z") -> Any:
    said = site.type("explain", subject, "--at", at, "--format", "json")
    assert said.code == 0, said.err
    return said.document


def fact(document: Any, label: str) -> Any:
    return next(one for one in document["facts"] if one["label"] == label)


def exported(site: CommandSite, table: str, **wanted: Any) -> list[Any]:
    rows = site.type("state", "export", "--format", "json").document[table]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_why_the_two(begun: CommandSite) -> None:
    """R17, D11: who holds the plain name is said, and not who that is."""
    row = next(row for row in exported(begun, "addresses", kind="personal") if row["n"] == 2)
    document = explained(begun, row["address"], "2025-10-01T09:00:00Z")
    number = fact(document, "the 2")
    assert number["rule"] == "R17"
    assert "is active for somebody else" in number["because"]
    others = {one["person_id"] for one in exported(begun, "addresses", base=row["base"], n=1)}
    assert others
    assert not any(other in str(document) for other in others)


def test_when_an_old_address_stops(begun: CommandSite) -> None:
    """R41, R47: the day, the notice before it, and what would call it off."""
    assert begun.on_day_two("run").code == 0
    row = exported(begun, "addresses", state="winddown")[0]
    document = explained(begun, row["address"], "2025-10-02T09:00:00Z")
    assert fact(document, "ends")["value"] == row["delete_on"] == "2025-12-03"
    assert fact(document, "notice")["value"] == "due on 2025-10-03"
    told, removed = document["upcoming"]
    assert (told["on"], removed["on"]) == ("2025-10-03", row["delete_on"])
    assert (removed["rule"], removed["unless"]) == ("R41", "the affiliation, or the name, that it was for comes back")
    assert fact(document, "sender")["value"].startswith("is not")
    assert document["summary"].endswith("it receives up to the day before 2025-12-03 and no longer sends")
    late = explained(begun, row["address"], "2025-12-03T09:00:00Z")
    assert late["summary"].endswith("it was to end on 2025-12-03, still receives and no longer sends")


def test_what_ends_earlier_as_was_asked_has_no_notice(begun: CommandSite) -> None:
    """D43: its day is the one that was asked for, not a projection."""
    assert begun.on_day_two("run").code == 0
    address = exported(begun, "addresses", state="winddown")[0]["address"]
    desk = ("--actor", "olive", "--reason", "deadname", "--at", "2025-10-02T09:00:00Z")
    assert begun.type("desk", "shorten-winddown", address, "--on", "2025-10-10", *desk).code == 0
    document = explained(begun, address, "2025-10-02T09:30:00Z")
    ends = fact(document, "ends")
    assert (fact(document, "notice")["value"], ends["value"], ends["because"], ends["rule"]) == (
        "none",
        "2025-10-10",
        "it is the day that was asked for",
        "D43",
    )


def test_the_first_line_says_how_somebody_stands_and_until_when(begun: CommandSite) -> None:
    """R44: a cancelled card's mailbox works on for a month, and is then disabled; two months later it is deleted."""
    assert begun.on_day_two("run").code == 0
    running = explained(begun, "phys0041", "2025-10-02T09:00:00Z")
    assert running["summary"] == (
        "no longer entitled; the mailbox phys0041 still works, and is to be disabled on 2025-11-02; "
        "it sends as peter.lindqvist@physics.ox.ac.uk"
    )
    assert fact(running, "standing")["rule"] == "R35"
    sound = explained(begun, "chem0011", "2025-10-02T09:00:00Z")
    assert sound["summary"] == "entitled; the mailbox chem0011 is active and sends as john.smith@chem.ox.ac.uk"


def test_why_the_sender_is_what_it_is_and_what_else_it_could_be(begun: CommandSite) -> None:
    """R10, R11, R12, with the card that it rests on."""
    box = next(box for box in exported(begun, "mailboxes", kind="personal") if box["sender_origin"] == "default")
    document = explained(begun, box["name"], "2025-10-01T09:00:00Z")
    sender = fact(document, "sender")
    assert sender["value"] == f"{box['sender']} (default)"
    assert sender["rule"] in ("R10", "R11")
    assert sender["evidence"][0]["table"] == "cards"
    assert len(sender["evidence"][0]["snapshot"]) == 64
    several = [
        row["person_id"]
        for row in exported(begun, "addresses", kind="personal", state="active")
        if row["person_id"] != box["person_id"]
    ]
    twice = next(person for person in several if several.count(person) > 1)
    assert fact(explained(begun, twice, "2025-10-01T09:00:00Z"), "could be")["rule"] == "R12"


def test_mail_that_bounces_is_followed_now_and_in_the_next_hour(lived: CommandSite) -> None:
    """R60: what the hubs' table says, what it will say, and why nothing is delivered."""
    live = exported(lived, "addresses", kind="personal", state="active")[0]
    now = fact(explained(lived, live["address"]), "mail now")
    assert now["value"] == f"goes to {live['mailbox']}@nexus.ox.ac.uk"
    gone = exported(lived, "addresses", state="deleted")[0]
    refused = fact(explained(lived, gone["address"]), "mail now")
    assert refused["value"] == "is refused by the hubs"
    assert refused["because"] == f"it was deleted on {gone['deleted_on']}"


def test_between_two_runs_the_next_table_is_told_beside_the_present_one(begun: CommandSite) -> None:
    box = next(box for box in exported(begun, "mailboxes", kind="personal") if box["state"] == "active")
    desk = ("--actor", "desk", "--reason", "theft", "--override", "--at", "2025-10-01T09:30:00Z")
    assert begun.type("desk", "disable", box["name"], *desk).code == 0
    document = explained(begun, box["sender"], "2025-10-01T09:31:00Z")
    assert fact(document, "mail now")["value"] == f"goes to {box['name']}@nexus.ox.ac.uk"
    assert fact(document, "mail next hour")["value"] == "is refused by the hubs"
    decided = fact(explained(begun, box["name"], "2025-10-01T09:31:00Z"), "decided")
    assert (decided["rule"], decided["because"]) == (
        "D41",
        f"theft, by desk; `nexusops desk undo-disable {box['name']}` takes it back",
    )


def test_what_a_returner_will_get(lived: CommandSite) -> None:
    """D23: disabled is enabled again, with the addresses of the units that they come back to."""
    box = exported(lived, "mailboxes", state="disabled")[0]
    summary = explained(lived, box["name"])["summary"]
    assert summary.endswith(f"the mailbox {box['name']} is disabled, and is to be deleted on {box['delete_on']}")
    back = fact(explained(lived, box["name"]), "on return")
    assert back["rule"] == "D23"
    assert back["value"].startswith(f"Enable the mailbox {box['name']}")
    assert "back in" in back["because"]


def test_a_persons_future_is_told_to_its_end_each_step_with_what_would_prevent_it(begun: CommandSite) -> None:
    box = next(box for box in exported(begun, "mailboxes", kind="personal") if box["state"] == "active")
    steps = explained(begun, box["name"], "2025-10-01T09:00:00Z")["upcoming"]
    assert [step["what"].split()[0] for step in steps] == ["Tell", "Disable", "Delete", "The"]
    assert all(step["unless"] for step in steps)
    assert [step["rule"] for step in steps] == ["R36", "R36", "D08", "D08"]


def test_what_brings_back_a_mailbox_that_the_desk_disabled(begun: CommandSite) -> None:
    """R45, D41: not the card that is there; and once it is back, a later end is an ordinary one."""
    box = next(box for box in exported(begun, "mailboxes", kind="personal") if box["state"] == "active")
    desk = ("--actor", "desk", "--reason", "theft", "--at", "2025-10-01T09:30:00Z")
    assert begun.type("desk", "disable", box["name"], "--override", *desk).code == 0
    for subject in (box["name"], box["sender"]):
        deleted = explained(begun, subject, "2025-10-01T10:00:00Z")["upcoming"][0]
        assert deleted["what"].startswith(f"Delete the mailbox {box['name']}")
        assert deleted["unless"] == (
            "the card is renewed, or a new one begins; with the present card only "
            f"`nexusops desk undo-disable {box['name']}` brings it back"
        )
    assert begun.type("desk", "undo-disable", box["name"], *desk).code == 0
    steps = explained(begun, box["name"], "2025-10-01T10:00:00Z")["upcoming"]
    assert [step["unless"] for step in steps if step["what"].startswith("Delete")] == ["the card becomes current again"]


def test_a_mailbox_of_a_unit_ends_some_time_after_its_owner(begun: CommandSite) -> None:
    """R28, D31."""
    document = explained(begun, "chem-office", "2025-10-01T09:00:00Z")
    assert [step["rule"] for step in document["upcoming"]] == ["D31", "D31", "D08"]
    assert document["upcoming"][1]["unless"] == "it is handed over to somebody who may own it"
    assert fact(document, "owner")["value"] == "chem0035 (Giovanni D`Angelo, 1000035)"
    changed(begun, "cards", lambda text: re.sub(r"(c1000035,.*),,$", r"\1,2025-10-01,left", text, flags=re.MULTILINE))
    assert begun.on_day_two("run").code == 0
    owner = fact(explained(begun, "chem-office", "2025-10-02T09:00:00Z"), "owner")
    assert owner["value"] == "chem0035 (Giovanni D`Angelo, 1000035), no longer entitled"


def test_a_person_is_told_when_each_address_in_wind_down_ends(begun: CommandSite) -> None:
    """R39, D04: among all of theirs, before anything of what comes in years."""
    assert begun.on_day_two("run", "--accept", "Destructive=4").code in (0, 4)
    told = explained(begun, "bray0039", "2025-10-02T09:00:00Z")
    ends = [one["value"] for one in told["facts"] if one["label"] == "address" and "wind-down" in one["value"]]
    assert ends == ["thomas.ashdown@chem.ox.ac.uk, in wind-down, ends 2025-12-03"]


def test_the_short_form_fits_on_a_screen_and_the_full_one_names_the_rows(begun: CommandSite) -> None:
    box = next(box for box in exported(begun, "mailboxes", kind="personal") if box["state"] == "active")
    short = begun.type("explain", box["name"], "--at", "2025-10-01T09:00:00Z").out
    full = begun.type("explain", box["name"], "--full", "--at", "2025-10-01T09:00:00Z").out
    assert len(short.splitlines()) <= 45
    assert "seen in cards" in full
    assert "seen in cards" not in short


def test_a_preview_is_what_the_run_after_the_return_does(lived: CommandSite) -> None:
    """rules.md 4c, D23: also for somebody who is here, who gets nothing new; nothing is known of others (6)."""
    box = exported(lived, "mailboxes", state="disabled")[0]
    gone = lived.type("preview", box["name"], "--at", "2025-12-05T09:00:00Z", "--format", "json").document
    assert (gone["subject"], gone["here"]) == (box["name"], False)
    assert gone["changes"][0].startswith(f"Enable the mailbox {box['name']}")
    back = fact(explained(lived, box["name"], "2025-12-05T09:00:00Z"), "on return")
    assert back["value"] == "; ".join(gone["changes"])
    here = next(row for row in exported(lived, "mailboxes", kind="personal") if row["state"] == "active")
    said = lived.type("preview", here["person_id"], "--at", "2025-12-05T09:00:00Z")
    assert (said.code, said.out.splitlines()[1]) == (0, "  Nothing new: they are here.")
    assert lived.type("preview", "nobody").code == 6
    [address] = [row["address"] for row in exported(lived, "addresses", mailbox=box["name"], kind="personal")]
    by_address = lived.type("preview", address.upper(), "--at", "2025-12-05T09:00:00Z", "--format", "json")
    assert by_address.document == gone


def test_what_is_over_is_told_as_over(lived: CommandSite) -> None:
    """D20, R41: an affiliation that ended is not called unserved, and a deleted address is so since its deletion."""
    (row,) = exported(lived, "addresses", address="thomas.ashdown@chem.ox.ac.uk")
    facts = explained(lived, row["person_id"])["facts"]
    told = [one for one in facts if one["label"] == "affiliation" and one["value"].startswith("CHEM")]
    assert [(one["value"].rpartition(", ")[2], one["rule"], one["since"]) for one in told] == [("over", "R8", None)]
    ended = next(one for one in facts if one["value"] == f"{row['address']}, deleted")
    (box,) = exported(lived, "mailboxes", state="disabled")
    refused = [one for one in explained(lived, box["name"])["facts"] if one["value"].endswith(", suspended")]
    assert {one["since"] for one in refused} == {box["disabled_on"]} == {"2025-11-03"}
    assert ended["since"] == row["deleted_on"] == "2025-12-04"


def changed(site: CommandSite, table: str, change: Callable[[str], str]) -> None:
    """The snapshot of the second day with one table become another."""
    file, manifest = site.day_two / f"{table}.csv", site.day_two / "manifest.json"
    file.write_text(change(file.read_text("utf-8")), "utf-8")
    document = json.loads(manifest.read_text("utf-8"))
    rows = file.read_text("utf-8").count("\n") - 1
    document["tables"][table] = {"rows": rows, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(document), "utf-8")


def test_what_became_of_a_name_that_somebody_asked_for(begun: CommandSite) -> None:
    """R14, D24: the desk is sent here with a request's id, and by the refusal of a decision."""
    changed(begun, "name_requests", lambda text: f"{text}n9,1000008,s.obrien,2025-10-01T10:00:00+00:00,,,\n")
    assert begun.on_day_two("run").code == 0
    asked = fact(explained(begun, "aldg0008"), "asked for")
    assert (asked["value"], asked["because"]) == (
        "s.obrien, request n9: rejected",
        "a part of the wanted name is a single letter",
    )
    said = begun.type("explain", "n9")
    assert (said.code, said.err.splitlines()[0]) == (6, "n9 is a request of aldg0008 for the name s.obrien.")


def test_an_address_that_an_undo_keeps_says_so(begun: CommandSite) -> None:
    """D41: what the rules would do about it is said nowhere else, since nothing is planned."""
    assert begun.on_day_two("run").code == 0
    run = begun.type("history", "--last", "1", "--format", "json").document["runs"][0]["run_id"]
    desk = ("--actor", "olive", "--reason", "wrong feed", "--at", "2025-10-02T09:00:00Z")
    assert begun.type("undo", run, "--apply", *desk).code in (0, 5)
    document = explained(begun, "thomas.ashdown@chem.ox.ac.uk", "2025-10-02T09:30:00Z")
    assert fact(document, "state")["value"] == "active"
    decided = fact(document, "decided")
    assert decided["value"].startswith("kept as it is, since a change was undone (")
    assert "thomas.ashdown@chem.ox.ac.uk" in decided["value"]
    until = "until the registration rows behind it change; `nexusops desk release 1000039` lets it go"
    assert decided["because"] == f"wrong feed, by olive, {until}"


def test_a_card_that_is_missing_is_told_with_the_day_on_which_it_counts_as_cancelled(begun: CommandSite) -> None:
    """D26."""
    changed(begun, "cards", lambda text: "".join(row for row in text.splitlines(True) if ",1000001," not in row))
    assert begun.on_day_two("run").code == 0
    document = explained(begun, "aldg0001", "2025-10-02T09:00:00Z")
    assert fact(document, "standing")["value"] == "on hold"
    first, told, disabled, *_ = document["upcoming"]
    assert (first["on"], first["rule"], first["unless"]) == ("2025-10-09", "D26", "the card's row comes back")
    assert [told["rule"], disabled["rule"]] == ["R44", "R44"]
    assert "a missing card comes back" in disabled["unless"]
