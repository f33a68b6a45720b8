"""What the DNS says of mail domains, against expectation, against a zone file, and against what it said before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from nexusops.model.dns import Answer, Ask, DnsRecord, Question
from nexusops.model.dns_report import DomainFacts, DomainReport, Impact, WantedRecords
from nexusops.model.dns_spf import Branch, Note
from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.ids import within
from nexusops.model.policy import Policy
from nexusops.pipeline.domains import Inquiry
from nexusops.ports import Resolver, Store
from nexusops.rules.mailauth.check import check, same
from nexusops.rules.mailauth.site import MailSite, Standing, leads, lint_of_site, passes, providers
from nexusops.rules.mailauth.spf import lint
from nexusops.rules.mailauth.syntax import is_spf

Seen = Mapping[str, Mapping[str, str]]
"""Provider -> name -> SPF record: what an include led to."""
NEAR = "PROVIDER_NEAR_LIMIT"


class Memory(Protocol):
    """Where providers' records are kept from one check to the next."""

    def read(self) -> Seen: ...

    def write(self, seen: Seen) -> None: ...


@frozen
class Terms:
    """What domains are judged by."""

    policy: Policy
    site: MailSite
    selectors: Sequence[str]
    today: date


def check_one(facts: DomainFacts, terms: Terms, resolver: Resolver, live: Resolver | None) -> DomainReport:
    """One domain. ``live``: ask the DNS too for its own names, and say where it differs from ``resolver``."""
    inquiry = Inquiry(resolver)
    (report,) = check_all(inquiry, [facts], terms)
    return compared(report, inquiry.known, live) if live is not None else report


def check_with_providers(
    domains: Sequence[DomainFacts], terms: Terms, resolver: Resolver, memory: Memory, *, remember: bool
) -> tuple[list[DomainReport], list[Note]]:
    """All domains, and what became of the records of the providers that they include.

    What was never seen is remembered at once; a change is told until somebody says that it is to be remembered.
    """
    inquiry = Inquiry(resolver)
    reports = check_all(inquiry, domains, terms)
    now, before = provider_records(reports, terms.site), memory.read()
    notes = inquiry.settled(lambda ask: provider_notes(now, {} if remember else before, ask, terms.policy))
    bad = {note.domain for note in notes if note.code != NEAR}
    known = {name: found for name, found in now.items() if name not in bad and (remember or name not in before)}
    if known.keys() - before.keys() or any(before.get(name) != found for name, found in known.items()):
        memory.write({**before, **known})
    return reports, notes


def concerning_products(store: Store) -> tuple[Finding, ...]:
    """What the last run found of products beside their DNS: an owner who has left, a secret that ends."""
    return tuple(one for one in store.findings(None) if one.code in ("OWNER_GONE", "CREDENTIAL_ENDS"))


def check_all(inquiry: Inquiry, domains: Sequence[DomainFacts], terms: Terms) -> list[DomainReport]:
    """All of them in the same rounds of questions."""

    def judge(ask: Ask) -> list[DomainReport]:
        return [check(one, terms.selectors, ask, terms.policy, terms.site, terms.today) for one in domains]

    return inquiry.settled(judge)


def compared(report: DomainReport, file: Mapping[Question, Answer], live: Resolver) -> DomainReport:
    """The report, with every answer for the domain's own names that the DNS gives otherwise than the zone file."""
    domain = report.facts.domain
    own = {question: answer for question, answer in file.items() if within(question.name, domain)}
    answers = live.ask(own)
    notes = [note for question in sorted(own) for note in _difference(question, own[question], answers[question])]
    return replace(report, notes=(*report.notes, *notes))


def _difference(question: Question, file: Answer, live: Answer) -> Iterable[Note]:
    name, kind = question.name, question.kind
    if live.failed:
        yield Note(code="DNS_UNKNOWN", message=f"{name} {kind} could not be looked up: {live.message}", domain=name)
    elif len(file.values) != len(live.values) or any(
        not any(same(kind, one, other) for other in live.values) for one in file.values
    ):
        there, here = "; ".join(live.values) or "nothing", "; ".join(file.values) or "nothing"
        yield Note(
            code="DNS_DIFFERS", message=f"{name} {kind} is {there} in the DNS, and {here} in the file", domain=name
        )


def provider_records(reports: Iterable[DomainReport], site: MailSite) -> dict[str, dict[str, str]]:
    """Every include of somebody outside the site, with all records that it leads to."""
    found: dict[str, dict[str, str]] = {}
    for report in reports:
        for branch in providers(report.spf.tree, site):
            if branch.target:
                found.setdefault(branch.target, {}).update(_records(branch))
    return found


def _records(branch: Branch) -> dict[str, str]:
    found = {branch.target: branch.record} if branch.target and branch.record else {}
    for below in branch.terms:
        found.update(_records(below))
    return found


def provider_notes(now: Seen, before: Seen, ask: Ask, policy: Policy) -> list[Note]:
    """Providers whose record broke, changed, or came near the limit by itself, since it was last remembered."""
    notes = []
    for name in sorted(now):
        report = lint(name, ask, policy.spf)
        if report.verdict.value not in ("ok", "temperror"):
            why = "; ".join(note.message for note in report.notes) or report.verdict.value
            notes.append(Note(code="PROVIDER_BROKEN", message=f"{name}: {why}", domain=name))
        elif "DNS_UNKNOWN" in report.codes:
            message = f"{name} could not be looked up in full, so nothing is known of its changes"
            notes.append(Note(code="DNS_UNKNOWN", message=message, domain=name))
        elif name in before and before[name] != now[name]:
            changes = "; ".join(_changes(before[name], now[name]))
            notes.append(Note(code="PROVIDER_CHANGED", message=f"{name} is not what it was: {changes}", domain=name))
        if report.lookups + 1 >= policy.spf.near_lookups:
            message = f"{name} costs {report.lookups + 1} of {policy.spf.max_lookups} lookups by itself"
            notes.append(Note(code=NEAR, message=message, domain=name))
    return notes


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterable[str]:
    for name in sorted({*before, *now}):
        was, is_now = before.get(name, "").split(), now.get(name, "").split()
        gone, come = [one for one in was if one not in is_now], [one for one in is_now if one not in was]
        if gone:
            yield f"{name} lost {' '.join(gone)}"
        if come:
            yield f"{name} has {' '.join(come)}"


def impact(
    inquiry: Inquiry, include: str, domains: Sequence[DomainFacts], terms: Terms
) -> tuple[list[Impact], list[Note]]:
    """rules.md 4d: which domains would get a permerror if this include broke (R73, reason 2); and what was not answered
    of others, which may be concerned as well.
    """

    def judge(ask: Ask) -> tuple[list[Impact], list[Note]]:
        found, unknown = [], {}
        for one in domains:
            report = lint_of_site(one.domain, ask, terms.policy.spf, terms.site, terms.today)
            way = _way(report.tree, include)
            if way:
                standing = Standing.UNIT if one.units else terms.site.standing(one.domain)
                found.append(Impact(facts=one, standing=standing.value, way=way))
            else:
                unknown.update({note.message: note for note in report.notes if note.code == "DNS_UNKNOWN"})
        return found, list(unknown.values())

    return inquiry.settled(judge)


def _way(branches: Sequence[Branch], target: str) -> tuple[str, ...]:
    for branch in branches:
        below = _way(branch.terms, target)
        if (branch.target == target and leads(branch)) or below:
            return (branch.term, *below)
    return ()


def plan_all(inquiry: Inquiry, domains: Sequence[DomainFacts], terms: Terms) -> list[WantedRecords]:
    """The records that the profile, or a request, wants for each domain, as far as they are missing (R68, R69, R80)."""

    def judge(ask: Ask) -> list[WantedRecords]:
        return [_wanted(one, ask, terms) for one in domains]

    return [one for one in inquiry.settled(judge) if one.add or one.remove or one.unknown]


def _wanted(facts: DomainFacts, ask: Ask, terms: Terms) -> WantedRecords:
    add: list[DnsRecord] = []
    remove: list[DnsRecord] = []
    unknown: list[Note] = []
    signing = facts.signing.records if facts.signing is not None else ()
    for record in (*facts.planned, *_standard(facts, ask, terms), *signing):
        name = record.name.rstrip(".")
        answer = ask(Question(name, record.type))
        if answer is not None and answer.failed:
            message = f"{name} {record.type} could not be looked up: {answer.message}"
            unknown.append(Note(code="DNS_UNKNOWN", message=message, domain=name))
        elif answer is not None and not any(same(record.type, record.value, value) for value in answer.values):
            add.append(record)
            rivals = [value for value in answer.values if record.type != "TXT" or is_spf(value)]
            remove += [DnsRecord(type=record.type, name=record.name, value=value) for value in rivals]
    return WantedRecords(facts=facts, add=tuple(add), remove=tuple(remove), unknown=tuple(unknown))


def _standard(facts: DomainFacts, ask: Ask, terms: Terms) -> Sequence[DnsRecord]:
    """Of a unit's domain whose mail the University routes. An SPF record that the profile accepts may stay; of one
    whose mail is refused by now the records are to go, and none is missing (2.5).
    """
    site, domain = terms.site, facts.domain
    if not facts.managed or not facts.units or facts.state == "failing":
        return ()
    records = [DnsRecord(type="MX", name=domain, value=site.standard_mx)] if site.standard_mx else []
    report = lint_of_site(domain, ask, terms.policy.spf, site, terms.today)
    good = passes(report) and "NOT_STANDARD" not in report.codes
    if domain not in site.opt_out and not good:
        records.append(DnsRecord(type="TXT", name=domain, value=site.expected_spf))
    return records
