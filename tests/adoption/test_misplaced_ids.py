"""tenant-api.md 12, 1: an employeeId joins a person to a user's mailbox alone; and a mailbox is known by its id."""

from __future__ import annotations

import pytest
from building.old_tenant import OldTenant

MARY, SENDER, OFFICE = "1000001", "mary.brown@balliol.ox.ac.uk", "office@chem.ox.ac.uk"
CODE = "TENANT_ID_MISPLACED"
SAYS = (
    f"office is no mailbox of a person, and the account behind it carries the employeeId {MARY}, which counts for "
    "nothing: remove it there; if the mailbox is that person's, make it a regular one"
)


def registered(old: OldTenant) -> None:
    """A member of staff, and a unit's mailbox of theirs."""
    old.data.person(MARY, "ball1234").card(MARY, "MC", "Mary Anne", "Brown", "2024-10-01", "2028-09-30")
    old.data.affiliation(MARY, "BALL", "2024-10-01").mailbox("office", "CHEM", OFFICE, MARY)


@pytest.fixture
def kept(old: OldTenant) -> OldTenant:
    """A site that nexusops runs: a person's mailbox, and a unit's, as the rules want them."""
    registered(old)
    assert old.with_snapshot("run").code == 0
    assert old.at("drift").code == 0
    return old


def marked(old: OldTenant, identity: str = "office") -> None:
    """Somebody writes the person's employeeId on the account behind a mailbox."""
    with old.asking() as asking:
        user = asking.mailbox(identity)["ExternalDirectoryObjectId"]
        assert asking.graph("PATCH", f"/users/{user}", {"employeeId": MARY}).status_code == 204


def planned(old: OldTenant) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """The changes and the findings of a whole plan."""
    said = old.with_snapshot("plan", "--refresh", "full", "--format", "json")
    assert said.code == 0, said.err
    return old.changes(said.document), [(f["code"], f["subject"], f["message"]) for f in said.document["findings"]]


def differences(old: OldTenant) -> list[tuple[str, str, str | None]]:
    return [(d["code"], d["mailbox"], d["found"]) for d in old.at("drift", "--format", "json").document["differences"]]


def test_an_employee_id_on_a_units_mailbox_takes_neither_mailbox_away(kept: OldTenant) -> None:
    """The person was nobody's any more, and the unit's mailbox was missing, and made anew."""
    marked(kept)
    assert planned(kept) == ([], [(CODE, "office", SAYS)])
    assert differences(kept) == [(CODE, "office", None)]


@pytest.mark.parametrize("kind", ["Room", "Equipment"])
def test_whatever_the_kind_of_a_mailbox_that_is_no_persons(kept: OldTenant, kind: str) -> None:
    with kept.asking() as asking:
        asking.rows("New-Mailbox", **{kind: True}, Name="lab", Alias="lab", PrimarySmtpAddress="lab@nexus.ox.ac.uk")
    marked(kept, "lab")
    assert planned(kept) == ([], [])
    assert differences(kept) == [(CODE, "lab", MARY)]


def test_a_person_who_has_only_such_an_account_waits_for_somebody_to_put_it_right(kept: OldTenant) -> None:
    """Neither is the unit's mailbox made a person's, nor do two accounts carry one employeeId by our doing."""
    kept.data.person("1000002", "ball0002").card("1000002", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    kept.data.affiliation("1000002", "BALL", "2024-10-01")
    with kept.asking() as asking:
        office = asking.mailbox("office")["ExternalDirectoryObjectId"]
        assert asking.graph("PATCH", f"/users/{office}", {"employeeId": "1000002"}).status_code == 204
    kept.data.write(kept.folder / "later", "2025-10-01T08:50:00Z")
    said = kept.at("run", "--snapshot", kept.folder / "later", "--format", "json", at="2025-10-01T09:00:00Z")
    assert said.code == 5, said.err
    reasons = [one["message"] for one in said.document["set_aside"]]
    assert reasons[0] == (
        "needs a human: the account behind office, a SharedMailbox, carries the employeeId 1000002: remove it there"
    )
    with kept.asking() as asking:
        assert asking.mailbox("office")["RecipientTypeDetails"] == "SharedMailbox"
        assert asking.graph("GET", "/users/ball0002@nexus.ox.ac.uk").status_code == 404


def test_a_persons_mailbox_that_somebody_made_a_shared_one_is_theirs(kept: OldTenant) -> None:
    kept.set_mailbox("ball1234", Type="Shared")
    assert planned(kept) == ([], [])
    assert differences(kept) == []
    assert [one["subject"] for one in kept.adopt()["findings"]] == ["postmaster"]


def test_a_tenant_taken_over_says_what_it_finds(old: OldTenant) -> None:
    registered(old)
    old.mailbox(MARY, "ball1234", SENDER)
    for name in ("office", "attic"):
        old.shared(name, f"{name}@chem.ox.ac.uk")
        marked(old, name)
    document = old.adopt()
    assert sorted(one["name"] for one in document["mailboxes"]) == ["ball1234", "office"]
    assert [(one["code"], one["subject"]) for one in document["findings"]] == [
        (CODE, "attic"),
        (CODE, "office"),
        ("TENANT_UNKNOWN_MAILBOX", "postmaster"),
    ]


def test_a_mailbox_of_another_name_is_the_one_that_we_know(kept: OldTenant) -> None:
    """Its name in Exchange can be changed by anybody; it was missing then, and was to be made anew."""
    kept.set_mailbox("office", Name="bureau")
    kept.shared("office2", "office2@nexus.ox.ac.uk")
    kept.set_mailbox("office2", Name="office")
    assert planned(kept) == ([], [])
    assert differences(kept) == []
