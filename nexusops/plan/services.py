"""What registration and the ledger say of a request for SaaS mail, and the answer to it (R61-R74; D37-D39)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from nexusops.model.addresses import AddressKind
from nexusops.model.changes import (
    Change,
    GrantAccess,
    OnMailbox,
    PublishRecords,
    RetireRecords,
    RevokeAccess,
    Why,
)
from nexusops.model.dns import SigningStep
from nexusops.model.dns_spf import SpfReport
from nexusops.model.findings import Evidence, Severity
from nexusops.model.ids import Address, Domain, PersonId
from nexusops.model.ledger import REVOKE, HoldKind, Ledger
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, Mailbox
from nexusops.model.services import ENDED, RUNNING, Advice, Ruling, SendingPath, Service, ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import DomainState
from nexusops.plan.case import Setting
from nexusops.plan.compare import Draft
from nexusops.plan.judgement import JudgedBox, in_scope, may_own
from nexusops.rules.allocation import Holders
from nexusops.rules.mailauth_check import severity_of
from nexusops.rules.services import Facts, advise, names_of
from nexusops.rules.services_life import Circumstances, ended, judge
from nexusops.rules.services_signing import step_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFacts:
    """What the DNS, and the postmaster's permits beside it, say of a request; a plan asks neither."""

    spf: SpfReport | None = None
    taken: frozenset[str] = frozenset()
    permitted: bool = False


NOT_ASKED = DnsFacts()
_OVER = frozenset({DomainState.FAILING, DomainState.DEREGISTERED})


def advice_on(
    request: ServiceRequest,
    snapshot: Snapshot,
    holders: Holders,
    setting: Setting,
    *,
    ledger: Ledger,
    dns: DnsFacts = NOT_ASKED,
) -> Advice:
    """The answer to one request, among all the others. ``holders`` know who has its address, ``ledger`` whom it was
    handed over to.
    """
    request = replace(request, owner_person_id=owner_of(request, ledger))
    facts = facts_of(request, snapshot, holders, setting)
    facts = replace(facts, spf=dns.spf, permitted=dns.permitted, taken=facts.taken | dns.taken)
    return advise(request, facts, setting.policy, setting.today)


def facts_of(request: ServiceRequest, snapshot: Snapshot, holders: Holders, setting: Setting) -> Facts:
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


def report(result: JudgedBox, advice: Advice, row: Service | None) -> None:
    """What was found about a request, as findings of its own; that an owner has gone is said with its cure."""
    running = row is not None and row.state in RUNNING
    for point in advice.points:
        if running and point.code == "OWNER_INELIGIBLE":
            continue
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
        domain_ended=_domain_ended(request, ledger, setting),
        signing=ledger.signing,
        notes=ledger.watched.get(request.request_id, ()),
    )
    after, reviews = judge(row, request, advice, now, setting.site, setting.policy, setting.today)
    result.rows.append(after)
    for review in reviews:
        result.find(review.code, request.request_id, review.message)
    for note in now.notes:
        result.find(note.code, request.request_id, note.message, severity_of(note.code))


def is_over(row: Service | None, request: ServiceRequest, ledger: Ledger, setting: Setting) -> bool:
    """Whether what it was given is taken away, its mailbox too: retired, or gone with its unit's domain (2.4)."""
    if row is None:
        return False
    return row.state in ENDED or (row.state in RUNNING and _domain_ended(request, ledger, setting))


def owner_of(request: ServiceRequest, ledger: Ledger) -> PersonId | None:
    """Who answers for it: as filed, unless it was handed over since (D31)."""
    hold = ledger.holds.get((request.request_id, HoldKind.HANDOVER))
    held = hold is not None and hold.fingerprint == (request.owner_person_id or "")
    return PersonId(hold.value) if hold is not None and held else request.owner_person_id


def _domain_ended(request: ServiceRequest, ledger: Ledger, setting: Setting) -> bool:
    """2.5: the unit's domain receives nothing any more; a service beneath it, or an address in it, ends with it."""
    unit = setting.units.units.get(request.unit_id)
    if unit is None or unit.domain is None:
        return False
    row, known = setting.units.domains.get(unit.domain), ledger.domains.get(unit.domain)
    return (row is not None and row.state in _OVER) or (known is not None and known.state in _OVER)


def service_drafts(ledger: Ledger, held: Collection[str]) -> tuple[Draft, ...]:
    """What has to be given or taken away, in the tenant and in DNS. ``held``: requests that cannot be read."""
    boxes: dict[str, Mailbox] = {}
    for box in sorted(ledger.mailboxes.values(), key=lambda box: box.generation):
        if box.name is not None and box.person_id is None:
            boxes[box.name] = box
    rows = (row for name, row in sorted(ledger.services.items()) if name not in held)
    return tuple(
        Draft(
            name=row.request_id,
            changes=tuple(_changes(row, boxes.get(row.request_id), ledger)),
        )
        for row in rows
    )


def _renews(row: Service, ledger: Ledger) -> bool:
    """Whether somebody asked for something new to sign in with, and it is still the old one (2.4)."""
    hold = ledger.holds.get((row.request_id, HoldKind.RENEW))
    return hold is not None and hold.fingerprint == str(row.credential_ends_on)


def _withdraws(row: Service, ledger: Ledger) -> bool:
    """Whether the old one leaked: until it has ended, whatever the new one's last day is."""
    hold = ledger.holds.get((row.request_id, HoldKind.RENEW))
    return hold is not None and hold.value == REVOKE


def _changes(row: Service, box: Mailbox | None, ledger: Ledger) -> Iterator[Change]:
    running, renew, withdraw = row.state in RUNNING, _renews(row, ledger), _withdraws(row, ledger)
    why = Why(
        subject=row.request_id,
        rule=row.rule,
        because=row.because,
        evidence=(Evidence(table="services", key=row.request_id),),
    )
    usable = box is not None and box.state in LIVE_MAILBOX_STATES
    if box is not None and running and usable and row.path is SendingPath.MAILBOX and row.connection is not None:
        if row.granted is not row.connection or renew or withdraw:
            yield GrantAccess(
                mailbox=_on(box),
                why=why,
                connection=row.connection.value,
                receives=row.receives,
                certificate=row.certificate,
                signs_in_until=row.credential_ends_on,
                renew=renew,
                withdraw=withdraw,
            )
    held = row.granted or (row.connection if row.app_id is not None else None)
    if box is not None and not running and held is not None:
        yield RevokeAccess(mailbox=_on(box), why=_ended(why), connection=held.value)
    if row.domain is not None:
        yield from _records(row, row.domain, why, step_of(row, ledger.signing))


def _records(row: Service, domain: Domain, why: Why, step: SigningStep) -> Iterator[Change]:
    """The DNS of a service domain, and the signatures that go with it (R68, R87). The records come first."""
    if row.state not in RUNNING:
        if row.published:
            yield RetireRecords(
                why=_ended(why),
                domain=domain,
                records=row.published,
                publish_as=row.published_as,
                signs=row.signs,
            )
        return
    changed = (row.records, row.publish_as) != (row.published, row.published_as)
    if changed or step is not SigningStep.NONE:
        yield PublishRecords(
            why=why,
            domain=domain,
            records=row.records,
            publish_as=row.publish_as,
            replaces=row.published,
            signing=SigningStep.NONE if changed and step is SigningStep.ENABLE else step,
        )


def _on(box: Mailbox) -> OnMailbox:
    return OnMailbox(
        name=box.name or "", key=box.key, kind=box.kind, user_id=box.user_id, exchange_guid=box.exchange_guid
    )


def _ended(why: Why) -> Why:
    return Why(
        subject=why.subject,
        rule="R61" if why.rule == "R61" else "R67",
        because="the product no longer sends through it",
        evidence=why.evidence,
    )
