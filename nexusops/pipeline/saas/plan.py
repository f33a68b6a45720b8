"""The part of the whole plan that belongs to one request for SaaS mail (interface.md 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from nexusops.codec import digest_of
from nexusops.errors import UsageError
from nexusops.model.dates import local_date
from nexusops.model.ids import Address, domain_of, local_of
from nexusops.model.plan import Plan
from nexusops.pipeline.affected import Affected, affected
from nexusops.pipeline.decide import decide, make_plan, owners_of
from nexusops.pipeline.fitting import sealed
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.routing import staff_of
from nexusops.pipeline.saas.advice import names_wanted
from nexusops.plan.estimate import estimate
from nexusops.plan.guard import check
from nexusops.ports import SnapshotTables


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
        tables = accepted_tables(ports)
        only = _concerned(ports, tables, request_id, local_date(at, ports.policy.time.zone))
        whole = decide(ports, tables, at=at, jobs=(), full=False, accept={}, only=only, watch=True).plan
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


def _concerned(ports: Ports, tables: SnapshotTables, request_id: str, today: date) -> Affected:
    """Of those whom a run would judge, whoever answers for something that units have, and of other requests those that
    want the same name or have it: with thousands whose cards have ended, or of requests, one costs no more than on
    another day. Where its address might be a person's, everybody: whoever is served today may take it (R23, D21).
    """
    who = affected(ports, tables, today, full=False)
    small, held = tables.slice((), ports.services), ports.store.ledger((), who.boxes)
    wanted = {name: names_wanted(request, small.units) for name, request in ports.services.items()}
    names = wanted.get(request_id, frozenset())
    addresses = [Address(name) for name in names if "@" in name]
    if any("." in local_of(one) or domain_of(one) == ports.site.fallback_domain for one in addresses):
        return who
    rivals = {request_id, *(name for name, others in wanted.items() if others & names)}
    rivals |= {row.request_id for row in held.services.values() if {row.address, row.domain} & names}
    answering = owners_of(small, held) | staff_of(small)
    return Affected(who.people & answering, who.boxes - (wanted.keys() - rivals), everyone=False)
