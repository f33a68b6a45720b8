"""Who may what in the console: roles from guard.toml, and IT staff of units from the registration data (R30, R62)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from nexusops.model.frozen import frozen
from nexusops.model.ids import UnitId
from nexusops.model.people import Staff
from nexusops.plan.guard import GuardLimits


class Role(StrEnum):
    POSTMASTER = "postmaster"
    DESK = "desk"
    AUDITOR = "auditor"
    UNIT_IT = "unit IT"


class Right(StrEnum):
    """What a page or an action takes. Whoever has a right by the role unit IT alone has it for their units only."""

    SEE_PLAN = "see the plan"
    SEE_PEOPLE = "look people up"
    SEE_UNITS = "see units"
    SEE_FINDINGS = "see findings"
    SEE_REQUESTS = "see requests for SaaS mail"
    SEE_RUNS = "see runs and their journal"
    SEE_FORECAST = "see the forecast"
    APPROVE = "approve plans"
    CARRY_OUT = "carry plans out"
    HAND_OVER = "hand mailboxes over"
    FILE_REQUEST = "file requests for SaaS mail"


_READ = frozenset(
    {
        Right.SEE_PLAN,
        Right.SEE_PEOPLE,
        Right.SEE_UNITS,
        Right.SEE_FINDINGS,
        Right.SEE_REQUESTS,
        Right.SEE_RUNS,
        Right.SEE_FORECAST,
    }
)
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.POSTMASTER: frozenset(Right),
    Role.DESK: _READ | {Right.HAND_OVER},
    Role.AUDITOR: _READ,
    Role.UNIT_IT: _READ - {Right.SEE_RUNS, Right.SEE_FORECAST} | {Right.HAND_OVER, Right.FILE_REQUEST},
}
EVERYWHERE = frozenset({Role.POSTMASTER, Role.DESK, Role.AUDITOR})
"""Roles whose rights are not limited to units."""


@frozen
class Viewer:
    """Somebody who has signed in. ``username`` is the actor of the journal; ``units`` are those that they support."""

    username: str
    name: str
    roles: frozenset[Role]
    units: frozenset[UnitId] = frozenset()

    def may(self, right: Right) -> bool:
        return any(right in RIGHTS[role] for role in self.roles)

    def everywhere(self, right: Right) -> bool:
        """Whether the right is not limited to their own units."""
        return any(right in RIGHTS[role] for role in self.roles & EVERYWHERE)

    def may_in(self, right: Right, units: Collection[str]) -> bool:
        """The right, for something that concerns these units."""
        return self.everywhere(right) or (self.may(right) and not self.units.isdisjoint(map(UnitId, units)))


def viewer_of(username: str, name: str, limits: GuardLimits, staff: Iterable[Staff]) -> Viewer:
    """The roles that configuration, in whatever capitals, and registration data give to a username now."""
    units = frozenset(row.unit_id for row in staff if row.staff_id == username)
    named = {Role.POSTMASTER: limits.postmaster, Role.DESK: limits.desk, Role.AUDITOR: limits.auditor}
    roles = {role for role, usernames in named.items() if username in {one.casefold() for one in usernames}}
    return Viewer(
        username=username, name=name, roles=frozenset(roles | ({Role.UNIT_IT} if units else set())), units=units
    )


def sole_viewer(username: str) -> Viewer:
    """The one person of the single-user mode: whoever can read the state may do in the console what they may anyway."""
    return Viewer(username=username, name=username, roles=frozenset({Role.POSTMASTER}))
