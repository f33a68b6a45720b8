"""Why somebody or something is as it is, and what comes next, from the last accepted snapshot and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dates import local_date, next_day
from nexusops.model.ids import Address, PersonId, domain_of, local_of
from nexusops.model.journal import JournalRow, JsonObject, Phase
from nexusops.model.ledger import Ledger, PersonState
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.snapshot import PersonRecord
from nexusops.pipeline.inputs import Ports
from nexusops.report.explain import Event, Explanation, Fact, Period, Upcoming
from nexusops.rules.entitlement import entitlement


def explain(ports: Ports, subject: str, *, at: datetime) -> Explanation | None:
    """The answer for a username, a person_id, an address or a mailbox name; None: nothing is known of it."""
    wanted = subject.strip()
    if "@" in wanted:
        return _of_address(ports, Address(wanted.lower()), at)
    person_id = ports.store.usernames({wanted.lower()}).get(wanted.lower(), PersonId(wanted))
    ledger = ports.store.ledger({person_id}, ())
    if person_id in ledger.people:
        return _of_person(ports, person_id, ledger, at)
    boxes = ports.store.ledger((), {wanted})
    named = [box for box in boxes.mailboxes.values() if box.name == wanted]
    if not named:
        return None
    return _of_box(ports, max(named, key=lambda box: box.generation), boxes)


def _of_person(ports: Ports, person_id: PersonId, ledger: Ledger, at: datetime) -> Explanation:
    state = ledger.people[person_id]
    box = _latest(ledger.mailboxes.values())
    record = _record(ports, person_id)
    rows = sorted(ledger.allocations.values(), key=lambda row: (not row.live, row.address, row.period))
    objects = [f"person:{person_id}", *(f"mailbox:{key}" for key in ledger.mailboxes)]
    return Explanation(
        subject=state.username or person_id,
        kind="person",
        summary=_summary(state, box),
        facts=[*_person_facts(state, record), *_mailbox_facts(box), *(_address_fact(row) for row in rows)],
        history=list(_history(ports.store.journal([*objects, *(f"address:{row.address}" for row in rows)]))),
        upcoming=_upcoming(ports, box, rows, record, at),
    )


def _of_address(ports: Ports, address: Address, at: datetime) -> Explanation | None:
    rows = [row for row in ports.store.holders({(domain_of(address), local_of(address))}) if row.address == address]
    if not rows:
        return None
    rows.sort(key=lambda row: row.period)
    last = rows[-1]
    ledger = ports.store.ledger({last.person_id} if last.person_id else (), ())
    box = _latest(ledger.mailboxes.values())
    record = _record(ports, last.person_id) if last.person_id else None
    return Explanation(
        subject=address,
        kind=f"{last.kind.value} address",
        summary=_address_summary(last, ledger, box),
        facts=[*_row_facts(last), *_number_facts(ports, last)],
        periods=[_period(row) for row in rows],
        history=list(_history(ports.store.journal([f"address:{address}"]))),
        upcoming=_upcoming(ports, box, [last], record, at),
    )


def _of_box(ports: Ports, box: Mailbox, ledger: Ledger) -> Explanation:
    rows = sorted(ledger.allocations.values(), key=lambda row: (row.address, row.period))
    objects = [f"mailbox:{box.key}", *(f"address:{row.address}" for row in rows)]
    facts = [
        *_mailbox_facts(box),
        Fact(label="unit", value=box.unit_id or "none", rule="R26"),
        Fact(label="owner", value=box.owner_person_id or "none", rule="R28"),
        *(_address_fact(row) for row in rows),
    ]
    return Explanation(
        subject=box.name or box.key,
        kind=f"{box.kind.value} mailbox",
        summary=f"a {box.kind.value} mailbox of {box.unit_id}, {_word(box.state)}",
        facts=facts,
        history=list(_history(ports.store.journal(objects))),
        upcoming=list(_mailbox_upcoming(box)),
    )


def _latest(boxes: Iterable[Mailbox]) -> Mailbox | None:
    return max(boxes, key=lambda box: box.generation, default=None)


def _record(ports: Ports, person_id: PersonId) -> PersonRecord | None:
    last = ports.store.accepted()
    if last is None:
        return None
    tables = ports.registration.unpack(ports.store.tables(last.sha256))
    return tables.slice({person_id}, {}).people.get(person_id)


def _word(state: str) -> str:
    return state.replace("_", " ")


def _summary(state: PersonState, box: Mailbox | None) -> str:
    if box is None:
        return f"{_word(state.state)}; no mailbox"
    if box.sender is None:
        return f"{_word(state.state)}; the mailbox {box.name or '(no username yet)'} is {_word(box.state)}"
    return f"{_word(state.state)}; the mailbox {box.name} is {_word(box.state)} and sends as {box.sender}"


def _address_summary(row: Allocation, ledger: Ledger, box: Mailbox | None) -> str:
    state = ledger.people.get(row.person_id) if row.person_id else None
    owner = (state.username if state else None) or row.person_id or row.unit_id or "nobody"
    if row.state is AddressState.WINDDOWN:
        return f"in wind-down for {owner}: it receives until {row.delete_on} and no longer sends"
    if row.state is AddressState.DELETED:
        return f"deleted on {row.deleted_on}; it was {owner}'s"
    sends = box is not None and box.sender == row.address
    return f"{row.state.value} for {owner}" + (", and the sender of the mailbox" if sends else "")


def _person_facts(state: PersonState, record: PersonRecord | None) -> Iterator[Fact]:
    yield Fact(label="standing", value=_word(state.state), rule="R35", because=_standing_reason(state))
    if record is not None:
        for card in record.cards:
            until = f"cancelled on {card.cancelled_on}" if card.cancelled_on else f"until {card.end_date}"
            yield Fact(label="card", value=f"{card.status_code} {until}", rule="D46", since=card.start_date)
        for held in record.affiliations:
            until = f" until {held.end_date}" if held.end_date else ""
            yield Fact(label="affiliation", value=f"{held.unit_id}{until}", rule="R8", since=held.start_date)
    if state.base is not None:
        names = " / ".join(state.card_names or ())
        yield Fact(label="name part", value=state.base, rule="R5", because=f"from the card's names {names}")
    if state.left_on is not None:
        yield Fact(label="left", value=str(state.left_on), rule="D09", because="no card is current since then")


def _standing_reason(state: PersonState) -> str:
    if state.frozen:
        return f"a fault in the registration data ({state.frozen}); nothing is changed until it is mended"
    if state.missing_since:
        return f"the card is missing from the registration data since {state.missing_since}"
    return ""


def _mailbox_facts(box: Mailbox | None) -> Iterator[Fact]:
    if box is None:
        return
    yield Fact(
        label="mailbox",
        value=f"{box.name or '(no username yet)'}, {_word(box.state)}",
        rule=box.rule,
        because=box.because,
        since=box.since,
        evidence=box.evidence,
    )
    if box.sender is not None:
        yield Fact(
            label="sender",
            value=f"{box.sender} ({box.sender_origin.value if box.sender_origin else 'default'})",
            rule=box.sender_rule or box.rule,
            because=box.sender_because or box.because,
            evidence=box.evidence,
        )
    if box.forward is not None:
        yield Fact(label="forward", value=f"{box.forward.to} ({box.forward.origin.value})", rule="R58")


def _address_fact(row: Allocation) -> Fact:
    return Fact(
        label="address",
        value=f"{row.address}, {_word(row.state)}",
        rule=row.rule,
        because=row.because,
        since=row.winddown_on or row.created_on,
        evidence=row.evidence,
    )


def _row_facts(row: Allocation) -> Iterator[Fact]:
    yield Fact(
        label="state",
        value=_word(row.state),
        rule=row.rule,
        because=row.because,
        since=row.deleted_on or row.winddown_on or row.created_on,
        evidence=row.evidence,
    )
    if row.notice_sent_on is not None:
        yield Fact(label="notice", value=f"sent on {row.notice_sent_on}", rule="R47")
    if row.successor is not None:
        yield Fact(label="taken over by", value=row.successor, rule="D18")


def _number_facts(ports: Ports, row: Allocation) -> Iterator[Fact]:
    """ "Why the 2?": who holds the plain name, without saying who it is."""
    if row.n == 1 or row.kind is not AddressKind.PERSONAL:
        return
    others = [r for r in ports.store.holders({(row.domain, row.base)}) if r.n < row.n and r.base == row.base]
    latest = {other.local: other for other in sorted(others, key=lambda r: r.period)}
    held = ", ".join(f"{local} is {_word(other.state)} for somebody else" for local, other in sorted(latest.items()))
    because = held or "the plain name was taken when the address was allotted"
    yield Fact(label=f"the {row.n}", value="the lowest number that was free", rule="R17", because=because)


def _period(row: Allocation) -> Period:
    return Period(
        owner=row.person_id or row.unit_id or "", state=row.state.value, since=row.created_on, until=row.deleted_on
    )


def _history(rows: Iterable[JournalRow]) -> Iterator[Event]:
    """Ledger rows that became others, and steps that did not simply succeed."""
    for row in rows:
        entry = row.entry
        if entry.phase is Phase.INTENT:
            continue
        if entry.phase is Phase.PROMISE:
            what = _became(entry.object, entry.before, entry.after)
            if what is None:
                continue
        else:
            what = f"{entry.step} of {entry.object.partition(':')[2]}: {_word(entry.phase)}"
        yield Event(at=entry.at, what=what, rule=entry.rule, actor=entry.actor, reason=entry.reason)


_TOLD = ("state", "sender", "winddown_on", "delete_on", "disable_on", "notice_sent_on", "forward", "base", "left_on")


def _became(thing: str, before: object, after: object) -> str | None:
    """What changed in a row, in words; None where nothing that a person would ask about did."""
    was: JsonObject = before if isinstance(before, dict) else {}
    now: JsonObject = after if isinstance(after, dict) else {}
    changed = [f"{_word(key)} {now[key]}" for key in _TOLD if now.get(key) is not None and now.get(key) != was.get(key)]
    return f"{thing.partition(':')[2]}: {', '.join(changed)}" if changed else None


def _upcoming(
    ports: Ports, box: Mailbox | None, rows: Sequence[Allocation], record: PersonRecord | None, at: datetime
) -> list[Upcoming]:
    """What time alone will do, if the registration data stay as they are."""
    today = local_date(at, ports.policy.time.zone)
    found = [*_mailbox_upcoming(box), *(event for row in rows for event in _address_upcoming(row))]
    if record is not None and box is not None and box.live:
        found.extend(_card_upcoming(ports, record, today))
    return sorted((event for event in found if event.on >= today), key=lambda event: (event.on, event.what))


def _mailbox_upcoming(box: Mailbox | None) -> Iterator[Upcoming]:
    if box is None:
        return
    current = "the card becomes current again"
    if box.disable_on is not None and box.live:
        yield Upcoming(on=box.disable_on, what=f"the mailbox {box.name} is disabled", rule="R44", unless=current)
    if box.delete_on is not None:
        unless = "it is handed over" if box.state is MailboxState.ORPHANED else current
        yield Upcoming(on=box.delete_on, what=f"the mailbox {box.name} is deleted", rule=box.rule, unless=unless)
    if box.purge_on is not None and box.state is MailboxState.DELETED:
        yield Upcoming(on=box.purge_on, what=f"the content of {box.name} is purged", rule="D08", unless=current)


def _address_upcoming(row: Allocation) -> Iterator[Upcoming]:
    if not row.live or row.winddown_on is None:
        return
    back = "the affiliation, or the name, comes back"
    if row.notice_due_on is not None:
        yield Upcoming(on=row.notice_due_on, what=f"its owner is told that {row.address} ends", rule="R47", unless=back)
    if row.delete_on is not None:
        yield Upcoming(on=row.delete_on, what=f"{row.address} is deleted", rule="R41", unless=back)


def _card_upcoming(ports: Ports, record: PersonRecord, today: date) -> Iterator[Upcoming]:
    found = entitlement(record.cards, ports.policy, today)
    if found.qualifying and found.until is not None:
        what = f"the card ends on {found.until}, and the mailbox is disabled"
        yield Upcoming(on=next_day(found.until), what=what, rule="R36", unless="the card is renewed")
