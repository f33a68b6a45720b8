"""Exchange Online through InvokeCommand, the transport of Microsoft's own module (tenant-api.md 5).

Microsoft publishes no contract for it: what is sent stands in this one file, what comes back in cmdlets.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from nexusops.tenant.cmdlets import (
    AMBIGUOUS,
    MAILBOX,
    Answer,
    Items,
    MailboxRow,
    Row,
    converted,
    decoded,
    exchange_fault,
    the_one,
)
from nexusops.tenant.faults import ExchangeFault, FaultClass
from nexusops.tenant.transport import Retry, claims_of, client_of, next_page, transport_fault

BATCH = 10
_READS = ("Get-", "Test-", "Search-")
_WHICH: Mapping[bool, Row] = {False: {}, True: {"SoftDeletedMailbox": True}}


def hash_table(**values: Sequence[str]) -> Row:
    """Add/Remove syntax: a hash table needs its OData type (4.7)."""
    return {"@odata.type": "#Exchange.GenericHashTable", **values}


class Exchange:
    """``token`` gives a bearer token for the Exchange audience, a new one for the claims that a refusal asks for;
    ``base_url`` is without a tenant path.
    """

    def __init__(
        self,
        base_url: str,
        tenant_id: str,
        token: Callable[[str | None], str],
        retry: Retry,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: Any = True,
    ) -> None:
        # A cmdlet may take a quarter of an hour (5.1).
        self._http = client_of(transport, read_within=900, verify=verify)
        self._root = f"{base_url}/adminapi/beta/{tenant_id}"
        self.tenant_id = tenant_id
        self._token = token
        self._retry = retry
        self._connection = str(uuid.uuid4())

    async def close(self) -> None:
        await self._http.aclose()

    async def invoke(self, cmdlet: str, *, select: str = "", **parameters: Any) -> list[Row]:
        """All rows of one cmdlet, or its fault; a list that breaks off in the middle is no list."""
        read = cmdlet.startswith(_READS)
        url = f"{self._root}/InvokeCommand" + (f"?$select={select}" if select else "")
        body = self._input(cmdlet, parameters)
        rows: list[Row] = []
        seen: set[str] = set()
        link: str | None = url
        while link is not None:
            answer = await self._post(link, cmdlet, body, read=read)
            rows.extend(answer.rows(read=read))
            link = next_page(answer.next_link, seen, self._root)
        return rows

    async def mailboxes(self, identities: Sequence[str], *, deleted: bool = False) -> dict[str, MailboxRow]:
        """identity -> mailbox of those that exist, or of those that are soft-deleted; ten a request."""
        found: dict[str, MailboxRow] = {}
        for start in range(0, len(identities), BATCH):
            found |= await self._batched(identities[start : start + BATCH], _WHICH[deleted])
        return found

    async def _batched(self, identities: Sequence[str], which: Row) -> dict[str, MailboxRow]:
        """One $batch, all or nothing. What was answered is kept; only the rest is asked for again (7.2)."""
        answered: dict[str, MailboxRow | None] = {}

        async def attempt() -> None:
            left = [identity for identity in identities if identity not in answered]
            body = {"requests": [self._item(n, {"Identity": identity, **which}) for n, identity in enumerate(left)]}
            content = await self._once(f"{self._root}/$batch", "Get-Mailbox", body, read=True)
            faults = [ExchangeFault(FaultClass.TRANSIENT, "the batch answered without one of its items")]
            by_id = {item.id: item for item in decoded(content, Items, read=True).responses}
            for n, identity in enumerate(left):
                item = by_id.get(str(n))
                if item is None:
                    continue
                if item.status < 300:
                    answered[identity] = the_one(converted(item.body, Answer).rows(read=True), identity)
                    continue
                fault = exchange_fault(item.status, msgspec.json.encode(item.body), item.headers, read=True)
                # Of several soft-deleted ones of the same name, nobody can say which one is meant.
                if fault.fault is FaultClass.NOT_FOUND or (which and fault.code == AMBIGUOUS):
                    answered[identity] = None
                else:
                    faults.append(fault)
            if len(answered) < len(set(identities)):
                raise max(faults, key=lambda fault: (fault.status is not None, fault.retry_after or 0.0))

        await self._retry(attempt, read=True)
        return {identity: row for identity, row in answered.items() if row is not None}

    def _item(self, n: int, parameters: Row) -> Row:
        return {
            "id": str(n),
            "method": "POST",
            "url": f"{self._root}/InvokeCommand?$select={MAILBOX}",
            "headers": {"Content-Type": "application/json", "X-CmdletName": "Get-Mailbox", **self._anchor()},
            "body": self._input("Get-Mailbox", parameters),
        }

    async def mailbox(self, identity: str) -> MailboxRow | None:
        """None where Exchange knows no such mailbox (any more, or yet)."""
        try:
            return the_one(await self.invoke("Get-Mailbox", select=MAILBOX, Identity=identity), identity)
        except ExchangeFault as fault:
            if fault.fault is FaultClass.NOT_FOUND:
                return None
            raise

    async def all_mailboxes(self, *, deleted: bool = False) -> list[MailboxRow]:
        rows = await self.invoke("Get-Mailbox", select=MAILBOX, ResultSize="Unlimited", **_WHICH[deleted])
        return [converted(row, MailboxRow) for row in rows]

    def _input(self, cmdlet: str, parameters: Mapping[str, Any]) -> Row:
        """The envelope. A missing Identity would mean every object there is, so it is refused here (5.1)."""
        if "Identity" in parameters and not parameters["Identity"]:
            raise ExchangeFault(FaultClass.BUG, f"{cmdlet} without an Identity would touch every object")
        return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}

    def _anchor(self) -> dict[str, str]:
        anchor = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
        return {"X-AnchorMailbox": f"{anchor}@{self.tenant_id}"}

    async def _post(self, url: str, cmdlet: str, body: Row, *, read: bool) -> Answer:
        """Decoded within the attempt: the answer to a read that broke off is asked for again."""

        async def attempt() -> Answer:
            answer = decoded(await self._once(url, cmdlet, body, read=read), Answer, read=read)
            answer.rows(read=read)
            return answer

        return await self._retry(attempt, read=read)

    async def _once(self, url: str, cmdlet: str, body: Row, *, read: bool) -> bytes:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json; odata.metadata=minimal",
            "Prefer": "odata.maxpagesize=1000",
            "X-CmdletName": cmdlet,
            "X-ResponseFormat": "json",
            "X-SerializationLevel": "Partial",
            "connection-id": self._connection,
            "client-request-id": str(uuid.uuid4()),
            **self._anchor(),
        }
        content, claims = msgspec.json.encode(body), None
        for last in (False, True):
            headers["Authorization"] = f"Bearer {self._token(claims)}"
            try:
                answer = await self._http.post(url, content=content, headers=headers)
            except httpx.HTTPError as error:
                raise transport_fault(error, read=read) from error
            # Refused before anything was carried out: once more with a token that the claims ask for (3.1).
            if answer.status_code != 401 or last:
                break
            claims = claims_of(answer.headers.get("www-authenticate", ""))
        if answer.status_code >= 300:
            raise exchange_fault(answer.status_code, answer.content, dict(answer.headers), read=read)
        return answer.content
