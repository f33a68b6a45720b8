"""The embedded tenant: Entra ID, Microsoft Graph and Exchange Online in one file, for trying out and for tests.

It answers as the real services do (status codes, headers, error bodies, and refusals), keeps itself in one SQLite file,
and imports nothing else of nexusops, so that it cannot share a misunderstanding.

    book.py       the file: objects, addresses, what was asked
    wire.py       a request, an answer, a refusal
    tokens.py     the token endpoint, and what a token allows
    odata.py      $select, $filter, paging
    properties.py which properties a directory user has, and of which type
    users.py      Graph: users, licences, deleted items, delta
    directory.py  Graph: stock, organisation, domains, mail, mailbox settings
    apps.py       Graph: applications, service principals, their credentials and roles
    batch.py      $batch of both services
    exchange.py   InvokeCommand: envelope, parameters, errors; the cmdlets in mailboxes.py and access.py
    faults.py     scripted faults, throttling
    app.py        the ASGI application; tenant.py in process, server.py on loopback
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nexusops.emulator.server import serve
    from nexusops.emulator.tenant import EmbeddedTenant

__all__ = ["EmbeddedTenant", "serve"]


def __getattr__(name: str) -> Any:
    if name == "EmbeddedTenant":
        from nexusops.emulator.tenant import EmbeddedTenant

        return EmbeddedTenant
    if name == "serve":
        from nexusops.emulator.server import serve

        return serve
    raise AttributeError(name)
