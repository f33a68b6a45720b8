"""The tenant: Entra, Graph and Exchange Online, real or embedded.

settings.py   [tenant] of nexusops.toml, resolved
auth.py       credentials through azure-identity
faults.py     what can go wrong, and its translation
transport.py  the one retry policy
graph.py      Microsoft Graph (the only importer of msgraph)
exchange.py   InvokeCommand
reading.py    reads joined on ids
acting.py     look, write, verify
making.py     steps that make, end and restore a mailbox
changing.py   steps that change one
live.py       the Tenant of ports.py
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from nexusops.model.ids import Domain
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.settings import TenantSettings


def embedded(path: Path, settings: TenantSettings, *, notice_sender: str | None = None) -> LiveTenant:
    """The embedded tenant kept at ``path``, in process: its ASGI application fills the transport slot."""
    import httpx

    from nexusops.emulator import EmbeddedTenant
    from nexusops.tenant.exchange import Exchange
    from nexusops.tenant.graph import Graph
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.transport import Retry

    tenant = EmbeddedTenant.open(path)
    if notice_sender:
        tenant.ensure_mailbox(notice_sender, "Postmaster")
    credential, retry = tenant.credential(), Retry()

    def make() -> tuple[Graph, Exchange]:
        slot = httpx.ASGITransport(app=tenant.app)
        scope = f"{tenant.exchange_base_url}/.default"
        exchange = Exchange(
            tenant.exchange_base_url,
            tenant.tenant_id,
            lambda: credential.get_token(scope).token,
            retry,
            transport=slot,
        )
        return Graph(tenant.graph_base_url, credential, retry, transport=slot), exchange

    def prepare(domains: Collection[Domain], at: datetime) -> None:
        for domain in sorted(domains):
            tenant.accept_domain(domain)
        tenant.set_clock(at)

    return LiveTenant(make, settings, prepare=prepare, close_with=tenant.close)


def microsoft365(settings: TenantSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> LiveTenant:
    """The real service at the configured addresses. ``transport`` is the seam of tests and cassettes."""
    import ssl

    from nexusops.tenant.auth import credential
    from nexusops.tenant.exchange import Exchange
    from nexusops.tenant.faults import CredentialFault, FaultClass
    from nexusops.tenant.graph import Graph
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.transport import Retry

    found, retry = credential(settings), Retry()
    verify = ssl.create_default_context(cafile=settings.ca_bundle) if settings.ca_bundle else True
    scope = f"{settings.exchange_base_url}/.default"

    def token() -> str:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return found.get_token(scope).token
        except ClientAuthenticationError as error:
            raise CredentialFault(FaultClass.AUTH, error.message) from error

    def make() -> tuple[Graph, Exchange]:
        exchange = Exchange(
            settings.exchange_base_url, settings.tenant_id, token, retry, transport=transport, verify=verify
        )
        return Graph(settings.graph_base_url, found, retry, transport=transport, verify=verify), exchange

    # azure-identity's credentials keep connections and can be closed; their protocol does not say so.
    return LiveTenant(make, settings, close_with=getattr(found, "close", None))
