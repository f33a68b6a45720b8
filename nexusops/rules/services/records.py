"""The DNS records of a service domain, and what is wrong with those that the request gives (R68, R69, R85, R86)."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.model.dns import DnsRecord
from nexusops.model.dns_spf import Note
from nexusops.model.ids import Domain
from nexusops.model.policy import Policy
from nexusops.model.services import ServiceRequest
from nexusops.model.site import Site
from nexusops.rules.mailauth.dkim import judged
from nexusops.rules.mailauth.dmarc import read

LONGEST_NAME = 253
TELLING = frozenset({"DKIM_SHORT_KEY", "DKIM_TESTING"})
"""What receivers still accept: it is said, and stands in nobody's way."""
_TASTE = frozenset({"DMARC_NONE", "DMARC_NO_REPORTS"})


def spf_record(request: ServiceRequest, site: Site, policy: Policy) -> str:
    """R68, R80, T9: the University's hosts and the provider, and how all others are treated."""
    return f"v=spf1 include:{site.spf_include} include:{request.provider_include.rstrip('.')} {policy.spf.catch_all}"


def records_of(request: ServiceRequest, domain: Domain, site: Site, policy: Policy) -> tuple[DnsRecord, ...]:
    """R68, R69, R85, R86: the SPF record, the MX of the site or of the server that takes the bounces, and the
    provider's DKIM and DMARC where the request names them.
    """
    bounces = request.bounce_mx.rstrip(".")
    return (
        DnsRecord(type="TXT", name=domain, value=spf_record(request, site, policy)),
        DnsRecord(type="MX", name=domain, value=f"10 {bounces}." if bounces else site.standard_mx),
        *_dkim(request, domain),
        *_dmarc(request, domain),
    )


def notes_on(request: ServiceRequest, domain: Domain) -> Iterator[Note]:
    """R86: what receivers would make of the request's own keys and policy once they are published."""
    for record in _dkim(request, domain):
        selector = record.name.removesuffix(f"._domainkey.{domain}")
        if len(record.name) > LONGEST_NAME:
            message = f"{record.name} is longer than the {LONGEST_NAME} characters that DNS allows"
            yield Note(code="DKIM_SYNTAX", message=message, domain=domain)
        elif record.type == "TXT":
            yield from judged(selector, record.value, domain)[1]
    for record in _dmarc(request, domain):
        notes = read(record.value, record.name, domain, inherited=False)[1]
        yield from (note for note in notes if note.code not in _TASTE)


def _dkim(request: ServiceRequest, domain: Domain) -> Iterator[DnsRecord]:
    for entry in request.dkim:
        selector, _, value = entry.partition(" ")
        name = f"{selector.lower()}._domainkey.{domain}"
        if "=" in value:
            yield DnsRecord(type="TXT", name=name, value=value.strip())
        else:
            yield DnsRecord(type="CNAME", name=name, value=f"{value.strip().rstrip('.').lower()}.")


def _dmarc(request: ServiceRequest, domain: Domain) -> Iterator[DnsRecord]:
    if request.dmarc:
        yield DnsRecord(type="TXT", name=f"_dmarc.{domain}", value=request.dmarc)
