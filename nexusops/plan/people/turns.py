"""The people of a slice in the order in which they are served, each with everything that is known of them (D11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Protocol, TypeVar

from nexusops.model.addresses import Allocation
from nexusops.model.ids import Address, Domain, PersonId, address
from nexusops.model.ledger import Hold, HoldKind, Ledger, PersonState, Standing
from nexusops.model.policy import Policy
from nexusops.model.site import Site
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.plan.people.case import Case
from nexusops.rules.reorganising import UnitMap, serve


class _Someones(Protocol):
    @property
    def person_id(self) -> PersonId | None: ...


Row = TypeVar("Row", bound=_Someones)
Key = TypeVar("Key")


def in_turn(ledger: Ledger, snapshot: Snapshot, policy: Policy, today: date) -> Iterator[Case]:
    """One case a person, in the order in which they are served (D11): earliest served affiliation, then username.

    Each is made when its turn comes, and forgotten afterwards: together they would be the largest thing of a plan.
    """
    rows = _shelved(ledger.allocations.values(), lambda row: (row.address, row.period))
    boxes = _shelved(ledger.mailboxes.values(), lambda box: box.key)
    notices = _shelved(ledger.notices.values(), lambda notice: notice.key)
    overrides = _shelved(ledger.overrides.values(), lambda override: override.part)
    decisions = _shelved(ledger.decisions.values(), lambda decision: decision.request_id)
    alternatives = _shelved(ledger.alternatives.values(), lambda row: row.source)
    holds = _by_subject(ledger.holds.values())
    # A row of somebody whom persons does not have (ORPHAN_CARD) is nobody's.
    known = [r for r in snapshot.people.values() if r.person_id in ledger.people or r.person is not None or r.findings]
    most = policy.affiliation.max
    known.sort(key=lambda record: _turn(record, ledger.people.get(record.person_id), rows, most, today))
    for record in known:
        person_id = record.person_id
        before = ledger.people.get(person_id)
        mine = rows.get(person_id, {})
        yield Case(
            person_id=person_id,
            record=record,
            before=before,
            state=before or PersonState(person_id=person_id, username=None, state=Standing.OUT),
            boxes=boxes.get(person_id, {}),
            rows=mine,
            overrides=overrides.get(person_id, {}),
            decisions=decisions.get(person_id, {}),
            alternatives=alternatives.get(person_id, {}),
            notices=notices.get(person_id, {}),
            holds=holds.get(person_id, {}),
            address_holds=_shortened(mine.values(), holds) if holds else {},
        )


def promised(snapshot: Snapshot, units: UnitMap, policy: Policy, site: Site, today: date) -> dict[Address, PersonId]:
    """The routing names of all who are entitled to a mailbox, where the fallback domain is a unit's as well: whoever is
    served before them has no right to it as first.last (R17, D21).
    """
    domain = Domain(site.fallback_domain)
    if not units.gives_addresses(domain):
        return {}
    return {
        address(record.person.username, domain): record.person_id
        for record in snapshot.people.values()
        if record.person is not None and record.person.username is not None and _entitled(record, policy, today)
    }


def _entitled(record: PersonRecord, policy: Policy, today: date) -> bool:
    return any(card.current(today) and card.status_code in policy.status_map.qualifying for card in record.cards)


def _shortened(rows: Iterable[Allocation], holds: Mapping[str, Mapping[HoldKind, Hold]]) -> dict[Address, Hold]:
    """Addresses whose end the desk brought forward (D43)."""
    found = ((row.address, holds.get(row.address, {}).get(HoldKind.SHORTENED)) for row in rows)
    return {address: hold for address, hold in found if hold is not None}


def _turn(
    record: PersonRecord,
    state: PersonState | None,
    rows: Mapping[PersonId, Mapping[Key, Allocation]],
    most: int,
    today: date,
) -> tuple[bool, date, str, str]:
    """Who comes back to addresses that have ended is served before new people are (rules.md 0, D10)."""
    current = (affiliation for affiliation in record.affiliations if affiliation.current(today))
    served, _ = serve(current, state.served if state is not None else (), most)
    username = record.person.username if record.person and record.person.username else "~"
    mine = rows.get(record.person_id, {})
    returning = bool(mine) and not any(row.live for row in mine.values())
    first = served[0].start_date if served else date.max
    return not returning, first, username, record.person_id


def _shelved(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[PersonId, dict[Key, Row]]:
    """Each person's rows by their key."""
    found: dict[PersonId, dict[Key, Row]] = {}
    for row in rows:
        if row.person_id is not None:
            found.setdefault(row.person_id, {})[key(row)] = row
    return found


def _by_subject(holds: Iterable[Hold]) -> dict[str, dict[HoldKind, Hold]]:
    found: dict[str, dict[HoldKind, Hold]] = {}
    for hold in holds:
        found.setdefault(hold.subject, {})[hold.kind] = hold
    return found
