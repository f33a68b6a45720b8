"""Exchange Online through InvokeCommand, the transport of Microsoft's own module (tenant-api.md 5).

Microsoft publishes no contract for it, so everything about it stands in this one file.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from nexusops.tenant.faults import ExchangeFault, FaultClass
from nexusops.tenant.transport import Retry, retry_after, same_host, status_fault, transport_fault

BATCH = 10
MAILBOX = (
    "Guid,ExternalDirectoryObjectId,Name,Alias,EmailAddresses,ForwardingSmtpAddress,ForwardingAddress,"
    "DeliverToMailboxAndForward,RecipientTypeDetails,LitigationHoldEnabled,IsDirSynced,HiddenFromAddressListsEnabled,"
    "UserPrincipalName,DisplayName"
)
_READS = ("Get-", "Test-", "Search-")
Row = dict[str, Any]


class MailboxRow(msgspec.Struct, rename="pascal"):
    """A row of Get-Mailbox, as far as it was asked for."""

    guid: str
    external_directory_object_id: str
    name: str
    email_addresses: list[str]
    alias: str = ""
    display_name: str = ""
    forwarding_smtp_address: str | None = None
    forwarding_address: str | None = None
    recipient_type_details: str = ""
    litigation_hold_enabled: bool = False
    is_dir_synced: bool = False
    hidden_from_address_lists_enabled: bool = False
    user_principal_name: str = ""

    @property
    def primary(self) -> str | None:
        return next((a[5:].lower() for a in self.email_addresses if a.startswith("SMTP:")), None)

    @property
    def smtp(self) -> frozenset[str]:
        return frozenset(a[5:].lower() for a in self.email_addresses if a[:5].lower() == "smtp:")

    @property
    def forward(self) -> str | None:
        """ForwardingAddress wins where both are set (4.8)."""
        if self.forwarding_address is not None:
            return self.forwarding_address
        found = self.forwarding_smtp_address
        return found[5:] if found is not None and found[:5].lower() == "smtp:" else found


def hash_table(**values: Sequence[str]) -> dict[str, Any]:
    """Add/Remove syntax: a hash table needs its OData type (4.7)."""
    return {"@odata.type": "#Exchange.GenericHashTable", **values}


class Exchange:
    """``token`` gives a bearer token for the Exchange audience; ``base_url`` is without a tenant path."""

    def __init__(
        self,
        base_url: str,
        tenant_id: str,
        token: Callable[[], str],
        retry: Retry,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: Any = True,
    ) -> None:
        self._http = httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(900, connect=30), verify=verify)
        self._root = f"{base_url}/adminapi/beta/{tenant_id}"
        self._tenant_id = tenant_id
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
        link: str | None = url
        while link is not None:
            answer = await self._post(same_host(link, self._root), cmdlet, body, read=read)
            rows.extend(_rows(answer))
            link = answer.get("@odata.nextLink")
        return rows

    async def mailboxes(self, identities: Sequence[str]) -> dict[str, MailboxRow]:
        """identity -> mailbox of those that exist, ten a request."""
        found: dict[str, MailboxRow] = {}
        for start in range(0, len(identities), BATCH):
            part = identities[start : start + BATCH]
            found |= await self._retry(lambda part=part: self._batch(part), read=True)  # type: ignore[misc]
        return found

    async def _batch(self, identities: Sequence[str]) -> dict[str, MailboxRow]:
        url = f"{self._root}/InvokeCommand?$select={MAILBOX}"
        requests = [
            {
                "id": str(n),
                "method": "POST",
                "url": url,
                "headers": {"Content-Type": "application/json", "X-CmdletName": "Get-Mailbox", **self._anchor()},
                "body": self._input("Get-Mailbox", {"Identity": identity}),
            }
            for n, identity in enumerate(identities)
        ]
        answer = await self._once(f"{self._root}/$batch", "Get-Mailbox", {"requests": requests}, read=True)
        by_id = {item["id"]: item for item in answer.get("responses", [])}
        found: dict[str, MailboxRow] = {}
        for n, identity in enumerate(identities):
            item = by_id.get(str(n))
            if item is None:
                raise ExchangeFault(FaultClass.TRANSIENT, "the batch answered without one of its items")
            if item["status"] >= 300:
                fault = exchange_fault(item["status"], msgspec.json.encode(item.get("body")), {}, read=True)
                if fault.fault is not FaultClass.NOT_FOUND:
                    raise fault
                continue
            rows = _rows(item["body"])
            if rows:
                found[identity] = msgspec.convert(rows[0], MailboxRow)
        return found

    async def mailbox(self, identity: str) -> MailboxRow | None:
        """None where Exchange knows no such mailbox (any more, or yet)."""
        try:
            rows = await self.invoke("Get-Mailbox", select=MAILBOX, Identity=identity)
        except ExchangeFault as fault:
            if fault.fault is FaultClass.NOT_FOUND:
                return None
            raise
        return msgspec.convert(rows[0], MailboxRow) if rows else None

    async def all_mailboxes(self) -> Iterable[MailboxRow]:
        rows = await self.invoke("Get-Mailbox", select=MAILBOX, ResultSize="Unlimited")
        return (msgspec.convert(row, MailboxRow) for row in rows)

    def _input(self, cmdlet: str, parameters: Mapping[str, Any]) -> Row:
        """The envelope. A missing Identity would mean every object there is, so it is refused here (5.1)."""
        if "Identity" in parameters and not parameters["Identity"]:
            raise ExchangeFault(FaultClass.BUG, f"{cmdlet} without an Identity would touch every object")
        return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}

    def _anchor(self) -> dict[str, str]:
        anchor = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
        return {"X-AnchorMailbox": f"{anchor}@{self._tenant_id}"}

    async def _post(self, url: str, cmdlet: str, body: Row, *, read: bool) -> Row:
        return await self._retry(lambda: self._once(url, cmdlet, body, read=read), read=read)

    async def _once(self, url: str, cmdlet: str, body: Row, *, read: bool) -> Row:
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json; odata.metadata=minimal",
            "Prefer": "odata.maxpagesize=1000",
            "X-CmdletName": cmdlet,
            "X-ResponseFormat": "json",
            "connection-id": self._connection,
            "client-request-id": str(uuid.uuid4()),
            **self._anchor(),
        }
        try:
            answer = await self._http.post(url, content=msgspec.json.encode(body), headers=headers)
        except httpx.TransportError as error:
            raise transport_fault(error, read=read) from error
        if answer.status_code >= 300:
            raise exchange_fault(answer.status_code, answer.content, dict(answer.headers), read=read)
        return _decoded(answer.content, read=read)


def _decoded(content: bytes, *, read: bool) -> Row:
    if not content:
        return {}
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        fault = FaultClass.TRANSIENT if read else FaultClass.UNKNOWN_OUTCOME
        raise ExchangeFault(fault, "the answer is not JSON") from error
    if not isinstance(found, dict):
        raise ExchangeFault(FaultClass.TRANSIENT, "the answer is not an object")
    return found


def _rows(answer: Row) -> list[Row]:
    """The rows without their annotations."""
    return [{k: v for k, v in row.items() if "@" not in k} for row in answer.get("value", [])]


_BY_TYPE = {
    "ManagementObjectNotFoundException": FaultClass.NOT_FOUND,
    "ProxyAddressExistsException": FaultClass.CONFLICT,
    "ADObjectAlreadyExistsException": FaultClass.CONFLICT,
    "NotAcceptedDomainException": FaultClass.CONFIG,
    "ParameterTransformationException": FaultClass.BUG,
    "AmbiguousParameterSetException": FaultClass.BUG,
    "ManagementObjectAmbiguousException": FaultClass.BUG,
    "CmdletAccessDeniedException": FaultClass.AUTH,
    "CommandNotFoundException": FaultClass.AUTH,
    "OverBudgetException": FaultClass.THROTTLED,
}
_BY_TEXT = (
    ("proxy addresses permitted", FaultClass.CONFLICT),
    ("synchronized from your on-premises", FaultClass.WRONG_AUTHORITY),
    ("write scope", FaultClass.WRONG_AUTHORITY),
    ("isn't recognized as a name of a cmdlet", FaultClass.AUTH),
    ("maximum number of concurrent requests", FaultClass.THROTTLED),
    ("specified mailbox doesn't exist", FaultClass.NOT_FOUND),
    ("may be transient", FaultClass.TRANSIENT),
    ("already exists", FaultClass.CONFLICT),
)


def exchange_fault(status: int, content: bytes, headers: Mapping[str, str], *, read: bool) -> ExchangeFault:
    """The one translation: the real text sits deep, and the status is a weak signal (5.7)."""
    kind, text = _told(content)
    named = {k.lower(): v for k, v in headers.items()}
    fault = status_fault(status, read=read) if status == 429 else None
    fault = fault or next((found for words, found in _BY_TEXT if words in text), None)
    fault = fault or _BY_TYPE.get(kind) or _by_status(status, read=read)
    message = text or f"status {status}"
    return ExchangeFault(
        fault,
        message,
        status=status,
        code=kind,
        request_id=named.get("request-id"),
        retry_after=retry_after(named.get("retry-after")),
    )


def _by_status(status: int, *, read: bool) -> FaultClass:
    if status in (401, 403):
        return FaultClass.AUTH
    return status_fault(status, read=read) or FaultClass.BUG


def _told(content: bytes) -> tuple[str, str]:
    """(last part of the .NET type, text) of an error body; plain text, nothing and NUL bytes are possible."""
    try:
        error = msgspec.json.decode(content).get("error", {})
        details = error.get("details") or [{}]
        inner = (error.get("innererror") or {}).get("internalexception") or {}
        message = details[0].get("message") or inner.get("message") or error.get("message") or ""
    except (msgspec.DecodeError, AttributeError):
        return "", content.replace(b"\x00", b"").decode("utf-8", "replace").strip()
    parts = message.split("|", 2)
    if len(parts) < 3:
        return "", message
    return parts[1].rpartition(".")[2], parts[2]
