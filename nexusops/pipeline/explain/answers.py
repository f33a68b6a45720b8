"""The answer about a person, an address, a mailbox, or a request for SaaS mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from nexusops.model.addresses import Allocation
from nexusops.model.dates import local_date
from nexusops.model.findings import Finding, box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, UnitId, domain_of
from nexusops.model.ledger import Hold, Ledger, PersonState, Standing
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState
from nexusops.model.policy import Policy
from nexusops.model.services import Service
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.explain import facts
from nexusops.pipeline.explain.ahead import ahead_of, on_return, upcoming
from nexusops.pipeline.explain.decided import about_address, asked_facts, contact_facts, decided_facts
from nexusops.pipeline.explain.history import decisions, own_rows, told
from nexusops.pipeline.explain.mail import mail_facts
from nexusops.pipeline.explain.standing import name_facts, person_facts, somebody
from nexusops.pipeline.explain.summary import address_summary, person_summary
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.nearby import as_known, called, person_named
from nexusops.pipeline.periods import periods_of
from nexusops.pipeline.saas.facts import service_facts
from nexusops.pipeline.simulate.tenant import Remembered
from nexusops.ports import SnapshotTables
from nexusops.report.explain import Explanation, Fact, Upcoming

_GONE = frozenset({MailboxState.DISABLED, MailboxState.DELETED, MailboxState.PURGED})


@frozen
class Seen:
    """What one explanation goes by: an instant, and the accepted snapshot with one person's rows (None: there is
    none).
    """

    ports: Ports
    at: datetime
    tables: SnapshotTables | None
    snapshot: Snapshot | None

    def ahead(
        self, scopes: Iterable[str], names: Iterable[str], *, ends: str = "", box: Mailbox | None = None
    ) -> list[Upcoming]:
        if self.tables is None:
            return []
        return upcoming(ahead_of(self.ports, self.tables, set(scopes), self.at), set(names), ends, box)


def explain(ports: Ports, subject: str, *, at: datetime) -> Explanation | None:
    """The answer for a username, person_id, address or mailbox name, for a request for SaaS mail or its service domain;
    None: nothing is known of it.
    """
    wanted = subject.strip()
    if "@" in wanted:
        return _of_address(ports, Address(wanted.lower()), at) or _of_service_domain(ports, domain_of(wanted), at)
    person_id = person_named(ports.store, wanted)
    ledger = ports.store.ledger({person_id}, ())
    if person_id in ledger.people:
        return _of_person(_seen(ports, person_id, at), person_id, ledger)
    wanted = as_known(ports.store, wanted)
    boxes = ports.store.ledger((), {wanted})
    named = [box for box in boxes.mailboxes.values() if box.name == wanted]
    if not named:
        row = boxes.services.get(wanted)
        if row is None:
            return _of_service_domain(ports, wanted, at)
        return _of_service(_seen(ports, row.owner_person_id, at), row, boxes)
    box = max(named, key=lambda box: box.generation)
    return _of_box(_seen(ports, box.owner_person_id, at), box, boxes)


def _seen(ports: Ports, person_id: PersonId | None, at: datetime) -> Seen:
    if ports.store.accepted() is None:
        return Seen(ports=ports, at=at, tables=None, snapshot=None)
    only = {person_id} if person_id is not None else set()
    tables = Remembered(accepted_tables(ports, only))
    return Seen(ports=ports, at=at, tables=tables, snapshot=tables.slice(only, ports.services))


def _of_person(seen: Seen, person_id: PersonId, ledger: Ledger) -> Explanation:
    state = ledger.people[person_id]
    box = latest(ledger.mailboxes.values())
    record = seen.snapshot.people.get(person_id) if seen.snapshot is not None else None
    today = local_date(seen.at, seen.ports.policy.time.zone)
    rows = sorted(ledger.allocations.values(), key=lambda row: (not row.live, row.address, row.period))
    objects = [f"person:{person_id}", *(f"mailbox:{key}" for key in ledger.mailboxes)]
    objects += [f"notice:{key}" for key in ledger.notices]
    objects += [f"address:{row.address}" for row in rows]
    objects += decisions([person_id, *(row.address for row in rows)])
    return Explanation(
        subject=state.username or person_id,
        kind="person",
        name=called(state),
        summary=person_summary(state, box),
        facts=[
            *person_facts(state, record, seen.snapshot, today, seen.ports.policy),
            *name_facts(state, ledger.overrides.values()),
            *facts.mailbox_facts(box),
            *facts.sender_facts(box, rows, record),
            *(facts.address_fact(row, box) for row in facts.present(rows)),
            *decided_facts(seen.ports, ledger.holds.values(), lambda one: state.username or one),
            *asked_facts(ledger.decisions.values()),
            *contact_facts(ledger.alternatives.values()),
            *facts.finding_facts(seen.ports.store.findings_about([person_scope(person_id)])),
            *_return_facts(seen, state, box),
        ],
        history=list(told(own_rows(seen.ports.store.journal(objects), person_id), named(ledger.mailboxes.values()))),
        upcoming=_upcoming_of_person(seen, state, box, rows),
    )


def _upcoming_of_person(
    seen: Seen, state: PersonState, box: Mailbox | None, rows: Sequence[Allocation]
) -> list[Upcoming]:
    """Nothing while they are frozen: their timers are paused (D29)."""
    if state.frozen:
        return []
    names = [state.person_id, *([box.name] if box is not None and box.name else []), *(row.address for row in rows)]
    return [*_missed(state, seen.ports.policy), *seen.ahead([person_scope(state.person_id)], names, box=box)]


def _missed(state: PersonState, policy: Policy) -> Iterator[Upcoming]:
    """A card that is missing counts as cancelled after a while, and all else follows from that (D26)."""
    if state.missing_since is not None and policy.missing_card.policy != "manual":
        over = state.missing_since + timedelta(days=policy.missing_card.hold_days)
        what = "The missing card counts as cancelled"
        yield Upcoming(on=over, what=what, rule="D26", unless="the card's row comes back")


def _return_facts(seen: Seen, state: PersonState, box: Mailbox | None) -> Iterator[Fact]:
    """ "Returner: what will they get?" """
    ended = box is not None and box.state in _GONE
    decided = box is not None and box.manual_disable and state.state is Standing.ENTITLED
    if seen.tables is None or not (ended or state.state is Standing.OUT) or state.frozen or decided:
        return
    back = on_return(seen.ports, seen.tables, state, seen.at)
    if back is None:
        return
    units = ", ".join(back.units) or "no unit"
    because = f"with a current card, and back in {units}, from the next run on"
    value = "; ".join(back.changes) or "nothing new"
    if back.status:
        value, because = (
            "no mailbox",
            f"the status {back.status} of their card gives none; ask again once it has changed",
        )
    yield Fact(label="on return", value=value, rule="D23", because=because)


def _of_address(ports: Ports, address: Address, at: datetime) -> Explanation | None:
    rows = periods_of(ports.store, address)
    if not rows:
        return None
    last = rows[-1]
    box = latest(ports.store.reached((), {last.mailbox_key}) if last.mailbox_key else ())
    owner = last.person_id or (box.owner_person_id if box is not None else None)
    seen = _seen(ports, owner, at)
    state = next(iter(ports.store.owners({last.person_id})), None) if last.person_id else None
    scopes = ["site", box_scope(address), *([person_scope(last.person_id)] if last.person_id else [])]
    found = [one for one in ports.store.findings_about(scopes) if one.subject == address]
    return Explanation(
        subject=address,
        kind=f"{last.kind.value} address",
        summary=address_summary(last, state, box, local_date(at, ports.policy.time.zone)),
        facts=[
            *facts.row_facts(last, box, facts.unit_of(last, seen.snapshot)),
            *facts.number_facts(last, _namesakes(ports, last)),
            *facts.reuse_fact(last, state, ports.policy),
            *mail_facts(ports, last, box, seen.snapshot, {one.code for one in found}),
            *decided_facts(ports, about_address(_holds(ports, last, box), address)),
            *facts.finding_facts(found),
        ],
        periods=list(facts.periods(rows, {state.person_id: state.username or state.person_id} if state else {})),
        history=list(told(ports.store.journal([f"address:{address}", *decisions([address])]), {})),
        upcoming=_upcoming_of_address(seen, last, box, state),
    )


def _holds(ports: Ports, row: Allocation, box: Mailbox | None) -> Iterable[Hold]:
    """What people decided about whoever has an address, and about the address itself."""
    people = {row.person_id} if row.person_id else set()
    named = {box.name} if box is not None and box.name else set()
    return ports.store.ledger(people, {*named, row.address}).holds.values()


def _namesakes(ports: Ports, row: Allocation) -> Sequence[Allocation]:
    """Addresses of the same name in all the domains for which it was chosen (D11)."""
    if row.n == 1 or row.person_id is None:
        return ()
    mine = ports.store.ledger({row.person_id}, ()).allocations.values()
    return ports.store.holders({(own.domain, row.base) for own in mine if own.base == row.base})


def _upcoming_of_address(seen: Seen, row: Allocation, box: Mailbox | None, state: PersonState | None) -> list[Upcoming]:
    if not row.live or (state is not None and state.frozen):
        return []
    scopes = [person_scope(row.person_id)] if row.person_id else [box_scope(row.address)]
    if box is not None and box.person_id is None and box.name:
        scopes = _box_scopes(box)
    names = [row.address, *([box.name] if box is not None and box.name else [])]
    return seen.ahead(scopes, names, ends=row.address, box=box)


def _of_box(seen: Seen, box: Mailbox, ledger: Ledger) -> Explanation:
    rows = sorted(ledger.allocations.values(), key=lambda row: (row.address, row.period))
    objects = [f"mailbox:{box.key}", *(f"address:{row.address}" for row in rows), *decisions([box.name or ""])]
    holds = [hold for hold in ledger.holds.values() if hold.subject == box.name]
    return Explanation(
        subject=box.name or box.key,
        kind=f"{_kind(box)} mailbox",
        summary=f"a {_kind(box)} mailbox of {box.unit_id}, {facts.word(box.state)}",
        facts=[
            *facts.mailbox_facts(box),
            Fact(label="unit", value=_unit(seen, box.unit_id), rule="R26"),
            Fact(label="owner", value=somebody(seen.ports, box.owner_person_id), rule="R28", since=box.orphaned_on),
            *(fact for row in ledger.services.values() for fact in service_facts(row)),
            *(facts.address_fact(row, box) for row in rows),
            *decided_facts(seen.ports, holds, lambda one: somebody(seen.ports, PersonId(one))),
            *facts.finding_facts(_box_findings(seen, box.name or "")),
        ],
        history=list(told(seen.ports.store.journal(objects), named(ledger.mailboxes.values()))),
        upcoming=seen.ahead(_box_scopes(box), [box.name or "", *(row.address for row in rows)]),
    )


def _unit(seen: Seen, unit_id: UnitId | None) -> str:
    return facts.unit_named(unit_id, seen.snapshot) if unit_id is not None else "none"


def _kind(box: Mailbox) -> str:
    return "SaaS" if box.kind is MailboxKind.SAAS else box.kind.value


def _of_service_domain(ports: Ports, domain: str, at: datetime) -> Explanation | None:
    """The request to which a service domain belongs, or did last; whatever stands before its @."""
    row = max(ports.store.services_of({Domain(domain.lower())}), key=lambda row: row.since, default=None)
    if row is None:
        return None
    ledger = ports.store.ledger((), {row.request_id})
    return _of_service(_seen(ports, row.owner_person_id, at), row, ledger)


def _of_service(seen: Seen, row: Service, ledger: Ledger) -> Explanation:
    """A request for SaaS mail that has no mailbox: a service domain, or one that is not provided for (yet)."""
    name, objects = row.request_id, [f"services:{row.request_id}", *([f"domain:{row.domain}"] if row.domain else [])]
    holds = [hold for hold in ledger.holds.values() if hold.subject == name]
    return Explanation(
        subject=name,
        kind="request for SaaS mail",
        summary=f"a request of {row.unit_id}, {facts.word(row.state)}",
        facts=[
            *service_facts(row),
            Fact(label="unit", value=_unit(seen, row.unit_id), rule="R62"),
            Fact(label="owner", value=somebody(seen.ports, row.owner_person_id), rule="D31"),
            *decided_facts(seen.ports, holds, lambda one: somebody(seen.ports, PersonId(one))),
            *facts.finding_facts(seen.ports.store.findings_about([box_scope(name)])),
        ],
        history=list(told(seen.ports.store.journal(objects), named(ledger.mailboxes.values()))),
        upcoming=seen.ahead([box_scope(name)], [name, row.domain or name]),
    )


def _box_findings(seen: Seen, name: str) -> list[Finding]:
    """What was found when it was judged; and what is wrong with its row, which is never judged (D29)."""
    faults = seen.snapshot.findings if seen.snapshot is not None else ()
    return [*seen.ports.store.findings_about([box_scope(name)]), *(one for one in faults if one.subject == name)]


def _box_scopes(box: Mailbox) -> list[str]:
    """A box goes on with its owner, whose end may orphan it (R28)."""
    owner = [person_scope(box.owner_person_id)] if box.owner_person_id else []
    return [box_scope(box.name or ""), *owner]


def named(boxes: Iterable[Mailbox]) -> dict[str, str]:
    """What the keys of mailboxes are called."""
    return {box.key: box.name for box in boxes if box.name}


def latest(boxes: Iterable[Mailbox]) -> Mailbox | None:
    return max(boxes, key=lambda box: box.generation, default=None)
