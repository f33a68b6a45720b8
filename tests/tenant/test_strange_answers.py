"""tenant-api.md 5.3-5.7, 7.2, 8, 12: what is documented of answers, but seldom met; none of it may be misread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from building.embedded import SETTINGS
from building.scripted import EXCHANGE, OK, READS, Clients

from nexusops.tenant.acting import Site
from nexusops.tenant.applications import Applications, Principal
from nexusops.tenant.cmdlets import exchange_fault
from nexusops.tenant.faults import PAGE, FaultClass, TenantFault, unreadable

named = pytest.mark.parametrize
TAKEN = "Ex1|Microsoft.Exchange.Configuration.ObjectModel.ProxyAddressExistsException|taken already"
GONE = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|couldn't be found"
ROW = {"Guid": "g", "ExternalDirectoryObjectId": "u", "Name": "n", "EmailAddresses": ["SMTP:n@ox.ac.uk"]}


def told(message: str) -> dict[str, Any]:
    details = [{"code": "Client", "target": "", "message": message}]
    return {"error": {"code": "BadRequest", "message": "Error executing cmdlet", "details": details}}


def failing(ask: Callable[[Clients], object], clients: Clients) -> TenantFault:
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    return raised.value


@named(
    ("ask", "message", "found"),
    [(Clients.set_mailbox, TAKEN, FaultClass.CONFLICT), (Clients.get_mailboxes, GONE, FaultClass.NOT_FOUND)],
    ids=["write", "read"],
)
def test_an_error_is_one_whatever_its_status(ask: Callable[[Clients], None], message: str, found: FaultClass) -> None:
    """5.3: success is judged by the absence of an error, too."""
    clients = Clients(httpx.Response(200, json=told(message)))
    fault = failing(ask, clients)
    assert (fault.fault, fault.message) == (found, message.rpartition("|")[2])
    assert len(clients.script.asked) == 1


@named(
    "warning",
    [
        "There are more results available than are currently displayed.",
        "By default, only the first 1000 items are returned. Use the ResultSize parameter.",
        "Results truncated",
    ],
)
def test_a_list_that_warns_of_being_short_is_no_list(warning: str) -> None:
    """12, 2: it would look as if the others' mailboxes were gone."""
    clients = Clients(*[httpx.Response(200, json={"value": [ROW], "@adminapi.warnings": [warning]})] * 6)
    assert failing(Clients.get_mailboxes, clients).message == "the list was cut short"


def test_warnings_of_other_things_and_none_at_all_do_not_harm() -> None:
    for warnings in (["The object n has been corrupted."], [], None):
        clients = Clients(httpx.Response(200, json={"value": [ROW], "@adminapi.warnings": warnings}))
        assert [row.guid for row in asyncio.run(clients.exchange.all_mailboxes())] == ["g"]


def two(clients: Clients) -> list[str]:
    """Two mailboxes, asked for together."""
    return sorted(asyncio.run(clients.exchange.mailboxes(["g", "h"])))


def item(n: int, body: Any, **more: Any) -> dict[str, Any]:
    return {"id": str(n), "status": 200, "body": body, **more}


def both(*items: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"responses": list(items)})


FIRST, SECOND = {"value": [ROW]}, {"value": [{**ROW, "Guid": "h"}]}


def test_a_batch_is_to_be_answered_to_its_end() -> None:
    """5.5: without the preference an item that is refused could be the last one that is answered."""
    clients = Clients(both(item(0, FIRST), item(1, SECOND)))
    assert two(clients) == ["g", "h"]
    assert clients.script.asked[0].headers["prefer"] == "odata.maxpagesize=1000;odata.continue-on-error"


def test_an_item_need_not_have_headers() -> None:
    clients = Clients(both(item(1, SECOND, headers=None), item(0, FIRST, headers={"Retry-After": 8})))
    assert two(clients) == ["g", "h"]
    assert len(clients.script.asked) == 1


def test_what_goes_on_elsewhere_is_not_taken_for_the_whole() -> None:
    """5.4: a link to more that nobody follows would make a list short."""
    link = f"{EXCHANGE}/adminapi/beta/t/InvokeCommand?$skiptoken=2"
    clients = Clients(
        both(item(0, FIRST), item(1, {**SECOND, "@odata.nextLink": link})), httpx.Response(200, json=SECOND)
    )
    assert two(clients) == ["g", "h"]
    assert json.loads(clients.script.asked[1].content)["CmdletInput"]["Parameters"] == {"Identity": "h"}


@named(
    ("status", "headers", "text", "found"),
    [
        (400, {"X-ExceptionType": "UnableToWriteToAadException"}, "It failed.", FaultClass.UNKNOWN_OUTCOME),
        (400, {"x-exceptiontype": "A.B.OverBudgetException"}, "Too much.", FaultClass.THROTTLED),
        (400, {}, 'Ex41BAF5|A.B|The specified mailbox Identity:"g" doesn\'t exist.', FaultClass.NOT_FOUND),
        (400, {}, "Ex41BAF5|A.B|The specified mailbox doesn’t exist.", FaultClass.NOT_FOUND),
        (400, {}, "|A.B|The term 'X' isn’t recognized as a name of a cmdlet", FaultClass.AUTH),
    ],
)
def test_a_refusal_is_known_by_all_that_is_said(
    status: int, headers: dict[str, str], text: str, found: FaultClass
) -> None:
    """5.7: the type may stand in a header alone; apostrophes are those of a person or of a machine."""
    content = json.dumps(told(text)).encode()
    assert exchange_fault(status, content, headers, read=False).fault is found


@named("ask", READS)
def test_a_date_to_wait_for_is_one_of_the_services_clock(ask: Callable[[Clients], None]) -> None:
    """7.2: ours may be minutes off, and would wait for nothing, or not at all."""
    its = datetime(2001, 1, 1, tzinfo=UTC)
    headers = {
        "Date": format_datetime(its, usegmt=True),
        "Retry-After": format_datetime(its.replace(second=30), usegmt=True),
    }
    clients = Clients(httpx.Response(429, headers=headers), OK)
    ask(clients)
    assert clients.slept.seconds == [30.0]


@named("ask", READS)
def test_who_asks_for_no_wait_is_not_asked_six_times_at_once(ask: Callable[[Clients], None]) -> None:
    """7.2: what is sent meanwhile still counts against us."""
    clients = Clients(*[httpx.Response(429, headers={"Retry-After": "0"})] * 3, OK, chance=1.0)
    ask(clients)
    assert clients.slept.seconds == [1.0, 2.0, 4.0]


def test_a_date_that_no_calendar_has_is_none() -> None:
    clients = Clients(httpx.Response(429, headers={"Retry-After": "Wed, 21 Oct 99999999999 07:28:00 GMT"}), OK)
    clients.get()
    assert clients.slept.seconds == [0.5]


@named(
    ("link", "place"),
    [
        ("https://graph.microsoft.com:8443/v1.0/users", "https://graph.microsoft.com:8443"),
        ("https://evil@graph.microsoft.com/v1.0/users", "https://…@graph.microsoft.com"),
    ],
)
def test_a_foreign_link_is_named_by_what_is_foreign_in_it(link: str, place: str) -> None:
    clients = Clients(httpx.Response(200, json={"value": [], "@odata.nextLink": link}))
    assert failing(Clients.get, clients).message == (
        f"a link leads to {place}, which is not the configured https://graph.microsoft.com"
    )


def test_a_list_that_is_forbidden_is_a_matter_of_permissions() -> None:
    """3.3: of one user it is a matter of that user; of all of them it is ours."""
    body = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
    fault = failing(Clients.get, Clients(httpx.Response(403, json=body)))
    assert unreadable(fault).next_step == (
        "Check with `nexusops doctor` that the application has the permissions in `nexusops jobs list`."
    )


def test_consents_behind_an_empty_page_count() -> None:
    """4.2, 4.12: one permission for the whole tenant makes the limit to one mailbox worthless."""
    path = "https://graph.microsoft.com/v1.0/servicePrincipals/p/appRoleAssignments"
    clients = Clients(
        httpx.Response(200, json={"value": [], "@odata.nextLink": f"{path}?$skiptoken=2"}),
        httpx.Response(200, json={"value": [{"id": "a"}]}),
    )
    applications = Applications(Site(clients.graph, clients.exchange, SETTINGS))
    assert asyncio.run(applications.consented(Principal(id="p", app_id="a"))) == 1


def test_a_mailbox_that_two_pages_show_is_one() -> None:
    """5.4: of two soft-deleted ones of one name nobody could say which one is meant, and a new one would be made."""
    link = f"{EXCHANGE}/adminapi/beta/t/InvokeCommand?$skiptoken=2"
    pages = [httpx.Response(200, json={"value": [ROW], "@odata.nextLink": link}), httpx.Response(200, json=FIRST)]
    clients = Clients(*pages)
    assert [row.guid for row in asyncio.run(clients.exchange.all_mailboxes(deleted=True))] == ["g"]


@named("ask", READS)
def test_a_page_of_something_in_between_is_told_as_one(ask: Callable[[Clients], None]) -> None:
    """A proxy's own page, with a status that says that all is well; what it is not in JSON is no help to anybody."""
    page = httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"\r\n<!DOCTYPE html><p>Sign in</p>")
    assert failing(ask, Clients(*[page] * 6)).message == PAGE


def test_a_token_that_is_never_taken_is_a_matter_of_clocks_and_clouds() -> None:
    """9.16: permissions have nothing to do with it."""
    body = {"error": {"code": "InvalidAuthenticationToken", "message": "Access token has expired or is not yet valid."}}
    fault = failing(Clients.get, Clients(*[httpx.Response(401, json=body)] * 2))
    assert unreadable(fault).next_step == (
        "Check this machine's clock, and that [tenant] authority and graph_base_url are of one cloud (`nexusops config "
        "show`); `nexusops doctor` says whether tokens are taken again."
    )


def test_a_licence_whose_parts_are_not_told_is_counted_all_the_same() -> None:
    sku = {
        "skuId": "s",
        "skuPartNumber": "A3",
        "servicePlans": None,
        "prepaidUnits": {"enabled": 9},
        "consumedUnits": 2,
    }
    clients = Clients(httpx.Response(200, json={"value": [sku]}))
    assert asyncio.run(clients.graph.licences_left("A3")) == 7
