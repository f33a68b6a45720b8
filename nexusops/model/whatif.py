"""What another policy would change: the same time looked ahead twice, side by side."""

from __future__ import annotations

from datetime import date

from nexusops.model.forecast import Forecast
from nexusops.model.frozen import frozen


@frozen
class Shift:
    """One change that would come on another day, or only under one of the policies (None: not by then)."""

    subject: str
    kind: str
    target: str
    now: date | None
    then: date | None
    rule: str
    because: str


@frozen
class Altered:
    """A key of the policy with its two values."""

    key: str
    now: object
    then: object


@frozen
class Comparison:
    """``now``: what will happen under the policy in force; ``then``: under the other one."""

    now: Forecast
    then: Forecast
    altered: tuple[Altered, ...]
    shifts: tuple[Shift, ...]

    @property
    def affected(self) -> frozenset[str]:
        return frozenset(shift.subject for shift in self.shifts)
