"""What registration and the ledger say of a request for SaaS mail, and the answer to it (R61-R74; D37-D39)."""

from __future__ import annotations

from nexusops.model.addresses import AddressKind
from nexusops.model.findings import Severity
from nexusops.model.ids import Address, Domain
from nexusops.model.services import Advice, Ruling, ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.plan.case import Setting
from nexusops.plan.judgement import JudgedBox, in_scope, may_own
from nexusops.rules.allocation import Holders
from nexusops.rules.services import Facts, advise, names_of


def advice_on(request: ServiceRequest, snapshot: Snapshot, holders: Holders, setting: Setting) -> Advice:
    """The answer to one request, among all the others. ``holders`` know who has its address."""
    return advise(request, _facts(request, snapshot, holders, setting), setting.policy, setting.today)


def _facts(request: ServiceRequest, snapshot: Snapshot, holders: Holders, setting: Setting) -> Facts:
    unit = setting.units.units.get(request.unit_id)
    domain = unit.domain if unit is not None else None
    wanted = names_of(request, domain)
    return Facts(
        unit_domain=domain,
        usable=setting.units.gives_addresses(domain),
        requester_in_scope=in_scope(request.requester, request.unit_id, snapshot, setting),
        owner_may=may_own(request.owner_person_id, setting),
        taken=frozenset(name for name in wanted if _taken(name, request, snapshot, holders)),
    )


def _taken(name: str, request: ServiceRequest, snapshot: Snapshot, holders: Holders) -> bool:
    """An address that somebody else has or had; a domain that exists, or that an earlier request gets (D39)."""
    if "@" in name:
        rows = holders.get(Address(name), ())
        ours = bool(rows) and (rows[-1].mailbox_key or "").startswith(f"box:{request.request_id}:")
        return bool(rows) and not ours and (rows[-1].live or rows[-1].kind is AddressKind.PERSONAL)
    earlier = (other for other in snapshot.services.values() if other.request_id < request.request_id)
    units = snapshot.units
    return Domain(name) in snapshot.domains or any(
        name in names_of(other, units[other.unit_id].domain) for other in earlier if other.unit_id in units
    )


def report(result: JudgedBox, advice: Advice) -> None:
    """What was found about a request, as findings of its own."""
    for point in advice.points:
        quiet = advice.ruling is Ruling.APPROVED and point.code == "DNS_UNKNOWN"
        result.find(
            point.code, advice.request_id, " ".join(point.reasons), Severity.INFO if quiet else Severity.WARNING
        )
