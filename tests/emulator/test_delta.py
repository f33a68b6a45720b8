"""Changed users (tenant-api.md 4.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.asking import Asking, kind_of

NOW = datetime(2025, 10, 1, 8, tzinfo=UTC)


def follow(ask: Asking, link: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All rows of a round, and the link for the next one."""
    rows: list[dict[str, Any]] = []
    while True:
        page = ask.graph("GET", link, **headers).json()
        rows += page["value"]
        if "@odata.deltaLink" in page:
            return rows, str(page["@odata.deltaLink"])
        link = page["@odata.nextLink"]


def test_the_first_round_is_everybody_and_the_next_only_what_changed(ask: Asking) -> None:
    a, b, c = (ask.person(name) for name in "abc")
    rows, link = follow(ask, "/users/delta?$select=id,jobTitle", Prefer="odata.maxpagesize=2")
    assert sorted(row["id"] for row in rows) == sorted((a, b, c))
    assert follow(ask, link)[0] == []
    ask.graph("PATCH", f"/users/{b}", {"jobTitle": "Reader"})
    ask.graph("PATCH", f"/users/{c}", {"city": "Oxford"})
    ask.graph("DELETE", f"/users/{a}")
    rows, link = follow(ask, link)
    assert rows == [{"id": b, "jobTitle": "Reader"}, {"id": a, "@removed": {"reason": "changed"}}]
    ask.graph("POST", f"/directory/deletedItems/{a}/restore")
    assert follow(ask, link)[0] == [{"id": a}]  # A property that was never set is left out (user-delta.md).


def test_on_whatever_page_of_a_round_a_user_comes_all_their_changes_count(ask: Asking) -> None:
    """Made before the first page and changed in something else after it: the second page showed nobody."""
    link = ask.graph("GET", "/users/delta?$select=id,jobTitle&$deltatoken=latest").json()["@odata.deltaLink"]
    people = [ask.person(name, jobTitle="Reader") for name in "abcde"]
    for person in people:
        ask.graph("PATCH", f"/users/{person}", {"city": "Oxford"})
    rows, link = follow(ask, link, Prefer="odata.maxpagesize=2")
    assert rows == [{"id": person, "jobTitle": "Reader"} for person in people]
    assert follow(ask, link)[0] == []


def test_a_purge_is_a_removal_for_good(ask: Asking) -> None:
    ask.tenant.set_clock(NOW)
    user = ask.person("a")
    ask.graph("DELETE", f"/users/{user}")
    ask.tenant.set_clock(NOW + timedelta(days=29))
    link = ask.graph("GET", "/users/delta?$deltatoken=latest").json()["@odata.deltaLink"]
    ask.tenant.set_clock(NOW + timedelta(days=31))
    assert follow(ask, link)[0] == [{"id": user, "@removed": {"reason": "deleted"}}]


def test_a_change_in_exchange_is_a_change_of_the_user(ask: Asking) -> None:
    user = ask.licensed("a")
    _, link = follow(ask, "/users/delta?$select=id,proxyAddresses")
    ask.exchange("Set-Mailbox", Identity=user, WindowsEmailAddress="b@ox.ac.uk")
    addresses = ["SMTP:b@ox.ac.uk", "smtp:a@nexus.ox.ac.uk", "smtp:a@nexusops.onmicrosoft.com"]
    assert follow(ask, link)[0] == [{"id": user, "proxyAddresses": addresses}]


def test_minimal_shows_the_changed_properties_only(ask: Asking) -> None:
    user = ask.person("a", department="Physics")
    _, link = follow(ask, "/users/delta?$select=id,jobTitle,department")
    ask.graph("PATCH", f"/users/{user}", {"jobTitle": "Reader"})
    assert follow(ask, link, Prefer="return=minimal")[0] == [{"id": user, "jobTitle": "Reader"}]


def test_a_token_that_is_old_foreign_or_scripted_to_be_expired_means_to_begin_again(ask: Asking) -> None:
    ask.tenant.set_clock(NOW)
    _, link = follow(ask, "/users/delta")
    ask.tenant.set_clock(NOW + timedelta(days=8))
    old = ask.graph("GET", link)
    foreign = ask.graph("GET", "/users/delta?$deltatoken=bogus")
    _, link = follow(ask, "/users/delta")
    ask.faults({"kind": "expired_token", "match": {"path": "/users/delta"}})
    scripted = ask.graph("GET", link)
    answers = [
        (a.status_code, kind_of(a), a.headers["Location"].endswith("$deltatoken=")) for a in (old, foreign, scripted)
    ]
    assert answers == [(410, "syncStateNotFound", True)] * 3
    assert ask.graph("GET", link).status_code == 200


def test_delta_refuses_the_options_that_it_does_not_have(ask: Asking) -> None:
    assert ask.graph("GET", "/users/delta?$top=5").status_code == 400
    assert ask.graph("GET", "/users/delta?$filter=city eq 'Oxford'").status_code == 400
