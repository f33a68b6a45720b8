"""The next day on which time alone may change anything for a person: the index by which due work is found."""

from __future__ import annotations

from datetime import date

from nexusops.model.dates import ONE_DAY, next_day
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.plan.people.case import Case
from nexusops.plan.setting import Setting
from nexusops.rules.entitlement import Entitlement
from nexusops.rules.lifecycle import warn_on


def next_date(case: Case, found: Entitlement, setting: Setting) -> date | None:
    """The next day on which time alone may change anything. A date that has passed without effect is tried tomorrow."""
    today, box = setting.today, case.box
    ahead = [day for day in _known(case, setting) if day is not None and day > today]
    tomorrow = today + ONE_DAY
    ahead += [max(day, tomorrow) for day in _waiting(case, box) if day is not None]
    warning = warn_on(found.until, setting.policy) if found.until is not None else None
    late = warning is not None and warning <= today
    if warning is not None and not late:
        ahead.append(warning)
    if box is not None and (late or box.state in (MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS)):
        if box.since >= today:
            ahead.append(next_day(box.since))  # the notice of the day after
    if box is not None and box.state is MailboxState.DISABLED:
        closed = (box.since, case.state.ending_seen_on)  # the same notice, where there is no grace
        ahead += [next_day(day) for day in closed if day is not None and day >= today]
    if late and box is not None and box.state is MailboxState.PENDING:
        ahead.append(tomorrow)  # it is made today, and warned about tomorrow
    return min(ahead, default=None)


def _known(case: Case, setting: Setting) -> list[date | None]:
    """Days of the registration rows, gone or to come."""
    days: list[date | None] = []
    for card in case.record.cards:
        days += (card.start_date, next_day(card.end_date), card.cancelled_on, card.status_effective_on)
    for affiliation in case.record.affiliations:
        days.append(affiliation.start_date)
        if affiliation.end_date is not None:
            days.append(next_day(affiliation.end_date))
        if setting.units.starts:
            serving = setting.units.unit_for(case.person_id, affiliation.unit_id)
            for unit_id in (affiliation.unit_id, serving):
                days += setting.units.starts.get(unit_id, ())
    return days


def _waiting(case: Case, box: Mailbox | None) -> list[date | None]:
    """Days of what was promised; one that has passed without effect is tried tomorrow."""
    days: list[date | None] = []
    if box is not None:
        days += (box.disable_on, box.delete_on, box.purge_on if box.state is MailboxState.DELETED else None)
    for row in case.rows.values():
        if row.live:
            days += (row.notice_due_on, row.delete_on)
    return days
