"""The plan that the pages show, and the staff of units; kept for a while, since many pages look at them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nexusops.model.people import Staff
from nexusops.model.plan import Plan
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.decide import make_plan
from nexusops.pipeline.inputs import Ports, accepted_tables

FRESH = timedelta(minutes=5)


@dataclass(slots=True)
class Shelf:
    """What is kept is only ever shown: whoever approves a plan or carries it out makes it anew first."""

    _plan: Plan | None = None
    _made_for: tuple[object, ...] = ()
    _small: Snapshot | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, ports: Ports, at: datetime, *, anew: bool = False) -> Plan:
        """Today's plan, as ``nexusops plan`` makes it. Raises what that raises."""
        with self._lock:
            made_for = (ports.store.serial(), ports.policy_hash, ports.services_hash, ports.guard)
            kept = self._plan
            if anew or kept is None or made_for != self._made_for or not kept.at <= at < kept.at + FRESH:
                kept = self._plan = None
                self._plan = kept = make_plan(ports, at=at)
                self._made_for = made_for
            return kept

    def accepted(self, ports: Ports) -> Snapshot:
        """The small tables of the last accepted snapshot: units, domains, staff. Raises Refused without one."""
        last = ports.store.accepted()
        with self._lock:
            if self._small is None or last is None or self._small.sha256 != last.sha256:
                self._small = accepted_tables(ports, only=()).slice((), {})
            return self._small

    def staff(self, ports: Ports) -> tuple[Staff, ...]:
        """IT staff of units (it_staff), from the last accepted snapshot; none where there is none yet."""
        return self.accepted(ports).staff if ports.store.accepted() is not None else ()
