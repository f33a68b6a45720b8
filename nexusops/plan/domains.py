"""The state of each mail domain, as its row, its units and the reorganisations make it (rules.md 2.5; D36, D45)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from nexusops.model.dates import next_day
from nexusops.model.findings import Finding
from nexusops.model.ids import Domain, address
from nexusops.model.ledger import DomainRow, Ledger
from nexusops.model.policy import Policy
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import OVER, POSTS, DomainState, MailDomain
from nexusops.rules.reorganising import UnitMap


def judge_domains(
    ledger: Ledger, snapshot: Snapshot, units: UnitMap, policy: Policy, today: date
) -> tuple[DomainRow, ...]:
    """One row a domain of the snapshot; ``since`` is the day of the run that first saw its present state."""
    rows = []
    for row in snapshot.domains.values():
        state = domain_state(row, units, ledger.domain_ends, today, ledger.domains.get(row.domain), policy)
        before = ledger.domains.get(row.domain)
        if before is None or before.state != state:
            rows.append(DomainRow(domain=row.domain, state=state, since=today))
    return tuple(rows)


def missing_posts(ledger: Ledger, snapshot: Snapshot) -> list[Finding]:
    """2.5: before a domain begins there are postmaster@ and abuse@ in it. Reported while it is agreed and in the run
    that takes it as active; whether it is active is registration's to say.
    """
    boxes = (row.address for row in snapshot.nonpersonal_mailboxes.values())
    there = {*boxes, *snapshot.nonpersonal_addresses}
    found = []
    for row in snapshot.domains.values():
        before = ledger.domains.get(row.domain)
        begins = row.state is DomainState.ACTIVE and before is not None and before.state == DomainState.AGREED
        if row.zone != "ox" or not (begins or row.state is DomainState.AGREED):
            continue
        for post in POSTS:
            if address(post, row.domain) not in there:
                message = f"{row.domain} has no {post}@: have its unit ask for it before mail begins"
                found.append(Finding(code=f"NO_{post.upper()}", subject=row.domain, message=message))
    return found


def least_end(began: date, months: int, policy: Policy) -> date:
    """The earliest end of a domain that winds down since a day: its addresses' own date (rules.md 0)."""
    return max(policy.months_after(began, months), policy.notice_over(next_day(began)))


def ending_domains(snapshot: Snapshot) -> frozenset[Domain]:
    """Domains that wind down, or may, or have: by their row, or as the source of a reorganisation."""
    by_row = (row.domain for row in snapshot.domains.values() if row.state is DomainState.WINDDOWN or row.state in OVER)
    sources = (snapshot.units.get(reorg.source_unit) for reorg in snapshot.reorgs)
    return frozenset((*by_row, *(unit.domain for unit in sources if unit is not None and unit.domain is not None)))


def domain_state(
    row: MailDomain,
    units: UnitMap,
    ends: Mapping[Domain, date],
    today: date,
    before: DomainRow | None,
    policy: Policy,
) -> str:
    """What the domain is today. Winding down becomes failing once its last address has reached its end."""
    if row.zone == "foreign":
        return "closed" if row.state in OVER else "incoming_only"
    if row.state is DomainState.DEREGISTERED:
        return "deregistered"
    if row.domain in units.winding:
        if before is None or before.state not in ("winddown", "failing"):
            return "winddown"
        ended = max(least_end(before.since, units.winding[row.domain], policy), ends.get(row.domain, today)) <= today
        return "failing" if ended or before.state == "failing" else "winddown"
    if row.domain in units.ahead:
        return "active"
    if row.state is DomainState.ACTIVE and not row.managed:
        return "own_mail"
    return row.state.value
