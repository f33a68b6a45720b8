"""A request for SaaS mail, as filed in services/<request_id>.toml (interface.md 7, rules.md 3.12)."""

from __future__ import annotations

from dataclasses import dataclass

from nexusops.model.ids import PersonId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    request_id: str
    service_name: str
    unit_id: UnitId
    requester: str
    provider: str
    oxford_domain_needed: bool
    direction: str
    supports_exo: bool
    supports_ms_smtp: bool
    auth: str
    mode_wanted: str = "auto"
    from_local: str = ""
    owner_person_id: PersonId | None = None
    spf_approver: str = ""
    provider_include: str = ""
    bounce_mx: str = ""
    daily_volume: int = 0
