"""What every Tenant of ports.py does: here the adapters of Graph and Exchange on the embedded tenant."""

from __future__ import annotations

from dataclasses import replace

from building.embedded import ADA_ID, DOMAIN, WHY, Room, box, creation, person
from building.outcomes import outcomes_of

from nexusops.model.changes import (
    AddAddress,
    ClearForward,
    DeleteMailbox,
    RemoveAddress,
    SetForward,
    SetSender,
)
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import Step, StepResult
from nexusops.model.steps import steps_of
from nexusops.model.tenant import Actual, ActualMailbox, Wanted

ADA = person()
OWN = f"abcd0001@{DOMAIN}"
NEW = "ada.byron@ox.ac.uk"
INNER = "abcd0001@nexusops.onmicrosoft.com"
"""What Exchange gives every mailbox beside its own addresses."""


def test_an_empty_tenant_holds_nobody(room: Room) -> None:
    found = room.tenant.read(Wanted(people={ADA_ID: None}, boxes={"saas-worktribe": None}))
    assert (found.people, found.boxes, found.ambiguous) == ({}, {}, {})
    assert found.licences_left is not None
    assert found.licences_left > 0


def test_nothing_wanted_asks_nothing(room: Room) -> None:
    assert room.tenant.read(Wanted()) == Actual()
    assert room.service.requests() == []


def test_a_created_person_is_read_back_by_employee_id(room: Room, ada: ActualMailbox) -> None:
    """R2; tenant-api.md 12, 1: joined on ids, never on an address."""
    assert ada == ActualMailbox(
        user_id=ada.user_id,
        user_principal_name=OWN,
        person_id=ADA_ID,
        name="abcd0001",
        exchange_guid=ada.exchange_guid,
        enabled=True,
        primary=OWN,
        addresses=frozenset({OWN, INNER}),
        listed=True,
    )
    assert ada.exchange_guid is not None


def test_all_and_some_are_read_alike(room: Room, ada: ActualMailbox) -> None:
    """architecture.md: the plan from the diff equals the plan from scratch, for an equal actual."""
    room.perform(creation(box()))
    some = room.tenant.read(Wanted(people={ADA_ID: ada.user_id}, boxes={"saas-worktribe": None}))
    everything = room.tenant.read(Wanted(everything=True))
    assert some.people == everything.people
    assert some.boxes["saas-worktribe"] == everything.boxes["saas-worktribe"]
    assert some.licences_left == everything.licences_left


def test_a_second_creation_writes_nothing(room: Room, ada: ActualMailbox) -> None:
    """interface.md 9: what is already as it should be is done without a write."""
    before = room.writes()
    assert room.results(creation(ADA)) == ["done"] * 3
    assert room.writes() == before


def test_a_shared_mailbox_is_hidden_and_blocked(room: Room) -> None:
    """R42, tenant-api.md 4.6"""
    made = room.perform(creation(box()))
    assert [outcome.result.value for outcome in made] == ["done", "done"]
    found = room.tenant.read(Wanted(boxes={"saas-worktribe": made[0].exchange_guid})).boxes["saas-worktribe"]
    assert found == ActualMailbox(
        user_id=found.user_id,
        user_principal_name=found.user_principal_name,
        person_id=None,
        name="saas-worktribe",
        exchange_guid=made[0].exchange_guid,
        enabled=False,
        primary="saas-worktribe@admin.ox.ac.uk",
        addresses=frozenset({"saas-worktribe@admin.ox.ac.uk", *found.addresses}),
        shared=True,
    )
    assert found.user_principal_name == found.primary, "Graph's sendMail knows it by this name alone"
    before = room.writes()
    assert room.results(creation(box())) == ["done", "done"]
    assert room.writes() == before


def test_a_name_taken_by_another_mailbox_needs_a_human(room: Room) -> None:
    room.perform(creation(box()))
    other = replace(creation(box()), address="other@admin.ox.ac.uk")
    (outcome,) = room.perform(other)
    assert (outcome.result, "needs a human" in outcome.message) == (StepResult.SET_ASIDE, True)


def test_an_address_comes_and_goes(room: Room, ada: ActualMailbox) -> None:
    add, remove = (kind(mailbox=ADA, why=WHY, address=NEW) for kind in (AddAddress, RemoveAddress))
    (added,) = room.perform(add)
    assert added.before == {"addresses": [f"SMTP:{OWN}", f"smtp:{INNER}"]}
    assert room.ada().addresses == {OWN, NEW, INNER}
    assert room.results(remove) == ["done"]
    assert room.ada().addresses == {OWN, INNER}
    before = room.writes()
    assert room.results(remove) == ["done"]
    assert room.writes() == before


def test_an_address_that_another_holds_needs_a_human(room: Room, ada: ActualMailbox) -> None:
    room.perform(creation(box()))
    (outcome,) = room.perform(AddAddress(mailbox=ADA, why=WHY, address="saas-worktribe@admin.ox.ac.uk"))
    assert outcome.result is StepResult.SET_ASIDE
    assert outcome.message.startswith("needs a human: ")
    assert "saas-worktribe@admin.ox.ac.uk" in outcome.message


def test_the_sender_moves_and_the_old_one_stays_as_an_alias(room: Room, ada: ActualMailbox) -> None:
    """tenant-api.md 4.7: a replace list that omits entries deletes them."""
    change = SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW)
    assert room.results(change) == ["done"]
    assert (room.ada().primary, room.ada().addresses) == (NEW, {OWN, NEW, INNER})
    before = room.writes()
    assert room.results(change) == ["done"]
    assert room.writes() == before


def test_an_address_that_a_shared_mailbox_gave_up_may_be_that_of_another(room: Room) -> None:
    """tenant-api.md 4.7: its account was named after it, and would keep it from everybody else for ever."""
    old, new = Address("saas-worktribe@admin.ox.ac.uk"), Address("worktribe@admin.ox.ac.uk")
    room.perform(creation(box()))
    given = (
        AddAddress(mailbox=box(), why=WHY, address=new),
        SetSender(mailbox=box(), why=WHY, was=old, becomes=new),
        RemoveAddress(mailbox=box(), why=WHY, address=old),
    )
    assert [room.results(change) for change in given] == [["done"]] * 3
    assert room.results(replace(creation(box("second")), address=old)) == ["done", "done"]


def test_a_sender_that_leaves_is_no_alias_afterwards(room: Room, ada: ActualMailbox) -> None:
    """R57: one of a domain with mail of its own is on the mailbox only to send as; all else stays."""
    change = SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW, leaves=True)
    assert room.results(change) == ["done"]
    assert (room.ada().primary, room.ada().addresses) == (NEW, {NEW, INNER})
    before = room.writes()
    assert room.results(change) == ["done"]
    assert room.writes() == before


def test_a_sender_that_the_plan_did_not_expect_is_left_with_both_values_told(room: Room, ada: ActualMailbox) -> None:
    (outcome,) = room.perform(SetSender(mailbox=ADA, why=WHY, was="someone@ox.ac.uk", becomes=NEW))
    assert outcome.result is StepResult.SET_ASIDE
    assert outcome.message == f"the sender is {OWN}; the plan expected someone@ox.ac.uk and wants {NEW}"
    assert room.ada().primary == OWN


def test_the_sender_cannot_be_removed(room: Room, ada: ActualMailbox) -> None:
    assert room.results(RemoveAddress(mailbox=ADA, why=WHY, address=OWN)) == ["set_aside"]


def test_a_forward_is_set_and_cleared(room: Room, ada: ActualMailbox) -> None:
    """tenant-api.md 4.8"""
    there = SetForward(mailbox=ADA, why=WHY, was=None, becomes="ada@example.org")
    assert room.results(there) == ["done"]
    assert room.ada().forward == "ada@example.org"
    (aside,) = room.perform(SetForward(mailbox=ADA, why=WHY, was=None, becomes="b@example.org"))
    assert aside.result is StepResult.SET_ASIDE
    assert aside.message == "the forward is ada@example.org; the plan expected empty and wants b@example.org"
    assert room.results(ClearForward(mailbox=ADA, why=WHY, was="ada@example.org")) == ["done"]
    assert room.ada().forward is None


def test_steps_of_many_mailboxes_each_get_their_outcome(room: Room) -> None:
    many = [creation(person(f"abcd{n:04d}", f"{n:07d}")) for n in range(1, 30)]
    steps = [Step(change_id=f"c{n}", name="user", change=change) for n, change in enumerate(many)]
    outcomes = outcomes_of(room.tenant, steps)
    assert {o.change_id: o.result.value for o in outcomes} == {step.change_id: "done" for step in steps}
    wanted = Wanted(people={PersonId(f"{n:07d}"): None for n in range(1, 30)})
    assert {p: m.name for p, m in room.tenant.read(wanted).people.items()} == {
        PersonId(f"{n:07d}"): f"abcd{n:04d}" for n in range(1, 30)
    }


def test_steps_of_one_mailbox_do_not_undo_one_another(room: Room, ada: ActualMailbox) -> None:
    """tenant-api.md 4.7: a sender is moved by writing the whole list of addresses, which must not bring one back."""
    for local in ("a", "b", "c"):
        room.perform(AddAddress(mailbox=ADA, why=WHY, address=f"{local}@ox.ac.uk"))
    changes = [
        RemoveAddress(mailbox=ADA, why=WHY, address="a@ox.ac.uk"),
        SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW),
        RemoveAddress(mailbox=ADA, why=WHY, address="b@ox.ac.uk"),
        AddAddress(mailbox=ADA, why=WHY, address="d@ox.ac.uk"),
        RemoveAddress(mailbox=ADA, why=WHY, address="c@ox.ac.uk"),
    ]
    steps = [Step(change_id=f"c{n}", name=steps_of(c)[0], change=c) for n, c in enumerate(changes)]
    assert [(o.change_id, o.result.value) for o in outcomes_of(room.tenant, steps)] == [
        (step.change_id, "done") for step in steps
    ]
    assert room.ada().addresses == {OWN, NEW, INNER, "d@ox.ac.uk"}


def test_two_users_of_one_employee_id_are_ambiguous(room: Room, ada: ActualMailbox) -> None:
    """tenant-api.md 12, 1"""
    again = replace(creation(person("abcd0002", "9999999")), person_id="9999999")
    room.perform(again, "user")
    room.tenant._run(  # as staff would, by hand
        room.tenant._graph.send("PATCH", f"/users/abcd0002@{DOMAIN}", {"employeeId": ADA_ID})
    )
    for wanted in (Wanted(people={ADA_ID: None}), Wanted(everything=True)):
        found = room.tenant.read(wanted)
        names = {person_id: {user.name for user in users} for person_id, users in found.ambiguous.items()}
        assert (found.people, names) == ({}, {ADA_ID: {ada.name, "abcd0002"}})


def test_a_deleted_user_is_found_beside_a_box_that_only_carries_the_employee_id(room: Room, ada: ActualMailbox) -> None:
    """R43: they are to be restored, and not to be made anew; and the box is nobody's (tenant-api.md 12, 1)."""
    made = room.perform(creation(box()))[0]
    room.tenant._run(room.tenant._graph.send("PATCH", f"/users/{made.user_id}", {"employeeId": ADA_ID}))
    room.perform(DeleteMailbox(mailbox=person(user_id=ada.user_id), why=WHY, addresses=()))
    boxes: dict[str, str | None] = {"saas-worktribe": None}
    for wanted in (Wanted(people={ADA_ID: None}, boxes=boxes), Wanted(everything=True)):
        found = room.tenant.read(wanted)
        assert {key: (one.user_id, one.deleted) for key, one in found.people.items()} == {ADA_ID: (ada.user_id, True)}
        assert {name: one.person_id for name, one in found.boxes.items()} == {"saas-worktribe": ADA_ID}


def test_mail_is_accepted_with_its_identity(room: Room) -> None:
    """interface.md 9: a repeat is recognised by x-nexusops-notice."""
    room.service.ensure_mailbox("postmaster@ox.ac.uk", "Postmaster")
    message = {
        "subject": "Your mailbox",
        "body": {"contentType": "Text", "content": "…"},
        "toRecipients": [{"emailAddress": {"address": OWN}}],
        "internetMessageHeaders": [{"name": "x-nexusops-notice", "value": "n1"}],
    }
    room.tenant.send_mail("postmaster@ox.ac.uk", message)
    (sent,) = [r for r in room.service.requests() if r["path"].endswith("/sendMail")]
    assert sent["status"] == 202
