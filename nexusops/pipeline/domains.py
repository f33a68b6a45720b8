"""Mail domains: what registration and the ledger say of them, and questions to the DNS until a judgement is final."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from nexusops.model.addresses import LIVE_ADDRESS_STATES, AddressKind
from nexusops.model.dns import Answer, Ask, Question
from nexusops.model.dns_report import DomainFacts, Listed
from nexusops.model.ids import Address, Domain, domain_of
from nexusops.model.ledger import DomainRow
from nexusops.model.services import Service, ServiceRequest, ServiceState
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import POSTS, MailDomain
from nexusops.ports import Resolver, Store

Result = TypeVar("Result")
_NOT_THERE = ("deregistered", "closed", "planned", "retired")


class Inquiry:
    """Questions asked in rounds: what is judged says what is missing, all of which is then asked at once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.known: dict[Question, Answer] = {}

    def settled(self, judge: Callable[[Ask], Result]) -> Result:
        """The judgement once nothing is missing any more."""
        while True:
            missing: set[Question] = set()

            def ask(question: Question, missing: set[Question] = missing) -> Answer | None:
                answer = self.known.get(question)
                if answer is None:
                    missing.add(question)
                return answer

            result = judge(ask)
            if not missing:
                return result
            answers = self._resolver.ask(missing)
            self.known.update({question: answers[question] for question in missing})


def settled(resolver: Resolver, judge: Callable[[Ask], Result]) -> Result:
    return Inquiry(resolver).settled(judge)


def registered(store: Store, snapshot: Snapshot, services: Mapping[str, ServiceRequest]) -> dict[str, DomainFacts]:
    """Every domain of the last accepted snapshot, and the domains of the products that have one, by name."""
    ledger = store.ledger((), set(services))
    roles = _roles(store, snapshot.domains)
    found: dict[str, DomainFacts] = {
        row.domain: _facts(row, ledger.domains, snapshot, roles) for row in snapshot.domains.values()
    }
    for service in sorted(ledger.services.values(), key=lambda one: (bool(one.published), one.since)):
        if service.domain is not None and service.records and service.domain not in snapshot.domains:
            found[service.domain] = service_facts(service)  # whoever has it last, before those that had it
    return found


def service_facts(row: Service) -> DomainFacts:
    """rules.md 2.5: planned, published, verified, retired."""
    state = "retired" if row.state is ServiceState.RETIRED else "planned"
    if row.published:
        state = "verified" if row.verified_on is not None else "published"
    records = row.published or row.records
    return DomainFacts(domain=row.domain or "", state=state, zone="service", planned=records)


def _facts(
    row: MailDomain, rows: Mapping[Domain, DomainRow], snapshot: Snapshot, roles: Mapping[str, frozenset[str]]
) -> DomainFacts:
    seen = rows.get(row.domain)
    return DomainFacts(
        domain=row.domain,
        state=seen.state if seen is not None else row.state.value,
        zone=row.zone,
        managed=row.managed,
        units=tuple(sorted(unit.unit_id for unit in snapshot.units.values() if unit.domain == row.domain)),
        roles=roles.get(row.domain, frozenset()) if row.managed and row.zone == "ox" else None,
    )


def _roles(store: Store, domains: Iterable[Domain]) -> dict[str, frozenset[str]]:
    """Which of postmaster and abuse are live addresses, by domain."""
    found: dict[str, set[str]] = {}
    for row in store.holders({(domain, role) for domain in domains for role in POSTS}):
        if row.live and row.local in POSTS:
            found.setdefault(row.domain, set()).add(row.local)
    return {domain: frozenset(locals_) for domain, locals_ in found.items()}


def to_check(facts: Mapping[str, DomainFacts]) -> list[DomainFacts]:
    """The domains whose DNS is somebody's promise: none that is gone or still to come, and no foreign one."""
    return [one for _, one in sorted(facts.items()) if one.state not in _NOT_THERE and one.zone != "foreign"]


def listed(
    store: Store,
    snapshot: Snapshot,
    facts: Mapping[str, DomainFacts],
    *,
    states: Collection[str] = (),
    zones: Collection[str] = (),
    foreign_cap: int,
) -> list[Listed]:
    """Domains in these states and zones (none named: in all), with what is left in them (rules.md 2.5, R51)."""
    wanted = [one for one in facts.values() if (not states or one.state in states) and (not zones or one.zone in zones)]
    rows = store.ledger((), ()).domains
    ends = store.domain_ends([Domain(one.domain) for one in wanted])
    numbers = _numbers(store, {one.domain for one in wanted})
    found = []
    for one in sorted(wanted, key=lambda one: one.domain):
        domain = Domain(one.domain)
        row, seen, end = snapshot.domains.get(domain), rows.get(domain), ends.get(domain)
        line = Listed(
            facts=one,
            since=seen.since if seen is not None else None,
            ends=end if end is not None and end != date.max else None,
            personal=numbers.get((domain, True), 0),
            nonpersonal=numbers.get((domain, False), 0),
        )
        cap = foreign_cap if row is None or row.incoming_cap is None else row.incoming_cap
        found.append(replace(line, cap=cap) if one.zone == "foreign" else line)
    return found


def _numbers(store: Store, domains: Collection[str]) -> dict[tuple[Domain, bool], int]:
    """Live addresses by domain, personal ones apart."""
    found: dict[tuple[Domain, bool], int] = {}
    for row in store.live_addresses(LIVE_ADDRESS_STATES):
        domain = domain_of(Address(row.address))
        if domain in domains:
            key = domain, row.kind == AddressKind.PERSONAL.value
            found[key] = found.get(key, 0) + 1
    return found
