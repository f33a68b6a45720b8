"""Exchange's admin REST surface: InvokeCommand, its paging and permissions (tenant-api.md 5)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from nexusops.emulator import access, mailboxes
from nexusops.emulator.book import Book, Object
from nexusops.emulator.cmdlets import Parameters, bound, failed
from nexusops.emulator.wire import Answer, Call, Refusal

Cmdlet = Callable[[Book, Call, Parameters], list[Object]]
MANAGE = "Exchange.ManageAsApp"
CMDLETS: dict[str, Cmdlet] = {
    "Get-Mailbox": mailboxes.get_mailbox,
    "New-Mailbox": mailboxes.new_mailbox,
    "Set-Mailbox": mailboxes.set_mailbox,
    "Remove-Mailbox": mailboxes.remove_mailbox,
    "Get-CASMailbox": mailboxes.get_cas,
    "Set-CASMailbox": mailboxes.set_cas,
    "Get-Recipient": mailboxes.get_recipient,
    "Get-User": mailboxes.get_recipient,
    "Get-MailboxAutoReplyConfiguration": mailboxes.get_autoreply,
    "Set-MailboxAutoReplyConfiguration": mailboxes.set_autoreply,
    **access.CMDLETS,
}


def invoke(book: Book, call: Call) -> Answer:
    """One cmdlet. A list is paged: the same body is POSTed again to @odata.nextLink (5.4)."""
    permitted(book, call)
    body = call.body
    wanted = body.get("CmdletInput") if isinstance(body, dict) else None
    if not isinstance(wanted, dict) or not isinstance(wanted.get("CmdletName"), str):
        raise failed("Microsoft.Exchange.Admin.OData.Core.ODataServiceException", "CmdletInput is missing.")
    names = {name.lower(): name for name in CMDLETS}
    name: str = names.get(wanted["CmdletName"].lower()) or wanted["CmdletName"]
    given = bound(name, wanted.get("Parameters") if wanted.get("Parameters") is not None else {})
    rows = CMDLETS[name](book, call, given)
    return _shown(call, rows)


def permitted(book: Book, call: Call) -> None:
    """Two locks: the app role (401 without), and an Exchange role (403 with a body of NUL bytes)."""
    if MANAGE not in call.roles:
        raise Refusal(Answer(401, None, {"WWW-Authenticate": "Bearer"}))
    if call.app in (book.setting("without_exchange_role") or ()):
        raise Refusal(Answer(403, b"\x00" * 64, {"Content-Type": "application/octet-stream"}))


def _shown(call: Call, rows: list[Object]) -> Answer:
    size = _page_size(call)
    start = _start(call)
    page = rows[start : start + size]
    selected = [name for name in call.query.get("$select", "").split(",") if name]
    body: dict[str, Any] = {
        "@odata.context": f"{call.base}/$metadata#Collection(Exchange.GenericHashTable)",
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": [call.headers["x-warning"]] if "x-warning" in call.headers else [],
        "value": [_row(row, selected) for row in page],
    }
    if start + size < len(rows):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        chosen = f"&$select={','.join(selected)}" if selected else ""
        body["@odata.nextLink"] = f"{call.base}/InvokeCommand?$skiptoken={token}{chosen}"
    return Answer(200, body)


def _page_size(call: Call) -> int:
    prefer = call.headers.get("prefer", "").replace(" ", "")
    text = prefer.partition("odata.maxpagesize=")[2].partition(";")[0].partition(",")[0]
    return min(1000, int(text)) if text.isdigit() and int(text) > 0 else 1000


def _start(call: Call) -> int:
    text = call.query.get("$skiptoken", "")
    try:
        return int(base64.urlsafe_b64decode(text.encode()).decode() or 0)
    except ValueError as error:
        kind = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
        raise failed(kind, "Expired or Invalid pagination request. Default Expiry time is 00:30:00") from error


def _row(row: Object, selected: list[str]) -> Object:
    """Values with the type annotations that the real service sends beside guids and lists."""
    shown: Object = {}
    for name, value in row.items():
        if selected and name not in selected:
            continue
        if name.endswith("Guid") or name == "Guid":
            shown[f"{name}@data.type"] = "System.Guid"
        if isinstance(value, list):
            shown[f"{name}@odata.type"] = "#Collection(String)"
        shown[name] = value
    return shown
