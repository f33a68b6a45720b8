"""A mail domain as a whole: where its mail goes, who may send for it, how it is signed, and what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from nexusops.model.dns import Ask, DnsRecord, Question
from nexusops.model.dns_report import DkimKey, Dmarc, DomainFacts, DomainReport
from nexusops.model.dns_spf import Note, SpfReport, Verdict, note
from nexusops.model.findings import Severity
from nexusops.model.policy import Policy
from nexusops.model.units import POSTS
from nexusops.rules.mailauth.dkim import keys_of
from nexusops.rules.mailauth.dmarc import policy_of
from nexusops.rules.mailauth.site import MailSite, Standing, lint_of_site, providers

_REFUSING = ("failing", "deregistered")
"""States of a domain that takes no mail: no MX, or a null one, is what it should have (rules.md 2.5)."""
_MISSED = ("NO_SPF", "NOT_STANDARD", "NO_DKIM", "NO_DMARC")
"""What nobody misses there: all its records are to go, as `domain plan` says."""
_SILENT = (*_REFUSING, "incoming_only", "closed")
"""States of a domain from which nobody sends (R51, 2.5)."""
_EXCHANGE_MX = ".mail.protection.outlook.com"
_SEVERITY = {
    **dict.fromkeys(("DMARC_NONE", "DMARC_NO_REPORTS", "DKIM_TESTING", "MX_LEFT"), Severity.INFO),
    **dict.fromkeys(
        (
            "NEAR_LOOKUP_LIMIT",
            "PROVIDER_NEAR_LIMIT",
            "PTR",
            "NOT_STANDARD",
            "NO_DKIM",
            "DKIM_OFF",
            "NO_DMARC",
            "DKIM_REVOKED",
            "DKIM_SHORT_KEY",
            "SEVERAL_PROVIDERS",
        ),
        Severity.WARNING,
    ),
    **dict.fromkeys(("NO_POSTMASTER", "NO_ABUSE"), Severity.WARNING),
}


def severity_of(code: str) -> Severity:
    """How bad a finding is; ``alert`` makes the check end with 6."""
    return _SEVERITY.get(code, Severity.ALERT)


def sound(codes: Iterable[str]) -> bool:
    """Whether nothing is worse than a warning."""
    return all(severity_of(code) is not Severity.ALERT for code in codes)


def check(
    facts: DomainFacts, selectors: Sequence[str], ask: Ask, policy: Policy, site: MailSite, today: date
) -> DomainReport:
    """What the DNS says of a domain, against what is expected of it. Final once ``ask`` knew every answer."""
    domain = facts.domain
    standing = Standing.UNIT if facts.units else site.standing(domain)
    spf = lint_of_site(domain, ask, policy.spf, site, today)
    keys, dkim_notes = keys_of(domain, _selectors(facts, selectors), ask)
    dmarc, dmarc_notes = policy_of(domain, site.parent_domain, ask)
    mx = ask(Question(domain, "MX"))
    said = spf.codes & {"NO_MX"}
    unasked = _MISSED if facts.state in _REFUSING else ()
    notes = [
        *(note for note in _mail_notes(facts, standing, ask, policy, site) if note.code not in said),
        *_sending_notes(domain, standing, spf, site),
        *spf.notes,
        *dkim_notes,
        *dmarc_notes,
        *_alignment(facts, spf, dkim_notes, keys, dmarc),
        *_role_notes(facts),
        *_signing_notes(facts),
        *_plan_notes(to_be_there(facts), ask),
    ]
    return DomainReport(
        facts=facts,
        standing=standing.value,
        mx=tuple(sorted(mx.values, key=_preference)) if mx is not None else (),
        spf=spf,
        dkim=keys,
        dmarc=dmarc,
        notes=tuple(one for one in dict.fromkeys(notes) if one.code not in unasked),
    )


def _selectors(facts: DomainFacts, selectors: Sequence[str]) -> tuple[str, ...]:
    """Those to look for anywhere, and those of the keys that were planned for this domain."""
    parts = (record.name.partition("._domainkey.") for record in facts.planned)
    return tuple(dict.fromkeys((*selectors, *(selector for selector, within, _ in parts if within))))


def _preference(value: str) -> tuple[int, str]:
    number, _, host = value.partition(" ")
    return (int(number) if number.isdecimal() else 0), host


def _host(value: str) -> str:
    return value.rsplit(maxsplit=1)[-1].lower().rstrip(".")


def _mail_notes(facts: DomainFacts, standing: Standing, ask: Ask, policy: Policy, site: MailSite) -> Iterable[Note]:
    """MX records: there, not null, of hosts that exist, and the standard ones (R69, R75, R76, R79, R85)."""
    domain = facts.domain
    answer = ask(Question(domain, "MX"))
    if answer is None:
        return
    if answer.failed:
        yield note("DNS_UNKNOWN", f"{domain} MX could not be looked up: {answer.message}", domain)
        return
    hosts = [_host(value) for value in sorted(answer.values, key=_preference)]
    if standing is Standing.SERVICE and policy.dns.bounce_required and not any(hosts):
        yield note(
            "NO_BOUNCE_MX", f"{domain} has no MX whose server catches bounces; most systems refuse its mail", domain
        )
    elif standing is Standing.UNIT and facts.state not in _REFUSING and not hosts:
        yield note("NO_MX", f"{domain} has no MX record, so its mail cannot be delivered", domain)
    elif standing is Standing.UNIT and facts.state not in _REFUSING and not any(hosts):
        yield note("NULL_MX", f"{domain} has a null MX, so it refuses all mail", domain)
    elif standing is Standing.UNIT and facts.state in _REFUSING and any(hosts):
        yield note("MX_LEFT", f"{domain} takes no mail any more ({facts.state}): its MX record may go", domain)
    if len(hosts) > 1 and not all(hosts):
        yield note("NULL_MX", f"{domain} has a null MX beside others; it must stand alone", domain)
    for host in filter(None, hosts):
        yield from _host_notes(domain, host, ask)
    yield from _standard_mx(facts, standing, hosts, site)


def _host_notes(domain: str, host: str, ask: Ask) -> Iterable[Note]:
    """RFC 2181 section 10.3: an MX names a host with an address of its own, never an alias."""
    alias, *found = (ask(Question(host, kind)) for kind in ("CNAME", "A", "AAAA"))
    if alias is not None and alias.values:
        yield note(
            "MX_ALIAS", f"the MX {host} is an alias of {alias.values[0]}; an MX must be a host's own name", domain
        )
    elif all(answer is not None and answer.void for answer in found):
        yield note("MX_NO_HOST", f"the MX {host} has no address", domain)
    elif any(answer is not None and answer.failed for answer in found):
        yield note("DNS_UNKNOWN", f"the address of the MX {host} could not be looked up", domain)


def _standard_mx(facts: DomainFacts, standing: Standing, hosts: Sequence[str], site: MailSite) -> Iterable[Note]:
    """R69: the standard MX of a domain whose mail the University routes; R75, R76: at Cambridge only known hosts."""
    domain, standard = facts.domain, _host(site.standard_mx) if site.standard_mx else ""
    if standing is Standing.OUTSIDE or not any(hosts):
        return
    known = [host for host in hosts if host == standard or host in site.mail_hosts or host.endswith(_EXCHANGE_MX)]
    strangers = [host for host in hosts if host and host not in known]
    if site.exact and standing is Standing.UNIT and strangers:
        message = f"{', '.join(strangers)} is not a mail server that the University recognises"
        yield note("UNREGISTERED_MAIL_HOST", message, domain)
    elif not site.exact and standing is Standing.UNIT and facts.managed and standard and standard not in hosts:
        yield note("NOT_STANDARD", f"{domain}: the standard MX is {site.standard_mx}", domain)


def _sending_notes(domain: str, standing: Standing, spf: SpfReport, site: MailSite) -> Iterable[Note]:
    """R77: at Cambridge mail is sent through recognised servers; a record that lists its own says otherwise. R83: and a
    provider has a subdomain to itself.
    """
    outside = [branch.target for branch in providers(spf.tree, site)] if standing is Standing.SERVICE else []
    if site.exact and len(outside) > 1:
        message = f"{domain} is for {' and '.join(outside)} together; each provider should have a domain of its own"
        yield note("SEVERAL_PROVIDERS", message, domain)
    if not site.exact or standing is not Standing.UNIT or domain in site.opt_out:
        return
    for branch in spf.tree:
        word = branch.term.lstrip("+").lower()
        if word.startswith(("ip4:", "ip6:", "a", "mx", "exists:")) and not word.startswith("all"):
            message = f"{domain}: {branch.term} lets servers send that the University does not recognise"
            yield note("UNREGISTERED_MAIL_HOST", message, domain)


def _alignment(
    facts: DomainFacts, spf: SpfReport, dkim_notes: Sequence[Note], keys: Sequence[DkimKey], dmarc: Dmarc | None
) -> Iterable[Note]:
    """A policy that rejects, and nothing that could ever satisfy it; where nobody sends, that is as it should be."""
    if dmarc is None or dmarc.policy == "none" or facts.state in _SILENT:
        return
    unknown = spf.verdict is Verdict.TEMPERROR or any(note.code == "DNS_UNKNOWN" for note in dkim_notes)
    signed = any(not key.revoked for key in keys)
    if not (signed or unknown or spf.can_pass):
        message = f"{dmarc.found_at} asks to {dmarc.policy} what is not aligned, and neither SPF nor DKIM can pass here"
        yield note("DMARC_UNMET", message, facts.domain)


def _role_notes(facts: DomainFacts) -> Iterable[Note]:
    """rules.md 2.5: agreed becomes active once both exist."""
    if facts.roles is None or facts.state not in ("agreed", "active"):
        return
    for role in POSTS:
        if role not in facts.roles:
            waits = ", and the domain cannot become active" if facts.state == "agreed" else ""
            message = f"there is no address {role}@{facts.domain}{waits}"
            yield note(f"NO_{role.upper()}", message, facts.domain)


def to_be_there(facts: DomainFacts) -> tuple[DnsRecord, ...]:
    """What was planned, and what Exchange needs for the signatures that it makes already."""
    signing = facts.signing
    return (*facts.planned, *(signing.records if signing is not None and signing.enabled else ()))


def _signing_notes(facts: DomainFacts) -> Iterable[Note]:
    """R87: a key is published for the Exchange Online tenancy, and it signs."""
    domain, signing = facts.domain, facts.signing
    if signing is None or signing.enabled:
        return
    if signing.configured:
        message = f"Exchange does not sign for {domain}: publish its CNAMEs (`domain plan --exchange`), then enable it"
    else:
        message = f"Exchange cannot sign for {domain}: New-DkimSigningConfig -DomainName {domain} -KeySize 2048"
    yield note("DKIM_OFF", message, domain)


def _plan_notes(planned: Sequence[DnsRecord], ask: Ask) -> Iterable[Note]:
    """What was planned and is not there as planned."""
    for record in planned:
        name = record.name.lower().rstrip(".")
        answer = ask(Question(name, record.type))
        if answer is None:
            continue
        if answer.failed:
            yield note("DNS_UNKNOWN", f"{name} {record.type} could not be looked up: {answer.message}", name)
        elif not any(same(record.type, record.value, value) for value in answer.values):
            there = "; ".join(answer.values) or "nothing"
            yield note("DNS_DIFFERS", f"{name} {record.type} should be {record.value}, and is {there}", name)


def same(kind: str, one: str, other: str) -> bool:
    """Whether two values of a type mean the same: names without regard to case and the last dot, texts exactly."""
    if kind == "TXT":
        return one == other
    return one.lower().rstrip(".").split() == other.lower().rstrip(".").split()
