"""The tenant: Entra, Graph and Exchange Online, real or embedded.

settings.py   [tenant] of nexusops.toml, resolved
auth.py       credentials through azure-identity; patience.py: how long a token is waited for; expiry.py: when ours ends
trust.py      whom its addresses are believed for
faults.py     what can go wrong, and its translation
transport.py  the one retry policy; headers.py: what an answer asks for beside its body
size.py       how large an answer may be
pacing.py     the pace of the documented limits
gathering.py  what goes together in one request
graph.py      Microsoft Graph (the only importer of msgraph); directory.py: its answers and refusals
exchange.py   InvokeCommand; cmdlets.py: its answers and refusals
reading.py    reads joined on ids
kept.py       users as last read, and what changed since
cassettes.py  recorded exchanges, and their replay; scrubbing.py: without secrets and people; clean.py: whether they are
inspecting.py what doctor asks of our own application
acting.py     look, write, verify; stopping.py: when nothing more is asked
licensing.py  the licence that comes with a mailbox
making.py     steps that make a mailbox; ending.py: that end and restore one
changing.py   steps that change one; replying.py: its automatic reply
signing.py    whether Exchange signs a domain's mail
access.py     steps that give an application the right to one
applications.py, credentials.py     an application, and what it signs in with
proving.py    whether it may use that one and no other; doors.py: how a product goes in
live.py       the Tenant of ports.py
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from nexusops.emulator.tenant import EmbeddedTenant
    from nexusops.model.ids import Domain
    from nexusops.tenant.doors import Doors
    from nexusops.tenant.kept import Memory
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.settings import TenantSettings
    from nexusops.tenant.transport import Retry
    from nexusops.tenant.trust import Verify

    Wrap = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
    """Puts something (a recorder) before the transport."""


def embedded(
    path: Path,
    settings: TenantSettings,
    *,
    notice_sender: str | None = None,
    retry: Retry | None = None,
    wrap: Wrap | None = None,
    memory: Memory | None = None,
) -> LiveTenant:
    """The embedded tenant kept at ``path``, in process: its ASGI application fills the transport slot.

    ``memory``: where the users that were read are kept for the next run.
    """
    import httpx

    from nexusops.emulator.tenant import EmbeddedTenant
    from nexusops.tenant.doors import Doors
    from nexusops.tenant.exchange import Exchange
    from nexusops.tenant.graph import Graph
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.transport import Retry

    tenant = EmbeddedTenant.open(path)
    if notice_sender:
        tenant.ensure_mailbox(notice_sender, "Postmaster")
    credential, used = tenant.credential(), retry or Retry()

    def make() -> tuple[Graph, Exchange]:
        slot: httpx.AsyncBaseTransport = httpx.ASGITransport(app=tenant.app)
        slot = wrap(slot) if wrap is not None else slot
        scope = f"{tenant.exchange_base_url}/.default"
        exchange = Exchange(
            tenant.exchange_base_url,
            tenant.tenant_id,
            lambda claims: credential.get_token(scope, claims=claims).token,
            used.paced(),
            transport=slot,
        )
        return Graph(tenant.graph_base_url, credential, used, transport=slot), exchange

    doors = Doors(
        authority=tenant.authority,
        graph_base_url=tenant.graph_base_url,
        exchange_base_url=tenant.exchange_base_url,
        submission=tenant.submission,
        tls=None,
        transport=httpx.ASGITransport(app=tenant.app),
    )
    begin, end = partial(_prepare, tenant), tenant.close
    return LiveTenant(make, settings, prepare=begin, close_with=end, sleep=used.sleep, doors=doors, memory=memory)


def _prepare(tenant: EmbeddedTenant, domains: Collection[Domain], at: datetime) -> None:
    """What an administrator and time do in a real one."""
    for domain in sorted(domains):
        tenant.accept_domain(domain)
    tenant.set_clock(at)


def microsoft365(
    settings: TenantSettings,
    *,
    scale: float = 1.0,
    wrap: Wrap | None = None,
    memory: Memory | None = None,
) -> LiveTenant:
    """The real service at the configured addresses. ``wrap`` is the seam of cassettes, ``scale`` that of measurements:
    how many times as fast the limits' clock runs."""
    import asyncio

    from nexusops.tenant.auth import Translating, credential
    from nexusops.tenant.exchange import Exchange
    from nexusops.tenant.graph import Graph
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.pacing import exchange_pace, graph_pace
    from nexusops.tenant.transport import Retry
    from nexusops.tenant.trust import trusting, way_out

    verify: Verify = trusting(settings.ca_bundle) if settings.ca_bundle else True
    found = Translating(credential(settings), settings=settings)
    used = Retry(sleep=lambda seconds: asyncio.sleep(seconds / scale))
    scope = f"{settings.exchange_base_url}/.default"
    transport = wrap(way_out(settings.graph_base_url, verify)) if wrap is not None else None
    paced = used.paced(graph_pace(scale=scale, sleep=used.sleep))

    def make() -> tuple[Graph, Exchange]:
        exchange = Exchange(
            settings.exchange_base_url,
            settings.tenant_id,
            lambda claims: found.get_token(scope, claims=claims, enable_cae=True).token,
            used.paced(exchange_pace()),
            transport=transport,
            verify=verify,
        )
        return Graph(settings.graph_base_url, found, paced, transport=transport, verify=verify), exchange

    doors = _doors(settings, transport, verify)
    return LiveTenant(make, settings, close_with=found.close, sleep=used.sleep, doors=doors, memory=memory)


def _doors(settings: TenantSettings, transport: httpx.AsyncBaseTransport | None, verify: Verify) -> Doors:
    """Where a product comes in by itself."""
    from nexusops.tenant.doors import Doors
    from nexusops.tenant.trust import trusting

    host, _, port = settings.smtp.rpartition(":")
    return Doors(
        authority=settings.authority,
        graph_base_url=settings.graph_base_url,
        exchange_base_url=settings.exchange_base_url,
        submission=lambda: nullcontext((host, int(port))),
        tls=trusting(settings.ca_bundle),
        transport=transport,
        verify=verify,
    )
