"""Which way a SaaS product should send (R61-R74, R83-R85; D37-D39; rules.md 2.4).

The order of D37: is the University's domain needed at all; a mailbox through Exchange Online; a mailbox through
Microsoft SMTP, which only sends; a service domain; IT support. The provider's SPF in a unit's own record: never.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from nexusops.model.dns_spf import SpfReport, Verdict
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, address, domain_of, local_of
from nexusops.model.policy import Policy
from nexusops.model.services import Advice, Connection, Point, Ruling, SendingPath, ServiceRequest
from nexusops.rules.services import words
from nexusops.rules.services.records import LONGEST_NAME, TELLING, notes_on

MODERN_SINCE = date(2023, 1, 31)
"""R64: from this day on a request needs modern authentication."""
LONGEST_LABEL = 63
_HARMLESS = frozenset({"NEAR_LOOKUP_LIMIT", "PTR", "NOT_STANDARD"})
_WORST_FIRST = (Ruling.REFUSED, Ruling.NEEDS_INFO, Ruling.REFERRED)


@frozen
class Facts:
    """What registration and the ledger say of a request. ``unit_known``: its unit is in the registration data.

    ``unit_domain``: the unit's mail domain, whatever its state; ``usable``: it is active and managed (D39).
    ``owner_may``: D31. ``taken``: of the names that the request wants (``names_of``) those that somebody else has;
    ``kept``: those that were deleted with their mailbox, which the tenant keeps until it is purged (D08).
    """

    unit_domain: Domain | None
    usable: bool
    requester_in_scope: bool
    owner_may: bool
    unit_known: bool = True
    taken: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    id_taken: str = ""
    """Whose its id is already, as the name of a mailbox; '': nobody's."""
    spf: SpfReport | None = None
    """What the DNS makes of the record that is planned; None: it was not asked."""
    permitted: bool = False
    """A postmaster permits a provider in the record of this unit's domain (D38)."""


def slug(name: str) -> str:
    """D39: lower-case, everything but letters and digits to single hyphens, at most 63 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_LABEL].strip("-")


def path_of(request: ServiceRequest) -> tuple[SendingPath, Connection | None]:
    """D37, as far as the request alone decides it. Microsoft SMTP cannot receive, and a service domain cannot either:
    a product that needs to and offers nothing else fits nowhere (R63).
    """
    if not request.oxford_domain_needed:
        return SendingPath.NONE, None
    if request.supports_exo:
        return SendingPath.MAILBOX, Connection.EXO
    if request.supports_ms_smtp:
        return (SendingPath.MAILBOX, Connection.MS_SMTP) if request.sends_only else (SendingPath.REFER, None)
    return SendingPath.SERVICE_DOMAIN, None


def may_ask(request: ServiceRequest) -> bool:
    """Whether there is anything to ask the DNS about: the name of a service domain, and a provider's record."""
    path, _ = path_of(request)
    return path is SendingPath.SERVICE_DOMAIN and bool(request.provider_include and slug(request.service_name))


def service_domain(request: ServiceRequest, unit_domain: Domain) -> Domain:
    """D39: ``<slug>.<unit domain>``."""
    return Domain(f"{slug(request.service_name)}.{unit_domain}")


def from_address(request: ServiceRequest, path: SendingPath, unit_domain: Domain | None) -> Address | None:
    """What it sends from: the local part wanted, else the slug, in the unit's or the service domain (R70)."""
    if unit_domain is None or path not in (SendingPath.MAILBOX, SendingPath.SERVICE_DOMAIN):
        return None
    local = (local_of(request.from_local) if "@" in request.from_local else request.from_local).lower()
    into = unit_domain if path is SendingPath.MAILBOX else service_domain(request, unit_domain)
    local = local or slug(request.service_name)
    return address(local, into) if local and not into.startswith(".") else None


def names_of(request: ServiceRequest, unit_domain: Domain | None) -> frozenset[str]:
    """The names that must be free for this request: its address, or its service domain."""
    path, _ = path_of(request)
    if unit_domain is None:
        return frozenset()
    if path is SendingPath.SERVICE_DOMAIN:
        return frozenset({service_domain(request, unit_domain)})
    wanted = from_address(request, path, unit_domain)
    return frozenset({wanted} if wanted else ())


def advise(request: ServiceRequest, facts: Facts, policy: Policy, today: date) -> Advice:
    """The answer to a request. Pure; what would need DNS is said to be unknown."""
    path, connection = path_of(request)
    points = [*_refusals(request, facts, policy, today), *_gaps(request, facts)]
    ruling = next((one for one in _WORST_FIRST if any(point.ruling is one for point in points)), Ruling.APPROVED)
    if ruling is Ruling.REFERRED:
        path, connection = SendingPath.REFER, None
    sender = from_address(request, path, facts.unit_domain)
    domain = domain_of(sender) if sender is not None and path is SendingPath.SERVICE_DOMAIN else None
    shown = tuple(point for point in points if point.ruling is ruling)
    if ruling is Ruling.APPROVED:
        shown = tuple(_to_know(request, path, facts, policy))
    return Advice(
        request_id=request.request_id,
        path=path,
        connection=connection,
        ruling=ruling,
        points=shown,
        because=words.because(request, path, connection, domain, policy.spf.catch_all),
        next=words.next_step(request, path, ruling, shown, sender),
        address=sender,
        domain=domain,
    )


def _refusals(request: ServiceRequest, facts: Facts, policy: Policy, today: date) -> Iterator[Point]:
    """What ends a request, or sends it to IT support, in the order of rules.md 2.4."""
    path, _ = path_of(request)
    if not facts.requester_in_scope:
        yield _point(Ruling.REFUSED, "NOT_UNIT_IT", words.not_unit_it(request, unit_known=facts.unit_known))
    if request.mode_wanted == "dept_include":
        allowed = policy.saas.allow_dept_include or facts.permitted
        domain = facts.unit_domain or Domain("the unit's domain")
        yield _point(Ruling.REFERRED if allowed else Ruling.REFUSED, "SPF_DEPT_INCLUDE", *words.dept_include(domain))
        return
    if path is SendingPath.MAILBOX and request.auth != "oauth2" and today >= MODERN_SINCE:
        yield _point(Ruling.REFUSED, "BASIC_AUTH", *words.basic_auth(request))
    if path is SendingPath.REFER:
        yield _point(Ruling.REFUSED, "SMTP_SEND_ONLY", words.smtp_sends_only(request))
    if path is SendingPath.SERVICE_DOMAIN and policy.dns.bounce_required and not request.bounce_mx:
        yield _point(Ruling.REFUSED, "NO_BOUNCE_MX", words.no_bounce_mx(request))
    if path is SendingPath.MAILBOX and request.owner_person_id and not facts.owner_may:
        yield _point(Ruling.REFUSED, "OWNER_INELIGIBLE", words.owner_ineligible(request))
    if path in (SendingPath.MAILBOX, SendingPath.SERVICE_DOMAIN) and not facts.usable:
        yield _point(Ruling.REFERRED, "NOT_UNIT_DOMAIN", words.no_unit_domain(request, facts.unit_domain))


def _gaps(request: ServiceRequest, facts: Facts) -> Iterator[Point]:
    """What is still missing before it can be approved. Nothing of SPF is asked before somebody vouches for it (R66)."""
    path, _ = path_of(request)
    if facts.id_taken and path in (SendingPath.MAILBOX, SendingPath.SERVICE_DOMAIN):
        yield _point(Ruling.NEEDS_INFO, "SAAS_FIELD", words.id_taken(facts.id_taken))
    wrong = _point(Ruling.NEEDS_INFO, _wrong_domain(path), words.from_domain(request, path, facts.unit_domain))
    if path is SendingPath.MAILBOX:
        if not request.owner_person_id:
            yield _point(Ruling.NEEDS_INFO, "OWNER_INELIGIBLE", words.owner_missing())
        if facts.taken:
            yield _point(Ruling.NEEDS_INFO, "ADDRESS_TAKEN", words.taken(facts.taken))
        elif facts.kept:
            yield _point(Ruling.NEEDS_INFO, "ADDRESS_TAKEN", words.kept(facts.kept))
        if _elsewhere(request, path, facts):
            yield wrong
    if path is SendingPath.SERVICE_DOMAIN:
        if not request.spf_approver.strip():
            yield _point(Ruling.NEEDS_INFO, "SPF_APPROVER", words.spf_approver())
            return
        if not request.provider_include:
            yield _point(Ruling.NEEDS_INFO, "SAAS_FIELD", words.provider_include(request))
        if not _nameable(request, facts):
            yield _point(Ruling.NEEDS_INFO, "SAAS_FIELD", words.no_slug(request))
        if facts.taken:
            yield _point(Ruling.NEEDS_INFO, "DOMAIN_TAKEN", words.taken(facts.taken))
        if _elsewhere(request, path, facts):
            yield wrong
        yield from _keys(request, facts, telling=False)
        yield from _broken(facts.spf)


def _keys(request: ServiceRequest, facts: Facts, *, telling: bool) -> Iterator[Point]:
    """R86: a key or a policy that receivers would ignore is not published; of what is merely weak it is told."""
    if facts.unit_domain is None or not _nameable(request, facts):
        return
    notes = list(notes_on(request, service_domain(request, facts.unit_domain)))
    for code in dict.fromkeys(note.code for note in notes if (note.code in TELLING) is telling):
        said = tuple(note.message for note in notes if note.code == code)
        yield _point(Ruling.APPROVED if telling else Ruling.NEEDS_INFO, code, *said)


def _broken(report: SpfReport | None) -> Iterator[Point]:
    """D40, R68: a record that receivers would refuse is not published; the provider's part of it is looked at first."""
    if report is None or report.verdict in (Verdict.OK, Verdict.TEMPERROR):
        return
    for code in dict.fromkeys(note.code for note in report.notes if note.code not in _HARMLESS):
        said = tuple(note.message for note in report.notes if note.code == code)
        yield _point(Ruling.NEEDS_INFO, code, *said)


def _wrong_domain(path: SendingPath) -> str:
    return "NOT_UNIT_DOMAIN" if path is SendingPath.MAILBOX else "FROM_NOT_SERVICE_DOMAIN"


def _nameable(request: ServiceRequest, facts: Facts) -> bool:
    """Whether the name of the service gives a label, and the whole is no longer than DNS allows."""
    label = slug(request.service_name)
    return bool(label) and len(f"{label}.{facts.unit_domain}") <= LONGEST_NAME


def _elsewhere(request: ServiceRequest, path: SendingPath, facts: Facts) -> bool:
    """R70: a whole address was given, and it is not in the domain that the path sends from."""
    if "@" not in request.from_local or facts.unit_domain is None:
        return False
    sender = from_address(request, path, facts.unit_domain)
    return sender is not None and request.from_local.lower().rstrip(".") != sender


def _to_know(request: ServiceRequest, path: SendingPath, facts: Facts, policy: Policy) -> Iterator[Point]:
    """Limits before they bite, and what could not be looked up."""
    if path not in (SendingPath.MAILBOX, SendingPath.SERVICE_DOMAIN):
        return
    if request.daily_volume >= policy.saas.bulk_warning:
        yield _point(Ruling.APPROVED, "BULK_SENDER", words.bulk_sender(request))
    if path is SendingPath.MAILBOX and request.daily_volume > policy.saas.mailbox_volume:
        yield _point(Ruling.APPROVED, "MAILBOX_VOLUME", words.mailbox_volume(request, policy.saas.mailbox_volume))
    if path is SendingPath.SERVICE_DOMAIN:
        yield from _keys(request, facts, telling=True)
    if path is SendingPath.SERVICE_DOMAIN and (facts.spf is None or facts.spf.verdict is Verdict.TEMPERROR):
        yield _point(Ruling.APPROVED, "DNS_UNKNOWN", words.dns_unknown(request))
    elif path is SendingPath.SERVICE_DOMAIN and facts.spf is not None:
        for note in facts.spf.notes:
            yield _point(Ruling.APPROVED, note.code, note.message)


def _point(ruling: Ruling, code: str, *reasons: str) -> Point:
    return Point(ruling=ruling, code=code, reasons=reasons)
