"""What every Tenant of ports.py does with mailboxes that end and come back (R9, R44, D08, D23)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from building.embedded import ADA_ID, DOMAIN, WHY, Room, box, creation, person

from nexusops.model.changes import (
    AddAddress,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    RestoreMailbox,
    SetForward,
    SetSender,
)
from nexusops.model.mailboxes import AutomaticReply
from nexusops.model.tenant import ActualMailbox, Wanted

ADA = person()
OWN = f"abcd0001@{DOMAIN}"
INNER = "abcd0001@nexusops.onmicrosoft.com"
NEW = "ada.byron@ox.ac.uk"


def test_a_disabled_mailbox_is_enabled_again(room: Room, ada: ActualMailbox) -> None:
    """tenant-api.md 4.9: what is there is noted; blocked, sessions revoked, protocols off, hidden, each as before."""
    off = room.perform(DisableMailbox(mailbox=ADA, why=WHY))
    steps = ("note", "block", "revoke", "protocols", "hide")
    assert [(o.step, o.result.value) for o in off] == [(s, "done") for s in steps]
    assert off[1].before == {"accountEnabled": True}
    assert set((off[3].before or {}).values()) == {True}
    assert off[4].before == {"hidden": False}
    assert off[0].before == {**(off[1].before or {}), **(off[3].before or {}), **(off[4].before or {})}
    assert room.ada().enabled is False
    assert room.results(EnableMailbox(mailbox=ADA, why=WHY)) == ["done"] * 3
    assert room.ada() == ada


def test_an_enabling_brings_back_exactly_what_was_before_the_disabling(room: Room, ada: ActualMailbox) -> None:
    """tenant-api.md 12, 5: the values that the journal kept, not what is usual."""
    guid = ada.exchange_guid
    invoke = room.tenant._exchange.invoke
    room.tenant._run(invoke("Set-CASMailbox", Identity=guid, PopEnabled=False))  # as staff did, before all this
    room.tenant._run(invoke("Set-Mailbox", Identity=guid, HiddenFromAddressListsEnabled=True))
    off = room.perform(DisableMailbox(mailbox=ADA, why=WHY))
    restore = {name: bool(value) for outcome in off for name, value in (outcome.before or {}).items()}
    on = room.perform(EnableMailbox(mailbox=ADA, why=WHY, restore=restore))
    assert [o.result.value for o in on] == ["done"] * 3
    assert (on[0].after or {})["PopEnabled"] is False
    assert (on[0].after or {})["ImapEnabled"] is True
    again = room.perform(DisableMailbox(mailbox=ADA, why=WHY))
    assert [o.before for o in again] == [o.before for o in off]


def test_a_disabled_mailbox_may_answer_and_has_its_own_reply_back_when_it_is_enabled(
    room: Room, ada: ActualMailbox
) -> None:
    """D08, accept_autoreply; tenant-api.md 4.15: first what stood there, then the text to everybody, and back."""
    own = {"state": "Disabled", "audience": "All", "internal": "", "external": "", "start": None, "end": None}
    text = "Nobody reads this mailbox."
    closed = {**own, "state": "Enabled", "internal": text, "external": text}
    off = room.perform(DisableMailbox(mailbox=ADA, why=WHY, reply=text))
    assert [o.step for o in off] == ["note", "block", "revoke", "protocols", "reply", "hide"]
    assert (off[0].before or {})["automaticReply"] == own
    assert (off[4].before, off[4].after) == (own, closed)
    on = room.perform(EnableMailbox(mailbox=ADA, why=WHY, reply=AutomaticReply(**own)))
    assert [(o.step, o.result.value) for o in on] == [(s, "done") for s in ("reply", "protocols", "unhide", "unblock")]
    assert (on[0].before, on[0].after) == (closed, own)
    assert room.ada() == ada


def test_a_deleted_mailbox_is_seen_as_it_was_and_comes_back_so(room: Room, ada: ActualMailbox) -> None:
    """D23: what it holds is known before it is restored: its addresses, its sender, a forward set by hand (D35)."""
    room.perform(AddAddress(mailbox=ADA, why=WHY, address=NEW))
    room.perform(SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW))
    room.perform(SetForward(mailbox=ADA, why=WHY, was=None, becomes="ada@example.org"))
    before = room.ada()
    room.perform(DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN, NEW)))
    gone = room.tenant.read(Wanted(people={ADA_ID: None}))
    assert gone == replace(room.tenant.read(Wanted(everything=True)), boxes={})
    found = gone.people[ADA_ID]
    assert (found.deleted, found.exchange_guid, found.primary, found.addresses, found.forward) == (
        True,
        ada.exchange_guid,
        NEW,
        frozenset({OWN, NEW, INNER}),
        "ada@example.org",
    )
    assert room.results(RestoreMailbox(mailbox=ADA, why=WHY)) == ["done"]
    assert room.ada() == before


@pytest.mark.parametrize(("reads", "result"), [(2, "done"), (7, "waiting")])
def test_a_restored_mailbox_that_exchange_shows_later_is_waited_for(
    room: Room, ada: ActualMailbox, reads: int, result: str
) -> None:
    """tenant-api.md 8: it was taken for done, and what comes after it failed, or was said to be missing."""
    room.perform(DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,)))
    room.faults({"match": {"path": "/restore"}, "kind": "mailbox_delay", "reads": reads})
    (outcome,) = room.perform(RestoreMailbox(mailbox=person(user_id=ada.user_id), why=WHY))
    assert (outcome.result.value, outcome.user_id) == (result, ada.user_id)
    later = [room.results(creation(ADA))[-1] for _ in range(9)]
    assert (later[0], later[-1]) == (result, "done")
    assert room.ada() == ada


def test_what_the_tenant_has_purged_is_set_aside_and_not_restored(room: Room, ada: ActualMailbox) -> None:
    """R43: between the look and the restoring its thirty days were over."""
    room.perform(DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,)))
    assert ada.user_id is not None
    room.service.set_clock(datetime.now(UTC) + timedelta(days=31))
    (outcome,) = room.perform(RestoreMailbox(mailbox=person(user_id=ada.user_id), why=WHY))
    told = "the tenant has purged it since it was looked at; the next run makes a new, empty mailbox"
    assert (outcome.result.value, outcome.message) == ("set_aside", told)


def test_a_deleted_box_is_seen_and_comes_back(room: Room) -> None:
    """R9, D31: within thirty days it is restored; a new one could not have its name and address."""
    made = room.perform(creation(box()))[0]
    before = room.tenant.read(Wanted(boxes={"saas-worktribe": None}))
    room.perform(DeleteMailbox(mailbox=box(), why=WHY, addresses=()))
    for guid in (None, made.exchange_guid):
        found = room.tenant.read(Wanted(boxes={"saas-worktribe": guid})).boxes
        assert found == {"saas-worktribe": replace(before.boxes["saas-worktribe"], deleted=True)}
        assert found == room.tenant.read(Wanted(everything=True)).boxes
    assert room.results(RestoreMailbox(mailbox=box(user_id=made.user_id), why=WHY)) == ["done"]
    assert room.tenant.read(Wanted(boxes={"saas-worktribe": None})) == before


def test_a_deleted_mailbox_is_seen_as_deleted_and_comes_back(room: Room, ada: ActualMailbox) -> None:
    delete = DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,))
    (gone,) = room.perform(delete)
    assert gone.before == {"user_id": ada.user_id, "addresses": [OWN, INNER]}
    assert [o.result.value for o in room.perform(delete)] == ["done"]
    for known in (None, ada.user_id):
        found = room.tenant.read(Wanted(people={ADA_ID: known})).people[ADA_ID]
        assert (found.deleted, found.user_id) == (True, ada.user_id)
    assert room.tenant.read(Wanted(everything=True)).people[ADA_ID].deleted
    assert room.results(RestoreMailbox(mailbox=ADA, why=WHY)) == ["done"]
    assert room.ada() == ada
