"""Ends that are overdue, with what they wait for (rules.md 4a)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from nexusops.model.audits import Overdue
from nexusops.model.findings import people_in
from nexusops.model.ids import Address, PersonId
from nexusops.model.ledger import HoldKind
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.plan.holding import LIFE, address_item, items_of
from nexusops.rules.entitlement import entitlement
from nexusops.rules.lifecycle import expiry_disables_on


def overdue(ports: Ports, today: date) -> list[Overdue]:
    """What should have ended by now and has not, with how late it is and what it waits for (D04, D06, D29). What
    somebody undid is not late: it stays until registration says something new.
    """
    frozen = {
        state.person_id
        for state in ports.store.owners({row.person_id for row in ports.store.winding_down() if row.person_id})
        if state.frozen or state.missing_since
    }
    found = []
    for row in ports.store.winding_down():
        if row.delete_on is not None and row.delete_on <= today:
            waits = "the next run"
            if row.person_id in frozen:
                waits = "the registration data of its owner to be mended (D29)"
            elif row.notice_sent_on is None and row.gate:
                waits = "its notice, and two months after it (D06)"
            elif row.notice_sent_on is not None and (over := ports.policy.notice_over(row.notice_sent_on)) > today:
                waits = f"two months after its notice: {over} (D04)"
            found.append(
                Overdue(
                    on=row.delete_on,
                    what="address is deleted",
                    subject=row.person_id or row.unit_id or "",
                    target=row.address,
                    rule="R41",
                    late=(today - row.delete_on).days,
                    waits_for=waits,
                )
            )
    found.extend(_boxes(ports, today))
    found.extend(_expired(ports, today))
    return sorted(_not_held(ports, found), key=lambda due: (due.on, due.target))


def _not_held(ports: Ports, found: list[Overdue]) -> list[Overdue]:
    if not found:
        return []
    people, names = {PersonId(due.subject) for due in found}, {due.target for due in found}
    holds = ports.store.ledger(people, names).holds.values()
    kept = {(hold.subject, item) for hold in holds if hold.kind is HoldKind.UNDONE for item in items_of(hold)}
    return [
        due
        for due in found
        if not kept
        & {
            (due.subject, LIFE),
            (due.target, LIFE),
            (due.subject, address_item(Address(due.target))),
        }
    ]


def _boxes(ports: Ports, today: date) -> Iterator[Overdue]:
    for box in ports.store.ending_boxes():
        day, what = _end(box)
        if day is not None and day <= today:
            yield _late(day, what, box, box.rule, today, _WAITS)


def _expired(ports: Ports, today: date) -> Iterator[Overdue]:
    """Mailboxes whose card has run out, which no row of the ledger says before a run has disabled them (R36, D07)."""
    people = people_in(ports.store.due(today))
    if not people or ports.store.accepted() is None:
        return
    ledger = ports.store.ledger(people, ())
    records = accepted_tables(ports, only=people).slice(people, ports.services).people
    for box in ledger.mailboxes.values():
        state, record = ledger.people.get(PersonId(box.person_id or "")), records.get(PersonId(box.person_id or ""))
        if state is None or record is None or box.state is not MailboxState.ACTIVE or state.missing_since:
            continue
        found = entitlement(record.cards, ports.policy, today, state.code, state.card_id)
        if found.qualifying or found.status_on or found.expired_on is None:
            continue
        day = expiry_disables_on(found.expired_on, found.last_code, ports.policy)
        if day <= today:
            waits = "the registration data of its owner to be mended (D29)" if state.frozen else _WAITS
            yield _late(day, "mailbox is disabled", box, "R36", today, waits)


_WAITS = "the next run, an approval of its plan, or its owner's data"


def _late(day: date, what: str, box: Mailbox, rule: str, today: date, waits: str) -> Overdue:
    return Overdue(
        on=day,
        what=what,
        subject=box.person_id or box.unit_id or "",
        target=box.name or box.key,
        rule=rule,
        late=(today - day).days,
        waits_for=waits,
    )


def _end(box: Mailbox) -> tuple[date | None, str]:
    if box.delete_on is not None and (box.disable_on is None or box.delete_on <= box.disable_on):
        return box.delete_on, "mailbox is deleted"
    return box.disable_on, "mailbox is disabled"
