"""tenant-api.md 7.2, 7.4: writes to Graph that do no harm twice go together, each judged by itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from building.embedded import WHY, Room, creation, person
from building.outcomes import outcomes_of
from building.scripted import Clients

from nexusops.model.changes import DeleteMailbox, DisableMailbox
from nexusops.model.journal import Step
from nexusops.model.steps import BLOCK
from nexusops.model.tenant import Wanted
from nexusops.tenant.faults import FaultClass, TenantFault

PEOPLE = [person(f"abcd{n:04d}", f"{n:07d}") for n in range(1, 61)]
CREATIONS = [creation(on) for on in PEOPLE]
OK = {"status": 204, "body": None}


def answered(*items: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"responses": list(items)})


def together(clients: Clients, number: int) -> list[Any]:
    """So many users blocked at the same moment."""

    async def ask() -> list[Any]:
        asked = (clients.graph.write("PATCH", f"/users/{n}", {"accountEnabled": False}) for n in range(number))
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def steps(room: Room, name: str, *changes: Any) -> list[str]:
    wanted = [Step(change_id=f"c{n}", name=name, change=change) for n, change in enumerate(changes)]
    return [outcome.result.value for outcome in outcomes_of(room.tenant, wanted)]


def items(room: Room) -> list[list[tuple[str, int]]]:
    """Method and status of the writes to Graph that went together, batch by batch."""
    batches = [r["items"] for r in room.service.requests() if r["path"] == "/v1.0/$batch"]
    return [[(i["method"], i["status"]) for i in one] for one in batches if one[0]["method"] != "GET"]


def test_one_write_is_a_plain_request() -> None:
    clients = Clients(httpx.Response(204))
    assert together(clients, 1) == [b""]
    assert [(request.method, request.url.path) for request in clients.script.asked] == [("PATCH", "/v1.0/users/0")]


def test_writes_of_the_same_moment_are_one_request() -> None:
    clients = Clients(answered({"id": "1", **OK}, {"id": "0", **OK}))
    assert together(clients, 2) == [b"null", b"null"]
    (request,) = clients.script.asked
    sent = {"method": "PATCH", "headers": {"Content-Type": "application/json"}, "body": {"accountEnabled": False}}
    wanted = [{"id": "0", "url": "/users/0", **sent}, {"id": "1", "url": "/users/1", **sent}]
    assert (request.url.path, json.loads(request.content)) == ("/v1.0/$batch", {"requests": wanted})


def test_a_refused_item_is_sent_again_after_its_time_and_the_others_are_not() -> None:
    refused = {
        "id": "0",
        "status": 429,
        "headers": {"Retry-After": "8"},
        "body": {"error": {"code": "TooManyRequests"}},
    }
    clients = Clients(answered(refused, {"id": "1", **OK}), httpx.Response(204))
    assert together(clients, 2) == [b"", b"null"]
    assert [request.url.path for request in clients.script.asked] == ["/v1.0/$batch", "/v1.0/users/0"]
    assert clients.slept.seconds == [8.0]


@pytest.mark.parametrize(
    "item",
    [{"id": "0", "status": 503, "body": {"error": {"code": "ServiceUnavailable", "message": ""}}}, {"id": "7", **OK}],
    ids=["503", "left out"],
)
def test_of_an_item_without_an_outcome_nothing_is_known_and_it_is_not_repeated(item: dict[str, Any]) -> None:
    """interface.md 9"""
    clients = Clients(answered(item, {"id": "1", **OK}))
    fault, other = together(clients, 2)
    assert (fault.fault, other, len(clients.script.asked)) == (FaultClass.UNKNOWN_OUTCOME, b"null", 1)


def test_where_the_answer_is_lost_nothing_is_known_of_any_of_them() -> None:
    clients = Clients(httpx.ReadError("reset"))
    assert [fault.fault for fault in together(clients, 3)] == [FaultClass.UNKNOWN_OUTCOME] * 3
    assert len(clients.script.asked) == 1


def test_a_refusal_names_its_cause_and_the_services_own_id_of_the_request() -> None:
    error = {
        "code": "Request_BadRequest",
        "message": "Another object with the same value exists.",
        "details": [{"code": "ObjectConflict"}],
        "innerError": {"request-id": "r-1"},
    }
    clients = Clients(answered({"id": "0", "status": 400, "body": {"error": error}}, {"id": "1", **OK}))
    fault, _ = together(clients, 2)
    assert isinstance(fault, TenantFault)
    assert (fault.fault, fault.request_id) == (FaultClass.CONFLICT, "r-1")


def test_many_creations_are_few_requests(room: Room) -> None:
    assert steps(room, "user", *CREATIONS) == ["done"] * 60
    assert sorted(len(one) for one in items(room))[-2:] == [20, 20]
    before = len(room.service.requests())
    assert steps(room, "licence", *CREATIONS) == ["done"] * 60
    assert sum("subscribedSkus" in r["path"] for r in room.service.requests()[before:]) == 1
    assert len(room.tenant.read(Wanted(everything=True)).people) == 60


def test_outcomes_of_one_answer_come_together_in_the_order_of_their_steps(room: Room) -> None:
    """Whoever takes them waits for nothing else, however long that takes: the same each time."""
    wanted = [Step(change_id=f"c{n}", name="user", change=change) for n, change in enumerate(CREATIONS)]
    came = [[outcome.change_id for outcome in together] for together in room.tenant.perform(wanted)]
    assert came == [[step.change_id for step in wanted[start : start + 20]] for start in (0, 20, 40)]


def test_what_was_refused_and_carried_out_all_the_same_is_done_once(room: Room) -> None:
    """7.2: an item may report 429 and yet have been applied."""
    refusal = {"kind": "status", "status": 429, "retry_after": 1, "carried_out": True, "times": 25}
    room.faults({"match": {"method": "POST", "path": "/v1.0/users"}, **refusal})
    assert steps(room, "user", *CREATIONS) == ["done"] * 60
    room.faults({"match": {"path": "assignLicense"}, **refusal})
    assert steps(room, "licence", *CREATIONS) == ["done"] * 60
    blocked = [DisableMailbox(mailbox=on, why=WHY) for on in PEOPLE]
    room.faults({"match": {"method": "PATCH"}, **refusal})
    assert steps(room, BLOCK, *blocked) == ["done"] * 60
    assert room.unspent() == []
    found = room.tenant.read(Wanted(everything=True)).people.values()
    assert sorted((one.name, one.enabled) for one in found) == [(on.name, False) for on in PEOPLE]


def test_a_deletion_goes_alone(room: Room) -> None:
    """Sent again, it would find nothing."""
    steps(room, "user", *CREATIONS[:5])
    before = len(items(room))
    assert (
        steps(room, "delete", *(DeleteMailbox(mailbox=on, why=WHY, addresses=()) for on in PEOPLE[:5])) == ["done"] * 5
    )
    assert items(room)[before:] == []
