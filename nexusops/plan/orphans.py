"""A non-personal mailbox whose owner has gone: orphaned, told to the unit, handed over or deleted (R28; D31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nexusops.model.dates import add_months, next_day
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice, NoticeKind
from nexusops.plan.case import Setting, why
from nexusops.rules.lifecycle import deleted
from nexusops.rules.notices import notice_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """The box as it is to be."""

    box: Mailbox

    def notices(self, known: Mapping[str, Notice], setting: Setting) -> list[Notice]:
        """The notice to the unit's IT staff, due the day after the orphaning."""
        box = self.box
        if box.state is not MailboxState.ORPHANED or box.orphaned_on is None or box.name is None:
            return []
        due_on = next_day(box.orphaned_on)
        key = notice_key(NoticeKind.ORPHANED, box.name, due_on)
        if setting.today < due_on or key in known:
            return []
        return [
            Notice(
                key=key,
                kind=NoticeKind.ORPHANED,
                person_id=None,
                unit_id=box.unit_id,
                mailbox_key=box.key,
                addresses=(box.sender,) if box.sender else (),
                due_on=due_on,
                delete_on=box.delete_on,
                rule="D31",
                because="the owner has gone, and the mailbox ends unless it is handed over",
            )
        ]


def settle_owner(box: Mailbox, owned: bool, setting: Setting) -> Owned:
    """Starts or cancels the orphan timer, and ends the mailbox when it has run out (D31)."""
    today, policy = setting.today, setting.policy
    if owned:
        if box.state is MailboxState.ORPHANED:
            box = replace(
                box, state=MailboxState.ACTIVE, orphaned_on=None, delete_on=None, notice_sent_on=None, since=today
            )
            box = replace(box, rule="D31", because="it has an owner again")
        return Owned(box=box)
    if box.state is not MailboxState.ORPHANED:
        due = next_day(today)
        months, overflow = policy.secondary.orphan_months, policy.time.month_overflow
        delete_on = max(add_months(today, months, overflow=overflow), add_months(due, 2, overflow=overflow))
        box = replace(box, state=MailboxState.ORPHANED, since=today, orphaned_on=today, delete_on=delete_on)
        return Owned(box=replace(box, rule="D31", because="its owner has gone or may no longer own it"))
    told = box.notice_sent_on is not None and today >= add_months(box.notice_sent_on, 2)
    if box.delete_on is not None and today >= box.delete_on and (told or not policy.notice.gate_deletion):
        return Owned(box=deleted(box, today, policy, why("D31", "nobody took it over in time")))
    return Owned(box=box)
