"""Non-personal mailboxes (R23-R30, R61; D31): made, handed over, orphaned, ended by their unit or with their domain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import box_scope
from nexusops.model.ids import Address, MailboxKey, box_mailbox_key, domain_of, local_of
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState, SenderOrigin
from nexusops.model.services import NOT_ASKED, Service
from nexusops.model.snapshot import Snapshot
from nexusops.plan.adoption.mailbox import ADOPTED
from nexusops.plan.boxes.aliases import judge_alias
from nexusops.plan.boxes.judgement import JudgedBox, Refusal, domain_end, may_own
from nexusops.plan.boxes.orphans import settle_owner
from nexusops.plan.boxes.roles import names_of_people
from nexusops.plan.boxes.services import advice_on, domains_held, is_over, report, settle_service, whose_id
from nexusops.plan.boxes.shelf import Shelf, SoFar, latest
from nexusops.plan.boxes.wishes import BoxWish, address_of, address_of_new, owner_of, saas_wish, wish_for
from nexusops.plan.setting import Setting, why
from nexusops.rules.allocation import end
from nexusops.rules.book import Holders
from nexusops.rules.lifecycle import deleted, purged, revived
from nexusops.rules.services import words


def judge_boxes(
    boxes: Collection[str], ledger: Ledger, snapshot: Snapshot, holders: Holders, setting: Setting
) -> Iterator[JudgedBox]:
    """Addresses that go nowhere any more, then mailboxes, then addresses, each in the order of names; what one takes
    the next cannot have. Each is judged by what was made of those before it: whoever takes them may hold rows back.
    """
    if not boxes:
        return
    taken, setting = dict(holders), replace(setting, people=names_of_people(holders))
    known = SoFar.of(ledger.mailboxes.values())
    shelf = Shelf.of(ledger)
    holding = {**ledger.domain_holders, **domains_held(ledger.services.values())}
    ledger = replace(ledger, domain_holders=holding)
    for name in sorted(boxes, key=lambda name: (_turn(name, snapshot, holders), name)):
        if name in snapshot.frozen_boxes:
            result = JudgedBox(scope=box_scope(name))  # neither made nor ended; the snapshot's finding says why (D29)
        elif name in snapshot.frozen_services:
            result = _held_back(name, snapshot.frozen_services[name])
        elif "@" in name:
            result = judge_alias(Address(name), known, ledger, snapshot, taken, setting)
        else:
            result = _judge_box(name, shelf, ledger, snapshot, taken, setting)
        yield result
        for row in result.rows:
            if isinstance(row, Allocation):
                others = [other for other in taken.get(row.address, ()) if other.period != row.period]
                taken[row.address] = (*others, row)
                setting.taken.append(row)
            elif isinstance(row, Mailbox):
                known.put(row)
            elif isinstance(row, Service):
                holding |= domains_held((row,))


def _turn(name: str, snapshot: Snapshot, holders: Holders) -> int:
    """An unattached address that ends is free for a mailbox in the same run; else its mail comes back for an hour."""
    if "@" not in name:
        return 1
    rows = holders.get(Address(name), ())
    loose = bool(rows) and rows[-1].mailbox_key is None and Address(name) not in snapshot.nonpersonal_addresses
    return 0 if loose else 2


def _held_back(name: str, fault: str) -> JudgedBox:
    """A request that cannot be read holds back itself only: its mailbox is neither made nor ended (D29)."""
    result = JudgedBox(scope=box_scope(name))
    result.refuse("SAAS_FIELD", name, fault)
    return result


def _judge_box(
    name: str, shelf: Shelf, ledger: Ledger, snapshot: Snapshot, holders: Holders, setting: Setting
) -> JudgedBox:
    result = JudgedBox(scope=box_scope(name))
    box = shelf.boxes.get(name)
    wish, advice, request = wish_for(name, snapshot), None, snapshot.services.get(name)
    if wish is not None and request is not None and (box is None or box.kind is not MailboxKind.SAAS):
        result.find("SAAS_FIELD", name, words.id_taken(whose_id(request, snapshot, holders, setting)))
        request = None  # whoever has the name first keeps it
    if request is not None:
        dns = ledger.looked_up.get(name, NOT_ASKED)
        advice = advice_on(request, snapshot, holders, setting, ledger=ledger, dns=dns)
        row = ledger.services.get(name)
        report(result, advice, row)
        wish = None if is_over(row, request, ledger, setting) else saas_wish(request, advice, box, row)
    if wish is not None and (box is None or _is_free(box, setting)):
        _create(result, wish, shelf, holders, snapshot, setting)
    elif box is not None and wish is not None and (back := _wanted_back(box, wish, ledger, holders, snapshot, setting)):
        _restore(result, wish, box, back, holders, ledger, setting)
    elif box is not None and request is None and wish is None and _may_be_wanted(result, box, snapshot):
        return result
    elif box is not None:
        _keep(result, wish, box, shelf.live.get(box.key, ()), ledger, setting)
        if wish is not None and wish.kind is not MailboxKind.SAAS:
            _readdress(result, wish, holders, snapshot, setting)
    made = latest(name, (row for row in result.rows if isinstance(row, Mailbox)))
    settle_service(result, request, advice, made or box, ledger, setting)
    return result


def _may_be_wanted(result: JudgedBox, box: Mailbox, snapshot: Snapshot) -> bool:
    """D29: its row has gone, and one that cannot be read, or has its name in other letters, may be it."""
    if not box.live or box.kind is MailboxKind.SAAS:
        return False
    unread = {box.unit_id, ""} & snapshot.unclaimed.get("nonpersonal_mailboxes", frozenset())
    if unread or box.sender in snapshot.frozen_boxes:
        result.waits = "a row of nonpersonal_mailboxes cannot be read, which may be its own"
        return True
    names = snapshot.nonpersonal_mailboxes
    alike = next((name for name in names if name.lower() == (box.name or "").lower()), None)
    if alike is not None:
        message = f"its row has gone, and there is one of {alike}: it is kept until it is known whether they are one"
        result.refuse("ADDRESS_TAKEN", box.name or "", message)
    return alike is not None


def _is_free(box: Mailbox, setting: Setting) -> bool:
    """From the day after its purge on: at which hour of that day the tenant lets go of the name, nobody knows."""
    return box.state is MailboxState.PURGED and box.since < setting.today


def _name_taken(name: str, shelf: Shelf) -> Refusal | None:
    """It is another mailbox's, in the tenant (whose mail and rights the unit would get), or but for its capitals: the
    tenant would take the two for one.
    """
    if name in shelf.foreign:
        message = f"the tenant has a mailbox {name} already, which was not made here; ask under another name"
        return Refusal("ADDRESS_TAKEN", f"{message}, or have the postmaster take it over with `nexusops adopt`")
    alike = shelf.alike(name)
    return Refusal("ADDRESS_TAKEN", f"{alike} is there already; ask under another mailbox_id") if alike else None


def _create(
    result: JudgedBox, wish: BoxWish, shelf: Shelf, holders: Holders, snapshot: Snapshot, setting: Setting
) -> None:
    last = shelf.boxes.get(wish.name)
    wanted = _name_taken(wish.name, shelf) or address_of_new(wish, holders, snapshot, setting)
    if isinstance(wanted, Refusal):
        result.refuse(wanted.code, wish.name, wanted.message)
        return
    generation = last.generation + 1 if last else 1
    key = box_mailbox_key(wish.name, generation)
    result.rows.append(
        Mailbox(
            key=key,
            name=wish.name,
            generation=generation,
            kind=wish.kind,
            person_id=None,
            unit_id=wish.unit_id,
            owner_person_id=wish.owner,
            state=MailboxState.PENDING,
            since=setting.today,
            sender=wanted,
            sender_origin=SenderOrigin.DEFAULT,
            rule=wish.why.rule,
            because=wish.why.because,
            evidence=wish.why.evidence,
        )
    )
    result.rows.append(_own_address(wish, wanted, key, holders, setting))


def _wanted_back(
    box: Mailbox, wish: BoxWish, ledger: Ledger, holders: Holders, snapshot: Snapshot, setting: Setting
) -> Address | None:
    """D08, D31: its unit asks for it again, or it has an owner again, while the tenant can give it back with all that
    was in it: under which address. A product's mailbox is made anew: what may send through it ended with it.
    """
    restorable = box.state is MailboxState.DELETED and box.purge_on is not None and setting.today <= box.purge_on
    if not restorable or wish.kind is MailboxKind.SAAS or not may_own(owner_of(box, wish, ledger), setting):
        return None
    found = address_of(wish, holders, snapshot, setting, on=box.key)
    return None if isinstance(found, Refusal) else found


def _restore(
    result: JudgedBox,
    wish: BoxWish,
    box: Mailbox,
    wanted: Address,
    holders: Holders,
    ledger: Ledger,
    setting: Setting,
) -> None:
    because = f"{wish.unit_id} wants it, it has an owner, and it can still be restored"
    reason = why("D08", because, *wish.why.evidence)
    back = replace(revived(box, setting.today, reason), orphaned_on=None, notice_sent_on=None)
    back = replace(_handed_over(back, wish, ledger), sender=wanted, sender_origin=SenderOrigin.DEFAULT)
    result.rows.append(replace(back, sender_rule=reason.rule, sender_because=because))
    result.rows.append(_own_address(wish, wanted, box.key, holders, setting))


def _own_address(wish: BoxWish, wanted: Address, key: MailboxKey, holders: Holders, setting: Setting) -> Allocation:
    return Allocation(
        address=wanted,
        period=setting.book(holders).next_period(wanted),
        domain=domain_of(wanted),
        local=local_of(wanted),
        base=local_of(wanted),
        n=1,
        kind=AddressKind.NONPERSONAL,
        state=AddressState.ACTIVE,
        person_id=None,
        unit_id=wish.unit_id,
        mailbox_key=key,
        created_on=setting.today,
        rule="R26",
        because=f"it is the address of {wish.name}, and belongs to {wish.unit_id}",
        evidence=wish.why.evidence,
    )


def _readdress(result: JudgedBox, wish: BoxWish, holders: Holders, snapshot: Snapshot, setting: Setting) -> None:
    """R30: its unit wants a live mailbox under another address; the former one ends, unless another row keeps it."""
    box = next((row for row in result.rows if isinstance(row, Mailbox)), None)
    if box is None or not box.live or box.sender is None or wish.address == box.sender:
        return
    own = [row for row in result.rows if isinstance(row, Allocation) and row.address == box.sender and row.live]
    if any(row.reason == ADOPTED for row in own):
        return  # taken over as it was
    wanted = address_of(wish, holders, snapshot, setting)
    if isinstance(wanted, Refusal):
        result.refuse(wanted.code, wish.name, f"{wanted.message}; until then it keeps {box.sender}")
        return
    because = f"{wish.unit_id} wants {wish.name} under {wanted}"
    others = [row for row in result.rows if row is not box and row not in own]
    result.rows = [
        *others,
        *(end(row, setting.today, why("R30", because, *wish.why.evidence)) for row in own),
        _own_address(wish, wanted, box.key, holders, setting),
        replace(box, sender=wanted, sender_rule="R30", sender_because=because),
    ]


def _keep(
    result: JudgedBox,
    wish: BoxWish | None,
    box: Mailbox,
    rows: Sequence[Allocation],
    ledger: Ledger,
    setting: Setting,
) -> None:
    """An existing box: handed over, orphaned, ended by its unit or its domain, purged."""
    today = setting.today
    if box.state is MailboxState.DELETED and box.purge_on and today >= box.purge_on:
        box = purged(box, today)
        result.rows.append(box)
    if box.state is MailboxState.PURGED and wish is not None:
        result.waits = "its unit wants it again, and its name is free tomorrow"
    if box.state in (MailboxState.DELETED, MailboxState.PURGED):
        return
    own = [domain_end(row, setting) for row in rows]
    if wish is None:
        box = deleted(box, today, setting.policy, why("R30", "its unit no longer wants it"))
    elif any(row.address == box.sender and not row.live for row in own):
        box = deleted(box, today, setting.policy, why("R27", "its mail domain has ended"))
    else:
        box = settle_owner(_handed_over(box, wish, ledger), may_own(owner_of(box, wish, ledger), setting), setting)
    result.rows.append(box)
    if box.state is MailboxState.DELETED:
        own = [end(row, today, why("R27", "its mailbox was deleted")) if row.live else row for row in own]
    result.rows.extend(own)


def _handed_over(box: Mailbox, wish: BoxWish, ledger: Ledger) -> Mailbox:
    return replace(box, owner_person_id=owner_of(box, wish, ledger), unit_id=wish.unit_id)
