"""Passes, or says which limit is exceeded by how much (D28; interface.md 4). Monotone: more changes never pass more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import field

from nexusops.model.changes import Kind, kind_of
from nexusops.model.frozen import frozen
from nexusops.model.ids import UnitId
from nexusops.model.plan import GuardReport, Planned

DESTRUCTIVE = "Destructive"
TAKEN_OVER = "TakenOver"
"""Mailboxes that are in the tenant, where the ledger knows of none at all: it was lost, or nobody has adopted them."""
NO_HISTORY = "The state has no history, and {} mailboxes of people and units are in the tenant already"
FIRST_OF_ALL = "If the state was lost, restore its backup; if nexusops is new to this tenant, use `nexusops adopt`."
_UNIT = "unit:"
DESTRUCTIVE_KINDS = frozenset({Kind.WIND_DOWN_ADDRESS, Kind.DISABLE_MAILBOX, Kind.REMOVE_ADDRESS, Kind.DELETE_MAILBOX})


@frozen
class Limit:
    """At most ``count`` changes, or ``percent`` of the live mailboxes; with both, the larger one. The limit itself
    passes.
    """

    count: int | None = None
    percent: float | None = None

    def value(self, live_mailboxes: int) -> int:
        share = math.floor(live_mailboxes * self.percent / 100) if self.percent is not None else 0
        return max(self.count or 0, share)


@frozen
class GuardLimits:
    """``limits``: ``Destructive``, a kind, or ``unit:ID`` (destructive changes of its people, and of what belongs to
    it).
    """

    limits: Mapping[str, Limit] = field(default_factory=dict)
    security: tuple[str, ...] = ()
    """guard.toml [roles]: who may use --override; empty: anybody."""
    postmaster: tuple[str, ...] = ()
    """Who may see everything in the console, approve plans and carry them out."""
    desk: tuple[str, ...] = ()
    auditor: tuple[str, ...] = ()
    approvers: int = 1
    """How many people must approve a guarded plan."""

    @property
    def units(self) -> frozenset[UnitId]:
        """Those that have a limit of their own."""
        return frozenset(UnitId(name.removeprefix(_UNIT)) for name in self.limits if name.startswith(_UNIT))


def check(
    changes: Iterable[Planned],
    limits: GuardLimits,
    live_mailboxes: int,
    units: Mapping[str, tuple[UnitId, ...]],
    accept: Mapping[str, int],
    taken_over: int = 0,
) -> GuardReport:
    """Counts the plan against the limits. ``units``: subject -> units; a subject that is missing there may be one
    itself. ``accept``: limit -> exactly the number planned. ``taken_over`` is told of only where there is something.
    """
    counts: dict[str, int] = {DESTRUCTIVE: 0, TAKEN_OVER: taken_over}
    for planned in changes:
        kind = kind_of(planned.change)
        counts[kind.value] = counts.get(kind.value, 0) + 1
        if kind in DESTRUCTIVE_KINDS:
            counts[DESTRUCTIVE] += 1
            subject = planned.change.why.subject
            for unit in units.get(subject, (UnitId(subject),)):
                counts[f"{_UNIT}{unit}"] = counts.get(f"{_UNIT}{unit}", 0) + 1
    told = {name: limit for name, limit in limits.limits.items() if name != TAKEN_OVER or taken_over}
    values = {name: limit.value(live_mailboxes) for name, limit in told.items()}
    over = [name for name in sorted(values) if counts.get(name, 0) > values[name]]
    # A number is one person's word: where several must approve, it lifts nothing.
    alone = limits.approvers <= 1
    accepted = tuple(name for name in over if alone and accept.get(name) == counts.get(name, 0))
    return GuardReport(
        counts={name: counts.get(name, 0) for name in sorted(values)},
        limits={name: values[name] for name in sorted(values)},
        tripped=tuple(name for name in over if name not in accepted),
        accepted=accepted,
        approvers=limits.approvers,
    )
