"""The next day on which time alone may change anything for a person: the index by which due work is found."""

from __future__ import annotations

from datetime import date

from nexusops.model.dates import ONE_DAY, next_day
from nexusops.model.mailboxes import MailboxState
from nexusops.plan.case import Case, Setting
from nexusops.rules.lifecycle import Entitlement, warn_on


def next_date(case: Case, found: Entitlement, setting: Setting) -> date | None:
    """The next day on which time alone may change anything. A date that has passed without effect is tried tomorrow."""
    days: set[date | None] = set()
    for card in case.record.cards:
        days |= {card.start_date, next_day(card.end_date), card.cancelled_on, card.status_effective_on}
    for affiliation in case.record.affiliations:
        days |= {affiliation.start_date, next_day(affiliation.end_date) if affiliation.end_date else None}
        serving = setting.units.unit_for(case.person_id, affiliation.unit_id)
        for unit_id in (affiliation.unit_id, serving):
            days |= set(setting.units.starts.get(unit_id, ()))
    waiting: set[date | None] = set()
    box = case.box
    if box is not None:
        waiting |= {box.disable_on, box.delete_on, box.purge_on if box.state is MailboxState.DELETED else None}
    warning = warn_on(found.until, setting.policy) if found.until is not None else None
    days.add(warning)
    late = warning is not None and warning <= setting.today
    if box is not None and (late or box.state in (MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS)):
        days.add(next_day(box.since))  # the notice of the day after
    if late and box is not None and box.state is MailboxState.PENDING:
        days.add(setting.today + ONE_DAY)  # it is made today, and warned about tomorrow
    for row in case.rows.values():
        if row.live:
            waiting |= {row.notice_due_on, row.delete_on}
    tomorrow = setting.today + ONE_DAY
    ahead = {day for day in days if day is not None and day > setting.today}
    ahead |= {max(day, tomorrow) for day in waiting if day is not None}
    return min(ahead, default=None)
