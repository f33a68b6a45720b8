"""tenant-api.md 4.2, word for word: empty pages, repeated objects, removals, and a part that never comes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from building.scripted import BASE, Clients

from nexusops.tenant.directory import SELECT, User
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.kept import Kept, Roll

LINK = f"{BASE}/users/delta?$deltatoken=old"
BEFORE = Kept(select=SELECT, address=BASE, link=LINK, users=[User(id="1", employee_id="a"), User(id="2")])


def page(*rows: dict[str, Any], following: str = "", last: str = "") -> httpx.Response:
    links = {"@odata.nextLink": f"{BASE}/users/delta?$skiptoken={following}"} if following else {}
    links |= {"@odata.deltaLink": f"{BASE}/users/delta?$deltatoken={last}"} if last else {}
    return httpx.Response(200, json={"value": list(rows), **links})


def changed(*script: httpx.Response) -> Kept:
    clients = Clients(*script)
    roll = Roll(clients.graph, BEFORE)
    asyncio.run(roll.users())
    assert roll.after is not None
    assert clients.script.script == []
    return roll.after


def test_pages_are_followed_through_empty_ones_and_the_last_word_on_somebody_counts() -> None:
    after = changed(
        page({"id": "3", "employeeId": "x"}, {"id": "1", "@removed": {"reason": "changed"}}, following="p2"),
        page(following="p3"),
        page({"id": "3", "employeeId": "c"}, {"id": "2", "@removed": {"reason": "deleted"}}, following="p4"),
        page({"id": "1", "employeeId": "a2"}, {"id": "9", "@removed": {"reason": "deleted"}}, last="new"),
    )
    assert after == Kept(
        select=SELECT,
        address=BASE,
        link=f"{BASE}/users/delta?$deltatoken=new",
        users=[User(id="3", employee_id="c"), User(id="1", employee_id="a2")],
    )


def test_what_somebody_has_not_is_null_or_not_there_at_all() -> None:
    odd = dict.fromkeys(("userPrincipalName", "displayName", "employeeId", "assignedLicenses", "accountEnabled"))
    after = changed(page({"id": "1", **odd}, {"id": "2"}, last="new"))
    assert after.users == [User(id="1"), User(id="2")]
    assert [user.skus for user in after.users] == [[], []]


def test_the_same_changes_again_change_nothing() -> None:
    rows = ({"id": "1", "employeeId": "a2"}, {"id": "2", "@removed": {"reason": "changed"}})
    once, twice = changed(page(*rows, last="new")), changed(page(*rows, *rows, last="new"))
    assert once == twice


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (
            [page({"id": "1"}, following="p2"), httpx.Response(403, json={"error": {"code": "x"}})],
            FaultClass.PRIVILEGED,
        ),
        ([page({"id": "1"})] * 6, FaultClass.TRANSIENT),
        ([page({"id": "1"}, following="p2"), *[page({"id": "1"}, following="p2")] * 6], FaultClass.TRANSIENT),
    ],
    ids=["a page is refused", "no link for the next time", "pages that lead back"],
)
def test_a_part_of_the_changes_is_nothing(script: list[httpx.Response], fault: FaultClass) -> None:
    clients = Clients(*script)
    roll = Roll(clients.graph, BEFORE)
    with pytest.raises(TenantFault) as raised:
        asyncio.run(roll.users())
    assert (raised.value.fault, roll.after) == (fault, None)


def test_what_changes_while_everybody_is_read_comes_with_the_next_changes() -> None:
    """ "From now on" is asked for before the list is."""
    clients = Clients(page(last="now"), httpx.Response(200, json={"value": [{"id": "1"}]}))
    roll = Roll(clients.graph, None)
    assert asyncio.run(roll.users()) == [User(id="1")]
    assert [r.url.path for r in clients.script.asked] == ["/v1.0/users/delta", "/v1.0/users"]
    assert clients.script.asked[0].url.params["$deltatoken"] == "latest"
    assert roll.after is not None
    assert roll.after.link.endswith("$deltatoken=now")
