"""The notices of a case: what is owed today, and what is no longer true (R46, R47; D33, D43)."""

from __future__ import annotations

from dataclasses import replace

from nexusops.model.findings import Evidence
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import NoticeState
from nexusops.plan.people.case import Case
from nexusops.plan.setting import Setting
from nexusops.rules.entitlement import Entitlement
from nexusops.rules.notices import owed
from nexusops.rules.owing import Owing


def settle_notices(
    case: Case, found: Entitlement, setting: Setting, evidence: tuple[Evidence, ...], was: Mailbox | None
) -> None:
    """``was``: the mailbox as the run found it."""
    box = case.box
    if box is None or case.deceased:
        for notice in list(case.notices.values()):
            if notice.state is NoticeState.OWED:
                case.notices[notice.key] = replace(notice, state=NoticeState.DROPPED)
        return
    ahead = found.coming is not None and found.coming.startswith("cancelled")
    until = None if ahead else found.until
    code = found.card.status_code if found.card else ""
    owing = Owing(
        person_id=case.person_id,
        box=box,
        was=was,
        rows=tuple(case.rows.values()),
        known=case.notices,
        until=until,
        cancellation_seen_on=case.state.ending_seen_on if (case.state.ending or "").startswith("cancelled") else None,
        code=code,
        cards=case.record.cards,
        policy=setting.policy,
        today=setting.today,
        evidence=evidence,
    )
    for notice in owed(owing, case.revived):
        case.notices[notice.key] = notice
