"""The answer to one request for SaaS mail, from what was last accepted (interface.md 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from nexusops.model.dates import local_date
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.services import NOT_ASKED, Advice, DnsFacts, Ruling, ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import Unit
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.periods import by_address, named_like
from nexusops.pipeline.saas.dns import dns_facts
from nexusops.pipeline.saas.standing import as_it_stands
from nexusops.plan.boxes.roles import names_of_people
from nexusops.plan.boxes.services import advice_on, domains_held, owner_of
from nexusops.plan.setting import Setting
from nexusops.ports import Resolver, SnapshotTables
from nexusops.rules.entitlement import entitlement
from nexusops.rules.reorganising import unit_map
from nexusops.rules.routing import RouteBook
from nexusops.rules.services.ways import may_ask, names_of


def answer(
    ports: Ports,
    request: ServiceRequest,
    at: datetime,
    *,
    fresh: bool = False,
    resolver: Resolver | None = None,
    permits: Collection[str] = (),
) -> Advice:
    """D37 for one request. Reads the last accepted snapshot; where there is none yet, or ``fresh``, the registration
    source as it stands, which is not accepted by that. ``resolver`` None: the DNS is not asked. ``permits``: unit
    domains for which a postmaster has permitted a provider (D38).
    """
    tables = ports.registration.read() if fresh or ports.store.accepted() is None else accepted_tables(ports)
    units = tables.slice((), {}).units
    today, coming = local_date(at, ports.policy.time.zone), dict[Domain, str]()
    for rival in _rivals(ports, request, units):
        if _advised(ports, rival, tables, today, coming, NOT_ASKED).ruling is Ruling.APPROVED:
            coming = dict.fromkeys(names_wanted(rival, units), rival.request_id) | coming
    return _advised(ports, request, tables, today, coming, _dns(ports, request, units, resolver, permits))


def _advised(
    ports: Ports, request: ServiceRequest, tables: SnapshotTables, today: date, coming: dict[Domain, str], dns: DnsFacts
) -> Advice:
    """``coming``: who gets which service domain or address in the next run, of the requests that it sees before."""
    small = tables.slice((), {})
    people = {staff.person_id for staff in small.staff if staff.unit_id == request.unit_id}
    ledger = ports.store.ledger((), {request.request_id})
    owner = owner_of(request, ledger)
    people |= {owner} if owner else set()
    snapshot = tables.slice(people, {**ports.services, request.request_id: request})
    wanted = names_wanted(request, small.units)
    holders = by_address(named_like(ports.store, (Address(name) for name in wanted if "@" in name)))
    setting = Setting(
        policy=ports.policy,
        site=ports.site,
        units=unit_map(snapshot, ports.policy, today),
        today=today,
        snapshot=snapshot.sha256,
        usernames=ports.store.usernames({request.request_id.lower()}),
        owners=_standing(ports, snapshot, people, today),
        routes=RouteBook(fallback_domain=ports.site.fallback_domain),
        people=names_of_people(holders),
    )
    held = coming | domains_held(ports.store.services_of(wanted))
    ledger = replace(ledger, looked_up={request.request_id: dns}, domain_holders=held)
    advice = advice_on(request, snapshot, holders, setting, ledger=ledger, dns=dns)
    filed = ports.services.get(request.request_id) == request
    return as_it_stands(advice, request, ledger, snapshot, holders, setting, filed=filed)


def _dns(
    ports: Ports,
    request: ServiceRequest,
    units: Mapping[UnitId, Unit],
    resolver: Resolver | None,
    permits: Collection[str],
) -> DnsFacts:
    unit = units.get(request.unit_id)
    domain, dns = unit.domain if unit is not None else None, NOT_ASKED
    if resolver is not None and domain is not None and may_ask(request):
        row = ports.store.ledger((), {request.request_id}).services.get(request.request_id)
        dns = dns_facts(request, domain, row, resolver, ports.site, ports.policy)
    return replace(dns, permitted=domain in permits)


def _rivals(ports: Ports, request: ServiceRequest, units: Mapping[UnitId, Unit]) -> list[ServiceRequest]:
    """New requests that the next run sees before this one, and whose service domain or address it wants, or one of
    them wants: each is judged once, in the order of the run.
    """
    wanted = {name: names_wanted(one, units) for name, one in ports.services.items() if name < request.request_id}
    reached, found = names_wanted(request, units), set[str]()
    while more := {name for name, names in wanted.items() if name not in found and names & reached}:
        found |= more
        reached = reached.union(*(wanted[name] for name in more))
    new = found - ports.store.ledger((), found).services.keys()
    return [ports.services[name] for name in sorted(new)]


def names_wanted(request: ServiceRequest, units: Mapping[UnitId, Unit]) -> frozenset[Domain]:
    """The service domain, or the address, that a request wants."""
    unit = units.get(request.unit_id)
    return frozenset(Domain(name) for name in names_of(request, unit.domain if unit is not None else None))


def _standing(
    ports: Ports, snapshot: Snapshot, people: Collection[PersonId], today: date
) -> dict[PersonId, PersonState]:
    """What the ledger knows of these people; of those it has never seen, what their cards say."""
    known = {state.person_id: state for state in ports.store.owners(people)}
    for person_id in people:
        record = snapshot.people.get(person_id)
        if person_id not in known and record is not None and record.person is not None:
            found = entitlement(record.cards, ports.policy, today)
            known[person_id] = PersonState(
                person_id=person_id,
                username=record.person.username,
                state=Standing.ENTITLED if found.qualifying else Standing.OUT,
                code=found.card.status_code if found.card else None,
            )
    return known
