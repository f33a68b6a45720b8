"""When nothing more is asked: after what every further request would meet, not after what one mailbox meets alone."""

from __future__ import annotations

from collections import defaultdict

from nexusops.model.changes import target_of
from nexusops.model.journal import Step
from nexusops.tenant.faults import STOPS_AT_ONCE, STOPS_THE_RUN, CredentialFault, TenantFault

SEVERAL = 3
"""So many mailboxes are refused the same step, while no other is allowed it, before it is no matter of theirs."""


class Stopping:
    """``by``: the fault that has stopped the run; None: it goes on.

    Otherwise one mailbox that always comes first and is always refused would keep all others waiting, run for run.
    """

    def __init__(self) -> None:
        self.by: TenantFault | None = None
        self._refused: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def refused(self, step: Step, fault: TenantFault) -> None:
        same = self._refused[_kind(step)]
        if fault.fault in STOPS_THE_RUN:
            on = getattr(step.change, "mailbox", None)
            same.add(on.key if on is not None else target_of(step.change))
        if fault.fault in STOPS_AT_ONCE or isinstance(fault, CredentialFault) or len(same) >= SEVERAL:
            self.by = fault

    def allowed(self, step: Step) -> None:
        self._refused.pop(_kind(step), None)


def _kind(step: Step) -> tuple[str, str]:
    return type(step.change).__name__, step.name
