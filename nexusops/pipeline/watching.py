"""What the DNS says of service domains, asked in every run: of those that are live (rules.md 2.4, live to review_due),
and of those that are still to be proved, before anything is published (validated to approved).

Only where a site has named a resolver or a zone file, within seconds in all, and never in the way of a run: what nobody
answers is one finding, and what was known before stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING

from nexusops.errors import UsageError
from nexusops.model.dns_report import DomainReport
from nexusops.model.dns_spf import Note
from nexusops.model.findings import Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.ids import Domain
from nexusops.model.services import DnsFacts, Service
from nexusops.pipeline.inputs import Deciding
from nexusops.ports import Resolver, SnapshotTables
from nexusops.rules.services.watch import WATCHED, is_watched
from nexusops.rules.services.ways import may_ask

if TYPE_CHECKING:
    # What judges the DNS is loaded where there is some to judge: few runs have any, and no explanation.
    from nexusops.pipeline.domain_checks import Memory
    from nexusops.rules.mailauth.site import MailSite

UNKNOWN = "DNS_UNKNOWN"


@frozen
class Watching:
    """What the DNS is asked through, what providers' records were, and what the site expects."""

    resolver: Callable[[], Resolver]
    memory: Memory
    site: MailSite


@frozen
class Looked:
    """``notes``: of each live request, what is wrong in its DNS, or nothing; where it was not asked, or did not answer,
    what the last run found. ``requests``: what it says of those that are still to be proved. ``to_judge``: those of
    which something else may be true now. ``unknown``: what nobody answered.
    """

    notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    requests: Mapping[str, DnsFacts] = field(default_factory=dict)
    to_judge: frozenset[str] = frozenset()
    unknown: tuple[Finding, ...] = ()


def looked(ports: Deciding, tables: SnapshotTables, today: date, *, ask: bool) -> Looked:
    """Raises nothing: neither a dead name server nor a broken zone file is a run's business."""
    if ports.told is not None:
        return ports.told
    if ports.watching is None or not ports.services:
        return Looked()
    services = ports.store.ledger((), set(ports.services)).services
    rows = {row.domain: row for row in services.values() if row.domain is not None and is_watched(row)}
    planned = _planned(ports, tables, services)
    if not rows and not planned:
        return Looked()
    findings = ports.store.findings(None)
    known, before = _known(rows.values(), findings), _remembered(ports, planned, findings)
    if not ask:
        return Looked(notes=known, requests=before)
    try:
        resolver = ports.watching.resolver()
        try:
            asked = _requests(ports, planned, services, before, resolver)
            found, unknown = _asked(ports, ports.watching, rows, resolver, today)
        finally:
            resolver.close()
    except UsageError as error:
        silent = tuple(_unknown(domain, error.message) for domain in sorted(rows))
        return Looked(notes=known, requests=before, unknown=silent)
    changed = frozenset(name for name, notes in found.items() if set(notes) != set(known[name]))
    return Looked(notes={**known, **found}, requests=asked, to_judge=changed | asked.keys(), unknown=unknown)


def _planned(ports: Deciding, tables: SnapshotTables, services: Mapping[str, Service]) -> dict[str, Domain]:
    """The requests that are still to be proved, each with the mail domain of its unit."""
    if not any(may_ask(request) for request in ports.services.values()):
        return {}
    from nexusops.pipeline.saas.dns import to_prove

    units = tables.slice((), {}).units
    wanted = {
        name: units[request.unit_id].domain
        for name, request in ports.services.items()
        if request.unit_id in units and to_prove(request, services.get(name), ports.site, ports.policy)
    }
    return {name: domain for name, domain in wanted.items() if domain is not None}


def _remembered(ports: Deciding, planned: Mapping[str, Domain], findings: Iterable[Finding]) -> dict[str, DnsFacts]:
    """What the last run found of each."""
    if not planned:
        return {}
    from nexusops.pipeline.saas.dns import remembered

    told = list(findings)
    return {name: remembered(ports.services[name], domain, told) for name, domain in planned.items()}


def _requests(
    ports: Deciding,
    planned: Mapping[str, Domain],
    services: Mapping[str, Service],
    before: Mapping[str, DnsFacts],
    resolver: Resolver,
) -> dict[str, DnsFacts]:
    """What the DNS says of each that is still to be proved; where it does not answer, what was known."""
    if not planned:
        return {}
    from nexusops.pipeline.saas.dns import dns_facts, now_or_before

    found = {}
    for name, domain in sorted(planned.items()):
        now = dns_facts(ports.services[name], domain, services.get(name), resolver, ports.site, ports.policy)
        found[name] = now_or_before(now, before[name])
    return found


def _known(rows: Iterable[Service], findings: Iterable[Finding]) -> dict[str, tuple[Note, ...]]:
    """What the last run found of each."""
    notes: dict[str, tuple[Note, ...]] = {row.request_id: () for row in rows}
    for one in findings:
        if one.code in WATCHED and one.subject in notes:
            notes[one.subject] += (Note(code=one.code, message=one.message),)
    return notes


def _asked(
    ports: Deciding, watching: Watching, rows: Mapping[Domain, Service], resolver: Resolver, today: date
) -> tuple[dict[str, tuple[Note, ...]], tuple[Finding, ...]]:
    """What the DNS says of those that it answers for, and a finding for each that it does not."""
    if not rows:
        return {}, ()
    from nexusops.pipeline.domain_checks import Terms, check_with_providers
    from nexusops.pipeline.domains import service_facts

    site = replace(watching.site, service_domains=frozenset(rows))
    terms = Terms(policy=ports.policy, site=site, selectors=(), today=today)
    facts = [service_facts(row) for _, row in sorted(rows.items())]
    reports, notes = check_with_providers(facts, terms, resolver, watching.memory, remember=False)
    return _sorted([(rows[Domain(report.facts.domain)], report) for report in reports], notes, watching.site)


def _sorted(
    reports: Iterable[tuple[Service, DomainReport]], notes: Iterable[Note], site: MailSite
) -> tuple[dict[str, tuple[Note, ...]], tuple[Finding, ...]]:
    """What concerns each request: its own records, and those of the providers in them."""
    from nexusops.rules.mailauth.site import providers

    found: dict[str, tuple[Note, ...]] = {}
    unknown: list[Finding] = []
    about: dict[str, list[Note]] = {}
    for note in notes:
        about.setdefault(note.domain, []).append(note)
    for row, report in reports:
        names = [branch.target for branch in providers(report.spf.tree, site) if branch.target]
        mine = [*report.notes, *(note for name in names for note in about.get(name, ()))]
        silent = next((note for note in mine if note.code == UNKNOWN), None)
        if silent is not None:
            unknown.append(_unknown(report.facts.domain, silent.message))
        else:
            wrong = [Note(code=note.code, message=note.message) for note in mine if note.code in WATCHED]
            found[row.request_id] = tuple(dict.fromkeys(wrong))
    return found, tuple(unknown)


def _unknown(domain: str, message: str) -> Finding:
    told = f"it could not be seen whether the DNS is still as planned: {message}"
    return Finding(code=UNKNOWN, subject=domain, message=told, severity=Severity.INFO, scope="site")
