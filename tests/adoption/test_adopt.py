"""``adopt``: what the tenant has becomes the ledger's, as it is (interface.md 3; rules.md 3.16)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from building.old_tenant import OldTenant


def addresses(state: Any, mailbox: str | None) -> dict[str, tuple[str, str]]:
    return {row["address"]: (row["kind"], row["state"]) for row in state["addresses"] if row["mailbox"] == mailbox}


def mailbox(state: Any, name: str) -> Any:
    return next(row for row in state["mailboxes"] if row["name"] == name)


def codes(document: Any) -> list[tuple[str, str]]:
    return [(finding["code"], finding["subject"]) for finding in document["findings"]]


def test_a_mailbox_that_is_as_the_rules_would_have_it_is_adopted_and_nothing_is_planned(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    document = old.adopt()
    assert document["counts"]["people"] == 1
    state = old.state()
    assert addresses(state, "ball1234") == {
        "mary.brown@balliol.ox.ac.uk": ("personal", "active"),
        "ball1234@nexus.ox.ac.uk": ("fallback", "active"),
    }
    assert mailbox(state, "ball1234")["sender"] == "mary.brown@balliol.ox.ac.uk"
    assert old.plan() == []


def test_nothing_is_changed_in_the_tenant(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.smith@balliol.ox.ac.uk", "stranger@elsewhere.ox.ac.uk")
    before = len(old.asked())
    old.adopt()
    asked = old.asked()[before:]
    assert asked
    assert {(r["method"], (r["cmdlet"] or "")[:4]) for r in asked} <= {("GET", ""), ("POST", "Get-")}


def test_a_name_that_the_card_would_not_give_is_no_changed_name(old: OldTenant) -> None:
    """architecture.md, Names: adoption is never a changed base; R22: another unit's address has the same name part."""
    old.student("1000001", "ball1234", "Mary Anne Brown", "BALL", "CHEM")
    old.mailbox("1000001", "ball1234", "mary.smith2@balliol.ox.ac.uk")
    old.adopt()
    assert old.plan() == [("AddAddress", "mary.smith2@chem.ox.ac.uk")]


def test_whoever_was_renamed_by_a_request_keeps_that_name_though_the_old_addresses_are_there(old: OldTenant) -> None:
    """R14, R22: a lost state is taken over in a wind-down; the old name won, and the new one got a number."""
    old.student("1000001", "ball1234", "Xiao Ming Li", "BALL", "CHEM")
    old.data.table("name_requests").name_request("n1", "1000001", "xiaoming.li")
    new, former = [f"xiaoming.li@{unit}.ox.ac.uk" for unit in ("balliol", "chem")], "xiao.li@{}.ox.ac.uk"
    old.mailbox("1000001", "ball1234", *new, former.format("balliol"), former.format("chem"))
    old.adopt()
    assert {name: kind for name, (kind, _) in addresses(old.state(), "ball1234").items()} == {
        **dict.fromkeys(new, "personal"),
        former.format("balliol"): "nonpersonal",
        former.format("chem"): "nonpersonal",
        "ball1234@nexus.ox.ac.uk": "fallback",
    }
    assert old.plan() == []


def test_names_that_differ_from_unit_to_unit_stay_until_the_card_changes(old: OldTenant) -> None:
    """R22, R37"""
    old.student("1000001", "ball1234", "Mary Anne Brown", "BALL", "CHEM")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk", "mary.smith@chem.ox.ac.uk")
    old.adopt()
    assert old.plan() == []
    assert old.with_snapshot("run").code == 0
    old.data.change("cards", {"person_id": "1000001"}, family_names="Jones")
    later = old.data.write(old.folder / "later", "2025-10-02T07:50:00Z")
    said = old.type("plan", "--format", "json", "--at", "2025-10-02T08:00:00Z", "--snapshot", later)
    assert sorted(old.changes(said.document)) == [
        ("AddAddress", "mary.jones@balliol.ox.ac.uk"),
        ("AddAddress", "mary.jones@chem.ox.ac.uk"),
        ("SetSender", "ball1234"),
        ("WindDownAddress", "mary.brown@balliol.ox.ac.uk"),
        ("WindDownAddress", "mary.smith@chem.ox.ac.uk"),
    ]


def test_an_address_of_a_unit_that_was_left_winds_down_as_any_other(old: OldTenant) -> None:
    """R39: that is what the rules really want."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk", "mary.brown@chem.ox.ac.uk")
    old.adopt()
    assert old.plan() == [("WindDownAddress", "mary.brown@chem.ox.ac.uk")]


def test_a_sender_stays_although_the_rules_would_have_chosen_another(old: OldTenant) -> None:
    """D16: sticky. A UG card prefers the college."""
    old.student("1000001", "ball1234", "Mary Anne Brown", "BALL", "CHEM")
    old.mailbox("1000001", "ball1234", "mary.brown@chem.ox.ac.uk", "mary.brown@balliol.ox.ac.uk")
    old.adopt()
    assert old.plan() == []
    assert mailbox(old.state(), "ball1234")["sender"] == "mary.brown@chem.ox.ac.uk"


def test_a_sender_moves_when_the_preferred_class_gains_its_first_address(old: OldTenant) -> None:
    """D16"""
    old.student("1000001", "ball1234", "Mary Anne Brown", "BALL", "CHEM")
    old.mailbox("1000001", "ball1234", "mary.brown@chem.ox.ac.uk")
    old.adopt()
    assert old.plan() == [("AddAddress", "mary.brown@balliol.ox.ac.uk"), ("SetSender", "ball1234")]


def test_a_second_address_in_a_unit_is_reported_kept_and_nobody_elses(old: OldTenant) -> None:
    """R20: a breach found in the tenant is reported, never mended; R17: the name is taken."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.student("1000002", "ball1235", "Mary Smith")
    old.mailbox(
        "1000001", "ball1234", "mary.brown@balliol.ox.ac.uk", "mary.smith@balliol.ox.ac.uk", "mb@balliol.ox.ac.uk"
    )
    document = old.adopt()
    assert codes(document)[:2] == [
        ("TENANT_EXTRA_ADDRESS", "mary.smith@balliol.ox.ac.uk"),
        ("TENANT_EXTRA_ADDRESS", "mb@balliol.ox.ac.uk"),
    ]
    assert addresses(old.state(), "ball1234")["mary.smith@balliol.ox.ac.uk"] == ("nonpersonal", "active")
    assert old.plan() == [
        ("CreateMailbox", "ball1235"),
        ("AddAddress", "mary.smith2@balliol.ox.ac.uk"),
        ("SetSender", "ball1235"),
    ]


def test_first_last_in_the_domain_that_everybody_signs_in_with_is_as_much_their_own(old: OldTenant) -> None:
    """R4, R17, R20, D21: a university with one domain has routing names and people's names beside one another."""
    old.data.unit("CENT", "department", "nexus.ox.ac.uk").domain("nexus.ox.ac.uk")
    old.student("1000001", "aaaa0001", "Mary Brown", "CENT")
    old.student("1000002", "ball1235", "Mary Brown", "CENT")
    old.mailbox("1000001", "aaaa0001", "mary.brown2@nexus.ox.ac.uk", "mary.smith@nexus.ox.ac.uk")
    old.mailbox("1000002", "ball1235", "mary.brown@nexus.ox.ac.uk")
    old.mailbox(None, "guest001", "mary.green@nexus.ox.ac.uk")
    assert old.adopt()["counts"]["people"] == 2
    state = old.state()
    assert addresses(state, "aaaa0001") == {
        "aaaa0001@nexus.ox.ac.uk": ("fallback", "active"),
        "mary.brown2@nexus.ox.ac.uk": ("personal", "active"),
        "mary.smith@nexus.ox.ac.uk": ("nonpersonal", "active"),
    }
    assert addresses(state, "ball1235") == {
        "ball1235@nexus.ox.ac.uk": ("fallback", "active"),
        "mary.brown@nexus.ox.ac.uk": ("personal", "active"),
    }
    assert [mailbox(state, name)["sender_origin"] for name in ("aaaa0001", "ball1235")] == ["default", "default"]
    assert addresses(state, None).keys() == {"postmaster@nexus.ox.ac.uk", "mary.green@nexus.ox.ac.uk"}
    assert old.plan() == []


def test_a_forward_is_kept_as_one_set_by_hand(old: OldTenant) -> None:
    """D35"""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk", ForwardingSmtpAddress="smtp:mary@home.example")
    old.adopt()
    assert mailbox(old.state(), "ball1234")["forward"] == {"to": "mary@home.example", "origin": "manual"}
    assert old.plan() == []


def test_a_mailbox_found_disabled_stays_so_until_somebody_says_otherwise(old: OldTenant) -> None:
    """D41; and its further addresses come back with it."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk", "mb@balliol.ox.ac.uk")
    with old.asking() as asking:
        user = asking.graph("GET", "/users/ball1234@nexus.ox.ac.uk").json()["id"]
        assert asking.graph("PATCH", f"/users/{user}", {"accountEnabled": False}).status_code == 204
    assert ("TENANT_DISABLED", "1000001") in codes(old.adopt())
    assert mailbox(old.state(), "ball1234")["state"] == "disabled"
    assert old.with_snapshot("run").code == 0
    assert addresses(old.state(), "ball1234")["mb@balliol.ox.ac.uk"] == ("nonpersonal", "suspended")
    said = old.at("desk", "undo-disable", "ball1234", "--actor", "ann", "--reason", "asked")
    assert said.code == 0, said.err
    assert mailbox(old.state(), "ball1234")["state"] == "active"
    assert addresses(old.state(), "ball1234")["mb@balliol.ox.ac.uk"] == ("nonpersonal", "active")


def test_mailboxes_that_are_nobodys_are_listed_and_keep_their_addresses_and_mail(old: OldTenant) -> None:
    """R17: what they have is given to nobody else; 3.16: nothing of theirs is touched."""
    old.student("1000001", "ball1234", "John Smith")
    old.mailbox("9999999", "ball9999", "john.smith@balliol.ox.ac.uk")
    old.shared("reception", "reception@balliol.ox.ac.uk")
    document = old.adopt()
    assert {("TENANT_UNKNOWN_PERSON", "9999999"), ("TENANT_UNKNOWN_MAILBOX", "reception")} <= set(codes(document))
    assert document["reserved"] == ["john.smith@balliol.ox.ac.uk", "reception@balliol.ox.ac.uk"]
    assert old.plan() == [
        ("CreateMailbox", "ball1234"),
        ("AddAddress", "john.smith2@balliol.ox.ac.uk"),
        ("SetSender", "ball1234"),
    ]
    assert old.with_snapshot("run").code == 0
    assert old.plan() == []
    table = old.at("routing", "build", "--format", "json").document["entries"]
    routes = {entry["address"]: entry["destination"] for entry in table}
    assert routes["john.smith@balliol.ox.ac.uk"] == "ball9999@nexus.ox.ac.uk"
    assert routes["reception@balliol.ox.ac.uk"] == "reception@nexusops.onmicrosoft.com"


def test_the_right_id_makes_a_reserved_address_its_owners(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "John Smith")
    old.mailbox("9999999", "ball1234", "john.smith@balliol.ox.ac.uk")
    old.adopt()
    with old.asking() as asking:
        asking.graph("PATCH", "/users/ball1234@nexus.ox.ac.uk", {"employeeId": "1000001"})
    assert old.adopt()["counts"]["people"] == 1
    assert addresses(old.state(), "ball1234")["john.smith@balliol.ox.ac.uk"] == ("personal", "active")
    assert old.plan() == []


def test_what_does_not_fit_is_said(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.student("1000002", "ball1235", "Ann Lee")
    old.data.person("1000003", None)
    old.mailbox("1000001", "mbrown", "mary.brown@elsewhere.ox.ac.uk", "mary.brown@balliol.ox.ac.uk")
    old.mailbox("1000002", "ball1235", "ann.lee@balliol.ox.ac.uk")
    old.mailbox("1000002", "alee")
    old.mailbox("1000003", "ball1236")
    assert codes(old.adopt()) == [
        ("PENDING_USERNAME", "1000003"),
        ("SENDER_UNKNOWN", "mary.brown@elsewhere.ox.ac.uk"),
        ("TENANT_AMBIGUOUS", "1000002"),
        ("TENANT_EXTRA_ADDRESS", "mary.brown@elsewhere.ox.ac.uk"),
        ("TENANT_UNKNOWN_MAILBOX", "postmaster"),
        ("USERNAME_CHANGED", "1000001"),
    ]


def test_the_addresses_of_users_with_one_id_are_given_to_nobody_else(old: OldTenant) -> None:
    """R17: until somebody says whose they are, their mail goes where it went."""
    old.student("1000001", "ball0001", "Ann Lee")
    old.student("1000002", "ball0002", "Joan Smith")
    old.mailbox("1000009", "ball1111", "joan.smith@balliol.ox.ac.uk")
    old.mailbox("1000009", "ball2222", "ann.lee@balliol.ox.ac.uk")
    document = old.adopt()
    assert document["reserved"] == ["ann.lee@balliol.ox.ac.uk", "joan.smith@balliol.ox.ac.uk"]
    said = next(one["message"] for one in document["findings"] if one["code"] == "TENANT_AMBIGUOUS")
    assert said.startswith("ball1111@nexus.ox.ac.uk and ball2222@nexus.ox.ac.uk carry the employeeId 1000009")
    assert {target for kind, target in old.plan() if kind == "AddAddress"} == {
        "ann.lee2@balliol.ox.ac.uk",
        "joan.smith2@balliol.ox.ac.uk",
    }
    found = old.at("drift", "--format", "json").document["differences"]
    assert [(one["code"], one["subject"]) for one in found] == [("TENANT_AMBIGUOUS", "1000009")]


def deleted(old: OldTenant, day: date) -> None:
    """Somebody takes ball0001 away in the tenant itself."""
    with old.asking() as asking:
        asking.tenant.set_clock(datetime(day.year, day.month, day.day, 8, tzinfo=UTC))
        assert asking.graph("DELETE", "/users/ball0001@nexus.ox.ac.uk").status_code == 204


def test_a_mailbox_that_somebody_deleted_comes_back_to_whoever_is_entitled_to_it(old: OldTenant) -> None:
    """2.2, D23: deleted and qualifying within 30 days: it is restored, not made anew."""
    old.student("1000001", "ball0001", "Eva Klein")
    old.student("1000002", "ball0002", "Eva Klein")
    old.mailbox("1000001", "ball0001", "eva.klein@balliol.ox.ac.uk")
    deleted(old, date(2025, 9, 20))
    document = old.adopt()
    assert ("TENANT_DELETED", "1000001") in codes(document)
    box = mailbox(old.state(), "ball0001")
    assert (box["state"], box["deleted_on"], box["purge_on"]) == ("deleted", "2025-09-20", "2025-10-20")
    assert ("RestoreMailbox", "ball0001") in old.plan()
    assert ("AddAddress", "eva.klein2@balliol.ox.ac.uk") in old.plan()
    assert old.with_snapshot("run").code == 0
    assert addresses(old.state(), "ball0001")["eva.klein@balliol.ox.ac.uk"] == ("personal", "active")


def test_what_the_tenant_is_about_to_discard_is_not_taken_over_and_routes_no_mail(old: OldTenant) -> None:
    """D08: thirty days after its deletion."""
    old.student("1000001", "ball0001", "Eva Klein")
    old.mailbox("1000001", "ball0001", "eva.klein@balliol.ox.ac.uk")
    deleted(old, date(2025, 9, 1))
    document = old.adopt()
    assert (document["mailboxes"], document["reserved"]) == ([], [])


def test_a_user_who_lacks_the_id_of_the_username_is_told_which_to_set(old: OldTenant) -> None:
    old.student("1000001", "ball0001", "Ann Lee")
    old.mailbox(None, "ball0001", "ann.lee@balliol.ox.ac.uk")
    said = next(one["message"] for one in old.adopt()["findings"] if one["subject"] == "ball0001")
    assert said == (
        "ball0001@nexus.ox.ac.uk has no employeeId: set it to 1000001, whose username that is, and adopt again"
    )


def test_a_units_mailbox_keeps_its_addresses(old: OldTenant) -> None:
    """R26; R60: all that is added is the name to which the mail hubs send."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    old.data.mailbox("library", "BALL", "library@balliol.ox.ac.uk", "1000001")
    old.data.mailbox("garden", "BALL", "garden@balliol.ox.ac.uk", "1000001")
    old.shared("library", "library@balliol.ox.ac.uk", "books@balliol.ox.ac.uk")
    old.shared("flowers", "garden@balliol.ox.ac.uk")
    document = old.adopt()
    assert document["counts"]["nonpersonal"] == 1
    assert ("ADDRESS_TAKEN", "garden") in codes(document)
    assert addresses(old.state(), "library") == {
        "library@balliol.ox.ac.uk": ("nonpersonal", "active"),
        "books@balliol.ox.ac.uk": ("nonpersonal", "active"),
    }
    assert old.plan() == [("AddAddress", "library@nexus.ox.ac.uk")]


def test_a_dry_run_writes_nothing(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    before = old.state()
    document = old.adopt("--dry-run")
    assert (document["dry_run"], document["run_id"], document["counts"]["people"]) == (True, None, 1)
    assert old.state() == before


def test_an_adoption_is_a_run_with_its_journal_and_repeating_it_does_nothing(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    first = old.adopt()
    state = old.state()
    assert [(run["run_id"], run["result"]) for run in state["runs"]] == [(first["run_id"], "adopted")]
    rows = old.type("audit", "mary.brown@balliol.ox.ac.uk", "--format", "json").document["rows"]
    assert [(row["run_id"], row["before"], row["after"]["state"]) for row in rows] == [
        (first["run_id"], None, "active")
    ]
    again = old.adopt()
    assert (again["run_id"], again["counts"]["already_known"], again["counts"]["people"]) == (None, 1, 0)
    assert old.state() == state
    assert old.type("audit", "verify").code == 0


def test_a_bad_snapshot_is_refused_and_an_unreadable_tenant_too(old: OldTenant) -> None:
    """Exit 3, exit 8: nothing is known, so nothing is adopted."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    with old.asking() as asking:
        asking.faults(*[{"kind": "status", "status": 403, "match": {"path": "/v1.0/users"}, "times": 9}])
    said = old.with_snapshot("adopt")
    assert (said.code, old.state()["mailboxes"]) == (8, [])
    (old.folder / "snapshot" / "cards.csv").write_text("broken")
    assert old.with_snapshot("adopt").code == 3


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_what_people_read_says_what_to_do_next(old: OldTenant, words: tuple[str, ...]) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    said = old.with_snapshot("adopt", *words)
    verb = "would be taken over" if words else "taken over as they are"
    assert said.out.startswith(f"Adoption for oxford-test at 2025-10-01T08:00:00Z: 1 mailbox {verb}\n")
    assert said.out.splitlines()[-1].startswith("Next: ")


def test_an_adoption_cannot_be_undone_into_deletions(old: OldTenant) -> None:
    """interface.md 3: it changes nothing in the tenant, so its inverse changes nothing there either."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.mailbox("1000001", "ball1234", "mary.brown@balliol.ox.ac.uk")
    run = old.adopt()["run_id"]
    assert old.with_snapshot("run").code == 0
    for words in ((), ("--apply",)):
        said = old.at("undo", run, *words)
        assert (said.code, said.out) == (6, "")
    assert mailbox(old.state(), "ball1234")["state"] == "active"
