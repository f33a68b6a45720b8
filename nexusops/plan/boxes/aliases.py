"""Non-personal addresses that are no mailbox's own: attached to one, unattached, or incoming in a foreign domain.

R25-R30, R51; D31, D36. They belong to their unit, and go only when it says so or when their domain ends.
"""

from __future__ import annotations

from dataclasses import replace

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import Evidence, box_scope
from nexusops.model.frozen import altered
from nexusops.model.ids import Address, MailboxKey, domain_of, local_of
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import NonpersonalAddress
from nexusops.plan.adoption.mailbox import ADOPTED
from nexusops.plan.boxes.judgement import JudgedBox, Refusal, domain_end, in_scope, taken_by, unit_owns
from nexusops.plan.boxes.shelf import SoFar
from nexusops.plan.setting import Setting, why
from nexusops.rules.allocation import end
from nexusops.rules.book import Holders


def judge_alias(
    name: Address, boxes: SoFar, ledger: Ledger, snapshot: Snapshot, holders: Holders, setting: Setting
) -> JudgedBox:
    """One row of nonpersonal_addresses: made, changed, or ended."""
    result = JudgedBox(scope=box_scope(name))
    wish = snapshot.nonpersonal_addresses.get(name)
    live = next((row for row in holders.get(name, ()) if _ours(row)), None)
    key = _attached_to(wish.mailbox_id, boxes) if wish is not None and wish.mailbox_id else None
    owner = _owner(live, boxes)
    if wish is None and owner is not None:
        return result  # a mailbox's own address is not among the aliases (3.10)
    unread = snapshot.unclaimed.get("nonpersonal_addresses", frozenset())
    if wish is None and live is not None and {live.unit_id, ""} & unread:
        result.waits = "a row of nonpersonal_addresses cannot be read, which may be its own"
        return result
    if wish is None:
        if live is not None and live.reason != ADOPTED:
            result.rows.append(end(live, setting.today, why("R29", "its unit no longer wants it")))
        return result
    if owner is not None and owner.live and key != owner.key:
        result.refuse("ADDRESS_TAKEN", name, f"{name} is the address of {owner.name} itself; ask for another one")
        return result
    if wish.mailbox_id is not None and key is None:
        result.refuse(
            "NONPERSONAL_NO_MAILBOX", name, f"{name} is to be attached to {wish.mailbox_id}, which does not exist"
        )
        return result
    if live is not None and live.mailbox_key is not None and live.mailbox_key != key:
        result.rows.append(end(live, setting.today, why("R30", "its unit wants it elsewhere")))
        result.rows.append(domain_end(replace(_made(wish, snapshot, holders, setting), mailbox_key=key), setting))
        return result
    if live is not None:
        moved = live.mailbox_key != key or live.target != wish.target
        because = _asked(wish) if moved else live.because
        kept = altered(live, unit_id=wish.unit_id, mailbox_key=key, target=wish.target, because=because)
        result.rows.append(domain_end(kept, setting))
        return result
    refusal = _refusal(wish, ledger, snapshot, holders, setting, key)
    if refusal is not None:
        result.refuse(refusal.code, name, refusal.message)
        return result
    fresh = _made(wish, snapshot, holders, setting)
    result.rows.append(domain_end(replace(fresh, mailbox_key=key), setting))
    return result


def _owner(row: Allocation | None, boxes: SoFar) -> Mailbox | None:
    """The mailbox whose own address this is: without it, it had none (R25)."""
    box = boxes.keyed.get(row.mailbox_key) if row is not None and row.mailbox_key is not None else None
    return box if box is not None and row is not None and box.sender == row.address else None


def _asked(wish: NonpersonalAddress) -> str:
    target = (wish.target or "nowhere").replace("mailbox:", "the mailbox ")
    where = f"is attached to {wish.mailbox_id}" if wish.mailbox_id else f"goes to {target}"
    return f"{wish.unit_id} asked for it; it {where}"


def _attached_to(mailbox_id: str, boxes: SoFar) -> MailboxKey | None:
    """The live mailbox of that name; one that was deleted takes no addresses, nor does a person's (R27)."""
    box = boxes.named.get(mailbox_id)
    return box.key if box is not None else None


def _ours(row: Allocation) -> bool:
    return row.live and row.person_id is None and row.kind in (AddressKind.NONPERSONAL, AddressKind.FOREIGN)


def _refusal(
    wish: NonpersonalAddress,
    ledger: Ledger,
    snapshot: Snapshot,
    holders: Holders,
    setting: Setting,
    key: MailboxKey | None,
) -> Refusal | None:
    """rules.md 3.10. ``key``: the mailbox to which it is to be attached."""
    asked_by = wish.requested_by or "registration"
    if not in_scope(asked_by, wish.unit_id, snapshot, setting):
        message = f"{asked_by} is not IT staff of {wish.unit_id}; ask its own IT staff to request it"
        return Refusal("NOT_UNIT_IT", message)
    if not unit_owns(wish.unit_id, domain_of(wish.address), setting):
        return Refusal("NOT_UNIT_DOMAIN", f"{wish.address} is not in a mail domain of {wish.unit_id}")
    if not setting.units.takes_roles(domain_of(wish.address)):
        message = f"{domain_of(wish.address)} takes no new addresses; choose another domain"
        return Refusal("NOT_UNIT_DOMAIN", message)
    because = taken_by(wish.address, holders, setting, routed_only=wish.mailbox_id is None, on=key)
    if because is not None:
        return Refusal("ADDRESS_TAKEN", because)
    return _over_cap(wish, ledger, setting)


def _over_cap(wish: NonpersonalAddress, ledger: Ledger, setting: Setting) -> Refusal | None:
    """R51, D36: a small number of incoming addresses in a foreign domain."""
    domain = setting.units.domains[domain_of(wish.address)]
    if domain.zone != "foreign":
        return None
    cap = domain.incoming_cap if domain.incoming_cap is not None else setting.policy.foreign.max_incoming
    rows = {row.address: row for row in (*ledger.allocations.values(), *setting.taken)}
    held = sum(row.domain == domain.domain and _ours(row) for row in rows.values())
    if held < cap:
        return None
    return Refusal("FOREIGN_CAP", f"{domain.domain} may have {cap} incoming addresses, and has {held}")


def _made(wish: NonpersonalAddress, snapshot: Snapshot, holders: Holders, setting: Setting) -> Allocation:
    domain, local = domain_of(wish.address), local_of(wish.address)
    foreign = setting.units.domains[domain].zone == "foreign"
    evidence = Evidence(table="nonpersonal_addresses", key=wish.address, snapshot=snapshot.sha256)
    return Allocation(
        address=wish.address,
        period=setting.book(holders).next_period(wish.address),
        domain=domain,
        local=local,
        base=local,
        n=1,
        kind=AddressKind.FOREIGN if foreign else AddressKind.NONPERSONAL,
        state=AddressState.ACTIVE,
        person_id=None,
        unit_id=wish.unit_id,
        mailbox_key=None,
        created_on=setting.today,
        target=wish.target,
        rule="R51" if foreign else "R29",
        because=_asked(wish),
        evidence=(evidence,),
    )
