"""The domains table: names, zones and wind-downs (rules.md 3.4, 3.17)."""

from __future__ import annotations

from nexusops.model.ids import Domain
from nexusops.model.units import DomainState, MailDomain
from nexusops.registration.fields import BadValue, is_domain
from nexusops.registration.layout import DOMAINS
from nexusops.registration.rows import Reading, Row


def read_domains(reading: Reading, parent_domain: str) -> dict[Domain, MailDomain]:
    """The sound rows. ``zone`` is computed: ox means under the site's own parent domain."""
    found = {}
    for row, domain in reading.sound(DOMAINS, lambda row: _domain(row, parent_domain)):
        zone = row.get("zone")
        if zone is not None and zone != domain.zone:
            lies = f"which lies {'under' if domain.zone == 'ox' else 'outside'} {parent_domain}"
            reading.find("ZONE_MISMATCH", DOMAINS, row, f"the zone says {zone}; {domain.zone} is meant of one {lies}")
        found[domain.domain] = domain
    return found


def _domain(row: Row, parent_domain: str) -> MailDomain:
    domain = row.text("domain")
    if not is_domain(domain):
        reason = f"{domain!r} is not a domain name of letters, digits and hyphens"
        raise BadValue(reason, code="BAD_DOMAIN")
    ours = domain == parent_domain or domain.endswith("." + parent_domain)
    return MailDomain(
        domain=Domain(domain),
        zone="ox" if ours else "foreign",
        managed=_required_flag(row),
        state=DomainState(row.one_of("state", *DomainState)),
        winddown_start=row.day("winddown_start") if row.get("winddown_start") else None,
        winddown_months=row.number("winddown_months") if row.get("winddown_months") else None,
        negotiated_ref=row.get("negotiated_ref"),
        incoming_cap=row.number("incoming_cap") if row.get("incoming_cap") else None,
    )


def _required_flag(row: Row) -> bool:
    row.text("managed")
    return row.flag("managed", default=False)
