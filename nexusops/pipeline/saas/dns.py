"""What the DNS says of a request for a service domain that is still to be proved (D39, D40; rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType

from nexusops.model.dns import Ask, Question, found
from nexusops.model.dns_spf import Note, SpfReport, Verdict
from nexusops.model.findings import Finding
from nexusops.model.ids import Domain
from nexusops.model.policy import Policy
from nexusops.model.services import ENDED, NOT_ASKED, DnsFacts, Service, ServiceRequest
from nexusops.model.site import Site
from nexusops.pipeline.domains import settled
from nexusops.ports import Resolver
from nexusops.rules.mailauth.spf import lint
from nexusops.rules.services.records import records_of, spf_record
from nexusops.rules.services.watch import SPF_FAULTS, is_watched
from nexusops.rules.services.ways import may_ask, service_domain

Value = NewType("Value", tuple[str, str])
"""A type and what stands there, without regard to case, spaces and the last dot."""
_KINDS = ("TXT", "MX", "A", "AAAA", "CNAME", "NS")


def to_prove(request: ServiceRequest, row: Service | None, site: Site, policy: Policy) -> bool:
    """Whether a run has to ask: its records are not proved yet, or its file now wants another SPF record. Nothing of
    SPF is asked before somebody vouches for it (R66).
    """
    if not may_ask(request) or not request.spf_approver.strip() or (row is not None and row.state in ENDED):
        return False
    planned = spf_record(request, site, policy)
    return row is None or not is_watched(row) or planned not in {one.value for one in row.published}


def dns_facts(
    request: ServiceRequest, unit_domain: Domain, row: Service | None, resolver: Resolver, site: Site, policy: Policy
) -> DnsFacts:
    """What receivers would make of the planned record, and whether somebody else has the name. What stands there as it
    is planned is nobody else's: a postmaster may be earlier than the run.
    """
    domain = service_domain(request, unit_domain)
    report = planned_report(domain, spf_record(request, site, policy), resolver, policy)
    ours = row is not None and bool(row.published)
    wanted = {_value(one.type, one.value) for one in records_of(request, domain, site, policy)}
    taken = not ours and bool(_there(domain, unit_domain, resolver) - wanted)
    return DnsFacts(spf=report, taken=frozenset({domain} if taken else ()))


def planned_report(domain: str, record: str, resolver: Resolver, policy: Policy) -> SpfReport:
    """What receivers would make of this record of the domain, whatever stands there now."""
    planned = Question(domain, "TXT")

    def judge(ask: Ask) -> SpfReport:
        return lint(domain, lambda question: found(record) if question == planned else ask(question), policy.spf)

    return settled(resolver, judge)


def _there(domain: Domain, unit_domain: Domain, resolver: Resolver) -> set[Value]:
    """What stands at this name; what a wildcard beside it answers for every name does not (RFC 4592)."""
    wildcard = f"*.{unit_domain}"
    answers = resolver.ask([Question(name, kind) for name in (domain, wildcard) for kind in _KINDS])
    values: dict[str, set[Value]] = {domain: set(), wildcard: set()}
    for question, answer in answers.items():
        values[question.name] |= {_value(question.kind, value) for value in answer.values}
    return values[domain] - values[wildcard]


def _value(kind: str, value: str) -> Value:
    return Value((kind, " ".join(value.lower().rstrip(".").split())))


def remembered(request: ServiceRequest, unit_domain: Domain, findings: Iterable[Finding]) -> DnsFacts:
    """What the last run found of it, where the DNS is not asked now, or does not answer."""
    domain = service_domain(request, unit_domain)
    mine = [one for one in findings if one.subject == request.request_id]
    faults = tuple(Note(code=one.code, message=one.message) for one in mine if one.code in SPF_FAULTS)
    taken = frozenset({domain} if any(one.code == "DOMAIN_TAKEN" for one in mine) else ())
    return DnsFacts(spf=refused(domain, faults) if faults else None, taken=taken)


def refused(domain: str, notes: tuple[Note, ...]) -> SpfReport:
    """A report of which only is known what was wrong."""
    return SpfReport(
        domain=domain, verdict=Verdict.PERMERROR, lookups=0, void_lookups=0, record=None, notes=notes, tree=()
    )


def now_or_before(now: DnsFacts, before: DnsFacts) -> DnsFacts:
    """A DNS that does not answer makes nothing well."""
    silent = now.spf is None or now.spf.verdict is Verdict.TEMPERROR
    return before if silent and before != NOT_ASKED else now
