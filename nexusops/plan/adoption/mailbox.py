"""A mailbox that the tenant had before us, as rows of the ledger: as it is, whatever the rules would have made of it.

rules.md 3.16, R4, R20, R26, D16, D41. What the rules want instead is for the next plan to say, never for the adoption.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import Finding, box_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import (
    Address,
    Domain,
    MailboxKey,
    PersonId,
    UnitId,
    box_mailbox_key,
    domain_of,
    local_of,
)
from nexusops.model.journal import LedgerRow
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, MailboxKind, MailboxState, SenderOrigin
from nexusops.model.policy import Policy
from nexusops.model.site import Site
from nexusops.model.snapshot import Snapshot
from nexusops.model.tenant import ActualMailbox

ADOPTED = "adopted"
"""The ``reason`` of an address that was found on a mailbox."""
FOUND = "it was found in the tenant when nexusops took it over"


@frozen
class Adopting:
    """What is the same for every mailbox of one adoption. ``classes``: the unit classes that each domain serves."""

    policy: Policy
    site: Site
    domains: Mapping[Domain, AddressKind]
    classes: Mapping[Domain, Collection[str]]
    aliases: Collection[Address]
    """Addresses that registration knows as non-personal: they are judged with their unit, not with a person."""
    today: date
    actor: str

    def personal(self, address: Address, username: str) -> bool:
        """Whether it may be a person's own: in the fallback domain only where that is a unit's too, and then another
        than the routing name.
        """
        domain = domain_of(address)
        if self.domains.get(domain) is not AddressKind.PERSONAL or address in self.aliases:
            return False
        return domain != self.site.fallback_domain or (domain in self.classes and local_of(address) != username)


@dataclass(slots=True)
class Adopted:
    """One mailbox taken over. ``mailbox`` None: there was nothing that could be taken."""

    mailbox: Mailbox | None = None
    rows: list[LedgerRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def addresses(self) -> list[Allocation]:
        return [row for row in self.rows if isinstance(row, Allocation)]


@frozen
class Adoption:
    """What was found. ``run_id`` None: nothing was written, because it was a dry run or there was nothing to adopt.

    ``reserved``: addresses of mailboxes that are nobody's; they stay where they are, and are given to nobody else.
    ``gained``: addresses that mailboxes of the ledger have had since it was backed up.
    ``known``: mailboxes that the ledger had already. ``without``: users of people that have no mailbox yet.
    """

    at: datetime
    site: str
    dry_run: bool
    adopted: tuple[Adopted, ...]
    reserved: tuple[Allocation, ...]
    gained: tuple[Allocation, ...]
    known: int
    without: int
    findings: tuple[Finding, ...]
    run_id: str | None = None


def setting_of(snapshot: Snapshot, policy: Policy, site: Site, today: date, actor: str) -> Adopting:
    """Domains whose addresses the ledger may own: managed, and known to registration; foreign ones take mail only."""
    classes: dict[Domain, set[str]] = {}
    for unit in snapshot.units.values():
        if unit.domain is not None:
            classes.setdefault(unit.domain, set()).add(unit.unit_class)
    kinds = {"ox": AddressKind.PERSONAL}
    return Adopting(
        policy=policy,
        site=site,
        domains={d.domain: kinds.get(d.zone, AddressKind.FOREIGN) for d in snapshot.domains.values() if d.managed},
        classes=classes,
        aliases=snapshot.nonpersonal_addresses,
        today=today,
        actor=actor,
    )


def adopt_box(
    name: str, kind: MailboxKind, unit_id: UnitId, owner: PersonId | None, found: ActualMailbox, setting: Adopting
) -> Adopted:
    """A non-personal mailbox: every address of it in a domain of ours belongs to the unit (R26)."""
    key = box_mailbox_key(name, 1)
    box = Mailbox(
        key=key,
        name=name,
        generation=1,
        kind=kind,
        person_id=None,
        unit_id=unit_id,
        owner_person_id=owner,
        state=MailboxState.ACTIVE,
        since=setting.today,
        sender=found.primary,
        sender_origin=SenderOrigin.DEFAULT,
        forward=forward_of(found),
        user_id=found.user_id,
        exchange_guid=found.exchange_guid,
        rule="R30",
        because=FOUND,
    )
    rows = [row_of(a, setting, kind=kind_, key=key, unit_id=unit_id) for a, kind_ in _of_unit(found, setting)]
    further = extra(found, {row.address for row in rows}, name, box_scope(name), setting)
    return Adopted(mailbox=box, rows=[box, *rows], findings=list(further))


def reserve(found: ActualMailbox, taken: Collection[Address], setting: Adopting) -> list[Allocation]:
    """The addresses of a mailbox that is nobody's: they go on to it, and are given to nobody else (R17, R29)."""
    target = _inner_address(found, setting)
    return [
        row_of(address, setting, kind=kind, target=target)
        for address, kind in _of_unit(found, setting)
        if address != target and address not in taken and address not in setting.aliases
    ]


def _of_unit(found: ActualMailbox, setting: Adopting) -> Iterator[tuple[Address, AddressKind]]:
    for address in sorted(found.addresses):
        kind = setting.domains.get(domain_of(address))
        if kind is not None:
            yield address, AddressKind.NONPERSONAL if kind is AddressKind.PERSONAL else kind


def _inner_address(found: ActualMailbox, setting: Adopting) -> Address | None:
    """An address by which Exchange itself delivers to the mailbox, whatever becomes of the others: none that units
    have names in.
    """
    inner = sorted(a for a in found.addresses if domain_of(a) == setting.site.fallback_domain)
    outer = sorted(a for a in found.addresses if domain_of(a).endswith(".onmicrosoft.com"))
    theirs = setting.site.fallback_domain in setting.classes
    return next(iter((*outer, *inner) if theirs else (*inner, *outer)), None)


def forward_of(found: ActualMailbox) -> Forward | None:
    """Whoever set it, it was not us: it is never overwritten (D35)."""
    return Forward(to=found.forward, origin=ForwardOrigin.MANUAL) if found.forward else None


def number_of(local: str, base: str) -> int | None:
    """n of ``base`` + n, 1 for the plain name; None where it is another name (R17)."""
    if local == base:
        return 1
    rest = local[len(base) :] if local.startswith(base) else ""
    return int(rest) if rest.isdecimal() and rest[0] != "0" and int(rest) > 1 else None


def row_of(
    address: Address,
    setting: Adopting,
    *,
    kind: AddressKind,
    key: MailboxKey | None = None,
    person_id: PersonId | None = None,
    unit_id: UnitId | None = None,
    target: Address | None = None,
    base: str | None = None,
) -> Allocation:
    """A personal address counts as one of the person's name part, however it is spelt, until the name changes."""
    local = local_of(address)
    return Allocation(
        address=address,
        period=1,
        domain=domain_of(address),
        local=local,
        base=base or local,
        n=number_of(local, base or local) or 1,
        kind=kind,
        state=AddressState.ACTIVE,
        person_id=person_id,
        unit_id=unit_id,
        mailbox_key=key,
        created_on=setting.today,
        reason=ADOPTED,
        target=target,
        rule="R34" if kind is AddressKind.FALLBACK else "R13",
        because=FOUND,
    )


def extra(
    found: ActualMailbox, owned: Collection[Address], name: str, scope: str, setting: Adopting
) -> Iterator[Finding]:
    """3.16: what the ledger cannot own is said, and left alone."""
    for address in sorted(found.addresses - {*owned}):
        upn = address == found.user_principal_name.lower()
        if upn or domain_of(address).endswith(".onmicrosoft.com") or domain_of(address) == setting.site.fallback_domain:
            continue
        message = f"{address} stands on {name}, in no mail domain that registration manages for people"
        yield Finding(code="TENANT_EXTRA_ADDRESS", subject=address, message=message, scope=scope)
