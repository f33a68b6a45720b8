"""A small university, run day by day through the pure line: the rules without any input or output.

``World.run(day)`` advances, compares, and carries the plan out on a tenant of values; notices go out at once unless
``channel_works`` is False. It is to the rules what the scenario runner is to the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from nexusops.apply.settle import Books
from nexusops.model.addresses import Allocation
from nexusops.model.changes import (
    AddAddress,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    RemoveAddress,
    RestoreMailbox,
    SendNotice,
    SetForward,
    SetSender,
    kind_of,
    target_of,
)
from nexusops.model.dates import earliest
from nexusops.model.findings import Finding
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.journal import RowChange, StepOutcome, StepResult
from nexusops.model.ledger import Hold, Ledger, PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind
from nexusops.model.notices import Notice, NoticeState
from nexusops.model.people import Affiliation, AlternativeAddress, Card, NameRequest, Person, SenderChoice, Staff
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.model.services import ServiceRequest
from nexusops.model.site import Site
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.model.tenant import Actual, ActualMailbox
from nexusops.model.units import (
    DomainState,
    ExternalRoute,
    MailDomain,
    NonpersonalAddress,
    NonpersonalMailbox,
    Reorg,
    ReorgMember,
    Route,
    Unit,
)
from nexusops.plan.advance import advance, differences, with_rows
from nexusops.plan.arrange import arrange
from nexusops.plan.compare import compare, drafted
from nexusops.plan.leavers import with_leavers
from nexusops.plan.observe import observe, recognise
from nexusops.plan.project import project
from nexusops.plan.promises import notices_of, promises_of
from nexusops.plan.service_changes import service_drafts

SITE = Site(name="oxford-test", fallback_domain="nexus.ox.ac.uk")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Day:
    """What one run did."""

    changes: tuple[Planned, ...]
    findings: tuple[Finding, ...]
    rows: tuple[RowChange, ...]
    ledger: Ledger

    @property
    def acts(self) -> list[tuple[str, str]]:
        """(kind, target) of every change, in order."""
        return [(kind_of(p.change).value, target_of(p.change)) for p in self.changes]

    @property
    def codes(self) -> set[tuple[str, str]]:
        return {(finding.code, finding.subject) for finding in self.findings}

    @property
    def notices(self) -> list[SendNotice]:
        return [p.change for p in self.changes if isinstance(p.change, SendNotice)]


@dataclass
class World:
    policy: Policy = field(default_factory=Policy)
    site: Site = SITE
    ledger: Ledger = field(default_factory=lambda: Ledger(serial=0))
    people: dict[str, Person] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    affiliations: dict[tuple[str, str], Affiliation] = field(default_factory=dict)
    choices: dict[str, SenderChoice] = field(default_factory=dict)
    requests: dict[str, NameRequest] = field(default_factory=dict)
    alternatives: list[AlternativeAddress] = field(default_factory=list)
    external: dict[str, ExternalRoute] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    routed: dict[Address, Address] = field(default_factory=dict)
    """Where the last routing table sent what is routed now."""
    units: dict[UnitId, Unit] = field(default_factory=dict)
    domains: dict[Domain, MailDomain] = field(default_factory=dict)
    reorgs: list[Reorg] = field(default_factory=list)
    members: list[ReorgMember] = field(default_factory=list)
    staff: list[Staff] = field(default_factory=list)
    boxes: dict[str, NonpersonalMailbox] = field(default_factory=dict)
    aliases: dict[str, NonpersonalAddress] = field(default_factory=dict)
    services: dict[str, ServiceRequest] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    spared: dict[str, str] = field(default_factory=dict)
    tenant: dict[str, ActualMailbox] = field(default_factory=dict)
    deleted: dict[str, date] = field(default_factory=dict)
    channel_works: bool = True
    backwards: bool = False
    """Whether snapshots list people in the reverse order."""

    def domain(self, name: str, **columns: Any) -> World:
        zone = "ox" if name.endswith(".ox.ac.uk") else "foreign"
        values = {"zone": zone, "managed": True, "state": DomainState.ACTIVE, **columns}
        self.domains[Domain(name)] = MailDomain(domain=Domain(name), **values)
        return self

    def unit(self, unit_id: str, kind: str, domain: str | None, **columns: Any) -> World:
        if domain is not None and Domain(domain) not in self.domains:
            self.domain(domain, managed=not columns.get("own_mail", False))
        self.units[UnitId(unit_id)] = Unit(
            unit_id=UnitId(unit_id), name=unit_id, kind=kind, domain=Domain(domain) if domain else None, **columns
        )
        return self

    def person(self, person_id: str, username: str | None, **columns: Any) -> World:
        self.people[person_id] = Person(person_id=PersonId(person_id), username=username, **columns)
        return self

    def card(
        self, person_id: str, code: str, personal: str, family: str, start: str, end: str, **columns: Any
    ) -> World:
        card_id = columns.pop("card_id", f"c{person_id}")
        dates = {
            key: day(value) if isinstance(value, str) and key.endswith("_on") else value
            for key, value in columns.items()
        }
        self.cards[card_id] = Card(
            card_id=card_id,
            person_id=PersonId(person_id),
            status_code=code,
            personal_names=personal,
            family_names=family,
            start_date=day(start),
            end_date=day(end),
            **dates,
        )
        return self

    def affiliation(self, person_id: str, unit_id: str, start: str, end: str | None = None) -> World:
        self.affiliations[person_id, unit_id] = Affiliation(
            person_id=PersonId(person_id),
            unit_id=UnitId(unit_id),
            start_date=day(start),
            end_date=day(end) if end else None,
        )
        return self

    def choose(self, person_id: str, address: str, at: datetime = LONG_AGO) -> World:
        self.choices[person_id] = SenderChoice(person_id=PersonId(person_id), address=Address(address), chosen_at=at)
        return self

    def request_name(self, request_id: str, person_id: str, wanted: str, **columns: Any) -> World:
        self.requests[request_id] = NameRequest(
            request_id=request_id, person_id=PersonId(person_id), wanted_local=wanted, made_at=LONG_AGO, **columns
        )
        return self

    def route_outside(self, address: str, destination: str | None, person_id: str) -> World:
        self.external[address] = ExternalRoute(
            address=Address(address),
            destination=destination,
            person_id=PersonId(person_id),
            set_by="registration",
            set_at=LONG_AGO,
        )
        return self

    def route(self, address: str, destination: str, set_by: str = "registration") -> World:
        self.routes[address] = Route(address=Address(address), destination=destination, set_by=set_by, set_at=LONG_AGO)
        return self

    def alternative(self, person_id: str, address: str, source: str = "self", action: str = "set") -> World:
        self.alternatives.append(
            AlternativeAddress(
                person_id=PersonId(person_id), address=Address(address), source=source, action=action, at=LONG_AGO
            )
        )
        return self

    def hold(self, hold: Hold) -> World:
        self.ledger = replace(self.ledger, holds={**self.ledger.holds, (hold.subject, hold.kind): hold})
        return self

    def record(self, person_id: str) -> PersonRecord:
        return PersonRecord(
            person_id=PersonId(person_id),
            person=self.people.get(person_id),
            cards=tuple(c for _, c in sorted(self.cards.items()) if c.person_id == person_id),
            affiliations=tuple(a for key, a in sorted(self.affiliations.items()) if key[0] == person_id),
            choice=self.choices.get(person_id),
            name_requests=tuple(r for _, r in sorted(self.requests.items()) if r.person_id == person_id),
            alternatives=tuple(a for a in self.alternatives if a.person_id == person_id),
            external_routes=tuple(r for _, r in sorted(self.external.items()) if r.person_id == person_id),
            frozen=self.faults.get(person_id),
            spared=self.spared.get(person_id),
            fingerprint=repr((self.people.get(person_id), sorted(self.cards), sorted(self.affiliations))),
        )

    def snapshot(self, today: date, only: set[str] | None = None) -> Snapshot:
        everyone = {*self.people, *(c.person_id for c in self.cards.values()), *self.ledger.people}
        chosen = everyone if only is None else everyone & only
        return Snapshot(
            as_of=datetime(today.year, today.month, today.day, tzinfo=UTC),
            sha256=f"snapshot-of-{today}",
            people={
                PersonId(person_id): self.record(person_id) for person_id in sorted(chosen, reverse=self.backwards)
            },
            units=self.units,
            domains=self.domains,
            staff=tuple(self.staff),
            reorgs=tuple(self.reorgs),
            reorg_members=tuple(self.members),
            routes={route.address: route for route in self.routes.values()},
            external_routes={route.address: route for route in self.external.values()},
            nonpersonal_mailboxes=self.boxes,
            nonpersonal_addresses={alias.address: alias for alias in self.aliases.values()},
            services=self.services,
        )

    def plan(self, today: date, only: set[str] | None = None) -> Day:
        """The day's plan, without carrying it out."""
        for name, gone in list(self.deleted.items()):
            if self.tenant[name].deleted and (today - gone).days > 30:
                del self.tenant[name], self.deleted[name]  # the tenant purges by itself
        actual = self._actual()
        names = {box.name for box in self.ledger.mailboxes.values() if box.kind is not MailboxKind.PERSONAL}
        loose = {row.address for row in self.ledger.allocations.values() if row.kind in ("nonpersonal", "foreign")}
        everything = {
            *self.boxes,
            *self.services,
            *self.ledger.services,
            *self.aliases,
            *loose,
            *(name for name in names if name),
        }
        own = {box.sender for box in self.ledger.mailboxes.values()} - {*self.aliases}
        boxes = everything - own if only is None else set()
        before = observe(self.ledger, actual)
        usernames = {state.username: pid for pid, state in self.ledger.people.items() if state.username}
        known = replace(
            before,
            holders=before.allocations,
            owners=before.people,
            usernames=usernames,
            domain_ends=self.domain_ends(),
            routed=self.routed,
        )
        snapshot = self.snapshot(today, only)
        advanced = advance(known, snapshot, boxes, self.policy, self.site, today)
        after = recognise(advanced.ledger, actual)
        rows = differences(self.ledger, replace(after, holders={}, owners={}, usernames={}, domain_ends={}, routed={}))
        unrouted = {domain for domain, row in snapshot.domains.items() if not row.managed}
        boxed = with_leavers(compare(project(after, self.site), actual), after, unrouted)
        drafts = (*boxed, *service_drafts(after, (), self.site.publish))
        staff = {s.unit_id: (f"{s.staff_id}@{self.site.fallback_domain}",) for s in self.staff}
        notices = notices_of(after, staff, self.policy.deleted.purge_after_days)
        changes = arrange([*drafted(drafts), *promises_of(rows, after), *notices], {})
        findings = (*advanced.findings, *(finding for draft in drafts for finding in draft.findings))
        return Day(
            changes, findings, rows, replace(after, holders={}, owners={}, usernames={}, domain_ends={}, routed={})
        )

    def domain_ends(self) -> dict[Domain, date]:
        found: dict[Domain, date] = {}
        for row in self.ledger.allocations.values():
            box = self.ledger.mailboxes.get(row.mailbox_key) if row.mailbox_key else None
            if row.live and row.kind == "personal":
                ends = earliest(row.delete_on, box.delete_on if box else None)
                found[row.domain] = max(found.get(row.domain, date.min), ends or date.max)
        return found

    def run(self, text: str | date, only: set[str] | None = None) -> Day:
        """Plans and carries out; returns what was planned, and the ledger as it then is."""
        today = day(text) if isinstance(text, str) else text
        done = self.plan(today, only)
        books = Books(done.ledger, self.policy, today)
        settled: list[RowChange] = []
        for planned in done.changes:
            if isinstance(planned.change, SendNotice) and not (self.channel_works and planned.change.to):
                continue
            outcome = self._perform(planned)
            if isinstance(planned.change, DeleteMailbox):
                self.deleted[planned.change.mailbox.name] = today
            settled.extend(books.settle(planned.change, outcome, last=True))
        self.ledger = with_rows(done.ledger, [row.after for row in settled if row.after is not None])
        return Day(done.changes, done.findings, done.rows, self.ledger)

    def _actual(self) -> Actual:
        people = {found.person_id: found for found in self.tenant.values() if found.person_id is not None}
        return Actual(people=people, boxes={n: f for n, f in self.tenant.items() if f.person_id is None})

    def _perform(self, planned: Planned) -> StepOutcome:
        change = planned.change
        done = StepOutcome(change_id=planned.id, step="all", result=StepResult.DONE)
        name = change.mailbox.name if hasattr(change, "mailbox") and change.mailbox else ""
        found = self.tenant.get(name)
        if isinstance(change, CreateMailbox):
            routed = Address(change.user_principal_name)
            first = change.address or routed
            self.tenant[name] = ActualMailbox(
                user_id=f"u-{name}",
                user_principal_name=change.user_principal_name,
                person_id=change.person_id,
                name=name,
                exchange_guid=f"g-{name}",
                enabled=change.person_id is not None,
                primary=first,
                addresses=frozenset({first, routed}),
                shared=change.person_id is None,
            )
            return replace(done, user_id=f"u-{name}", exchange_guid=f"g-{name}")
        if found is not None:
            self.tenant[name] = _changed(found, change)
        return done

    # What a story asks about.

    def address(self, address: str, period: int | None = None) -> Allocation:
        rows = [row for row in self.ledger.allocations.values() if row.address == address]
        return next(row for row in sorted(rows, key=lambda r: -r.period) if period in (None, row.period))

    def states(self, person_id: str) -> Mapping[str, str]:
        """address -> state of a person's personal addresses (latest period)."""
        rows = sorted(self.ledger.allocations.values(), key=lambda row: row.period)
        return {r.address: r.state.value for r in rows if r.person_id == person_id and r.kind == "personal"}

    def box(self, name: str) -> Mailbox:
        boxes = [box for box in self.ledger.mailboxes.values() if box.name == name]
        return max(boxes, key=lambda box: box.generation)

    def state(self, person_id: str) -> PersonState:
        return self.ledger.people[PersonId(person_id)]

    def sent(self) -> list[Notice]:
        rows = [n for n in self.ledger.notices.values() if n.state is NoticeState.SENT]
        return sorted(rows, key=lambda n: (n.sent_on or date.min, n.key))


def _changed(found: ActualMailbox, change: object) -> ActualMailbox:
    match change:
        case AddAddress():
            return replace(found, addresses=found.addresses | {change.address})
        case RemoveAddress():
            return replace(found, addresses=found.addresses - {change.address})
        case SetSender():
            left = {change.was} if change.leaves else set()
            return replace(found, primary=change.becomes, addresses=found.addresses - left | {change.becomes})
        case SetForward():
            return replace(found, forward=change.becomes)
        case ClearForward():
            return replace(found, forward=None)
        case DisableMailbox():
            return replace(found, enabled=False)
        case EnableMailbox():
            return replace(found, enabled=True)
        case DeleteMailbox():
            return replace(found, deleted=True)
        case RestoreMailbox():
            return replace(found, deleted=False)
        case _:
            return found
