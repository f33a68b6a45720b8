"""Which addresses of a case wind down, for which reason, for how long, and what takes their place (R37, R39, R53, R55;
D18, D30).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.ledger import PersonState
from nexusops.model.people import Affiliation
from nexusops.model.snapshot import Snapshot
from nexusops.model.tenant import Reason
from nexusops.plan.people.case import Case
from nexusops.plan.setting import Setting, why
from nexusops.rules.allocation import bring_forward, wind_down
from nexusops.rules.likeness import one_slip
from nexusops.rules.reorganising import Need


@frozen
class _Ending:
    """Why an active address goes: reason word, N, the address that takes over, and rule with sentence."""

    reason: str
    months: int
    successor: Address | None
    why: Reason


def wind_down_rest(
    case: Case,
    served: Sequence[Affiliation],
    wanted: Sequence[Need],
    settled: dict[Domain, Address],
    setting: Setting,
) -> None:
    """Everything of this person that no need keeps enters wind-down today."""
    needed = {need.domain for need in wanted}
    without = _without_target(case, served, setting)
    for row in case.personal:
        if settled.get(row.domain) == row.address or (row.domain in needed and case.state.base is None):
            continue
        if row.domain in without and row.state is AddressState.ACTIVE:
            continue
        if row.state is AddressState.ACTIVE and row.domain not in needed and _may_be_theirs(case, row, setting):
            continue
        if row.state is AddressState.WINDDOWN and row.reason == "reorg":
            case.put(_left_early(case, row, served, setting))
        elif row.state is AddressState.SUSPENDED and not row.gate:
            because = "its mailbox is enabled again, and it ends on the day that was asked for"
            case.put(replace(row, state=AddressState.WINDDOWN, rule="D43", because=because))
        elif row.state in (AddressState.ACTIVE, AddressState.SUSPENDED):
            ends = _sooner(case, row, _ending(case, row, served, needed, settled, setting), setting)
            case.put(
                wind_down(
                    row,
                    setting.today,
                    setting.policy,
                    months=ends.months,
                    reason=ends.reason,
                    why=replace(ends.why, evidence=_evidence(case, row, ends.reason, setting)),
                    successor=ends.successor,
                )
            )


def _evidence(case: Case, row: Allocation, reason: str, setting: Setting) -> tuple[Evidence, ...]:
    """Where to look: the card whose name changed, else the affiliation that the address was given for, which has ended
    or is no longer there.
    """
    given_for = [one.key for one in row.evidence if one.table == "affiliations"]
    if reason != "name" and given_for:
        return tuple(Evidence(table="affiliations", key=key, snapshot=setting.snapshot) for key in given_for)
    card_id = case.state.card_id
    return (Evidence(table="cards", key=card_id, snapshot=setting.snapshot),) if card_id else ()


def unclaimed_domains(snapshot: Snapshot) -> frozenset[Domain]:
    """The domains of the units in affiliations that belong to nobody."""
    units = (snapshot.units.get(UnitId(name)) for name in snapshot.unclaimed.get("affiliations", ()))
    return frozenset(unit.domain for unit in units if unit is not None and unit.domain is not None)


def strangers_by_domain(snapshot: Snapshot, states: Mapping[PersonId, PersonState]) -> dict[Domain, frozenset[str]]:
    """The person_ids in affiliations that nobody has or had, by the domains of the units; who has left had one."""
    found: dict[Domain, frozenset[str]] = {}
    for unit_id, ids in snapshot.strangers.items():
        unit = snapshot.units.get(UnitId(unit_id))
        if unit is not None and unit.domain is not None:
            strange = {one for one in ids if not _was_somebody(states.get(PersonId(one)))}
            found[unit.domain] = found.get(unit.domain, frozenset()) | strange
    return found


def _was_somebody(state: PersonState | None) -> bool:
    return state is not None and (state.username is not None or state.code is not None)


def _may_be_theirs(case: Case, row: Allocation, setting: Setting) -> bool:
    """D29: the affiliation that gives the address may be one of which nobody can tell whose it is, or one of somebody
    who was never here, and whose person_id is theirs but for a slip of the keyboard.
    """
    alike = sorted(one for one in setting.strangers.get(row.domain, ()) if one_slip(one, case.person_id))
    if row.domain not in setting.unclaimed and not alike:
        return False
    case.waits = f"an affiliation that may keep {row.address} belongs to nobody"
    whose = f"is of {alike[0]}, whom nobody knows" if alike else "names nobody"
    message = f"{row.address} has lost its affiliation, and one there {whose}; it stays until that one is repaired"
    case.find("ORPHAN_AFFILIATION", message)
    return True


def _without_target(case: Case, served: Sequence[Affiliation], setting: Setting) -> set[Domain | None]:
    """Domains of units that were split without saying where this person goes: the address stays (rules.md 3.11)."""
    found: set[Domain | None] = set()
    for affiliation in served:
        if setting.units.no_target(case.person_id, affiliation.unit_id):
            found.add(_domain_of(affiliation, setting))
            message = f"{affiliation.unit_id} was split, and reorg_members does not say where the person goes"
            evidence = [Evidence(table="affiliations", key=f"{case.person_id}/{affiliation.unit_id}")]
            case.find("REORG_NO_TARGET", message, evidence=evidence)
    return found


def _left_early(case: Case, row: Allocation, served: Sequence[Affiliation], setting: Setting) -> Allocation:
    """D30: leaving the unit while its domain winds down for longer brings the date forward."""
    if _still_there(case, row, served, setting):
        return row
    evidence = _evidence(case, row, "affiliation", setting)
    reason = why("D30", "the affiliation to the former unit has ended", *evidence)
    return bring_forward(row, setting.today, setting.policy, reason)


def _still_there(case: Case, row: Allocation, served: Sequence[Affiliation], setting: Setting) -> bool:
    """Whether somebody is in a unit of this domain yet, or in one that it became, to which they may have moved."""
    became = {
        setting.units.unit_for(case.person_id, unit.unit_id)
        for unit in setting.units.units.values()
        if unit.domain == row.domain
    }
    places = {row.domain, row.successor.rpartition("@")[2] if row.successor else row.domain}
    return any(
        affiliation.unit_id in became
        or _domain_of(affiliation, setting) == row.domain
        or _moved_domain(case, affiliation, setting) in places
        for affiliation in served
    )


def _domain_of(affiliation: Affiliation, setting: Setting) -> Domain | None:
    unit = setting.units.units.get(affiliation.unit_id)
    return unit.domain if unit else None


def _moved_domain(case: Case, affiliation: Affiliation, setting: Setting) -> Domain | None:
    unit = setting.units.units.get(setting.units.unit_for(case.person_id, affiliation.unit_id))
    return unit.domain if unit else None


def _ending(
    case: Case,
    row: Allocation,
    served: Sequence[Affiliation],
    needed: set[Domain],
    settled: dict[Domain, Address],
    setting: Setting,
) -> _Ending:
    """Which of the reasons of 2.1 ends this address."""
    months = setting.policy.winddown.months
    if row.domain in needed:
        because = "the name changed, and the new one has its own address"
        return _Ending(reason="name", months=months, successor=settled.get(row.domain), why=why("R37", because))
    went = _reorganised(case, row, served, settled, setting) or _taken_along(case, row, served, settled, setting)
    if went is not None:
        return went
    if row.domain in setting.units.winding and _still_there(case, row, served, setting):
        because = f"the mail domain {row.domain} winds down"
        months = setting.units.winding[row.domain]
        return _Ending(reason="reorg", months=months, successor=None, why=why("R53", because))
    members = [a for a in served if _domain_of(a, setting) == row.domain]
    if members and not setting.units.gives_addresses(row.domain):
        own = not setting.units.managed(row.domain) or any(
            setting.units.units[m.unit_id].own_mail for m in members if m.unit_id in setting.units.units
        )
        because = (
            f"mail for {row.domain} is no longer managed by the University" if own else f"{row.domain} is not active"
        )
        reason = "own_mail" if own else "domain"
        return _Ending(reason=reason, months=months, successor=None, why=why("R55" if own else "R50", because))
    because = f"there is no current affiliation with {row.domain} any more"
    return _Ending(reason="affiliation", months=months, successor=None, why=why("R39", because))


def _sooner(case: Case, row: Allocation, ends: _Ending, setting: Setting) -> _Ending:
    """D22: a name that changes on the day on which the unit's domain goes ends the address after its own two months."""
    months = setting.policy.winddown.months
    if case.state.base in (None, row.base) or ends.months <= months:
        return ends
    because = "the name changed, and that ends the address sooner than the end of its mail domain does"
    return _Ending(reason="name", months=months, successor=ends.successor, why=why("D22", because))


def _reorganised(
    case: Case, row: Allocation, served: Sequence[Affiliation], settled: dict[Domain, Address], setting: Setting
) -> _Ending | None:
    """A unit that the address served became another one; the affiliation may have moved along with it (R52, D18)."""
    units, present = setting.units, [affiliation.unit_id for affiliation in served]
    before = case.before.served if case.before is not None else ()
    for unit_id in dict.fromkeys((*present, *before)):
        unit, target = units.units.get(unit_id), units.unit_for(case.person_id, unit_id)
        if unit is None or unit.domain != row.domain or target == unit_id:
            continue
        domain = units.units[target].domain if target in units.units else None
        successor = settled.get(domain) if domain is not None else None
        if unit_id not in present and successor is None:
            continue
        because = f"{unit_id} became {target}, and the addresses of {row.domain} wind down"
        months = units.winding.get(row.domain) or units.months.get(unit_id, setting.policy.winddown.months)
        return _Ending(reason="reorg", months=months, successor=successor, why=why("R53", because))
    return None


def _taken_along(
    case: Case, row: Allocation, served: Sequence[Affiliation], settled: dict[Domain, Address], setting: Setting
) -> _Ending | None:
    """The unit that it was given for is the same, and has another domain: a merge of one (2.6, D18)."""
    given_for = {evidence.key for evidence in row.evidence if evidence.table == "affiliations"}
    for affiliation in served:
        domain = _moved_domain(case, affiliation, setting)
        successor = settled.get(domain) if domain is not None else None
        if f"{case.person_id}/{affiliation.unit_id}" in given_for and successor is not None and domain != row.domain:
            because = f"{affiliation.unit_id} has its mail in {domain} now"
            renamed = setting.units.renamed.get(affiliation.unit_id, setting.policy.winddown.months)
            months = setting.units.winding.get(row.domain, renamed)
            return _Ending(reason="reorg", months=months, successor=successor, why=why("R53", because))
    return None
