"""A wind-down that an undo puts back after its owner was told that it is off (R46, D23)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.notices import Notice, NoticeKind
from nexusops.model.policy import Policy
from nexusops.model.tenant import Reason
from nexusops.rules.allocation import wind_down


def was_called_off(before: Allocation, notices: Mapping[str, Notice]) -> bool:
    """Whether its end had been announced, and the owner was told since that it is off."""
    told = before.notice_sent_on if before.state is AddressState.WINDDOWN else None
    return told is not None and any(
        notice.kind is NoticeKind.WINDDOWN_CANCELLED
        and before.address in notice.addresses
        and notice.sent_on is not None
        and notice.sent_on >= told
        for notice in notices.values()
    )


def wound_down_anew(present: Allocation, before: Allocation, today: date, policy: Policy, why: Reason) -> Allocation:
    """From today, with a notice of its own: what was announced and called off announces nothing any more."""
    months = before.months or policy.winddown.months
    heir, reason = before.successor, before.reason or ""
    return wind_down(present, today, policy, months=months, reason=reason, why=why, successor=heir)
