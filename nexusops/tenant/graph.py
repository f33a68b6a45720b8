"""Microsoft Graph through msgraph-sdk's adapter and authentication; bodies are decoded by msgspec (stack.md 2).

The only importer of msgraph, and only when a client is made. The SDK's models, its retries and its paging are not used.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from nexusops.model.ids import PersonId
from nexusops.tenant.faults import FaultClass, GraphFault, TenantFault
from nexusops.tenant.transport import Retry, retry_after, same_host, status_fault, transport_fault

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SELECT = (
    "id,userPrincipalName,displayName,accountEnabled,employeeId,assignedLicenses,onPremisesSyncEnabled,mailNickname"
)
PAGE = 999
FILTER_VALUES = 15
BATCH = 20


class Licence(msgspec.Struct, rename="camel"):
    sku_id: str


class User(msgspec.Struct, rename="camel"):
    """A directory user, as far as it was asked for."""

    id: str
    user_principal_name: str = ""
    display_name: str | None = None
    account_enabled: bool | None = None
    employee_id: str | None = None
    assigned_licenses: list[Licence] = []
    on_premises_sync_enabled: bool | None = None
    mail_nickname: str | None = None
    deleted_date_time: str | None = None


class Page(msgspec.Struct):
    value: list[User]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


class PrepaidUnits(msgspec.Struct, frozen=True):
    enabled: int = 0


class Sku(msgspec.Struct, rename="camel"):
    sku_id: str
    sku_part_number: str
    consumed_units: int = 0
    prepaid_units: PrepaidUnits = PrepaidUnits()


class Skus(msgspec.Struct):
    value: list[Sku]


class Graph:
    """``base_url`` ends in the version, without a slash. ``transport`` None: the network."""

    def __init__(
        self,
        base_url: str,
        credential: TokenCredential,
        retry: Retry,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: Any = True,
    ) -> None:
        from kiota_authentication_azure.azure_identity_authentication_provider import (
            AzureIdentityAuthenticationProvider,
        )
        from msgraph.graph_request_adapter import GraphRequestAdapter
        from msgraph.graph_service_client import GraphServiceClient

        host = urlsplit(base_url).hostname or ""
        scope = f"{urlsplit(base_url).scheme}://{urlsplit(base_url).netloc}/.default"
        # Without allowed_hosts a hostile link would be given the token (stack.md 2, trap 3).
        provider = AzureIdentityAuthenticationProvider(credential, scopes=[scope], allowed_hosts=[host])
        self._http = httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(100, connect=30), verify=verify)
        self._adapter = GraphRequestAdapter(provider, client=self._http)
        self._adapter.base_url = base_url
        self.client = GraphServiceClient(request_adapter=self._adapter)
        self.base_url = base_url
        self._retry = retry

    async def close(self) -> None:
        await self._http.aclose()

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        read: bool | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """One request below the base, or to a link of the service. Raises GraphFault, TransportFault."""
        url = same_host(path, self.base_url) if path.startswith("http") else self.base_url + path
        reading = method == "GET" if read is None else read
        return await self._retry(lambda: self._once(method, url, body, headers or {}, read=reading), read=reading)

    async def _once(self, method: str, url: str, body: Any, headers: Mapping[str, str], *, read: bool) -> bytes:
        from kiota_abstractions.api_error import APIError
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation
        from msgraph.generated.models.o_data_errors.o_data_error import ODataError

        request = RequestInformation(Method(method))
        request.url = url
        for name, value in {"Accept": "application/json", **headers}.items():
            request.headers.try_add(name, value)
        if body is not None:
            request.set_stream_content(json.dumps(body).encode(), "application/json")
        try:
            answer = await self._adapter.send_primitive_async(request, "bytes", {"XXX": ODataError})
        except APIError as error:
            raise graph_fault(error, read=read) from error
        except httpx.TransportError as error:
            raise transport_fault(error, read=read) from error
        return answer if isinstance(answer, bytes) else b""

    # Reads.

    async def users(self) -> AsyncIterator[User]:
        """All users, page by page; a page that does not come ends the reading with its fault."""
        link: str | None = f"/users?$select={SELECT}&$top={PAGE}"
        while link is not None:
            page = _decoded(await self.send("GET", link), Page)
            for user in page.value:
                yield user
            link = page.next_link

    async def users_of(self, people: Iterable[PersonId]) -> list[User]:
        """The users that carry these employeeIds, fifteen a filter, twenty filters a request."""
        wanted = sorted(people)
        urls = [
            f"/users?$select={SELECT}&$top={PAGE}&$filter=" + quote(f"employeeId in ({_quoted(part)})")
            for part in _parts(wanted, FILTER_VALUES)
        ]
        found: list[User] = []
        for part in _parts(urls, BATCH):
            for body in await self._batched(part):
                page = msgspec.convert(body, Page)
                found.extend(page.value)
                while page.next_link is not None:
                    page = _decoded(await self.send("GET", page.next_link), Page)
                    found.extend(page.value)
        return found

    async def _batched(self, urls: Sequence[str]) -> list[Any]:
        """GETs in one $batch, all or nothing; the bodies in the order of the urls."""
        requests = [{"id": str(n), "method": "GET", "url": url} for n, url in enumerate(urls, start=1)]
        return await self._retry(lambda: self._batch_once(requests), read=True)

    async def _batch_once(self, requests: Sequence[Mapping[str, Any]]) -> list[Any]:
        url = f"{self.base_url}/$batch"
        answer = msgspec.json.decode(await self._once("POST", url, {"requests": requests}, {}, read=True))
        by_id = {item["id"]: item for item in answer["responses"]}
        bodies = []
        for request in requests:
            item = by_id.get(request["id"])
            if item is None:
                raise GraphFault(FaultClass.TRANSIENT, "the batch answered without one of its items")
            if item["status"] != 200:
                raise _item_fault(item)
            bodies.append(item["body"])
        return bodies

    async def user(self, key: str) -> User | None:
        """By object id or user principal name; None where there is none."""
        return await self._maybe(f"/users/{quote(key)}?$select={SELECT}")

    async def deleted_user(self, user_id: str) -> User | None:
        return await self._maybe(f"/directory/deletedItems/{user_id}?$select={SELECT},deletedDateTime")

    async def _maybe(self, path: str) -> User | None:
        try:
            found: User = _decoded(await self.send("GET", path), User)
            return found
        except GraphFault as fault:
            if fault.fault is FaultClass.NOT_FOUND:
                return None
            raise

    async def deleted_users(self) -> AsyncIterator[User]:
        link: str | None = f"/directory/deletedItems/microsoft.graph.user?$select={SELECT},deletedDateTime&$top={PAGE}"
        while link is not None:
            page = _decoded(await self.send("GET", link), Page)
            for user in page.value:
                yield user
            link = page.next_link

    async def skus(self) -> list[Sku]:
        found: Skus = _decoded(await self.send("GET", "/subscribedSkus"), Skus)
        return found.value


def _decoded(content: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise GraphFault(FaultClass.TRANSIENT, f"the answer is not what Graph documents: {error}") from error


def _parts(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _quoted(values: Iterable[str]) -> str:
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)


_BY_CODE = {
    "Request_ResourceNotFound": FaultClass.NOT_FOUND,
    "ResourceNotFound": FaultClass.NOT_FOUND,
    "MailboxNotEnabledForRESTAPI": FaultClass.NOT_FOUND,
    "Authorization_RequestDenied": FaultClass.PRIVILEGED,
    "ErrorAccessDenied": FaultClass.AUTH,
    "ErrorSendAsDenied": FaultClass.AUTH,
    "InvalidAuthenticationToken": FaultClass.AUTH,
    "Request_MultipleObjectsWithSameKeyValue": FaultClass.CONFLICT,
}


def graph_fault(error: Any, *, read: bool) -> TenantFault:
    """The one translation of what the SDK raises: ODataError, or APIError where the body was no Graph error."""
    status = error.response_status_code or 0
    main = getattr(error, "error", None)
    code = getattr(main, "code", None) or ""
    message = getattr(main, "message", None) or str(getattr(error, "message", "") or error)
    details = [detail.code for detail in (getattr(main, "details", None) or [])]
    headers = {str(k).lower(): str(v) for k, v in (error.response_headers or {}).items()}
    fault = status_fault(status, read=read) or _classified(status, code, message, details)
    inner = getattr(main, "inner_error", None)
    return GraphFault(
        fault,
        f"{code or status}: {message}",
        status=status,
        code=code,
        request_id=getattr(inner, "request_id", None) or headers.get("request-id"),
        retry_after=retry_after(headers.get("retry-after")),
    )


def _item_fault(item: Mapping[str, Any]) -> GraphFault:
    """An item of a $batch has its own status, and its own Retry-After (tenant-api.md 7.2)."""
    error = (item.get("body") or {}).get("error", {})
    status, code = item["status"], error.get("code", "")
    headers = {k.lower(): v for k, v in (item.get("headers") or {}).items()}
    fault = status_fault(status, read=True) or _classified(status, code, error.get("message", ""), [])
    message = f"{code or status}: {error.get('message', '')}"
    return GraphFault(fault, message, status=status, code=code, retry_after=retry_after(headers.get("retry-after")))


def _classified(status: int, code: str, message: str, details: Sequence[str | None]) -> FaultClass:
    if "ObjectConflict" in details or "already exists" in message:
        return FaultClass.CONFLICT
    if "available licenses" in message or "usage location" in message:
        return FaultClass.NO_LICENCE
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == 401:
        return FaultClass.AUTH
    if status == 403:
        return FaultClass.PRIVILEGED
    return FaultClass.NOT_FOUND if status == 404 else FaultClass.BUG
