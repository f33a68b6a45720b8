"""tenant-api.md 5.7, 9: every refusal of the services, and of the authority, becomes one of our faults."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from building.embedded import Slept

from nexusops.tenant.auth import Translating
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import PAGE, CredentialFault, TenantFault, unreadable
from nexusops.tenant.graph import Graph
from nexusops.tenant.transport import Retry

GUID = "6775efce-0000-4000-8000-000000000001"


class Credential:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self.error is not None:
            raise self.error
        return AccessToken("secret-token", 4102444800)


def clients(answer: httpx.Response, error: Exception | None = None) -> tuple[Graph, Exchange]:
    slot = httpx.MockTransport(
        lambda request: httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    )
    retry, credential = Retry(sleep=Slept(), chance=lambda: 0.0), Translating(Credential(error))
    exchange = Exchange(
        "https://outlook.office365.com", "t", lambda _: credential.get_token("x").token, retry, transport=slot
    )
    return Graph("https://graph.microsoft.com/v1.0", credential, retry, transport=slot), exchange


def fault_of_write(answer: httpx.Response, *, exchange: bool) -> TenantFault:
    graph, cmdlets = clients(answer)
    setting = cmdlets.invoke("Set-Mailbox", Identity=GUID, Alias="a")
    patching = graph.send("PATCH", "/users/u", {"accountEnabled": False})
    asked, left = (setting, patching) if exchange else (patching, setting)
    left.close()
    with pytest.raises(TenantFault) as raised:
        asyncio.run(asked)
    return raised.value


def graph_error(status: int, code: str, message: str, *details: str) -> httpx.Response:
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "innerError": {"request-id": "r-1", "date": "2025-10-01"},
    }
    if details:
        error["details"] = [{"code": code, "message": "", "target": ""} for code in details]
    return httpx.Response(status, json={"error": error})


GRAPH = [
    (graph_error(404, "Request_ResourceNotFound", "Resource 'u' does not exist"), "not_found"),
    (graph_error(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive"), "not_found"),
    (graph_error(400, "Request_BadRequest", "Another object with the same value already exists."), "conflict"),
    (graph_error(400, "Request_BadRequest", "Conflict", "ObjectConflict"), "conflict"),
    (
        graph_error(400, "Request_BadRequest", "Subscription with SKU x does not have any available licenses."),
        "no_licence",
    ),
    (graph_error(400, "Request_BadRequest", "License assignment … with invalid usage location."), "no_licence"),
    (graph_error(400, "Request_BadRequest", "Invalid value specified for property 'displayName'"), "refused"),
    (
        graph_error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        "privileged",
    ),
    (graph_error(403, "ErrorSendAsDenied", "The user account does not have the right"), "auth"),
    (graph_error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."), "auth"),
    (graph_error(429, "TooManyRequests", "Please retry"), "throttled"),
    (graph_error(500, "InternalServerError", "x"), "unknown_outcome"),
    (httpx.Response(503, html="<html>Our services aren't available</html>"), "unknown_outcome"),
    (httpx.Response(403, content=b""), "privileged"),
]


@pytest.mark.parametrize(("answer", "expected"), GRAPH, ids=[f"{n}-{found}" for n, (_, found) in enumerate(GRAPH)])
def test_a_refusal_of_graph_is_a_fault_with_its_class(answer: httpx.Response, expected: str) -> None:
    fault = fault_of_write(answer, exchange=False)
    assert (fault.fault, fault.status) == (expected, answer.status_code)


def test_a_refusal_of_graph_keeps_its_request_id() -> None:
    fault = fault_of_write(graph_error(404, "Request_ResourceNotFound", "gone"), exchange=False)
    assert (fault.code, fault.message, fault.request_id) == (
        "Request_ResourceNotFound",
        "Request_ResourceNotFound: gone",
        "r-1",
    )


def told(message: str, status: int = 400, *, inner: bool = False) -> httpx.Response:
    """An error of Exchange, whose outer message and code say nothing."""
    deep = {"innererror": {"internalexception": {"message": message}}} if inner else {"details": [{"message": message}]}
    error = {"code": "InternalServerError", "message": "Error executing cmdlet", **deep}
    return httpx.Response(status, json={"error": error}, headers={"Request-Id": "r-2"})


SYNCED = (
    'Ex1|System.InvalidOperationException|The operation on mailbox "6775" failed because it\'s out of the current '
    "user's write scope. The action 'Set-Mailbox', 'EmailAddresses', can't be performed on the object '6775' because "
    "the object is being synchronized from your on-premises organization."
)
TOO_MANY = (
    "Ex1|System.Exception|This request results in the user having 334 proxy addresses. The maximum number of proxy "
    "addresses permitted is 333. The issue may be transient and please retry a couple of minutes later."
)
EXCHANGE = [
    (
        told("Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|couldn't be found"),
        "not_found",
    ),
    (told("|a.ManagementObjectNotFoundException|couldn't be found", 500, inner=True), "not_found"),
    (told("Ex41BAF5|a.b|The specified mailbox doesn't exist"), "not_found"),
    (told("Ex1|a.ProxyAddressExistsException|The proxy address is already being used"), "conflict"),
    (told("Ex1|a.ADObjectAlreadyExistsException|taken"), "conflict"),
    (told(TOO_MANY), "conflict"),
    (told("Ex1|a.ManagementObjectAmbiguousException|multiple recipients matching identity"), "conflict"),
    (told("Ex1|a.NotAcceptedDomainException|not accepted"), "config"),
    (told("|a.AmbiguousParameterSetException|Parameter set cannot be resolved … BogusParameter"), "bug"),
    (told("|a.ParameterTransformationException|Cannot process argument"), "bug"),
    (told("Ex1|a.CmdletAccessDeniedException|no"), "auth"),
    (told("The term 'Set-Mailbox' isn't recognized as a name of a cmdlet"), "auth"),
    (told(SYNCED), "wrong_authority"),
    (told("Ex1|a.b|it's out of the current user's write scope."), "wrong_authority"),
    (told("Ex1|a.OverBudgetException|slow down"), "throttled"),
    (told("Ex1|a.UnableToWriteToAadException|no"), "unknown_outcome"),
    (told("Ex1|a.b|The issue may be transient and please retry a couple of minutes later."), "unknown_outcome"),
    (told("Ex1|Microsoft.Exchange.Data.Directory.ADTransientException|The server is busy."), "unknown_outcome"),
    (
        told("Ex1|Microsoft.Exchange.Data.Storage.MailboxInTransitException|Mailbox move in progress."),
        "unknown_outcome",
    ),
    (told("Ex1|a.b|something new"), "refused"),
    (httpx.Response(429, text="You have reached the maximum number of concurrent requests per tenant."), "throttled"),
    (httpx.Response(403, content=b"\x00" * 64), "auth"),
    (httpx.Response(401, headers={"WWW-Authenticate": "Bearer"}), "auth"),
    (httpx.Response(500, json={"error": {"details": []}}), "unknown_outcome"),
    (httpx.Response(502, json=["no", "error"]), "unknown_outcome"),
    (httpx.Response(400, text="Expired or Invalid pagination request. Default Expiry time is 00:30:00"), "refused"),
]


@pytest.mark.parametrize(
    ("answer", "expected"), EXCHANGE, ids=[f"{n}-{found}" for n, (_, found) in enumerate(EXCHANGE)]
)
def test_a_refusal_of_exchange_is_a_fault_with_its_class(answer: httpx.Response, expected: str) -> None:
    """The status and error.code are weak signals: the type, and the text, say what it is."""
    fault = fault_of_write(answer, exchange=True)
    assert (fault.fault, fault.status) == (expected, answer.status_code)


def test_a_page_of_something_before_exchange_is_not_quoted() -> None:
    page = httpx.Response(503, html="<html><body>Our services aren't available</body></html>")
    fault = fault_of_write(page, exchange=True)
    told_instead = f"503: {PAGE}"
    assert (fault.fault, fault.message) == ("unknown_outcome", told_instead)


def test_a_refusal_of_exchange_tells_its_own_sentence() -> None:
    fault = fault_of_write(told("Ex1|x.y.ProxyAddressExistsException|The proxy address is taken."), exchange=True)
    assert (fault.code, fault.message, fault.request_id) == (
        "ProxyAddressExistsException",
        "The proxy address is taken.",
        "r-2",
    )


@pytest.mark.parametrize("identity", [None, ""])
def test_a_cmdlet_without_an_identity_is_never_sent(identity: str | None) -> None:
    """tenant-api.md 5.1: it would mean every object there is."""
    _, exchange = clients(httpx.Response(200, json={"value": []}))
    for cmdlet in ("Get-Mailbox", "Set-Mailbox"):
        with pytest.raises(TenantFault, match="would touch every object"):
            asyncio.run(exchange.invoke(cmdlet, Identity=identity))


def row(name: str) -> dict[str, Any]:
    return {"Guid": f"g-{name}", "ExternalDirectoryObjectId": f"u-{name}", "Name": name, "EmailAddresses": []}


@pytest.mark.parametrize("rows", [[row("other")], [row("mine"), row("other")]], ids=["another", "more"])
def test_other_mailboxes_than_the_one_asked_for_are_a_fault(rows: list[dict[str, Any]]) -> None:
    _, exchange = clients(httpx.Response(200, json={"value": rows}))
    with pytest.raises(TenantFault, match="other mailboxes than mine"):
        asyncio.run(exchange.mailbox("mine"))


REFUSED = ClientAuthenticationError("AADSTS7000222: The provided client secret keys are expired. Trace ID: …")
UNREACHED = ServiceRequestError("Failed to resolve the authority")


@pytest.mark.parametrize("service", ["graph", "exchange"])
@pytest.mark.parametrize(
    ("error", "advice"),
    [(REFUSED, "The client secret has expired"), (UNREACHED, "Check [tenant] tenant_id, client_id")],
    ids=["refused", "unreached"],
)
def test_a_refusal_of_the_authority_is_told_with_its_remedy(service: str, error: Exception, advice: str) -> None:
    """Exit 8, whichever service needed the token."""
    graph, exchange = clients(httpx.Response(200, json={"value": []}), error)
    with pytest.raises(CredentialFault) as raised:
        asyncio.run(graph.users() if service == "graph" else exchange.invoke("Get-Mailbox", Identity="a"))
    told = unreadable(raised.value)
    assert (told.exit_code, told.next_step.startswith(advice)) == (8, True)
