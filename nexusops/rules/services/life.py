"""The life of a request: from the answer to it through its mailbox or domain to its end (rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from datetime import date, timedelta

from nexusops.model.dates import earliest
from nexusops.model.dns import DnsRecord
from nexusops.model.dns_spf import Note
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, Mailbox, MailboxState
from nexusops.model.policy import Policy
from nexusops.model.services import (
    ENDED,
    RUNNING,
    Advice,
    Connection,
    Ruling,
    SendingPath,
    Service,
    ServiceRequest,
    ServiceState,
)
from nexusops.model.site import Site
from nexusops.rules.services.records import records_of
from nexusops.rules.services.signing import Seen, with_signing
from nexusops.rules.services.watch import to_review

_BY_RULING = {
    Ruling.APPROVED: ServiceState.APPROVED,
    Ruling.NEEDS_INFO: ServiceState.NEEDS_INFO,
    Ruling.REFUSED: ServiceState.REFUSED,
    Ruling.REFERRED: ServiceState.REFERRED,
}


@frozen
class Circumstances:
    """What the ledger and registration say beside the answer. ``box``: the product's mailbox as it is to be."""

    box: Mailbox | None
    owner: PersonId | None
    owner_may: bool
    domain_ended: bool
    signing: Seen = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


@frozen
class Review:
    """Why somebody should look at a request that runs (rules.md 2.4, live to review_due)."""

    code: str
    message: str


def judge(
    row: Service | None,
    request: ServiceRequest,
    advice: Advice,
    now: Circumstances,
    site: Site,
    policy: Policy,
    today: date,
) -> tuple[Service, tuple[Review, ...]]:
    """The row as it is to be, and what somebody should look at. A request that runs is ended by nothing that is only
    wrong with its file; it is looked at instead.
    """
    known = row or _new(request, advice, today)
    if known.state in ENDED or now.domain_ended or _box_gone(known, now):
        return ended(known, today), ()
    if advice.ruling is Ruling.APPROVED and not (_begun(known, now) and known.path is not advice.path):
        wanted = _wanted(known, request, _kept_names(known, advice, now), site, policy)
        known = with_signing(wanted, now.signing)
    reviews = tuple(_reviews(known, advice, now, policy, today)) if _begun(known, now) else ()
    known = replace(known, owner_person_id=now.owner, unit_id=request.unit_id)
    review = bool(reviews) or to_review(now.notes) or advice.ruling is not Ruling.APPROVED
    return _moved(known, advice, now, review, policy, today), reviews


def ended(row: Service, today: date) -> Service:
    """Withdrawn, retired, or gone with its domain: what it was given is taken away (2.4)."""
    if row.state not in (*RUNNING, *ENDED):
        return _at(row, ServiceState.DRAFT, today)
    left = row.app_id is not None or row.granted is not None or bool(row.published)
    row = replace(row, review_on=None, due_on=None)
    return _at(row, ServiceState.RETIRING if left else ServiceState.RETIRED, today)


def granted(row: Service, connection: Connection, box: Mailbox | None, policy: Policy, today: date) -> Service:
    """The application has its right; the mailbox is there, so it is live (2.4)."""
    return _settled(replace(row, granted=connection), box, policy, today)


def revoked(row: Service, today: date) -> Service:
    row = replace(row, granted=None, app_id=None, credential_ends_on=None)
    return ended(row, today) if row.state in ENDED else row


def undone(row: Service, before: Service | None) -> Service:
    """As it was meant before a run, with what it has now: the difference is what an undo takes away or gives back."""
    meant = before if before is not None else replace(row, state=ServiceState.DRAFT, review_on=None, due_on=None)
    return replace(
        meant,
        granted=row.granted,
        published=row.published,
        published_as=row.published_as,
        aliases=row.aliases,
        signs=row.signs,
        app_id=row.app_id,
        credential_ends_on=row.credential_ends_on,
    )


def published(row: Service, records: tuple[DnsRecord, ...], publish_as: str, today: date) -> Service:
    """Handed to whoever publishes: live once the answers of DNS equal it, which ``verified`` says; what was proved and
    only goes another way now needs no other proof.
    """
    proved = row.verified_on is not None and row.published == records
    row = replace(row, published=records, published_as=publish_as)
    if proved:
        return row
    row = replace(row, verified_on=None)
    return _at(row, ServiceState.PROVISIONING, today) if row.state in RUNNING else row


def unpublished(row: Service, today: date) -> Service:
    row = replace(row, published=(), published_as="", verified_on=None, aliases=(), sign=False)
    return ended(row, today) if row.state in ENDED else row


def verified(row: Service, box: Mailbox | None, policy: Policy, today: date) -> Service:
    """Somebody has proved it: the review begins anew (2.4)."""
    row = replace(row, verified_on=today)
    if row.state is ServiceState.REVIEW_DUE:
        row = _at(row, ServiceState.LIVE, today)
    if row.live_on is not None:
        row = replace(row, review_on=_next_review(policy, today))
    return _due(_settled(row, box, policy, today), policy)


def _new(request: ServiceRequest, advice: Advice, today: date) -> Service:
    return Service(
        request_id=request.request_id,
        unit_id=request.unit_id,
        owner_person_id=request.owner_person_id,
        state=ServiceState.DRAFT,
        since=today,
        path=advice.path,
        connection=advice.connection,
    )


def _begun(row: Service, now: Circumstances) -> bool:
    """Whether there is anything in the tenant or in DNS that was made for it."""
    box = now.box is not None and now.box.state in LIVE_MAILBOX_STATES and now.box.state is not MailboxState.PENDING
    return row.granted is not None or bool(row.published) or (row.state in RUNNING and box)


def _box_gone(row: Service, now: Circumstances) -> bool:
    """A mailbox that was there has been deleted: by its orphan's date, or with its domain."""
    gone = now.box is not None and now.box.state not in LIVE_MAILBOX_STATES
    return row.path is SendingPath.MAILBOX and row.state in RUNNING and gone


def _kept_names(row: Service, advice: Advice, now: Circumstances) -> Advice:
    """What people write to keeps its name, whatever the file says later."""
    if not _begun(row, now) or row.address is None:
        return advice
    return replace(advice, address=row.address, domain=row.domain)


def _wanted(row: Service, request: ServiceRequest, advice: Advice, site: Site, policy: Policy) -> Service:
    domain = advice.domain
    spf = (
        f"{request.service_name} sends from a domain of its own, as {request.unit_id} asked; done badly this harms "
        "all mail of the department, so nothing else of its DNS is changed"
    )
    box = f"{request.service_name} sends through a mailbox of its own, as {request.unit_id} asked"
    receives = not request.sends_only and advice.connection is Connection.EXO
    same = (receives, request.certificate) == (row.receives, row.certificate)
    return replace(
        row,
        path=advice.path,
        connection=advice.connection,
        receives=receives,
        certificate=request.certificate,
        granted=row.granted if same else None,
        address=advice.address,
        domain=domain,
        records=records_of(request, domain, site, policy) if domain else (),
        publish_as=site.publish if domain else "",
        rule={SendingPath.MAILBOX: "R61", SendingPath.SERVICE_DOMAIN: "R67"}.get(advice.path, "D37"),
        because={SendingPath.MAILBOX: box, SendingPath.SERVICE_DOMAIN: spf}.get(advice.path, "nothing to set up"),
    )


def _moved(row: Service, advice: Advice, now: Circumstances, review: bool, policy: Policy, today: date) -> Service:
    if not _begun(row, now):
        provided = advice.path in (SendingPath.MAILBOX, SendingPath.SERVICE_DOMAIN)
        state = _BY_RULING[advice.ruling]
        row = replace(row, path=advice.path, connection=advice.connection)
        return _at(row, ServiceState.PROVISIONING if state is ServiceState.APPROVED and provided else state, today)
    if row.live_on is not None and review:
        return _due(_at(row, ServiceState.REVIEW_DUE, today), policy)
    if row.state is ServiceState.REVIEW_DUE:
        row = _at(row, ServiceState.LIVE, today)
    return _due(_settled(row, now.box, policy, today), policy)


def _settled(row: Service, box: Mailbox | None, policy: Policy, today: date) -> Service:
    """provisioning to live: the mailbox is there and may be used, or the DNS answers equal the plan."""
    if row.state is not ServiceState.PROVISIONING:
        return row
    if row.path is SendingPath.MAILBOX:
        there = row.granted is row.connection and box is not None and box.state is MailboxState.ACTIVE
    else:
        there = row.verified_on is not None and row.published == row.records
    if not there:
        return row
    live_on = row.live_on or today
    row = replace(row, live_on=live_on, review_on=row.review_on or _next_review(policy, today))
    return _due(_at(row, ServiceState.LIVE, today), policy)


def _reviews(row: Service, advice: Advice, now: Circumstances, policy: Policy, today: date) -> Iterator[Review]:
    name = row.request_id
    if advice.ruling is Ruling.APPROVED and advice.path is not row.path:
        message = f"it runs by the path {row.path}, and would now get {advice.path}; retire it and file another request"
        yield Review(code="PATH_CHANGED", message=message)
    if advice.ruling is Ruling.APPROVED and advice.path is row.path and advice.address != row.address:
        message = f"it keeps {row.address}; for {advice.address} retire it and file another request"
        yield Review(code="ADDRESS_KEPT", message=message)
    if not now.owner_may and (now.owner is not None or row.path is SendingPath.MAILBOX):
        gone = "its owner has gone" if now.owner is not None else "it has no owner any more"
        yield Review(code="OWNER_GONE", message=f"{gone}: `nexusops saas handover {name} --to USERNAME`")
    warns_on = _warns_on(row, policy)
    if warns_on is not None and today >= warns_on:
        message = (
            f"what its application signs in with ends on {row.credential_ends_on}: `nexusops saas renew {name}` before"
        )
        yield Review(code="CREDENTIAL_ENDS", message=message)
    if row.review_on is not None and today >= row.review_on:
        message = f"its yearly review was due on {row.review_on}: `nexusops saas verify {name}` proves it again"
        yield Review(code="REVIEW_DUE", message=message)


def _warns_on(row: Service, policy: Policy) -> date | None:
    ends_on = row.credential_ends_on
    return ends_on - timedelta(days=policy.saas.credential_warn_days) if ends_on is not None else None


def _next_review(policy: Policy, today: date) -> date:
    return policy.months_after(today, policy.saas.review_months)


def _due(row: Service, policy: Policy) -> Service:
    return replace(row, due_on=earliest(row.review_on, _warns_on(row, policy)))


def _at(row: Service, state: ServiceState, today: date) -> Service:
    return row if row.state is state else replace(row, state=state, since=today)
