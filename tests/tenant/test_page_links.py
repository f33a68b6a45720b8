"""interface.md 9, tenant-api.md 5.4, 12: links, redirects and lists that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import pytest
from building.scripted import BASE, READS, WRITES, Clients

from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.transport import MOST_PAGES, next_page, same_host

named = pytest.mark.parametrize


@named(
    "link",
    [
        "https://graph.microsoft.com.evil.example/v1.0/users",
        "https://evil.example/v1.0/users",
        "http://graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:8443/v1.0/users",
        "https://graph.microsoft.com@evil.example/",
        "https://me:pw@graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:port/v1.0/users",
        "//evil.example/v1.0/users",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(link: str) -> None:
    """interface.md 9: never followed and never given a token."""
    clients = Clients(httpx.Response(200, json={"value": [], "@odata.nextLink": link}))
    with pytest.raises(TenantFault) as raised:
        clients.get()
    assert raised.value.fault is FaultClass.FOREIGN_HOST
    assert len(clients.script.asked) == 1


def test_a_link_of_exchange_to_elsewhere_is_not_followed() -> None:
    clients = Clients(httpx.Response(200, json={"value": [], "@odata.nextLink": "https://evil.example/adminapi"}))
    with pytest.raises(TenantFault) as raised:
        clients.get_mailboxes()
    assert raised.value.fault is FaultClass.FOREIGN_HOST
    assert len(clients.script.asked) == 1


def test_our_own_links_are_followed() -> None:
    link = "https://GRAPH.microsoft.com:443/v1.0/users?$skiptoken=x"
    assert same_host(link, BASE) == link


@named("ask", READS + WRITES)
@named("location", ["https://evil.example/", "/elsewhere"])
def test_a_redirect_is_neither_followed_nor_taken_for_success(ask: Callable[[Clients], None], location: str) -> None:
    """The SDK's adapter takes one for a success: a notice would count as sent."""
    clients = Clients(httpx.Response(302, headers={"Location": location}, text="moved"))
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    assert raised.value.fault is FaultClass.FOREIGN_HOST
    assert len(clients.script.asked) == 1


@named("ask", READS)
def test_pages_that_lead_in_a_circle_are_no_list(ask: Callable[[Clients], None]) -> None:
    host = "https://graph.microsoft.com/v1.0/x" if ask is Clients.get else "https://outlook.office365.com/adminapi/x"
    page = httpx.Response(200, json={"value": [], "@odata.nextLink": host})
    with pytest.raises(TenantFault) as raised:
        ask(Clients(page, page, page))
    assert "lead back" in raised.value.message


def test_pages_without_end_are_no_list() -> None:
    """Each link another one: what no tenant can have is given up, and is no partial answer."""
    links = (f"{BASE}/users?$skiptoken={number}" for number in count())
    seen: set[str] = set()
    assert all(next_page(next(links), seen, BASE) for _ in range(MOST_PAGES))
    with pytest.raises(TenantFault) as raised:
        next_page(next(links), seen, BASE)
    assert (raised.value.fault, "goes on" in raised.value.message) == (FaultClass.TRANSIENT, True)


@named("ask", READS)
@named("body", [{}, {"value": None}, {"value": "x"}, {"value": [3]}, [], "x", None], ids=str)
def test_an_answer_without_rows_is_no_empty_list(ask: Callable[[Clients], None], body: Any) -> None:
    """A failed read is never an empty answer."""
    clients = Clients(*[httpx.Response(200, json=body)] * 6)
    with pytest.raises(TenantFault):
        ask(clients)


def test_a_list_that_says_it_was_cut_short_is_no_list() -> None:
    """tenant-api.md 12, 2"""
    warning = "By default, only the first 1000 items are returned. There are more results available than displayed."
    clients = Clients(*[httpx.Response(200, json={"value": [], "@adminapi.warnings": [warning]})] * 6)
    with pytest.raises(TenantFault):
        clients.get_mailboxes()
