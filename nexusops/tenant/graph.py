"""Microsoft Graph through msgraph-sdk's adapter and authentication; bodies are decoded by msgspec (stack.md 2).

The only importer of msgraph, and only when a client is made. The SDK's models, its retries and its paging are not used.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from nexusops.model.ids import PersonId
from nexusops.tenant.directory import SELECT, Page, Sku, Skus, User, decoded, graph_fault, item_fault
from nexusops.tenant.faults import FaultClass, GraphFault, TenantFault, lost_item, unless_missing
from nexusops.tenant.gathering import Gathered, Items, all_of
from nexusops.tenant.headers import claims_of
from nexusops.tenant.pacing import Cost, graph_cost, together
from nexusops.tenant.transport import ANEW, Retry, client_of, next_page, same_host, transport_fault
from nexusops.tenant.trust import Verify

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

PAGE = 999
FILTER_VALUES = 15
BATCH = 20
LANES = 2
"""Batches of writes that may be under way at once: while one is answered, the next one's turn comes."""
LOW = {"x-ms-throttle-priority": "low"}
Request = tuple[str, str, Any]
"""Method, path below the base, and body (None: it has none)."""
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
        verify: Verify = True,
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
        self._http.event_hooks["response"].append(self._noted)
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
        self._reads = self._gathered(read=True)
        self._writes = self._gathered(read=False, lanes=LANES)

    async def _noted(self, answer: httpx.Response) -> None:
        self.answered_at = answer.headers.get("date")
        refused = answer.status_code == 401 and claims_of(answer.headers.get("www-authenticate", "")) is None
        # Where a refusal asks for claims, the SDK's adapter asks for that token itself.
        if refused and answer.request.headers.get("authorization") == f"Bearer {self.token()}":
            self._credential.get_token(self._scope, claims=ANEW, enable_cae=True)

    def token(self) -> str:
        """Our own token for Graph, to be looked into."""
        return self._credential.get_token(self._scope).token

    async def close(self) -> None:
        await self._http.aclose()

    def _gathered(self, *, read: bool, lanes: int = 1) -> Gathered[Request, msgspec.Raw]:
        alone, together = partial(self._alone, read=read), partial(self._together, read=read)
        return Gathered(alone, together, most=BATCH, lanes=lanes)

    async def send(self, method: str, path: str, body: Any = None, *, read: bool | None = None) -> bytes:
        """One request below the base, which goes alone. Raises GraphFault, TransportFault."""
        reading = method == "GET" if read is None else read
        answer = self._retry(lambda: self._alone((method, path, body), read=reading), read=reading, cost=None)
        return bytes(await answer)

    async def write(self, method: str, path: str, body: Any) -> bytes:
        """The same for a write that may go together with others. One item of a batch may be refused with 429 and yet
        be carried out (7.2), so this is for what does no harm when it is sent again, or is refused as done already.
        """
        return bytes(await self._retry(lambda: self._writes((method, path, body)), read=False, cost=None))

    def _url(self, path: str) -> str:
        return self.base_url + path if path.startswith("/") else same_host(path, self.base_url)

    async def _once(self, request: Request, *, read: bool) -> bytes:
        from kiota_abstractions.api_error import APIError
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation
        from msgraph.generated.models.o_data_errors.o_data_error import ODataError

        method, path, body = request
        asked = RequestInformation(Method(method))
        asked.url = self._url(path)
        asked_as = str(uuid.uuid4())
        named = {"Accept": "application/json", "client-request-id": asked_as, **(LOW if self.bulk else {})}
        for name, value in named.items():
            asked.headers.try_add(name, value)
        if body is not None:
            asked.set_stream_content(msgspec.json.encode(body), "application/json")
        try:
            answer = await self._adapter.send_primitive_async(asked, "bytes", {"XXX": ODataError})
        except APIError as error:
            raise graph_fault(error, read=read) from error
        except httpx.HTTPError as error:
            raise transport_fault(error, read=read, asked=asked_as) from error
        return answer if isinstance(answer, bytes) else b""

    def checked_link(self, link: str | None) -> str:
        """A link to come back with later. Raises where there is none, or it leads elsewhere."""
        if link is None:
            raise GraphFault(FaultClass.TRANSIENT, "the last page of the changes has no link for the next time")
        return same_host(link, self.base_url)

    async def fetch(self, path: str, kind: type[T], *, post: Any = None) -> T:
        """A GET, or a POST that may be repeated and answered with nothing, decoded within the attempt: an answer that
        broke off is asked for again.
        """
        method = "GET" if post is None else "POST"

        async def attempt() -> T:
            content = await self._once((method, path, post), read=True)
            return decoded(content if content or post is None else b"{}", kind)

        return await self._retry(attempt, read=True, cost=graph_cost(method, path))

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
            return decoded(await self._reads(("GET", path, None)), kind)

        return await self._retry(attempt, read=True, cost=None)

    async def _alone(self, request: Request, *, read: bool) -> msgspec.Raw:
        method, path, _ = request
        return msgspec.Raw(await self._answer(request, graph_cost(method, path), read=read))

    async def _answer(self, request: Request, cost: Cost, *, read: bool) -> bytes:
        return await self._retry.in_turn(lambda: self._once(request, read=read), cost, read=read)

    async def _together(self, requests: Sequence[Request], *, read: bool) -> list[msgspec.Raw | TenantFault]:
        """One $batch, each item judged by itself (7.2)."""
        batch: Request = ("POST", "/$batch", {"requests": [self._item(n, *one) for n, one in enumerate(requests)]})
        cost = together(graph_cost(method, path) for method, path, _ in requests)
        content = await self._answer(batch, cost, read=read)
        by_id = {item.id: item for item in decoded(content, Items, read=read).responses}
        return [
            lost_item("Graph", read=read)
            if item is None
            else item.body
            if item.status < 300
            else item_fault(item, read=read)
            for item in (by_id.get(str(n)) for n in range(len(requests)))
        ]

    def _item(self, n: int, method: str, path: str, body: Any) -> dict[str, Any]:
        headers = dict(LOW) if self.bulk else {}
        if body is None:
            return {"id": str(n), "method": method, "url": path, **({"headers": headers} if headers else {})}
        headers["Content-Type"] = "application/json"
        return {"id": str(n), "method": method, "url": path, "headers": headers, "body": body}

    async def user(self, key: str) -> User | None:
        """By object id or user principal name; None where there is none. No key is nobody's, and not everybody's."""
        if not key:
            return None
        return await unless_missing(self._asked(f"/users/{quote(key)}?$select={SELECT}", User))

    async def deleted_user(self, user_id: str) -> User | None:
        path = f"/directory/deletedItems/{user_id}?$select={SELECT},deletedDateTime"
        return await unless_missing(self._asked(path, User))

    async def skus(self) -> list[Sku]:
        return (await self.fetch("/subscribedSkus", Skus)).value

    async def licences_left(self, name: str) -> int:
        """Of the licence of that skuPartNumber; none, too, where the tenant does not have it (4.4)."""
        return next((sku.left for sku in await self.skus() if sku.sku_part_number == name), 0)

    async def create_user(self, body: Mapping[str, Any]) -> User:
        """The user as made; an answer that broke off is a lost one, to be settled by reading."""
        return decoded(await self.write("POST", "/users", body), User, read=False)


def _parts(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _quoted(values: Iterable[str]) -> str:
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)
