"""Units and mail domains: which domains give addresses today, and what takes their place (R48-R55; D30, D45; 2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.ids import Domain, PersonId, UnitId
from nexusops.model.people import Affiliation
from nexusops.model.policy import Policy
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import DomainState, MailDomain, Reorg, Unit, UnitClass


@dataclass(frozen=True, kw_only=True)
class UnitMap:
    """Units, domains and the reorganisations in effect, as the rules ask for them.

    ``successors`` maps a source unit to its target for merges and renames; ``split`` (unit, person) to the target of
    that person. ``winding`` are the domains that wind down, with N (R53), ``months`` the N of each unit that has gone
    elsewhere, ``renamed`` that of each which is the same unit and takes its mail to another domain. ``starts`` are the
    days on which a reorganisation touches a unit, ``ahead`` the domains whose wind-down is announced and has not begun.
    ``split_units`` are source units of a split, so that a member without a target can be reported.
    """

    units: Mapping[UnitId, Unit]
    domains: Mapping[Domain, MailDomain]
    successors: Mapping[UnitId, UnitId]
    split: Mapping[tuple[UnitId, PersonId], UnitId]
    split_units: frozenset[UnitId]
    winding: Mapping[Domain, int]
    months: Mapping[UnitId, int]
    starts: Mapping[UnitId, tuple[date, ...]]
    renamed: Mapping[UnitId, int] = field(default_factory=dict)
    ahead: frozenset[Domain] = frozenset()
    findings: tuple[Finding, ...] = ()

    def unit_for(self, person_id: PersonId, unit_id: UnitId) -> UnitId:
        """The unit that serves this affiliation today: itself, or what it was merged, renamed or split into (D30)."""
        if not self.split and unit_id not in self.successors:
            return unit_id
        seen = {unit_id}
        while True:
            following = self.split.get((unit_id, person_id)) or self.successors.get(unit_id)
            if following is None or following in seen:
                return unit_id
            seen.add(following)
            unit_id = following

    @cached_property
    def giving(self) -> frozenset[Domain]:
        """Domains in which people get addresses: under the site, managed, active and not winding down."""
        return frozenset(
            row.domain
            for row in self.domains.values()
            if row.managed
            and row.zone == "ox"
            and (row.state is DomainState.ACTIVE or row.domain in self.ahead)
            and row.domain not in self.winding
        )

    def gives_addresses(self, domain: Domain | None) -> bool:
        return domain in self.giving

    def takes_roles(self, domain: Domain) -> bool:
        """Whether units may ask for addresses there: routed here, begun or agreed, and not on its way out (R27)."""
        row = self.domains.get(domain)
        if row is None or domain in self.winding or not row.managed:
            return False
        return row.state in (DomainState.AGREED, DomainState.ACTIVE) or domain in self.ahead

    def managed(self, domain: Domain) -> bool:
        """Whether the University routes this domain's mail (R55, R58)."""
        row = self.domains.get(domain)
        return row is not None and row.managed

    def no_target(self, person_id: PersonId, unit_id: UnitId) -> bool:
        return unit_id in self.split_units and (unit_id, person_id) not in self.split


@frozen
class Need:
    """A domain in which a person should have an address, for the earliest of the affiliations that it serves (D19).

    ``classes``: the earliest of each class, as a college may share the domain of a department (D16).
    """

    domain: Domain
    start: date
    unit_id: UnitId
    classes: Mapping[UnitClass, tuple[date, str]]


def unit_map(snapshot: Snapshot, policy: Policy, today: date) -> UnitMap:
    """Applies the reorganisations that are in effect today; a refused one does nothing (rules.md 3.17)."""
    good: list[Reorg] = []
    findings: list[Finding] = []
    for reorg in sorted(snapshot.reorgs, key=lambda r: (r.effective_on, r.reorg_id, r.source_unit, r.target_unit)):
        refusal = _refusal(reorg, snapshot, policy)
        if refusal is not None:
            findings.append(refusal)
        else:
            good.append(reorg)
    begun = [reorg for reorg in good if reorg.effective_on <= today]
    effective = _in_force(begun)
    months = {reorg.source_unit: reorg.months for reorg in sorted(effective, key=lambda r: r.months)}
    members = {(m.reorg_id, m.person_id): m.target_unit for m in snapshot.reorg_members}
    splits = {reorg.reorg_id: reorg.source_unit for reorg in effective if reorg.kind == "split"}
    starts: dict[UnitId, tuple[date, ...]] = {}
    for reorg in good:
        for unit_id in (reorg.source_unit, reorg.target_unit):
            starts[unit_id] = (*starts.get(unit_id, ()), reorg.effective_on)
    ahead = {d.domain: d.winddown_start for d in snapshot.domains.values() if _begins_later(d, today)}
    for unit in snapshot.units.values():
        begins = ahead.get(unit.domain) if unit.domain is not None else None
        if begins is not None:
            starts[unit.unit_id] = (*starts.get(unit.unit_id, ()), begins)
    successors = {reorg.source_unit: reorg.target_unit for reorg in effective if reorg.kind != "split"}
    return UnitMap(
        units=snapshot.units,
        domains=snapshot.domains,
        successors=successors,
        split={
            (splits[reorg_id], person): target for (reorg_id, person), target in members.items() if reorg_id in splits
        },
        split_units=frozenset(splits.values()),
        winding=_winding(months, effective, snapshot, policy, today),
        months=months,
        starts=starts,
        renamed={reorg.source_unit: reorg.months for reorg in begun if reorg.source_unit == reorg.target_unit},
        ahead=frozenset(ahead),
        findings=(*findings, *_unlikely_months(snapshot, policy)),
    )


def _in_force(begun: Iterable[Reorg]) -> list[Reorg]:
    """What holds of the reorganisations that have begun, oldest first: the last word on each unit that went whole.

    A unit into which its own successor is merged later is there again, and its going is over: else both would wind
    down, and nobody had an address. A unit that is merely renamed has not gone (2.6).
    """
    held = [reorg for reorg in begun if reorg.kind == "split"]
    gone: dict[UnitId, Reorg] = {}
    for reorg in begun:
        source, target = reorg.source_unit, reorg.target_unit
        if reorg.kind == "split" or source == target:
            continue
        gone[source] = reorg
        onward = target
        while onward in gone and onward != source:
            onward = gone[onward].target_unit
        if onward == source:
            del gone[target]
    return [*held, *gone.values()]


def _refusal(reorg: Reorg, snapshot: Snapshot, policy: Policy) -> Finding | None:
    """R53: N in 2..6 months; longer only as negotiated; the units must exist."""
    limits = policy.reorg
    subject = reorg.reorg_id
    if reorg.source_unit not in snapshot.units or reorg.target_unit not in snapshot.units:
        missing = reorg.source_unit if reorg.source_unit not in snapshot.units else reorg.target_unit
        return Finding(
            code="UNIT_MISSING", subject=subject, message=f"the reorganisation names the unknown unit {missing}"
        )
    if reorg.months < limits.min_months:
        message = f"a wind-down takes {limits.min_months} months at least, and this one {reorg.months}; it is refused"
        return Finding(code="REORG_MONTHS", subject=subject, message=message, severity=Severity.ALERT)
    if reorg.months > limits.max_months and not reorg.negotiated_ref:
        message = f"{reorg.months} months are more than {limits.max_months} and nothing was negotiated; it is refused"
        return Finding(code="REORG_MONTHS", subject=subject, message=message, severity=Severity.ALERT)
    return None


def _begins_later(row: MailDomain, today: date) -> bool:
    """Whether the domain's row announces a wind-down that has not begun; until then it is active (2.5)."""
    return row.state is DomainState.WINDDOWN and row.winddown_start is not None and row.winddown_start > today


def domain_months(row: MailDomain, policy: Policy) -> int:
    """R53: what a domain's row says, or the nearest that may be; longer only as negotiated."""
    limits, months = policy.reorg, row.winddown_months
    if months is None:
        return limits.min_months
    if months > limits.max_months and row.negotiated_ref:
        return months
    return min(max(months, limits.min_months), limits.max_months)


def _unlikely_months(snapshot: Snapshot, policy: Policy) -> Iterator[Finding]:
    for row in snapshot.domains.values():
        said, taken = row.winddown_months, domain_months(row, policy)
        if said is not None and said != taken:
            few = said < taken
            message = f"{said} months are fewer than {taken}" if few else f"{said} months without a negotiated_ref"
            yield Finding(
                code="REORG_MONTHS",
                subject=row.domain,
                message=f"{message}; taken as {taken}",
                evidence=(Evidence(table="domains", key=row.domain, snapshot=snapshot.sha256),),
            )


def _winding(
    gone: Mapping[UnitId, int], effective: Iterable[Reorg], snapshot: Snapshot, policy: Policy, today: date
) -> dict[Domain, int]:
    """Domains that wind down, with N: by their row, or because every unit that used them has gone elsewhere (R52)."""
    winding: dict[Domain, int] = {}
    for row in snapshot.domains.values():
        if row.state is DomainState.WINDDOWN and not _begins_later(row, today):
            winding[row.domain] = domain_months(row, policy)
    for reorg in effective:
        domain = snapshot.units[reorg.source_unit].domain
        if domain is None or domain == snapshot.units[reorg.target_unit].domain:
            continue
        users = [unit.unit_id for unit in snapshot.units.values() if unit.domain == domain]
        if all(user in gone for user in users):
            winding[domain] = max(gone[user] for user in users)
    return winding


def needs(person_id: PersonId, served: Iterable[Affiliation], units: UnitMap) -> tuple[Need, ...]:
    """The domains that the served affiliations give, in the order of the earliest affiliation each (R8, R9, D19)."""
    found: dict[Domain, Need] = {}
    for affiliation in sorted(served, key=lambda a: (a.start_date, a.unit_id)):
        unit = units.units.get(units.unit_for(person_id, affiliation.unit_id))
        if unit is None or unit.domain is None or unit.own_mail or not units.gives_addresses(unit.domain):
            continue
        need = found.get(unit.domain)
        found[unit.domain] = Need(
            domain=unit.domain,
            start=need.start if need else affiliation.start_date,
            unit_id=need.unit_id if need else affiliation.unit_id,
            classes={unit.unit_class: (affiliation.start_date, affiliation.unit_id), **(need.classes if need else {})},
        )
    return tuple(found.values())


def serve(
    current: Iterable[Affiliation], served_before: tuple[UnitId, ...], most: int
) -> tuple[tuple[Affiliation, ...], tuple[Affiliation, ...]]:
    """D20: those served already stay; free places go by (start_date, unit_id). Returns served and left out."""
    ordered = sorted(current, key=lambda a: (a.start_date, a.unit_id))
    if len(ordered) <= most:
        return tuple(ordered), ()
    kept = [a for a in ordered if a.unit_id in served_before][:most]
    for affiliation in ordered:
        if len(kept) >= most:
            break
        if affiliation not in kept:
            kept.append(affiliation)
    return tuple(a for a in ordered if a in kept), tuple(a for a in ordered if a not in kept)
