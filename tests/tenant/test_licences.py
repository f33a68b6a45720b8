"""R2, tenant-api.md 4.4, 4.9: the licence for which Exchange gives a mailbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from building.embedded import ADA_ID, SETTINGS, WHY, Room, creation, person

from nexusops.model.changes import DeleteMailbox, RestoreMailbox
from nexusops.model.tenant import Wanted

ADA = person()
EMPTY: dict[str, Any] = {
    "match": {"path": "assignLicense"},
    "kind": "status",
    "status": 400,
    "body": {
        "error": {
            "code": "Request_BadRequest",
            "message": "Subscription with SKU x does not have any available licenses.",
        }
    },
}


def by_hand(room: Room, method: str, path: str, body: Any) -> None:
    """What staff did, outside of nexusops."""
    room.tenant._run(room.tenant._graph.send(method, path, body))


def test_an_empty_stock_needs_a_human(room: Room) -> None:
    room.faults(EMPTY)
    last = room.perform(creation(ADA))[-1]
    assert (last.step, last.result.value) == ("licence", "set_aside")
    assert last.message == (
        "needs a human: Request_BadRequest: Subscription with SKU x does not have any available licenses."
    )


def test_a_licence_that_the_tenant_has_not_is_a_matter_of_configuration(tmp_path: Path) -> None:
    room = Room(tmp_path / "tenant.db", settings=replace(SETTINGS, licence_sku="NONE"))
    last = room.perform(creation(ADA))[-1]
    assert (last.result.value, last.message) == (
        "set_aside",
        "needs a human: the tenant has no licence NONE; check [tenant] licence_sku",
    )
    assert room.tenant.read(Wanted(people={ADA_ID: None})).licences_left == 0
    room.tenant.close()


def test_a_user_that_somebody_else_made_gets_the_location_that_a_licence_needs(room: Room) -> None:
    user = {
        "accountEnabled": True,
        "displayName": "Ada Byron",
        "mailNickname": "abyron",
        "userPrincipalName": "abyron@ox.ac.uk",
        "employeeId": ADA_ID,
        "passwordProfile": {"password": "Correct-Horse-7"},
    }
    by_hand(room, "POST", "/users", user)
    assert room.results(creation(ADA)) == ["done"] * 3
    found = room.ada()
    assert (found.user_principal_name, found.licensed) == ("abyron@ox.ac.uk", True)
    patched = [write for write in room.writes() if write.startswith("PATCH")]
    assert patched == [f"PATCH /v1.0/users/{found.user_id}"]


def test_a_licence_whose_exchange_plan_is_switched_off_needs_a_human(room: Room) -> None:
    """4.4: no mailbox would ever come of it, however long it is waited for."""
    user_id = room.perform(creation(ADA), "user")[0].user_id
    (sku,) = [s for s in room.tenant._run(room.tenant._graph.skus()) if s.sku_part_number == SETTINGS.licence_sku]
    plans = [plan.service_plan_id for plan in sku.service_plans or () if plan.makes_mailboxes]
    licence = {"skuId": sku.sku_id, "disabledPlans": plans}
    by_hand(room, "POST", f"/users/{user_id}/assignLicense", {"addLicenses": [licence], "removeLicenses": []})
    last = room.perform(creation(ADA))[-1]
    assert (last.step, last.result.value) == ("licence", "set_aside")
    assert last.message == (
        "needs a human: the user's ENTERPRISEPACKPLUS_FACULTY gives no mailbox, since EXCHANGE_S_ENTERPRISE is "
        "switched off in it; switch it on"
    )


@pytest.fixture
def deleted(room: Room) -> Room:
    """Ada's user was deleted after its licence had been taken away."""
    user_id = room.perform(creation(ADA))[0].user_id
    sku = room.tenant._site.skus[SETTINGS.licence_sku].sku_id
    by_hand(room, "POST", f"/users/{user_id}/assignLicense", {"addLicenses": [], "removeLicenses": [sku]})
    room.perform(DeleteMailbox(mailbox=ADA, why=WHY, addresses=()))
    return room


def test_a_user_that_comes_back_without_its_licence_is_given_one(deleted: Room) -> None:
    (restored,) = deleted.perform(RestoreMailbox(mailbox=ADA, why=WHY))
    found = deleted.ada()
    assert (restored.result.value, restored.message) == ("done", "")
    assert (found.licensed, found.deleted, found.exchange_guid) == (True, False, restored.exchange_guid)


def test_that_a_user_came_back_without_a_licence_is_said(deleted: Room) -> None:
    deleted.faults(EMPTY)
    (restored,) = deleted.perform(RestoreMailbox(mailbox=ADA, why=WHY))
    assert restored.result.value == "done"
    assert restored.message == (
        "restored without a licence, so the mailbox ends within 30 days: Request_BadRequest: Subscription with SKU x "
        "does not have any available licenses."
    )
