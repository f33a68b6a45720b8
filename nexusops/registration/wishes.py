"""What a person asked for: sender choice, names, alternative addresses (rules.md 3.7 to 3.9). A bad row is ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from nexusops.model.ids import Address
from nexusops.model.people import AlternativeAddress, NameRequest, SenderChoice
from nexusops.registration import layout as tables
from nexusops.registration.draft import Draft
from nexusops.registration.fields import BadValue
from nexusops.registration.layout import Layout
from nexusops.registration.rows import Row, Values


def read_choice(draft: Draft, rows: Sequence[Values]) -> SenderChoice | None:
    """The sender that they chose; None where there is no row that can be read."""
    for row in _single(draft, tables.SENDER_CHOICES, rows):
        try:
            return SenderChoice(
                person_id=draft.person_id,
                address=Address(row.address("address")),
                chosen_at=row.instant("chosen_at"),
            )
        except BadValue as error:
            _ignore(draft, tables.SENDER_CHOICES, row, error)
    return None


def read_requests(draft: Draft, rows: Sequence[Values], repeated: Collection[str]) -> tuple[NameRequest, ...]:
    """The names that they asked for; a row that cannot be read is told, and left out."""
    found = []
    for row in _single(draft, tables.NAME_REQUESTS, rows, repeated):
        try:
            outcome = row.get("outcome")
            found.append(
                NameRequest(
                    request_id=row.text("request_id"),
                    person_id=draft.person_id,
                    wanted_local=row.text("wanted_local"),
                    made_at=row.instant("made_at"),
                    outcome=row.one_of("outcome", "accepted", "referred", "rejected") if outcome else None,
                    decided_by=row.get("decided_by"),
                    reason=row.get("reason"),
                )
            )
        except BadValue as error:
            _ignore(draft, tables.NAME_REQUESTS, row, error)
    return tuple(found)


def read_alternatives(draft: Draft, rows: Sequence[Values]) -> tuple[AlternativeAddress, ...]:
    """The address is taken as it stands: whether it can serve is judged by the rules (D32)."""
    found = []
    for row in _single(draft, tables.ALTERNATIVE_ADDRESSES, rows):
        try:
            found.append(
                AlternativeAddress(
                    person_id=draft.person_id,
                    address=Address(row.get("address") or ""),
                    source=row.one_of("source", "self", "hris", "student_records"),
                    action=row.one_of("action", "set", "removed"),
                    at=row.instant("at"),
                )
            )
        except BadValue as error:
            _ignore(draft, tables.ALTERNATIVE_ADDRESSES, row, error)
    return tuple(found)


def _single(draft: Draft, layout: Layout, values: Sequence[Values], repeated: Collection[str] = ()) -> Iterator[Row]:
    """Rows whose key stands once; of others none is taken."""
    if not values:
        return
    rows = sorted((Row(layout, each) for each in values), key=lambda row: row.key)
    times = Counter(row.key for row in rows)
    told: set[str] = set()
    for row in rows:
        if times[row.key] == 1 and row.key not in repeated:
            yield row
        elif row.key not in told:
            told.add(row.key)
            message = f"{layout.name} row {row.key}: the key stands in several rows; none of them is taken"
            draft.note("DUP_ROW", message, draft.row(layout.name, row.key))


def _ignore(draft: Draft, layout: Layout, row: Row, error: BadValue) -> None:
    message = f"{layout.name} row {row.key}: {error.reason}; the row is ignored"
    draft.note(error.code, message, draft.row(layout.name, row.key))
