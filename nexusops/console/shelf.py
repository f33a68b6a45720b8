"""The plan and the forecast that the pages show, and the staff of units; kept for a while, since many pages look at
them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

from nexusops.console.answers import Page
from nexusops.errors import Refused
from nexusops.model.people import Staff
from nexusops.model.plan import Plan
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.decide import make_plan
from nexusops.pipeline.inputs import Ports, accepted_tables

FRESH = timedelta(minutes=5)
Made = TypeVar("Made")


@dataclass(slots=True)
class _Kept(Generic[Made]):
    """The last thing made, and for what. Of many who ask for it at once one makes it, and the others wait; whoever asks
    for something else waits for nobody.
    """

    made: tuple[Made, tuple[object, ...], datetime] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, made_for: tuple[object, ...], at: datetime, make: Callable[[], Made], *, anew: bool = False) -> Made:
        with self.lock:
            kept = self.made
            if anew or kept is None or kept[1] != made_for or not kept[2] <= at < kept[2] + FRESH:
                self.made = None
                self.made = kept = (make(), made_for, at)
            return kept[0]


@dataclass(slots=True)
class Shelf:
    """What is kept is only ever shown: whoever approves a plan or carries it out makes it anew first."""

    _plan: _Kept[Plan] = field(default_factory=_Kept)
    _forecast: _Kept[Page] = field(default_factory=_Kept)
    _small: Snapshot | None = None

    def plan(self, ports: Ports, at: datetime, *, anew: bool = False) -> Plan:
        """Today's plan, as ``nexusops plan`` makes it. Raises what that raises."""
        return self._plan.get(_stands(ports), at, partial(make_plan, ports, at=at), anew=anew)

    def forecast(self, ports: Ports, at: datetime, until: date, make: Callable[[], Page]) -> Page:
        """What will happen until that day. The page is kept, which is less than the forecast that it tells."""
        return self._forecast.get((until, *_stands(ports)), at, make)

    def accepted(self, ports: Ports) -> Snapshot:
        """The small tables of the last accepted snapshot: units, domains, staff. Raises Refused without one."""
        last = ports.store.accepted()
        if last is None:
            raise Refused(
                "There is nothing to show before the first run.",
                next_step="Have the first plan carried out, from the plan's page or with `nexusops run`.",
            )
        small = self._small
        if small is None or small.sha256 != last.sha256:
            self._small = small = accepted_tables(ports, only=()).slice((), {})
        return small

    def staff(self, ports: Ports) -> tuple[Staff, ...]:
        """IT staff of units (it_staff), from the last accepted snapshot; none where there is none yet."""
        return self.accepted(ports).staff if ports.store.accepted() is not None else ()


def _stands(ports: Ports) -> tuple[object, ...]:
    """What a plan, or a forecast, rests on beside the registration data of its time."""
    return ports.store.serial(), ports.policy_hash, ports.services_hash, ports.guard
