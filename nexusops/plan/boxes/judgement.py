"""What judging a non-personal mailbox and an address have in common: the result, scope, and the domain's end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.journal import LedgerRow
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.policy import Policy
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import OVER
from nexusops.plan.domains import least_end
from nexusops.plan.setting import Setting, why
from nexusops.rules.allocation import end
from nexusops.rules.book import Holders, kept_by_tenant


class Refusal(NamedTuple):
    """Why something cannot be had as it was asked for: the code of the finding, and its sentence."""

    code: str
    message: str


@dataclass(slots=True, kw_only=True)
class JudgedBox:
    """The rows as they are to be, and what was found, of one mailbox or one address."""

    scope: str
    rows: list[LedgerRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    waits: str = ""
    """Why the next run must look again, whatever the registration data say then."""

    def refuse(self, code: str, subject: str, message: str) -> None:
        """What was asked for cannot be had yet; each run looks again, since others may free what it needs."""
        self.find(code, subject, message)
        self.waits = "refused"

    def find(self, code: str, subject: str, message: str, severity: Severity = Severity.WARNING) -> None:
        self.findings.append(Finding(code=code, subject=subject, message=message, severity=severity, scope=self.scope))


def in_scope(staff_id: str, unit_id: UnitId, snapshot: Snapshot, setting: Setting) -> bool:
    """R30, rules.md 3.13: registration itself, or IT staff of the unit who are still here."""
    if staff_id == "registration":
        return True
    for staff in snapshot.staff:
        if staff.staff_id == staff_id and staff.unit_id == unit_id:
            state = setting.owners.get(staff.person_id)
            return state is None or state.state is not Standing.OUT
    return False


def may_own(owner: PersonId | None, setting: Setting) -> bool:
    return may_own_as(setting.owners.get(owner) if owner else None, setting.policy)


def may_own_as(state: PersonState | None, policy: Policy) -> bool:
    """D31: an owner is a living member whose status is among the owning codes."""
    if state is None:
        return False
    kept = state.state in (Standing.ENTITLED, Standing.GRACE, Standing.MISSING_HOLD, Standing.FROZEN)
    return kept and not state.deceased and state.code in policy.secondary.owner_codes


def unit_owns(unit_id: UnitId, domain: Domain, setting: Setting) -> bool:
    """Whether the domain is known, and the unit's (R25)."""
    unit = setting.units.units.get(unit_id)
    return unit is not None and unit.domain == domain and domain in setting.units.domains


def taken_by(
    wanted: Address, holders: Holders, setting: Setting, *, routed_only: bool = False, on: MailboxKey | None
) -> str | None:
    """Why a unit cannot have an address: somebody has it or had it, or the tenant keeps it with a mailbox that was
    deleted (another than ``on``), unless it is only to be routed (R17, R23, R25).
    """
    rows = holders.get(wanted, ())
    if rows and (rows[-1].live or rows[-1].kind is AddressKind.PERSONAL):
        return f"{wanted} is taken; ask for another one"
    kept = bool(rows) and not routed_only and (on is None or rows[-1].mailbox_key != on)
    if kept and kept_by_tenant(rows[-1], setting.policy, setting.today):
        return f"{wanted} was deleted with its mailbox, which keeps it until it is purged; wait, or ask for another one"
    if wanted in setting.people:
        return f"{wanted} is the name of a person in that domain; ask for another one"
    return None


def domain_months(domain: Domain, setting: Setting) -> int | None:
    """N of a domain on its way out: it winds down, or its row calls it failing or deregistered; None: it stays."""
    row = setting.units.domains.get(domain)
    over = row is not None and row.state in OVER
    return setting.units.winding.get(domain, setting.policy.winddown.months if over else None)


def domain_end(row: Allocation, setting: Setting) -> Allocation:
    """A non-personal address gets its domain's end date when that winds down, and ends on it (R27, 2.5).

    The date stands when the domain's row goes on to failing, or away; only a domain that is back takes it off.
    """
    today = setting.today
    months = domain_months(row.domain, setting)
    if months is None and row.domain in setting.units.domains:
        return replace(row, delete_on=None, winddown_on=None) if row.winddown_on is not None else row
    if row.winddown_on is None and months is not None:
        reason = "reorg" if row.domain in setting.units.winding else "domain"
        ends = least_end(today, months, setting.policy)
        row = replace(row, winddown_on=today, delete_on=ends, reason=reason)
    if row.delete_on is not None and today >= row.delete_on:
        return end(row, today, why("R27", f"its mail domain {row.domain} has ended"))
    return row
