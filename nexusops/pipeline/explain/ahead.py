"""What happens next to one person or mailbox, when, and what would prevent it: the line itself, looking ahead.

Also what somebody who left would get on coming back today: the rules decide that, too, on a card that is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime

from nexusops.model.changes import (
    Change,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    Kind,
    RemoveAddress,
    SendNotice,
    SetSender,
    WindDownAddress,
    kind_of,
    target_of,
)
from nexusops.model.dates import local_date
from nexusops.model.findings import person_scope
from nexusops.model.forecast import Forecast
from nexusops.model.frozen import frozen
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind
from nexusops.model.notices import NoticeKind
from nexusops.model.snapshot import PersonRecord
from nexusops.pipeline.inputs import Deciding
from nexusops.pipeline.simulate.days import simulate
from nexusops.pipeline.simulate.tenant import Remembered
from nexusops.ports import SnapshotTables
from nexusops.report.explain import Upcoming
from nexusops.report.sentences import describe
from nexusops.report.simulate import ending

YEARS = 12
STEPS = 24
"""So far, and so many runs that do something, is looked ahead for one person."""


def ahead_of(ports: Deciding, tables: SnapshotTables, scopes: Collection[str], at: datetime) -> Forecast:
    """The next runs that do something about these scopes, and nothing about what else their people own."""
    start = local_date(at, ports.policy.time.zone)
    until = date(start.year + YEARS, 12, 31)
    boxes = frozenset(scope.removeprefix("box:") for scope in scopes if scope.startswith("box:"))
    return simulate(ports, at=at, until=until, tables=tables, only=frozenset(scopes), boxes=boxes, most=STEPS)


def upcoming(forecast: Forecast, names: Collection[str], ends: str = "", box: Mailbox | None = None) -> list[Upcoming]:
    """What the forecast says of these names (a person_id, mailbox names, addresses), in order of time; up to the end
    of the address ``ends``, where that comes before its mailbox's. ``box``: the mailbox as it is now.
    """
    wanted = frozenset(names)
    by_hand = box is not None and box.manual_disable
    found: list[Upcoming] = []
    for happening in forecast.happenings:
        for planned in happening.changes:
            if wanted & set(_names_of(planned.change)):
                why = planned.change.why
                what = describe(planned.change).removesuffix(".")
                by_hand = by_hand and not isinstance(planned.change, EnableMailbox)
                prevented = unless(planned.change, by_hand=by_hand)
                found.append(Upcoming(on=happening.on, what=what, rule=why.rule, unless=prevented))
            if isinstance(planned.change, RemoveAddress) and planned.change.address == ends:
                return found
        for address in happening.ended:
            if address in wanted:
                kept = "its mail domain stays, or its row is kept"
                found.append(Upcoming(on=happening.on, what=ending(address), rule="R27", unless=kept))
        for name in happening.purged:
            if name in wanted:
                what = f"The content of {name} is discarded by the tenant, and cannot be restored from then on"
                found.append(Upcoming(on=happening.on, what=what, rule="D08", unless=f"{name} is restored before"))
    return found


def _names_of(change: Change) -> Iterator[str]:
    """Everything that a change is about."""
    yield target_of(change)
    yield change.why.subject
    if (on := getattr(change, "mailbox", None)) is not None:
        yield on.name
    if isinstance(change, DeleteMailbox | SendNotice):
        yield from change.addresses
    if isinstance(change, SetSender):
        yield from (address for address in (change.was, change.becomes) if address is not None)


_RENEWED = "the card is renewed, or a new one begins"
_PREVENTED: dict[str, str] = {
    "R36": _RENEWED,
    "R44": "the cancellation is withdrawn, a missing card comes back, or a new one begins",
    "R42": "the status qualifies again",
    "D08": "the card becomes current again",
    "D31": "it is handed over to somebody who may own it",
    "R28": "it is handed over to somebody who may own it",
    "R39": "the affiliation comes back",
    "R37": "the former name comes back",
    "R53": "the reorganisation is cancelled",
}
"""What would prevent the end that a rule brings."""


def unless(change: Change, *, by_hand: bool = False) -> str:
    """What would prevent a change; nothing, where it takes nothing away. ``by_hand``: the desk disabled the mailbox
    (R45, D41), which a card that is merely current again leaves so.
    """
    if by_hand and isinstance(change, DeleteMailbox) and change.mailbox.kind is MailboxKind.PERSONAL:
        back = f"with the present card only `nexusops desk undo-disable {change.mailbox.name}` brings it back"
        return f"{_RENEWED}; {back}"
    if isinstance(change, SendNotice):
        return _RENEWED if change.notice is NoticeKind.EXPIRY_WARNING else "what it announces is called off before"
    if isinstance(change, RemoveAddress):
        return "the affiliation, or the name, that it was for comes back"
    if isinstance(change, WindDownAddress | DisableMailbox | DeleteMailbox):
        return _PREVENTED.get(change.why.rule, "the registration data change before")
    return ""


@frozen
class Return:
    """What somebody would get who came back today with a current card to the units they last were in. ``status``: the
    one on the card that gives no mailbox, with which they would get nothing; '' where it gives one.
    """

    units: tuple[str, ...]
    changes: tuple[str, ...]
    status: str = ""


_GIVEN = frozenset(
    {
        Kind.RESTORE_MAILBOX,
        Kind.ENABLE_MAILBOX,
        Kind.CREATE_MAILBOX,
        Kind.REVIVE_ADDRESS,
        Kind.ADD_ADDRESS,
        Kind.SET_SENDER,
    }
)


def on_return(ports: Deciding, tables: SnapshotTables, state: PersonState, at: datetime) -> Return | None:
    """None where nothing is known that a card could be made of."""
    today = local_date(at, ports.policy.time.zone)
    snapshot = tables.slice({state.person_id}, {})
    back = _came_back(snapshot.people.get(state.person_id), today)
    if back is None:
        return None
    remembered = Remembered(tables)
    remembered.remember(back)
    scope = person_scope(state.person_id)
    forecast = simulate(ports, at=at, until=today, tables=remembered, only={scope}, boxes=frozenset(), forced={scope})
    planned = (planned.change for happening in forecast.happenings for planned in happening.changes)
    given = [change for change in planned if kind_of(change) in _GIVEN]
    code = back.cards[0].status_code
    return Return(
        status="" if code in ports.policy.status_map.qualifying else code,
        units=tuple(sorted(a.unit_id for a in back.affiliations if a.current(today))),
        changes=tuple(describe(change).removesuffix(".") for change in given),
    )


def under_status(
    ports: Deciding, tables: SnapshotTables, state: PersonState, at: datetime, code: str
) -> tuple[Upcoming, ...] | None:
    """What would happen from the next run on if their card, current, had this status; None: there is no card."""
    today = local_date(at, ports.policy.time.zone)
    back = _came_back(tables.slice({state.person_id}, {}).people.get(state.person_id), today)
    if back is None:
        return None
    last = max(back.cards, key=lambda card: card.card_id)
    remembered = Remembered(tables)
    remembered.remember(replace(back, cards=(replace(last, status_code=code, status_effective_on=today),)))
    scope = person_scope(state.person_id)
    until = date(today.year + YEARS, 12, 31)
    forecast = simulate(ports, at=at, until=until, tables=remembered, only={scope}, forced={scope}, most=STEPS)
    ledger = ports.store.ledger({state.person_id}, ())
    names = {str(state.person_id), *(box.name for box in ledger.mailboxes.values() if box.name)}
    names |= {row.address for row in ledger.allocations.values()}
    return tuple(upcoming(forecast, names))


def _came_back(record: PersonRecord | None, today: date) -> PersonRecord | None:
    """The person's rows with the last card running on for a year, and the last affiliations with it."""
    if record is None or record.person is None or not record.cards:
        return None
    card = max(record.cards, key=lambda card: (card.start_date <= today, card.end_date, card.card_id))
    later = date(today.year + 1, today.month, min(today.day, 28))
    current = replace(
        card, start_date=min(card.start_date, today), end_date=max(card.end_date, later), cancelled_on=None
    )
    last = max((a.end_date or date.max for a in record.affiliations), default=None)
    affiliations = tuple(
        replace(a, end_date=None) if (a.end_date or date.max) == last else a for a in record.affiliations
    )
    return replace(record, cards=(current,), affiliations=affiliations)
