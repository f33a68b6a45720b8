"""A request for SaaS mail, of which each test says what is different."""

from __future__ import annotations

from nexusops.model.ids import PersonId, UnitId
from nexusops.model.services import ServiceRequest

ADMIN_DAY = ServiceRequest(
    request_id="adminday",
    service_name="Admin Day",
    unit_id=UnitId("CHEM"),
    requester="chem0009",
    provider="Admin Day Ltd",
    oxford_domain_needed=True,
    direction="send",
    supports_exo=True,
    supports_ms_smtp=True,
    auth="oauth2",
    owner_person_id=PersonId("1"),
)
