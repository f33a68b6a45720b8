"""Microsoft Graph through msgraph-sdk's adapter and authentication; bodies are decoded by msgspec (stack.md 2).

The only importer of msgraph, and only when a client is made. The SDK's models, its retries and its paging are not used.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from nexusops.model.ids import PersonId
from nexusops.tenant.directory import SELECT, Items, Page, Sku, Skus, User, decoded, graph_fault, item_fault
from nexusops.tenant.faults import FaultClass, GraphFault, TenantFault, lost_item
from nexusops.tenant.gathering import Gathered, all_of
from nexusops.tenant.pacing import graph_cost, together
from nexusops.tenant.transport import Retry, client_of, next_page, same_host, transport_fault

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

PAGE = 999
FILTER_VALUES = 15
BATCH = 20
LOW = {"x-ms-throttle-priority": "low"}
T = TypeVar("T")


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
        self._http = client_of(transport, read_within=100, verify=verify)
        self._http.event_hooks["response"].append(self._note_date)
        self.answered_at: str | None = None
        """The Date of the last answer, by the service's clock."""
        self._credential, self._scope = credential, scope
        self._adapter = GraphRequestAdapter(provider, client=self._http)
        self._adapter.base_url = base_url
        self.client = GraphServiceClient(request_adapter=self._adapter)
        self.base_url = base_url
        self.bulk = False
        """Whether what is asked now is bulk work, which the service may serve after everybody else's (7.1)."""
        self._retry = retry
        self._reads = Gathered(self._alone, self._together, most=BATCH)

    async def _note_date(self, answer: httpx.Response) -> None:
        self.answered_at = answer.headers.get("date")

    def token(self) -> str:
        """Our own token for Graph, to be looked into."""
        return self._credential.get_token(self._scope).token

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
        reading = method == "GET" if read is None else read
        return await self._retry(
            lambda: self._once(method, self._url(path), body, headers or {}, read=reading),
            read=reading,
            cost=graph_cost(method, path),
        )

    def _url(self, path: str) -> str:
        return self.base_url + path if path.startswith("/") else same_host(path, self.base_url)

    async def _once(self, method: str, url: str, body: Any, headers: Mapping[str, str], *, read: bool) -> bytes:
        from kiota_abstractions.api_error import APIError
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation
        from msgraph.generated.models.o_data_errors.o_data_error import ODataError

        request = RequestInformation(Method(method))
        request.url = url
        priority = LOW if self.bulk else {}
        for name, value in {"Accept": "application/json", **priority, **headers}.items():
            request.headers.try_add(name, value)
        if body is not None:
            request.set_stream_content(json.dumps(body).encode(), "application/json")
        try:
            answer = await self._adapter.send_primitive_async(request, "bytes", {"XXX": ODataError})
        except APIError as error:
            raise graph_fault(error, read=read) from error
        except httpx.HTTPError as error:
            raise transport_fault(error, read=read) from error
        return answer if isinstance(answer, bytes) else b""

    def checked_link(self, link: str | None) -> str:
        """A link to come back with later. Raises where there is none, or it leads elsewhere."""
        if link is None:
            raise GraphFault(FaultClass.TRANSIENT, "the last page of the changes has no link for the next time")
        return same_host(link, self.base_url)

    async def fetch(self, path: str, kind: type[T]) -> T:
        """A GET, decoded within the attempt: an answer that broke off is asked for again."""

        async def attempt() -> T:
            return decoded(await self._once("GET", self._url(path), None, {}, read=True), kind)

        return await self._retry(attempt, read=True, cost=graph_cost("GET", path))

    async def pages(self, first: str) -> list[User]:
        """All users of a list, by hand, or the fault of the page that did not come: a part of a list is no list."""
        found: dict[str, User] = {}
        seen: set[str] = set()
        link: str | None = first
        while link is not None:
            page = await self.fetch(link, Page)
            # While a list is read it may move, and show somebody twice.
            found |= {user.id: user for user in page.value}
            link = next_page(page.next_link, seen, self.base_url)
        return list(found.values())

    async def users(self) -> list[User]:
        return await self.pages(f"/users?$select={SELECT}&$top={PAGE}")

    async def deleted_users(self) -> list[User]:
        """Soft-deleted users: restorable for 30 days."""
        return await self.pages(
            f"/directory/deletedItems/microsoft.graph.user?$select={SELECT},deletedDateTime&$top={PAGE}"
        )

    async def users_of(self, people: Collection[PersonId]) -> list[User]:
        """The users that carry these employeeIds, fifteen a filter."""
        urls = [
            f"/users?$select={SELECT}&$top={PAGE}&$filter=" + quote(f"employeeId in ({_quoted(part)})")
            for part in _parts(sorted(people), FILTER_VALUES)
        ]
        found: dict[str, User] = {}
        for page in await all_of(self._asked(url, Page) for url in urls):
            found |= {user.id: user for user in page.value}
            if page.next_link is not None:
                more = await self.pages(same_host(page.next_link, self.base_url))
                found |= {user.id: user for user in more}
        return [user for user in found.values() if user.employee_id in people]

    async def _asked(self, path: str, kind: type[T]) -> T:
        """A GET that goes together with others; the attempt is repeated for this one alone."""

        async def attempt() -> T:
            return decoded(await self._reads(path), kind)

        return await self._retry(attempt, read=True, cost=None)

    async def _alone(self, path: str) -> msgspec.Raw:
        url = self._url(path)
        once = self._retry.in_turn(lambda: self._once("GET", url, None, {}, read=True), graph_cost("GET", path))
        return msgspec.Raw(await once)

    async def _together(self, paths: Sequence[str]) -> list[msgspec.Raw | TenantFault]:
        """GETs in one $batch, each judged by itself (7.2)."""
        headers = {"headers": LOW} if self.bulk else {}
        body = {"requests": [{"id": str(n), "method": "GET", "url": p, **headers} for n, p in enumerate(paths)]}
        content = await self._retry.in_turn(
            lambda: self._once("POST", f"{self.base_url}/$batch", body, {}, read=True),
            together(graph_cost("GET", path) for path in paths),
        )
        by_id = {item.id: item for item in decoded(content, Items).responses}
        return [
            lost_item("Graph") if item is None else item.body if item.status == 200 else item_fault(item)
            for item in (by_id.get(str(n)) for n in range(len(paths)))
        ]

    async def user(self, key: str) -> User | None:
        """By object id or user principal name; None where there is none."""
        return await self._maybe(f"/users/{quote(key)}?$select={SELECT}")

    async def deleted_user(self, user_id: str) -> User | None:
        return await self._maybe(f"/directory/deletedItems/{user_id}?$select={SELECT},deletedDateTime")

    async def _maybe(self, path: str) -> User | None:
        try:
            return await self._asked(path, User)
        except GraphFault as fault:
            if fault.fault is FaultClass.NOT_FOUND:
                return None
            raise

    async def skus(self) -> list[Sku]:
        return (await self.fetch("/subscribedSkus", Skus)).value

    async def create_user(self, body: Mapping[str, Any]) -> User:
        """The user as made; an answer that broke off is a lost one, to be settled by reading."""
        return decoded(await self.send("POST", "/users", body), User, read=False)


def _parts(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _quoted(values: Iterable[str]) -> str:
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)
