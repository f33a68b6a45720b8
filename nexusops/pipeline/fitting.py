"""Whether a saved plan still fits: of today, this snapshot, ledger, policy and services (interface.md 4; exit 7).

Its digest says what was planned, and whoever edits the file can make a new one for it. That it was planned here says
the second half of its ``plan_id``, a seal over the first half and the digest with a key of this state.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import UTC, datetime

from nexusops.codec import digest_of
from nexusops.errors import StalePlan
from nexusops.model.dates import local_date
from nexusops.model.plan import Plan
from nexusops.pipeline.inputs import Ports
from nexusops.ports import Store

RUNNING = "running"
"""The result of a run that has not ended, or was interrupted."""


def sealed(store: Store, plan: Plan) -> Plan:
    """The plan as this site offers it: to be saved, read and applied."""
    name, _, _ = plan.plan_id.partition("-")
    return replace(plan, plan_id=f"{name}-{store.seal(f'{name} {plan.digest}')}")


def must_fit(ports: Ports, plan: Plan, at: datetime) -> None:
    """interface.md 4 and exit code 7: serial, snapshot, date, policy and services are still those of the plan."""
    store, again = ports.store, "Make a new plan with `nexusops plan --out FILE`, read it, and apply that one."
    today = local_date(at, ports.policy.time.zone)
    accepted = store.accepted()
    known = store.staged(plan.snapshot_sha256) is not None
    known = known or (accepted is not None and accepted.sha256 == plan.snapshot_sha256)
    digest = digest_of(
        plan.changes, plan.today, plan.snapshot_sha256, plan.ledger_serial, ports.policy_hash, ports.services_hash
    )
    if any(run.digest == plan.digest and run.result == RUNNING for run in store.runs()):
        raise StalePlan("This very plan was begun, and interrupted.", next_step="`nexusops resume` finishes it.")
    if plan.site != ports.site.name:
        raise StalePlan(f"The plan is for the site {plan.site}, not for {ports.site.name}.", next_step=again)
    if plan.today != today:
        raise StalePlan(f"The plan was made for {plan.today}, and today is {today}.", next_step=again)
    if at < plan.at:
        message = f"The plan was made at {_told(plan.at)}, and now it is {_told(at)}; check the clock of this machine."
        raise StalePlan(message, next_step=again)
    if plan.ledger_serial != store.serial():
        message = (
            f"The ledger has moved on since the plan was made (serial {plan.ledger_serial}, now {store.serial()})."
        )
        raise StalePlan(message, next_step=again)
    if not known:
        message = "The snapshot that the plan rests on is no longer the latest one: a later plan has read another."
        raise StalePlan(message, next_step=again)
    if digest != plan.digest:
        message = "The plan's content does not match its digest: it was edited, or policy or services changed since."
        raise StalePlan(message, next_step=again)
    if not hmac.compare_digest(sealed(store, plan).plan_id.encode(), plan.plan_id.encode()):
        message = "The plan was not made with this state, or not by this version of nexusops: it may have been edited."
        raise StalePlan(message, next_step=again)


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
