"""Looks at our own application from outside: permissions, credentials, domains, licences, clocks. Changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import jwt
import msgspec

from nexusops import clock
from nexusops.model.ids import Domain
from nexusops.model.inspection import Inspection
from nexusops.tenant.cmdlets import converted
from nexusops.tenant.directory import Instant, decoded
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.expiry import end_in_use
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.graph import Graph
from nexusops.tenant.headers import date_of
from nexusops.tenant.settings import TenantSettings

T = TypeVar("T")
_READS_APPLICATIONS = frozenset(
    {"Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.Read.All"}
)


class Credential(msgspec.Struct, rename="camel"):
    """A secret or certificate of an application, as far as it is no secret."""

    key_id: str | None = None
    display_name: str | None = None
    end_date_time: Instant | None = None


class Registered(msgspec.Struct, rename="camel"):
    password_credentials: list[Credential] = []
    key_credentials: list[Credential] = []


class AcceptedDomain(msgspec.Struct, rename="pascal"):
    domain_name: str
    match_sub_domains: bool = False


class OutboundPolicy(msgspec.Struct, rename="pascal"):
    name: str
    auto_forwarding_mode: str


class RemoteDomain(msgspec.Struct, rename="pascal"):
    name: str
    domain_name: str
    auto_forward_enabled: bool


async def inspect(graph: Graph, exchange: Exchange, settings: TenantSettings, sender: str | None) -> Inspection:
    """Raises the fault of Graph's own refusal; whatever else cannot be asked is said in ``refused``.

    ``sender``: the address of a mailbox to be asked about, too.
    """
    refused: list[tuple[str, str]] = []

    async def told(name: str, ask: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await ask()
        except TenantFault as fault:
            if fault.fault in (FaultClass.FOREIGN_HOST, FaultClass.BUG):
                raise
            refused.append((name, fault.message))
            return None

    roles = roles_of(graph.token())
    before = clock.now()
    licences = await told("licences", lambda: graph.licences_left(settings.licence_sku))
    own = await told("exchange", exchange.own_token)
    return Inspection(
        graph=roles,
        exchange=roles_of(own) if own is not None else None,
        cmdlets=await told("cmdlets", exchange.cmdlets),
        domains=await told("domains", lambda: _domains(exchange)),
        ahead=_ahead(graph.answered_at, before),
        ends=await told("credentials", lambda: _ends(graph, settings, roles)),
        licences=licences,
        gates=await told("gates", lambda: _gates(exchange)),
        sender=await told("sender", lambda: _sender(exchange, sender)) if sender is not None else None,
        refused=tuple(refused),
    )


def roles_of(token: str) -> frozenset[str]:
    """The application permissions in a token that was given to us. It is only read, so nothing is verified."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return frozenset()
    return frozenset(claims.get("roles") or ())


async def _domains(exchange: Exchange) -> frozenset[Domain]:
    rows = await exchange.invoke("Get-AcceptedDomain", ResultSize="Unlimited")
    found = [converted(row, AcceptedDomain) for row in rows]
    names = {row.domain_name.lower(): row.match_sub_domains for row in found}
    return frozenset([*map(Domain, names), *(Domain(f".{name}") for name, beneath in names.items() if beneath)])


async def _gates(exchange: Exchange) -> tuple[str, ...]:
    """The strictest wins (4.8): ``Automatic`` lets nothing out, as ``Off`` does, whatever the mailbox is set to."""
    rows = await exchange.invoke("Get-HostedOutboundSpamFilterPolicy")
    policies = [converted(row, OutboundPolicy) for row in rows]
    remote = [converted(row, RemoteDomain) for row in await exchange.invoke("Get-RemoteDomain", ResultSize="Unlimited")]
    return (
        *(
            f"the outbound spam policy {row.name} has AutoForwardingMode {row.auto_forwarding_mode}"
            for row in policies
            if row.auto_forwarding_mode != "On"
        ),
        *(
            f"the remote domain {row.name} ({row.domain_name}) does not let forwards through"
            for row in remote
            if not row.auto_forward_enabled
        ),
    )


async def _sender(exchange: Exchange, address: str) -> str:
    """Exchange knows a mailbox by any of its addresses; Graph's sendMail by its user principal name alone (4.14)."""
    row = await exchange.mailbox(address)
    return row.user_principal_name.lower() if row is not None else ""


def _ahead(answered_at: str | None, asked: datetime) -> float | None:
    """Of the answer's Date, which is whole seconds; None where it has none that can be read."""
    at = date_of(answered_at or "")
    return (asked - at).total_seconds() if at is not None else None


async def _ends(graph: Graph, settings: TenantSettings, roles: frozenset[str]) -> tuple[tuple[str, date], ...]:
    """Of the certificate in use from its file; of what is registered, where we may read that."""
    found = []
    in_use = end_in_use(settings)
    if in_use is not None:
        found.append(("the certificate in use", in_use.date()))
    if settings.client_id and roles & _READS_APPLICATIONS:
        path = f"/applications(appId='{quote(settings.client_id)}')?$select=passwordCredentials,keyCredentials"
        app = decoded(await graph.send("GET", path), Registered)
        for kind, credentials in (("secret", app.password_credentials), ("certificate", app.key_credentials)):
            for one in credentials:
                if one.end_date_time is not None:
                    name = f"{kind} {one.display_name or one.key_id or ''}".strip()
                    found.append((name, one.end_date_time.date()))
    return tuple(found)
