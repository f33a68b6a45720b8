"""Exchange Online through InvokeCommand, the transport of Microsoft's own module (tenant-api.md 5).

Microsoft publishes no contract for it: what is sent stands in this one file, what comes back in cmdlets.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import httpx
import msgspec

from nexusops.model.pace import EXCHANGE_AT_ONCE
from nexusops.tenant.cmdlets import (
    AMBIGUOUS,
    MAILBOX,
    Answer,
    MailboxRow,
    ModuleFile,
    Row,
    converted,
    decoded,
    exchange_fault,
    the_one,
)
from nexusops.tenant.faults import ExchangeFault, FaultClass, TenantFault, lost_item
from nexusops.tenant.gathering import Gathered, Item, Items, all_of
from nexusops.tenant.headers import claims_of
from nexusops.tenant.pacing import FREE, WRITE
from nexusops.tenant.transport import ANEW, Retry, client_of, next_page, timeout_of, transport_fault
from nexusops.tenant.trust import Verify

BATCH = 10
LIST_WITHIN = 900
"""Seconds: the service itself gives a cmdlet a quarter of an hour."""
ONE_WITHIN = 100
"""Seconds, for a single object (5.1)."""
PAGES = "odata.maxpagesize=1000"
EACH = f"{PAGES};odata.continue-on-error"
"""Of a batch: what comes after an item that is refused is answered all the same (5.5)."""
Question = tuple[str, str, Row]
"""A cmdlet, what is selected of its rows, and its envelope."""
WARNED: ContextVar[list[str]] = ContextVar("warned")
"""What Exchange warned of when a step wrote: it goes into the journal with the step (5.3)."""
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
        verify: Verify = True,
    ) -> None:
        self._http = client_of(transport, read_within=ONE_WITHIN, verify=verify)
        self._root = f"{base_url}/adminapi/beta/{tenant_id}"
        self.tenant_id = tenant_id
        self._token = token
        self._retry = retry
        anchor = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
        self._anchor = {"X-AnchorMailbox": f"{anchor}@{tenant_id}"}
        self._connection = str(uuid.uuid4())
        self._reads = Gathered(self._alone, self._together, most=BATCH, lanes=EXCHANGE_AT_ONCE)

    async def own_token(self) -> str:
        """Our own token for Exchange, to be looked into."""
        return self._token(None)

    async def cmdlets(self) -> frozenset[str]:
        """The cmdlets that this application may run, as Microsoft's own module asks for them (5.6)."""
        return await self._retry(self._module, read=True)

    async def _module(self) -> frozenset[str]:
        url = f"{self._root.replace('/beta/', '/v1.0/')}/EXOModuleFile?Version=3.9.2"
        headers = {"Authorization": f"Bearer {self._token(None)}", "CommandName": "*", **self._anchor}
        try:
            answer = await self._http.get(url, headers=headers)
        except httpx.HTTPError as error:
            raise transport_fault(error, read=True) from error
        if answer.status_code >= 300:
            raise exchange_fault(answer.status_code, answer.content, dict(answer.headers), read=True)
        found = decoded(answer.content, ModuleFile, read=True)
        return frozenset(name for row in found.value for name in row.exported_cmdlets)

    async def close(self) -> None:
        await self._http.aclose()

    async def invoke(self, cmdlet: str, *, select: str = "", **parameters: Any) -> list[Row]:
        """All rows of one cmdlet, or its fault; a list that breaks off in the middle is no list."""
        read = cmdlet.startswith(_READS)
        body = msgspec.json.encode(self._input(cmdlet, parameters))
        within = LIST_WITHIN if "ResultSize" in parameters else ONE_WITHIN
        rows: list[Row] = []
        seen: set[str] = set()
        link: str | None = self._url(select)
        while link is not None:
            answer = await self._post(link, cmdlet, body, read=read, within=within)
            rows.extend(answer.rows(read=read))
            if not read:
                WARNED.get([]).extend(answer.warnings or ())
            link = next_page(answer.next_link, seen, self._root)
        return rows

    async def mailboxes(self, identities: Collection[str], *, deleted: bool = False) -> dict[str, MailboxRow]:
        """identity -> mailbox of those that exist, or of those that are soft-deleted."""
        wanted = list(dict.fromkeys(identities))
        rows = await all_of(self._found(identity, deleted=deleted) for identity in wanted)
        return {identity: row for identity, row in zip(wanted, rows, strict=True) if row is not None}

    async def _found(self, identity: str, *, deleted: bool) -> MailboxRow | None:
        try:
            rows = await self.looked("Get-Mailbox", select=MAILBOX, Identity=identity, **_WHICH[deleted])
        except ExchangeFault as fault:
            # Of several soft-deleted ones of the same name, nobody can say which one is meant.
            if fault.fault is FaultClass.NOT_FOUND or (deleted and fault.code == AMBIGUOUS):
                return None
            raise
        return the_one(rows, identity)

    async def looked(self, cmdlet: str, *, select: str = "", **parameters: Any) -> list[Row]:
        """The rows of a cmdlet that reads one object; it goes together with others, and is repeated alone."""
        question = (cmdlet, select, self._input(cmdlet, parameters))
        return await self._retry(lambda: self._reads(question), read=True, cost=None)

    async def _alone(self, question: Question) -> list[Row]:
        cmdlet, select, body = question
        content = await self._retry.in_turn(
            lambda: self._once(self._url(select), cmdlet, msgspec.json.encode(body), read=True), FREE, read=True
        )
        return decoded(content, Answer, read=True).whole()

    async def _together(self, questions: Sequence[Question]) -> list[list[Row] | TenantFault]:
        """One $batch, each item judged by itself (7.2)."""
        body = msgspec.json.encode({"requests": [self._item(n, *question) for n, question in enumerate(questions)]})
        content = await self._retry.in_turn(
            lambda: self._once(f"{self._root}/$batch", questions[0][0], body, read=True, prefer=EACH), FREE, read=True
        )
        by_id = {item.id: item for item in decoded(content, Items, read=True).responses}
        return [
            lost_item("Exchange", read=True) if item is None else _judged(item)
            for item in (by_id.get(str(n)) for n in range(len(questions)))
        ]

    def _item(self, n: int, cmdlet: str, select: str, body: Row) -> Row:
        return {
            "id": str(n),
            "method": "POST",
            "url": self._url(select),
            "headers": {"Content-Type": "application/json", "X-CmdletName": cmdlet, **self._anchor},
            "body": body,
        }

    def _url(self, select: str) -> str:
        return f"{self._root}/InvokeCommand" + (f"?$select={select}" if select else "")

    async def mailbox(self, identity: str) -> MailboxRow | None:
        """None where Exchange knows no such mailbox (any more, or yet)."""
        return await self._found(identity, deleted=False)

    async def all_mailboxes(self, *, deleted: bool = False) -> list[MailboxRow]:
        """Each of them once: while a list is read it may move, and show somebody twice."""
        rows = await self.invoke("Get-Mailbox", select=MAILBOX, ResultSize="Unlimited", **_WHICH[deleted])
        return list({row.guid: row for row in (converted(row, MailboxRow) for row in rows)}.values())

    def _input(self, cmdlet: str, parameters: Mapping[str, Any]) -> Row:
        """The envelope. A missing Identity would mean every object there is, so it is refused here (5.1)."""
        if "Identity" in parameters and not parameters["Identity"]:
            raise ExchangeFault(FaultClass.BUG, f"{cmdlet} without an Identity would touch every object")
        return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}

    async def _post(self, url: str, cmdlet: str, body: bytes, *, read: bool, within: float) -> Answer:
        """Decoded within the attempt: the answer to a read that broke off is asked for again."""

        async def attempt() -> Answer:
            content = await self._once(url, cmdlet, body, read=read, within=within)
            answer = decoded(content, Answer, read=read)
            answer.rows(read=read)
            return answer

        return await self._retry(attempt, read=read, cost=FREE if read else WRITE)

    async def _once(
        self, url: str, cmdlet: str, content: bytes, *, read: bool, within: float = ONE_WITHIN, prefer: str = PAGES
    ) -> bytes:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json; odata.metadata=minimal",
            "Prefer": prefer,
            "X-CmdletName": cmdlet,
            "X-ResponseFormat": "json",
            "X-SerializationLevel": "Partial",
            "connection-id": self._connection,
            "client-request-id": str(uuid.uuid4()),
            **self._anchor,
        }
        claims = None
        for last in (False, True):
            token = self._token(claims)
            headers["Authorization"] = f"Bearer {token}"
            try:
                answer = await self._http.post(url, content=content, headers=headers, timeout=timeout_of(within))
            except httpx.HTTPError as error:
                raise transport_fault(error, read=read, asked=headers["client-request-id"]) from error
            # Refused before anything was carried out: once more with another token, that of the claims if any (3.1).
            if answer.status_code != 401 or last:
                break
            claims = claims_of(answer.headers.get("www-authenticate", ""))
            if claims is None and self._token(None) == token:
                claims = ANEW
        if answer.status_code >= 300:
            raise exchange_fault(answer.status_code, answer.content, dict(answer.headers), read=read)
        return answer.content


def _judged(item: Item) -> list[Row] | TenantFault:
    if item.status >= 300:
        body = b"" if item.body == b"null" else bytes(item.body)
        return exchange_fault(item.status, body, item.headers or {}, read=True)
    try:
        return decoded(item.body, Answer, read=True).whole()
    except ExchangeFault as fault:
        return fault
