"""What is asked for as a non-personal mailbox, by registration or a SaaS request, and why it cannot be had (R25, R26,
R30, R61; D31; rules.md 3.10).
"""

from __future__ import annotations

from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId, address, domain_of
from nexusops.model.ledger import HoldKind, Ledger
from nexusops.model.mailboxes import Mailbox, MailboxKind
from nexusops.model.services import Advice, Ruling, SendingPath, Service, ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.model.tenant import Reason
from nexusops.plan.boxes.judgement import Refusal, in_scope, may_own, taken_by, unit_owns
from nexusops.plan.people.faults import username_form
from nexusops.plan.setting import Setting, why
from nexusops.rules.book import Holders


@frozen
class BoxWish:
    """A non-personal mailbox as somebody asked for it: a row of registration, or a SaaS request."""

    name: str
    kind: MailboxKind
    unit_id: UnitId
    owner: PersonId | None
    address: Address | None
    requester: str
    why: Reason


def wish_for(name: str, snapshot: Snapshot) -> BoxWish | None:
    """What registration wants of this name."""
    row = snapshot.nonpersonal_mailboxes.get(name)
    if row is None:
        return None
    evidence = Evidence(table="nonpersonal_mailboxes", key=name, snapshot=snapshot.sha256)
    return BoxWish(
        name=name,
        kind=MailboxKind(row.kind),
        unit_id=row.unit_id,
        owner=row.owner_person_id,
        address=row.address,
        requester=row.requested_by,
        why=why("R30", f"{row.unit_id} asked for a {row.kind} mailbox", evidence),
    )


def saas_wish(request: ServiceRequest, advice: Advice, box: Mailbox | None, row: Service | None) -> BoxWish | None:
    """The mailbox of a request that was approved for one; one that is there stays while the request does. What sends
    from a domain of its own gets none beside it, whatever its file says now (2.4).
    """
    approved = advice.ruling is Ruling.APPROVED and advice.path is SendingPath.MAILBOX
    approved = approved and not (row is not None and row.published)
    if not approved and (box is None or not box.live):
        return None
    because = f"{request.service_name} sends through a mailbox of its own, as {request.unit_id} asked"
    return BoxWish(
        name=request.request_id,
        kind=MailboxKind.SAAS,
        unit_id=request.unit_id,
        owner=request.owner_person_id,
        address=advice.address if approved else None,
        requester=request.requester,
        why=why("R61", because, Evidence(table="services", key=request.request_id)),
    )


def is_username(name: str, holders: Holders, setting: Setting) -> bool:
    """R18: a mailbox of that name would stand in the way of somebody's own, or be taken for it. Who is new in this run
    has their fallback address already.
    """
    wanted = name.lower()
    if username_form(setting.policy.names.username_pattern).match(wanted) is None:
        return False
    fallback = address(wanted, Domain(setting.site.fallback_domain))
    return wanted in setting.usernames or any(row.person_id is not None for row in holders.get(fallback, ()))


def address_of_new(wish: BoxWish, holders: Holders, snapshot: Snapshot, setting: Setting) -> Address | Refusal:
    """Under which address a mailbox may be made (R18, R25, R26, R30, D31; rules.md 3.10)."""
    if is_username(wish.name, holders, setting):
        return Refusal("ADDRESS_TAKEN", f"{wish.name} is somebody's username; ask for the mailbox under another name")
    inner = address(wish.name.lower(), Domain(setting.site.fallback_domain))
    if inner == setting.site.notices_from:
        message = f"{inner} is the mailbox that notices come from; ask for the mailbox under another name"
        return Refusal("ADDRESS_TAKEN", message)
    if any(row.live for row in holders.get(inner, ())):
        message = f"{inner}, which the mailbox would have, is taken; ask for it under another name"
        return Refusal("ADDRESS_TAKEN", message)
    if "." in wish.name and setting.units.gives_addresses(domain_of(inner)):
        message = f"{inner} may be somebody's first.last; ask for the mailbox under a name without a dot"
        return Refusal("ADDRESS_TAKEN", message)
    found = address_of(wish, holders, snapshot, setting)
    if not isinstance(found, Refusal) and not may_own(wish.owner, setting):
        message = "the owner may not own a non-personal mailbox; name somebody with a current card"
        return Refusal("OWNER_INELIGIBLE", message)
    return found


def address_of(
    wish: BoxWish, holders: Holders, snapshot: Snapshot, setting: Setting, on: MailboxKey | None = None
) -> Address | Refusal:
    """Under which address the unit may have this mailbox. ``on``: the deleted one that would come back with it."""
    if not in_scope(wish.requester, wish.unit_id, snapshot, setting):
        message = f"{wish.requester} is not IT staff of {wish.unit_id}; ask its own IT staff to request it"
        return Refusal("NOT_UNIT_IT", message)
    if wish.address is None:
        return Refusal("NONPERSONAL_NO_ADDRESS", "a non-personal mailbox needs an address; add one to the request")
    domain = domain_of(wish.address)
    if not unit_owns(wish.unit_id, domain, setting) or not setting.units.gives_addresses(domain):
        return Refusal("NOT_UNIT_DOMAIN", f"{wish.address} is not in an active mail domain of {wish.unit_id}")
    because = taken_by(wish.address, holders, setting, on=on)
    return Refusal("ADDRESS_TAKEN", because) if because is not None else wish.address


def owner_of(box: Mailbox, wish: BoxWish, ledger: Ledger) -> PersonId | None:
    """The desk's handover holds until registration names another owner (rules.md 3.17, D31)."""
    hold = ledger.holds.get((box.name or "", HoldKind.HANDOVER))
    held = hold is not None and hold.fingerprint == (wish.owner or "")
    return PersonId(hold.value) if hold is not None and held else wish.owner
