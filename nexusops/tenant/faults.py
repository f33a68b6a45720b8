"""What can go wrong between us and the tenant, as one typed fault, and its translation into our own errors.

Graph and Exchange each translate their answers into these in one function; nothing else looks at a status or a text.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from enum import StrEnum
from typing import TypeVar

import msgspec

from nexusops.errors import TenantUnreadable

T = TypeVar("T")
NOT_UNDERSTOOD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding an answer raises; the second for a key that is no UTF-8, the third for what is nested too deep."""
PAGE = "the answer is a page, and none of the service's: something before it answers, refuses, or is broken"


def is_page(content: bytes | msgspec.Raw) -> bool:
    """HTML, where JSON was asked for."""
    return bytes(memoryview(content)[:100]).lstrip().startswith(b"<")


class FaultClass(StrEnum):
    """What a fault means for the one who asked (tenant-api.md 5.7, 9)."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    CONFIG = "config"
    BUG = "bug"
    REFUSED = "refused"
    AUTH = "auth"
    WRONG_AUTHORITY = "wrong_authority"
    PRIVILEGED = "privileged"
    NO_LICENCE = "no_licence"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    UNKNOWN_OUTCOME = "unknown_outcome"
    FOREIGN_HOST = "foreign_host"
    DOWN = "down"


NEEDS_A_HUMAN = frozenset(
    {FaultClass.CONFLICT, FaultClass.WRONG_AUTHORITY, FaultClass.PRIVILEGED, FaultClass.NO_LICENCE}
)
"""Refusals that concern this one object: it is set aside, and the run goes on."""

STOPS_AT_ONCE = frozenset({FaultClass.FOREIGN_HOST, FaultClass.DOWN})
"""Faults that every further request would meet too."""

STOPS_THE_RUN = frozenset({FaultClass.BUG, FaultClass.AUTH})
"""The same, where it is not one mailbox alone that is refused (stopping.py). What is refused for a reason that we do
not know (REFUSED) fails alone.
"""


def meets_everybody(fault: Exception) -> bool:
    """Whether every message of the same sender would be refused so: all but what concerns one, or is not known."""
    of_one = (FaultClass.REFUSED, FaultClass.CONFLICT, FaultClass.UNKNOWN_OUTCOME, FaultClass.TRANSIENT)
    return isinstance(fault, TenantFault) and fault.fault not in of_one


class TenantFault(Exception):
    """A request that was not answered as hoped. ``request_id`` is for the service's support: its
    own, or ours where it gave no answer.
    """

    def __init__(
        self,
        fault: FaultClass,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after


class GraphFault(TenantFault):
    """Microsoft Graph's; ``code`` is ``error.code`` of its answer."""


class ExchangeFault(TenantFault):
    """Exchange Online's; ``code`` is the last part of the .NET type of its answer."""


class TransportFault(TenantFault):
    """No answer, or one from something before the service: refused connection, time-out, throttling, foreign host."""


class CredentialFault(TenantFault):
    """The authority refused our credentials, or could not be asked."""


def lost_item(service: str, *, read: bool) -> TenantFault:
    """A batch without one of its items: nothing is known of that one."""
    return TenantFault(lost(read=read), f"the batch of {service} was answered without one of its items")


def lost(*, read: bool) -> FaultClass:
    """No answer, or one that cannot be understood: a read is repeated, a write is settled by reading."""
    return FaultClass.TRANSIENT if read else FaultClass.UNKNOWN_OUTCOME


AADSTS: Mapping[str, str] = {
    "7000215": "The client secret is wrong. Often its id was pasted instead of its value: put the value where "
    "[tenant] secret points.",
    "7000222": "The client secret has expired: make a new one and put it where [tenant] secret points.",
    "700027": "The certificate is not registered with this application, or has ended: upload a valid one there.",
    "700016": "The application is not known in this tenant: check [tenant] client_id and tenant_id.",
    "90002": "There is no such tenant: check [tenant] tenant_id.",
    "500011": "Exchange or Graph is not known in this tenant: check [tenant] graph_base_url, exchange_base_url.",
    "700024": "The assertion was outside its valid time: check this machine's clock.",
    "7000218": "No credential was sent: check [tenant] credential.",
    "70011": "The scope was refused: check [tenant] graph_base_url and exchange_base_url.",
    "1002012": "The scope was refused: check [tenant] graph_base_url and exchange_base_url.",
}
"""Runbook lines. Microsoft may change the numbers, so they only choose the advice (tenant-api.md 9)."""

_TRY = "Then try `nexusops doctor`."
_ALLOWED = "Check with `nexusops doctor` that the application has the permissions in `nexusops jobs list`."
ADVICE: Mapping[FaultClass, str] = {
    FaultClass.AUTH: _ALLOWED,
    FaultClass.PRIVILEGED: _ALLOWED,
    FaultClass.THROTTLED: "The service asks for fewer requests. Try again in a quarter of an hour; `nexusops "
    "doctor` says whether it answers.",
    FaultClass.TRANSIENT: "Try again; if `nexusops doctor` stays the same, look at the service health page of the "
    "tenant.",
    FaultClass.UNKNOWN_OUTCOME: "Try again: the next `nexusops run` looks before it writes.",
    FaultClass.FOREIGN_HOST: "Check [tenant] graph_base_url and exchange_base_url (`nexusops config show`), and who "
    "answers at these addresses.",
    FaultClass.DOWN: "Look at the service health page of the tenant; `nexusops doctor` says when it answers again, and "
    "the next `nexusops run` goes on with what is left.",
    FaultClass.CONFIG: "Check [tenant] in nexusops.toml with `nexusops doctor`.",
}
UNREACHED = (
    "Look at the network, the firewall and the proxy of this machine (HTTPS_PROXY, NO_PROXY); `nexusops doctor` says "
    "when the service answers."
)


EXPIRED = "InvalidAuthenticationToken"
"""Graph's code of a token that has ended, or is for somebody else."""
UNBELIEVED = (
    "Check this machine's clock, and that [tenant] authority and graph_base_url are of one cloud (`nexusops config "
    "show`); `nexusops doctor` says whether tokens are taken again."
)


async def unless_missing(asked: Awaitable[T]) -> T | None:
    """The answer; None where the service says that there is no such thing."""
    try:
        return await asked
    except TenantFault as fault:
        if fault.fault is FaultClass.NOT_FOUND:
            return None
        raise


def unreadable(fault: TenantFault) -> TenantUnreadable:
    """The error of exit 8 for a fault, with its next step; raise it ``from`` the fault."""
    advice = ADVICE.get(fault.fault, "Run `nexusops doctor`; if all is well there, report this with the request id.")
    if fault.fault is FaultClass.THROTTLED and fault.status is None:
        advice = UNREACHED
    if fault.code == EXPIRED:
        advice = UNBELIEVED
    if isinstance(fault, CredentialFault):
        advice = aadsts_advice(fault.message)
    reference = f" (request {fault.request_id})" if fault.request_id else ""
    return TenantUnreadable(f"The tenant could not be read: {fault.message}{reference}", next_step=advice)


def aadsts_advice(message: str) -> str:
    found = re.search(r"AADSTS(\d+)", message)
    if found is not None and found[1] in AADSTS:
        return f"{AADSTS[found[1]]} {_TRY}"
    return (
        f"Check [tenant] tenant_id, client_id, credential and authority, and that it can be reached from here. {_TRY}"
    )
