"""Which notices are owed, and to whom, and which fall due by a day: the line itself, looking ahead (R47, D33)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

from nexusops.errors import Refused
from nexusops.model.addresses import Allocation
from nexusops.model.audits import DueNotice
from nexusops.model.changes import SendNotice
from nexusops.model.dates import local_date
from nexusops.model.ids import Address
from nexusops.model.notices import Notice, NoticeKind, NoticeState
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.nearby import as_known, meant_by, person_meant
from nexusops.pipeline.periods import periods_of
from nexusops.pipeline.simulate.days import simulate

_NOBODY = "an address to send it to, or its owner's data"


def notices_due(ports: Ports, *, at: datetime, until: date, progress: Callable[[date], None]) -> list[DueNotice]:
    """Of every kind, as long as the registration data stay as they are; earliest first. What cannot be sent, since
    nobody can be reached or somebody is frozen, stands there without a recipient.

    Raises UsageError where ``until`` lies before the day of ``at``.
    """
    today = local_date(at, ports.policy.time.zone)
    sent = [] if ports.store.accepted() is None else _ahead(ports, at, until, progress)
    found = {notice.key: _of_change(notice, day, today) for day, notice in sent}
    for owed in ports.store.owed():
        found.setdefault(owed.key, _of_notice(owed, today))
    told = {address for notice in found.values() for address in notice.addresses}
    rest = [row for row in ports.store.winding_down() if _falls_due(row, until) and row.address not in told]
    untold = (_of_row(row, today) for row in rest)
    return sorted([*found.values(), *untold], key=lambda due: (due.on, due.kind.value, due.subject, due.addresses))


def notices_sent(ports: Ports, subject: str) -> list[Notice]:
    """What was sent about a person, a mailbox, or one address alone, oldest first.

    Raises Refused where nothing is known of the subject.
    """
    wanted = subject.strip()
    rows = periods_of(ports.store, Address(wanted.lower()))
    boxes = ports.store.reached((), {row.mailbox_key for row in rows if row.mailbox_key is not None})
    names = {as_known(ports.store, wanted), *(box.name for box in boxes if box.name and box.person_id is None)}
    ledger = ports.store.ledger({person_meant(ports.store, wanted)}, names)
    if not (ledger.people or ledger.mailboxes or rows):
        raise Refused(
            f"Nothing is known of {subject!r}.",
            next_step=meant_by(ports.store, subject, "nexusops notices sent")
            or "Name a username, a person_id, an address or a mailbox that a run has seen; `nexusops notices due` has "
            "what is still owed.",
        )
    about = [one for one in ledger.notices.values() if "@" not in wanted or wanted.lower() in one.addresses]
    sent = [one for one in about if one.state is NoticeState.SENT]
    return sorted(sent, key=lambda one: (str(one.sent_on), one.key))


def _ahead(
    ports: Ports, at: datetime, until: date, progress: Callable[[date], None]
) -> Iterator[tuple[date, SendNotice]]:
    for happening in simulate(ports, at=at, until=until, progress=progress).happenings:
        for planned in happening.changes:
            if isinstance(planned.change, SendNotice):
                yield happening.on, planned.change


def _falls_due(row: Allocation, until: date) -> bool:
    return row.notice_due_on is not None and row.notice_due_on <= until


def _of_change(change: SendNotice, day: date, today: date) -> DueNotice:
    """``day``: when a run would send it; its key has the day on which it fell due."""
    on = date.fromisoformat(change.key.rpartition("|")[2])
    return DueNotice(
        on=on,
        kind=change.notice,
        subject=change.why.subject,
        person_id=change.person_id,
        unit_id=change.unit_id,
        to=change.to,
        addresses=change.addresses,
        delete_on=change.delete_on,
        short_notice=change.short_notice,
        rule=change.why.rule,
        late=max((today - on).days, 0),
        waits_for="its day" if day > today else "the next run",
    )


def _of_notice(notice: Notice, today: date) -> DueNotice:
    return DueNotice(
        on=notice.due_on,
        kind=notice.kind,
        subject=notice.person_id or notice.unit_id or notice.key,
        person_id=notice.person_id,
        unit_id=notice.unit_id,
        to=(),
        addresses=notice.addresses,
        delete_on=notice.delete_on,
        short_notice=notice.short_notice,
        rule=notice.rule,
        late=max((today - notice.due_on).days, 0),
        waits_for=_NOBODY,
    )


def _of_row(row: Allocation, today: date) -> DueNotice:
    """A wind-down that no run would tell of: of somebody who is frozen, or cannot be reached."""
    on = row.notice_due_on or today
    return DueNotice(
        on=on,
        kind=NoticeKind.WINDDOWN,
        subject=row.person_id or row.unit_id or "",
        person_id=row.person_id,
        unit_id=row.unit_id,
        to=(),
        addresses=(row.address,),
        delete_on=row.delete_on,
        short_notice=False,
        rule="R47",
        late=max((today - on).days, 0),
        waits_for=_NOBODY,
    )
