"""Mail domains and their DNS: what a site expects of its own (R66-R88, D38, D40, rules.md 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from enum import StrEnum

from nexusops.model.dns import Ask, Question
from nexusops.model.dns_spf import Branch, Note, SpfReport, Verdict
from nexusops.model.frozen import frozen
from nexusops.model.ids import within
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.platforms import shared_platform
from nexusops.rules.mailauth.spf import lint

EXCHANGE = "spf.protection.outlook.com"
"""Exchange Online's own record: part of the standard, no provider's (R80)."""
WARNINGS = frozenset({"NEAR_LOOKUP_LIMIT", "PTR", "NOT_STANDARD", "WIDE_RANGE"})
"""Findings that leave the exit code of ``spf lint`` at 0 (interface.md 7); ``domain check`` has its own measure."""
REASONS = (
    "any address of the domain could then be forged from every server in the provider's record",
    "the provider's mistakes (syntax, too many lookups, a missing record) would break all mail of the domain",
    "on a shared platform its other customers could send as you",
)
"""R73: why a provider has no place in a department's record."""


class Standing(StrEnum):
    """What a domain is to the site."""

    UNIT = "unit"
    """A unit's own domain: its people have addresses there."""
    SERVICE = "service"
    """Beneath a unit's domain: for one product (D39)."""
    OUTSIDE = "outside"


@frozen
class Permit:
    """D38: a postmaster's override for one unit domain, until the end of a day."""

    until: date
    reason: str


@frozen
class MailSite:
    """What the profile and the configuration say about the site's DNS.

    ``exact``: the SPF record of a unit must be the standard, letter by letter (R80); else it must include the site's
    hosts and end as the standard does (R68). ``unit_domains``: of the last accepted snapshot; ``service_domains``: of
    our own requests, which may lie right beneath the site's domain where that is a unit's (D39).
    """

    parent_domain: str
    site_include: str
    standard_mx: str
    catch_all: str
    exact: bool = False
    unit_domains: frozenset[str] = frozenset()
    service_domains: frozenset[str] = frozenset()
    mail_hosts: frozenset[str] = frozenset()
    """R75: further mail servers that an MX may name."""
    opt_out: frozenset[str] = frozenset()
    """R82: domains whose record is not compared with the standard."""
    permits: Mapping[str, Permit] = field(default_factory=dict)
    dept_include_allowed: bool = False
    """``saas.allow_dept_include``: the site has decided otherwise, for all its domains (T10)."""

    @property
    def expected_spf(self) -> str:
        """R68, R80: the standard record of a unit's domain."""
        exchange = f" include:{EXCHANGE}" if self.exact and self.site_include != EXCHANGE else ""
        return f"v=spf1 include:{self.site_include}{exchange} {self.catch_all}"

    def standing(self, domain: str) -> Standing:
        """A unit's domain is one that the snapshot says, or one right beneath the site's own, which is judged alike."""
        if domain in self.unit_domains or domain == self.parent_domain:
            return Standing.UNIT
        if domain in self.service_domains:
            return Standing.SERVICE
        head, _, tail = domain.partition(".")
        if head.startswith("_") or not domain.endswith(f".{self.parent_domain}"):
            return Standing.OUTSIDE
        return Standing.UNIT if tail == self.parent_domain else Standing.SERVICE

    def ours(self, name: str) -> bool:
        """Whether a name that a record includes is the site's own, or Exchange Online's."""
        return name in (self.site_include, EXCHANGE) or within(name, self.parent_domain)


def lint_of_site(domain: str, ask: Ask, policy: SpfPolicy, site: MailSite, today: date) -> SpfReport:
    """RFC 7208's verdict, and for the site's own domains what the site expects beside it."""
    report = lint(domain, ask, policy)
    standing = site.standing(domain)
    if standing is Standing.OUTSIDE:
        return report
    notes = [*report.notes, *_mx_notes(domain, ask)]
    if standing is Standing.UNIT:
        notes += _provider_notes(report, site, today)
    if report.verdict not in (Verdict.NONE, Verdict.TEMPERROR) and domain not in site.opt_out:
        notes += _standard_notes(report, site, standing)
    return replace(report, notes=tuple(notes))


def _mx_notes(domain: str, ask: Ask) -> list[Note]:
    """R79: mail domains have MX records; an address alone is not enough."""
    mx, *hosts = (ask(Question(domain, kind)) for kind in ("MX", "A", "AAAA"))
    if mx is None or not mx.void or not any(host is not None and host.values for host in hosts):
        return []
    message = f"{domain} has an address and no MX record; an address alone makes a host, not a mail domain"
    return [Note(code="NO_MX", message=message, domain=domain)]


def leads(branch: Branch) -> bool:
    """Whether the term leads to another record, and fails with it; others ask for addresses."""
    return branch.term.lstrip("+-~?").lower().startswith(("include:", "redirect="))


def providers(branches: tuple[Branch, ...], site: MailSite) -> list[Branch]:
    """The terms that let somebody outside send, in the record itself or in the site's own records within it."""
    found = []
    for branch in branches:
        if not leads(branch):
            continue
        if branch.target in (site.site_include, EXCHANGE):
            continue
        found += providers(branch.terms, site) if site.ours(_whose(branch)) else [branch]
    return found


def _whose(branch: Branch) -> str:
    """The name that a term leads to; where only a message tells it, the end that is always the same (RFC 7208, 7)."""
    return branch.target or branch.term.rpartition("}")[2].lower().strip(".")


def _provider_notes(report: SpfReport, site: MailSite, today: date) -> list[Note]:
    """R73, D38: a provider in the record of a unit, with the three reasons."""
    permit = site.permits.get(report.domain)
    if site.dept_include_allowed or (permit is not None and today <= permit.until):
        return []
    return [
        Note(code="SPF_DEPT_INCLUDE", message=_reasons(branch, report.domain), domain=report.domain, term=branch.term)
        for branch in providers(report.tree, site)
    ]


def _reasons(branch: Branch, domain: str) -> str:
    platform = shared_platform(branch.target)
    third = f"{REASONS[2]}, and {platform} is one" if platform else REASONS[2]
    return (
        f"{branch.term} in the record of the unit domain {domain} is not supported: "
        f"(1) {REASONS[0]}; (2) {REASONS[1]}; (3) {third}. Give the product a mailbox, or a domain of its own"
    )


def _standard_notes(report: SpfReport, site: MailSite, standing: Standing) -> list[Note]:
    """R68, R80: a finding, and no error."""
    record = " ".join((report.record or "").split())
    words = record.lower().split()
    if site.exact:
        standard = standing is Standing.SERVICE or record.lower() == site.expected_spf.lower()
        message = f"the record is not the standard one, {site.expected_spf}"
    else:
        includes = {f"include:{site.site_include}", f"+include:{site.site_include}"}
        standard = bool(includes & set(words)) and words[-1:] == [site.catch_all]
        message = f"the record should include:{site.site_include} and end in {site.catch_all}"
    if standard:
        return []
    return [Note(code="NOT_STANDARD", message=f"{report.domain}: {message}", domain=report.domain)]


def passes(report: SpfReport) -> bool:
    """Whether the record is valid, and nothing worse than a warning was found (interface.md 7)."""
    return report.verdict is Verdict.OK and report.codes <= WARNINGS
