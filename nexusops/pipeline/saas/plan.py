"""The part of the whole plan that belongs to one request for SaaS mail (interface.md 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from nexusops.codec import digest_of
from nexusops.errors import UsageError
from nexusops.model.plan import Plan
from nexusops.pipeline.decide import decide, make_plan
from nexusops.pipeline.fitting import sealed
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.plan.estimate import estimate
from nexusops.plan.guard import check


def plan_of_request(ports: Ports, request_id: str, *, at: datetime, fresh: bool = False) -> Plan:
    """What the whole plan would do for this request, as a plan that can be applied by itself.

    It rests on the last accepted snapshot (interface.md 1); on a present one where there is none yet, or ``fresh``.
    Raises UsageError for a request that is neither filed nor known.
    """
    known = ports.store.ledger((), {request_id}).services
    if request_id not in ports.services and request_id not in known:
        raise UsageError(
            f"There is no request {request_id!r}.", next_step="See `nexusops saas list` for those that are filed."
        )
    if fresh or ports.store.accepted() is None:
        whole = make_plan(ports, at=at)
    else:
        whole = decide(ports, accepted_tables(ports), at=at, jobs=(), full=False, accept={}, watch=True).plan
    changes = tuple(planned for planned in whole.changes if planned.change.why.subject == request_id)
    digest = digest_of(
        changes, whole.today, whole.snapshot_sha256, whole.ledger_serial, ports.policy_hash, ports.services_hash
    )
    part = replace(
        whole,
        digest=digest,
        changes=changes,
        findings=tuple(finding for finding in whole.findings if finding.subject == request_id),
        guard=check(changes, ports.guard, ports.store.live_mailboxes(), {}, {}),
        estimate=estimate(changes),
    )
    return sealed(ports.store, part)
