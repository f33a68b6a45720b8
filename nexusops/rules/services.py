"""Which way a SaaS product should send (R61-R74; D37-D39; rules.md 2.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nexusops.model.ids import Address, Domain, address
from nexusops.model.services import ServiceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxWish:
    """The dedicated mailbox that a request asks for: its name, address and display name (R61)."""

    name: str
    address: Address
    display_name: str


def slug(name: str) -> str:
    """D39: lower-case, everything but letters and digits to single hyphens, at most 63 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-")


def mailbox_wish(request: ServiceRequest, unit_domain: Domain | None) -> MailboxWish | None:
    """The mailbox path of D37, as far as the request alone decides it; None where another path applies."""
    sends_only = request.direction == "send"
    connected = request.supports_exo or (request.supports_ms_smtp and sends_only)
    if request.mode_wanted not in ("auto", "mailbox") or not request.oxford_domain_needed:
        return None
    if not connected or request.auth != "oauth2" or unit_domain is None:
        return None
    local = (request.from_local or slug(request.service_name)).lower()
    return MailboxWish(name=request.request_id, address=address(local, unit_domain), display_name=request.service_name)
