"""What registration and the ledger say of a request for SaaS mail, and the answer to it (R61-R74; D37-D39)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.dates import earliest
from nexusops.model.findings import Severity
from nexusops.model.ids import Address, Domain, PersonId
from nexusops.model.ledger import HoldKind, Ledger
from nexusops.model.mailboxes import Mailbox
from nexusops.model.services import (
    ENDED,
    RUNNING,
    Advice,
    DnsFacts,
    Ruling,
    SendingPath,
    Service,
    ServiceRequest,
)
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import OVER, DomainState
from nexusops.plan.boxes.judgement import JudgedBox, in_scope, may_own
from nexusops.plan.boxes.wishes import is_username
from nexusops.plan.domains import least_end
from nexusops.plan.setting import Setting
from nexusops.rules.book import Holders, kept_by_tenant
from nexusops.rules.services.life import Circumstances, ended, judge
from nexusops.rules.services.ways import Facts, advise, names_of, path_of


def advice_on(
    request: ServiceRequest,
    snapshot: Snapshot,
    holders: Holders,
    setting: Setting,
    *,
    ledger: Ledger,
    dns: DnsFacts,
) -> Advice:
    """The answer to one request, among all the others. ``holders`` know who has its address, ``ledger`` who has its
    service domain, and whom it was handed over to.
    """
    request = replace(request, owner_person_id=owner_of(request, ledger))
    facts = facts_of(request, snapshot, holders, setting, ledger.domain_holders)
    facts = replace(facts, spf=dns.spf, permitted=dns.permitted, taken=facts.taken | dns.taken)
    return advise(request, facts, setting.policy, setting.today)


def domains_held(rows: Iterable[Service]) -> dict[Domain, str]:
    """Whose request each service domain is (D39): of whoever has it or gets it, until its records are taken away."""
    having = (row for row in rows if row.state in RUNNING or row.published)
    return {row.domain: row.request_id for row in having if row.domain is not None}


def wanted_domains(snapshot: Snapshot, boxes: Collection[str]) -> frozenset[Domain]:
    """The service domains that these requests want."""
    requests = (snapshot.services[name] for name in boxes if name in snapshot.services)
    homes = ((one, snapshot.units[one.unit_id].domain) for one in requests if one.unit_id in snapshot.units)
    return frozenset(Domain(name) for one, home in homes for name in names_of(one, home) if "@" not in name)


def facts_of(
    request: ServiceRequest, snapshot: Snapshot, holders: Holders, setting: Setting, holding: Mapping[Domain, str]
) -> Facts:
    unit = setting.units.units.get(request.unit_id)
    domain = unit.domain if unit is not None else None
    wanted = names_of(request, domain)
    return Facts(
        unit_known=unit is not None,
        unit_domain=domain,
        usable=setting.units.gives_addresses(domain),
        requester_in_scope=in_scope(request.requester, request.unit_id, snapshot, setting),
        owner_may=may_own(request.owner_person_id, setting),
        taken=frozenset(name for name in wanted if _taken(name, request, snapshot, holders, holding, setting.people)),
        kept=frozenset(name for name in wanted if _kept(name, request, holders, setting)),
        id_taken=whose_id(request, snapshot, holders, setting),
    )


def whose_id(request: ServiceRequest, snapshot: Snapshot, holders: Holders, setting: Setting) -> str:
    """Whose the request's id is already as the name of a mailbox, in whatever case (Exchange knows one); else ''."""
    name = request.request_id
    if any(other.lower() == name.lower() for other in snapshot.nonpersonal_mailboxes):
        return f"{name} is the name of a mailbox in the registration data"
    path, _ = path_of(request)
    return (
        f"{name} is somebody's username" if path is SendingPath.MAILBOX and is_username(name, holders, setting) else ""
    )


def _taken(
    name: str,
    request: ServiceRequest,
    snapshot: Snapshot,
    holders: Holders,
    holding: Mapping[Domain, str],
    people: Collection[Address],
) -> bool:
    """An address that somebody else has or had, or that is somebody's first.last there (R23); a domain that exists;
    either, where another request has it (D39).
    """
    rows = holders.get(Address(name), ())
    if _is_own(rows, request):
        return False
    if holding.get(Domain(name), request.request_id) != request.request_id or Domain(name) in snapshot.domains:
        return True
    return Address(name) in people or bool(rows and (rows[-1].live or rows[-1].kind is AddressKind.PERSONAL))


def _kept(name: str, request: ServiceRequest, holders: Holders, setting: Setting) -> bool:
    """An address that the tenant still keeps with another mailbox, which was deleted (D08)."""
    rows = holders.get(Address(name), ())
    return bool(rows) and not _is_own(rows, request) and kept_by_tenant(rows[-1], setting.policy, setting.today)


def _is_own(rows: Sequence[Allocation], request: ServiceRequest) -> bool:
    """Whether its own mailbox has the address, or had it last."""
    return bool(rows) and (rows[-1].mailbox_key or "").startswith(f"box:{request.request_id}:")


def report(result: JudgedBox, advice: Advice, row: Service | None) -> None:
    """What was found about a request, as findings of its own; that an owner has gone is said with its cure."""
    if row is not None and row.state in ENDED:
        return  # nobody needs to know any more
    running = row is not None and row.state in RUNNING
    for point in advice.points:
        if running and point.code == "OWNER_INELIGIBLE":
            continue
        if row is not None and point.code == "DNS_UNKNOWN" and row.verified_on is not None:
            continue  # it was asked since, when it was proved
        quiet = advice.ruling is Ruling.APPROVED and point.code == "DNS_UNKNOWN"
        result.find(
            point.code, advice.request_id, " ".join(point.reasons), Severity.INFO if quiet else Severity.WARNING
        )


def settle_service(
    result: JudgedBox,
    request: ServiceRequest | None,
    advice: Advice | None,
    box: Mailbox | None,
    ledger: Ledger,
    setting: Setting,
) -> None:
    """The request's row beside its mailbox, which is judged before it (2.4)."""
    row = ledger.services.get(request.request_id if request is not None else result.scope.removeprefix("box:"))
    if request is None or advice is None:
        if row is not None:
            result.rows.append(ended(row, setting.today))
        return
    owner = box.owner_person_id if box is not None else owner_of(request, ledger)
    now = Circumstances(
        box=box,
        owner=owner,
        owner_may=may_own(owner, setting),
        domain_ended=_domain_ended(row, request, ledger, setting),
        signing=ledger.signing,
        notes=ledger.watched.get(request.request_id, ()),
    )
    after, reviews = judge(row, request, advice, now, setting.site, setting.policy, setting.today)
    if (day := _ends_on(after, ledger, setting)) is not None:
        after = replace(after, due_on=earliest(after.due_on, day))
        message = f"it ends with {after.home}, on {day} at the earliest: file another request, for a domain that stays"
        result.find("ROLES_END", request.request_id, message)
    result.rows.append(after)
    if after.signs and not after.sign and after.records != after.published:
        result.waits = "its records follow in the run after Exchange has ceased to sign"
    for review in reviews:
        result.find(review.code, request.request_id, review.message)
    if now.notes:
        from nexusops.rules.mailauth.check import severity_of

        for note in now.notes:
            result.find(note.code, request.request_id, note.message, severity_of(note.code))


def _ends_on(row: Service, ledger: Ledger, setting: Setting) -> date | None:
    """2.4, 2.5: with the mail domain that winds down, in which its unit may have no other address any more: when the
    last of the people's has ended, as far as that is known.
    """
    home = row.home
    given = row.state in RUNNING and (row.published or row.granted)
    if home is None or home not in setting.units.winding or not given:
        return None
    known, last = ledger.domains.get(home), ledger.domain_ends.get(home, date.max)
    began = known.since if known is not None and known.state == DomainState.WINDDOWN else setting.today
    day = least_end(began, setting.units.winding[home], setting.policy)
    return day if last == date.max else max(day, last)


def is_over(row: Service | None, request: ServiceRequest, ledger: Ledger, setting: Setting) -> bool:
    """Whether what it was given is taken away, its mailbox too: retired, or gone with its unit's domain (2.4)."""
    if row is None:
        return False
    return row.state in ENDED or (row.state in RUNNING and _domain_ended(row, request, ledger, setting))


def owner_of(request: ServiceRequest, ledger: Ledger) -> PersonId | None:
    """Who answers for it: as filed, unless it was handed over since (D31)."""
    hold = ledger.holds.get((request.request_id, HoldKind.HANDOVER))
    held = hold is not None and hold.fingerprint == (request.owner_person_id or "")
    return PersonId(hold.value) if hold is not None and held else request.owner_person_id


def _domain_ended(row: Service | None, request: ServiceRequest, ledger: Ledger, setting: Setting) -> bool:
    """2.5: the unit's domain receives nothing any more; a service beneath it, or an address in it, ends with it. What
    is published stays beneath the domain that was the unit's then (``home``), wherever the unit has its mail now.
    """
    unit = setting.units.units.get(request.unit_id)
    domain = row.home if row is not None and row.published else unit.domain if unit is not None else None
    if domain is None:
        return False
    now, known = setting.units.domains.get(domain), ledger.domains.get(domain)
    return (now is not None and now.state in OVER) or (known is not None and known.state in OVER)
