"""The people of a slice in the order in which they are served, each with everything that is known of them (D11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

from nexusops.model.addresses import Allocation
from nexusops.model.ids import PersonId
from nexusops.model.ledger import Hold, HoldKind, Ledger, PersonState
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.plan.case import Case
from nexusops.plan.person import person_state

Row = TypeVar("Row")


def in_turn(ledger: Ledger, snapshot: Snapshot, today: date) -> Iterator[Case]:
    """One case a person, in the order in which they are served (D11): earliest served affiliation, then username.

    Each is made when its turn comes, and forgotten afterwards: together they would be the largest thing of a plan.
    """
    rows = _by_person(ledger.allocations.values(), lambda row: row.person_id)
    boxes = _by_person(ledger.mailboxes.values(), lambda box: box.person_id)
    notices = _by_person(ledger.notices.values(), lambda notice: notice.person_id)
    overrides = _by_person(ledger.overrides.values(), lambda override: override.person_id)
    decisions = _by_person(ledger.decisions.values(), lambda decision: decision.person_id)
    alternatives = _by_person(ledger.alternatives.values(), lambda row: row.person_id)
    holds = _by_subject(ledger.holds.values())
    # A row of somebody whom persons does not have (ORPHAN_CARD) is nobody's.
    known = [r for r in snapshot.people.values() if r.person_id in ledger.people or r.person is not None or r.findings]
    known.sort(key=lambda record: _turn(record, ledger.people.get(record.person_id), rows, today))
    for record in known:
        person_id = record.person_id
        before = ledger.people.get(person_id)
        mine = rows.get(person_id, [])
        yield Case(
            person_id=person_id,
            record=record,
            before=before,
            state=before or person_state(person_id),
            boxes={box.key: box for box in boxes.get(person_id, [])},
            rows={(row.address, row.period): row for row in mine},
            overrides={override.part: override for override in overrides.get(person_id, [])},
            decisions={decision.request_id: decision for decision in decisions.get(person_id, [])},
            alternatives={row.source: row for row in alternatives.get(person_id, [])},
            notices={notice.key: notice for notice in notices.get(person_id, [])},
            holds={hold.kind: hold for hold in holds.get(person_id, [])},
            address_holds={
                row.address: hold
                for row in mine
                for hold in holds.get(row.address, [])
                if hold.kind is HoldKind.SHORTENED
            },
        )


def _turn(
    record: PersonRecord, state: PersonState | None, rows: Mapping[PersonId, Sequence[Allocation]], today: date
) -> tuple[bool, date, str, str]:
    """Who comes back to addresses that have ended is served before new people are (rules.md 0, D10)."""
    served = state.served if state is not None else ()
    starts = [a.start_date for a in record.affiliations if a.current(today) and (not served or a.unit_id in served)]
    username = record.person.username if record.person and record.person.username else "~"
    mine = rows.get(record.person_id, ())
    returning = bool(mine) and not any(row.live for row in mine)
    return not returning, min(starts, default=date.max), username, record.person_id


def _by_person(rows: Iterable[Row], key: Callable[[Row], PersonId | None]) -> dict[PersonId, list[Row]]:
    found: dict[PersonId, list[Row]] = {}
    for row in rows:
        person_id = key(row)
        if person_id is not None:
            found.setdefault(person_id, []).append(row)
    return found


def _by_subject(holds: Iterable[Hold]) -> dict[str, list[Hold]]:
    found: dict[str, list[Hold]] = {}
    for hold in holds:
        found.setdefault(hold.subject, []).append(hold)
    return found
