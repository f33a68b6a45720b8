"""interface.md 9, tenant-api.md 8: lost answers, lag, stock, holds, synced and privileged objects, half-read lists."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from building.embedded import ADA_ID, DOMAIN, SETTINGS, WHY, Room, box, creation, person

from nexusops.errors import TenantUnreadable
from nexusops.model.addresses import AddressState
from nexusops.model.changes import (
    AddAddress,
    Change,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    ReviveAddress,
    SetForward,
    SetSender,
)
from nexusops.model.ids import Address
from nexusops.model.journal import Step
from nexusops.model.tenant import Wanted
from nexusops.tenant.faults import PAGE

ADA = person()
OWN = f"abcd0001@{DOMAIN}"
NEW = "ada.byron@ox.ac.uk"
EVERYTHING = Wanted(everything=True)
CHANGES: list[Change] = [
    creation(ADA),
    creation(box()),
    AddAddress(mailbox=ADA, why=WHY, address=NEW),
    SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW),
    SetForward(mailbox=ADA, why=WHY, was=None, becomes="ada@example.org"),
    DisableMailbox(mailbox=ADA, why=WHY),
    DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,)),
]
WRITES: dict[str, dict[str, str]] = {
    "create": {"method": "POST", "path": "/v1.0/users"},
    "licence": {"method": "POST", "path": "assignLicense"},
    "patch": {"method": "PATCH"},
    "delete": {"method": "DELETE"},
    "new": {"cmdlet": "New-Mailbox"},
    "set": {"cmdlet": "Set-Mailbox"},
    "protocols": {"cmdlet": "Set-CASMailbox"},
}
FAULTED = {
    ("CreateMailbox", "personal"): ("licence", "create"),
    ("CreateMailbox", "saas"): ("new", "set", "patch"),
    ("AddAddress", "personal"): ("set",),
    ("SetSender", "personal"): ("set",),
    ("SetForward", "personal"): ("set",),
    ("DisableMailbox", "personal"): ("patch", "protocols", "set"),
    ("DeleteMailbox", "personal"): ("delete",),
}


def prepared(room: Room, change: Change) -> Room:
    if change not in CHANGES[:2]:
        room.perform(creation(ADA))
    return room


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate", "wrong_type"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{type(change).__name__}-{change.mailbox.kind}")
def test_a_write_whose_answer_was_lost_is_settled_by_reading(room: Room, change: Any, kind: str) -> None:
    """interface.md 9: done in the end, and what was carried out is not sent again."""
    prepared(room, change)
    done = len(room.writes())
    used = FAULTED[type(change).__name__, change.mailbox.kind.value]
    room.faults(*({"match": WRITES[name], "kind": kind} for name in used))
    assert set(room.results(change)) == {"done"}
    assert room.unspent() == []
    sent = [name for name in room.writes()[done:] if "revokeSignInSessions" not in name]
    assert len(sent) == len(set(sent)) * (2 if kind == "drop_before" else 1)


@pytest.mark.parametrize("change", CHANGES[2:], ids=lambda change: type(change).__name__)
def test_a_write_that_shows_later_is_waited_for_and_not_sent_again(room: Room, change: Any) -> None:
    """tenant-api.md 8: accepted, and for some seconds every look finds it as it was."""
    prepared(room, change)
    done = len(room.writes())
    used = FAULTED[type(change).__name__, change.mailbox.kind.value]
    room.faults(*({"match": WRITES[name], "kind": "late", "reads": 2} for name in used))
    assert set(room.results(change)) == {"done"}
    assert room.unspent() == []
    sent = [name for name in room.writes()[done:] if "revokeSignInSessions" not in name]
    assert len(sent) == len(set(sent)) == len(used)


def test_sessions_are_not_taken_for_revoked_because_a_page_says_that_all_is_well(room: Room) -> None:
    """tenant-api.md 4.5: nothing else shows it, and a compromised account would stay signed in."""
    room.perform(creation(ADA))
    room.faults({"match": {"path": "revokeSignInSessions"}, "kind": "html", "status": 200, "times": 6})
    change = DisableMailbox(mailbox=ADA, why=WHY)
    assert [outcome.message for outcome in room.perform(change)][-1] == PAGE
    assert room.results(change)[-1] == "done"


def test_a_write_that_does_not_show_at_all_is_looked_for_by_the_next_run(room: Room) -> None:
    room.perform(creation(ADA))
    room.faults({"match": WRITES["set"], "kind": "late", "reads": 9})
    change = AddAddress(mailbox=ADA, why=WHY, address=NEW)
    (outcome,) = room.perform(change)
    told = "it was accepted, and does not show; the next run looks again"
    assert (outcome.result.value, outcome.message) == ("failed", told)
    done = len(room.writes())
    assert room.results(change) == ["done"]
    assert len(room.writes()) == done + 1


def test_what_exchange_warns_of_is_told_with_the_step(tmp_path: Path) -> None:
    """tenant-api.md 5.3: warnings carry real news, and are journaled; those of one step are not another's."""
    told = "The command completed successfully but no settings of 'abcd0001' have been modified."

    class Warns(httpx.AsyncBaseTransport):
        def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
            self.inner = inner

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await self.inner.handle_async_request(request)
            if request.headers.get("x-cmdletname") != "Set-Mailbox":
                return answer
            return httpx.Response(answer.status_code, json={"value": [], "@adminapi.warnings": [told, told]})

    room = Room(tmp_path / "tenant.db", wrap=Warns)
    room.perform(creation(ADA))
    changes = (AddAddress(mailbox=ADA, why=WHY, address=NEW), DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,)))
    assert [(o.result.value, o.message) for c in changes for o in room.perform(c)] == [("done", told), ("done", "")]
    room.tenant.close()


def test_a_refused_write_is_not_settled_but_repeated(room: Room) -> None:
    room.faults({"match": {"method": "POST", "path": "/v1.0/users"}, "kind": "status", "status": 429, "retry_after": 7})
    assert room.results(creation(ADA), "user") == ["done"]
    assert room.slept.seconds == [7.0]


def test_a_user_that_shows_late_is_waited_for(room: Room) -> None:
    """tenant-api.md 8: only for objects that we have just made"""
    room.faults({"match": {"method": "POST", "path": "/v1.0/users"}, "kind": "lag", "reads": 2})
    assert room.results(creation(ADA)) == ["done"] * 3


UNKNOWN: list[tuple[int, str, str]] = [
    (404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects …"),
    (400, "Request_BadRequest", "The source resource object or one of the objects being referenced don't exist"),
]


@pytest.mark.parametrize(("status", "code", "message"), UNKNOWN, ids=["404", "400"])
def test_a_user_that_is_not_known_everywhere_yet_is_waited_for(
    room: Room, status: int, code: str, message: str
) -> None:
    """tenant-api.md 8: refused as unknown for seconds, though it can be read; after that the next run goes on."""
    body = {"error": {"code": code, "message": message}}
    fault = {"match": {"path": "assignLicense"}, "kind": "status", "status": status, "body": body}
    room.faults({**fault, "times": 7 + 5})
    outcomes = room.perform(creation(ADA))
    assert [o.result.value for o in outcomes] == ["done", "waiting"]
    assert outcomes[-1].message == "the directory does not show the user yet"
    assert room.slept.seconds == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
    assert room.results(creation(ADA), "licence", "mailbox") == ["done", "done"]
    assert room.writes().count("POST /v1.0/users") == 1


def test_the_account_behind_a_shared_mailbox_is_blocked_as_soon_as_it_shows(room: Room) -> None:
    """tenant-api.md 4.6: expect 404 for a while."""
    body = {"error": {"code": "Request_ResourceNotFound", "message": "Resource 'x' does not exist"}}
    fault = {"match": {"method": "GET", "path": "/v1.0/users/"}, "kind": "status", "status": 404, "body": body}
    room.faults({**fault, "times": 5 + 2})
    outcomes = room.perform(creation(box()))
    assert [o.result.value for o in outcomes] == ["done", "waiting"]
    assert outcomes[-1].message == "the directory does not show the account behind the mailbox yet"
    assert room.results(creation(box())) == ["done", "done"]
    assert [write for write in room.writes() if write.startswith("PATCH")] == [
        f"PATCH /v1.0/users/{outcomes[0].user_id}"
    ]
    assert room.unspent() == []


def test_a_mailbox_that_exchange_has_not_made_is_waited_for_by_the_next_run(room: Room) -> None:
    """R2: never slept for in process; the next run goes on from there without a second user."""
    room.faults({"match": {"path": "assignLicense"}, "kind": "mailbox_delay", "reads": 3})
    outcomes = room.perform(creation(ADA))
    assert [o.result.value for o in outcomes] == ["done", "done", "waiting"]
    assert outcomes[-1].message == "Exchange has not made the mailbox yet"
    found = room.ada()
    assert (found.exchange_guid, found.user_id) == (None, outcomes[0].user_id)
    for _ in range(3):
        last = room.results(creation(ADA))
    assert last == ["done"] * 3
    assert room.writes().count("POST /v1.0/users") == 1


def test_a_shared_mailbox_that_shows_late_is_waited_for(room: Room) -> None:
    room.faults({"match": {"cmdlet": "New-Mailbox"}, "kind": "lag", "reads": 2})
    assert room.results(creation(box())) == ["done", "done"]


def test_users_are_only_made_where_that_is_wanted(tmp_path: Path) -> None:
    room = Room(tmp_path / "tenant.db", settings=replace(SETTINGS, create_users=False))
    (outcome,) = room.perform(creation(ADA))
    assert (outcome.result.value, room.writes()) == ("set_aside", [])
    room.tenant.close()


def test_somebody_elses_user_of_that_name_needs_a_human(room: Room) -> None:
    room.perform(creation(person(person_id="7777777")), "user")
    (outcome,) = room.perform(creation(ADA))
    assert outcome.result.value == "set_aside"
    assert f"{OWN} is another user" in outcome.message


def test_a_user_that_was_deleted_by_hand_is_to_be_restored(room: Room) -> None:
    """tenant-api.md 4.9: its addresses stay taken for 30 days, so no other one can be made."""
    user_id = room.perform(creation(ADA))[0].user_id
    room.tenant._run(room.tenant._graph.send("DELETE", f"/users/{user_id}"))
    room.tenant._site.users.clear()
    (outcome,) = room.perform(creation(ADA))
    assert (outcome.result.value, outcome.message) == (
        "set_aside",
        f"needs a human: {ADA_ID} has a deleted user ({user_id}); restore that one",
    )


def control(room: Room, path: str, body: dict[str, Any]) -> None:
    """What only the tenant's own side can do (/_emulator)."""

    async def ask() -> None:
        slot = httpx.ASGITransport(app=room.service.app)
        async with httpx.AsyncClient(transport=slot, base_url="https://graph.microsoft.com") as client:
            (await client.post(f"/_emulator/{path}", json=body)).raise_for_status()

    room.tenant._run(ask())


@pytest.mark.parametrize("change", CHANGES[2:], ids=lambda change: type(change).__name__)
def test_a_synced_object_is_not_tried(room: Room, change: Change) -> None:
    """tenant-api.md 12, 10: skipped and reported; the run goes on."""
    user_id = room.perform(creation(ADA))[0].user_id
    control(room, f"users/{user_id}", {"onPremisesSyncEnabled": True})
    found = room.ada()
    assert found.synced
    before = room.writes()
    *_, outcome = room.perform(change)
    assert outcome.result.value == "set_aside"
    assert outcome.message.startswith("needs a human: ")
    assert room.writes() == before


def test_what_is_synced_is_not_tried_though_exchange_manages_it_in_the_cloud(room: Room) -> None:
    """tenant-api.md 10, 12: what may be changed there then no source tells; a human is sent to where it is done."""
    made = room.perform(creation(ADA))[-1]
    managed = {"Identity": made.exchange_guid, "IsExchangeCloudManaged": True}
    room.tenant._run(room.tenant._exchange.invoke("Set-Mailbox", **managed))
    control(room, f"users/{made.user_id}", {"onPremisesSyncEnabled": True})
    before = room.writes()
    (outcome,) = room.perform(AddAddress(mailbox=ADA, why=WHY, address=NEW))
    told = "it is synchronised from on premises; change it there, or, if IsExchangeCloudManaged is set, in Exchange"
    assert (outcome.result.value, outcome.message) == ("set_aside", f"needs a human: {told}")
    assert room.writes() == before


def test_an_administrators_account_needs_a_human(room: Room) -> None:
    user_id = room.perform(creation(ADA))[0].user_id
    control(room, f"users/{user_id}", {"privileged": True})
    *_, outcome = room.perform(DisableMailbox(mailbox=ADA, why=WHY))
    assert (outcome.result.value, outcome.message.startswith("needs a human: ")) == ("set_aside", True)
    assert room.results(AddAddress(mailbox=ADA, why=WHY, address=NEW)) == ["done"]


def test_a_mailbox_on_hold_is_not_deleted(room: Room) -> None:
    """R9, tenant-api.md 4.9"""
    guid = room.perform(creation(ADA))[-1].exchange_guid
    room.tenant._run(room.tenant._exchange.invoke("Set-Mailbox", Identity=guid, LitigationHoldEnabled=True))
    assert room.tenant.read(EVERYTHING).people[ADA_ID].held
    (outcome,) = room.perform(DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,)))
    assert (outcome.result.value, outcome.message) == ("set_aside", "needs a human: the mailbox is on hold")


def test_a_forgotten_user_is_an_error_and_no_creation(room: Room) -> None:
    (outcome,) = room.perform(EnableMailbox(mailbox=ADA, why=WHY))
    assert (outcome.result.value, outcome.message) == ("failed", "there is no directory user for abcd0001")


@pytest.mark.parametrize(
    "fault",
    [
        {"match": {"cmdlet": "Get-Mailbox"}, "kind": "status", "status": 503, "times": 6},
        {"match": {"cmdlet": "Get-Mailbox"}, "kind": "nul"},
        {"match": {"path": "/users"}, "kind": "html", "times": 6},
        {"match": {"path": "/users"}, "kind": "truncate", "times": 6},
        {"match": {"path": "/users"}, "kind": "wrong_type", "times": 6},
        {"match": {"path": "deletedItems"}, "kind": "drop_before", "times": 6},
        {"match": {"path": "subscribedSkus"}, "kind": "expired_token", "times": 6},
    ],
    ids=lambda fault: f"{fault['kind']}-{next(iter(fault['match'].values())).strip('/')}",
)
def test_a_read_that_fails_anywhere_is_no_read(room: Room, fault: dict[str, Any]) -> None:
    """architecture.md: a failed read is never an empty answer; exit 8, with what to do next."""
    room.perform(creation(ADA))
    room.faults(fault)
    with pytest.raises(TenantUnreadable) as raised:
        room.tenant.read(EVERYTHING)
    assert raised.value.exit_code == 8
    assert raised.value.message.startswith("The tenant could not be read: ")
    assert raised.value.next_step
    room.faults()
    assert set(room.tenant.read(EVERYTHING).people) == {ADA_ID}


class LosesThePage(httpx.AsyncBaseTransport):
    """The second page of the users never comes."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.pages = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1.0/users" and request.method == "GET":
            self.pages += 1
            if self.pages == 1:
                answer = await self.inner.handle_async_request(request)
                body = httpx.Response(200, content=await answer.aread()).json()
                return httpx.Response(200, json={**body, "@odata.nextLink": f"{request.url}&$skiptoken=2"})
            return httpx.Response(400, json={"error": {"code": "Request_BadRequest", "message": "expired page"}})
        return await self.inner.handle_async_request(request)


def test_a_partly_read_list_is_thrown_away(tmp_path: Path) -> None:
    """tenant-api.md 5.4: a short list read as "those mailboxes are gone" is the catastrophic case."""
    room = Room(tmp_path / "tenant.db", wrap=LosesThePage)
    room.perform(creation(ADA))
    with pytest.raises(TenantUnreadable) as raised:
        room.tenant.read(EVERYTHING)
    assert "expired page" in raised.value.message
    room.tenant.close()


NO_ROLE = "Exchange refuses the application (403): it has no role for this cmdlet"


def four_people(room: Room) -> dict[str, AddAddress]:
    """Guid -> an address for that person's mailbox."""
    people = [person(f"abcd{n:04d}", f"{n:07d}") for n in range(1, 5)]
    guids = [room.perform(creation(one))[-1].exchange_guid or "" for one in people]
    return {
        guid: AddAddress(mailbox=one, why=WHY, address=Address(f"{one.name}@ox.ac.uk"))
        for guid, one in zip(guids, people, strict=True)
    }


def test_after_several_refusals_of_authority_nothing_more_is_tried(room: Room) -> None:
    """tenant-api.md 5.7: auth stops the run; every further request would meet it too."""
    *first, last = four_people(room).values()
    room.faults({"match": {"cmdlet": "Set-Mailbox"}, "kind": "nul", "times": 4})
    assert [[o.message for o in room.perform(one)] for one in first] == [[NO_ROLE]] * 3
    before = room.service.requests()
    (outcome,) = room.perform(last)
    assert (outcome.result.value, outcome.message) == ("failed", f"not tried, since before it: {NO_ROLE}")
    assert room.service.requests() == before


def test_one_mailbox_that_is_refused_keeps_no_other_waiting(room: Room) -> None:
    """It would come first in every run, and the others would wait for ever; its own further addresses count once."""
    (guid, hers), *others = four_people(room).items()
    room.faults({"match": {"cmdlet": "Set-Mailbox", "body": guid}, "kind": "nul", "times": 4})
    more = [replace(hers, address=Address(f"{letter}@ox.ac.uk")) for letter in "abc"]
    assert [room.results(change) for change in (hers, *more)] == [["failed"]] * 4
    assert [room.results(change) for _, change in others] == [["done"]] * 3


def test_a_new_box_whose_address_is_taken_needs_a_human(room: Room) -> None:
    room.perform(creation(ADA))
    (outcome,) = room.perform(replace(creation(box()), address=OWN))
    assert outcome.result.value == "set_aside"
    assert outcome.message.startswith("needs a human: ")
    assert OWN in outcome.message


def test_a_box_is_deleted_by_its_name_where_its_ids_are_not_known(room: Room) -> None:
    made = room.perform(creation(box()))[0]
    room.tenant._site.users.clear()
    room.tenant._site.guids.clear()
    (gone,) = room.perform(DeleteMailbox(mailbox=box(), why=WHY, addresses=()))
    assert (gone.result.value, gone.user_id) == ("done", made.user_id)
    assert room.tenant.read(Wanted(boxes={"saas-worktribe": None})).boxes["saas-worktribe"].deleted


class Deaf(httpx.AsyncBaseTransport):
    """Is asked, and never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


@pytest.fixture
def deaf(tmp_path: Path) -> Room:
    return Room(tmp_path / "tenant.db", wrap=lambda _inner: Deaf())


REVIVED = ReviveAddress(mailbox=box(), why=WHY, address=NEW, period=1, was=AddressState.WINDDOWN)
STEPS = [
    Step(change_id="c1", name="none", change=REVIVED),
    Step(change_id="c2", name="user", change=creation(ADA)),
]
"""The outcome of the first is known at once: it is nothing for the tenant."""


def test_steps_that_nobody_waits_for_any_more_are_ended(deaf: Room) -> None:
    outcomes = deaf.tenant.perform(STEPS)
    assert [outcome.change_id for outcome in next(outcomes)] == ["c1"]
    outcomes.close()  # type: ignore[attr-defined]
    assert {task.get_name() for task in asyncio.all_tasks(deaf.tenant._loop)} <= {"gathered"}
    deaf.tenant.close()


def test_a_tenant_that_is_closed_lets_nobody_wait_for_what_was_under_way(deaf: Room) -> None:
    """A run whose state fails closes its tenant first, and lets go of the outcomes last."""
    outcomes = deaf.tenant.perform(STEPS)
    assert [outcome.change_id for outcome in next(outcomes)] == ["c1"]
    deaf.tenant.close()
    outcomes.close()  # type: ignore[attr-defined]
