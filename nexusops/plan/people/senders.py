"""Sender and automatic forward of a case (R10-R12, R34, R58, R59; D16-D18, D35)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nexusops.model.addresses import AddressState
from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.model.frozen import altered, frozen
from nexusops.model.ids import Address, domain_of
from nexusops.model.ledger import HoldKind
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, SenderOrigin
from nexusops.plan.people.case import PAUSED, Case
from nexusops.plan.setting import Setting
from nexusops.rules.book import Holders
from nexusops.rules.entitlement import Entitlement
from nexusops.rules.sender import NO_CHOICE, Choice, choose, judge_choice

_CHOICE = {
    "SENDER_NOT_ACTIVE": "the chosen sender is not an active address",
    "SENDER_NOT_YOURS": "the chosen sender belongs to somebody else",
    "SENDER_NON_PERSONAL": "the chosen sender is not a personal address",
    "SENDER_FOREIGN": "the chosen sender is in a domain outside the University",
    "SENDER_UNKNOWN": "the chosen sender is no address that we know",
}


def settle_sender(
    case: Case,
    found: Entitlement,
    holders: Holders,
    setting: Setting,
    evidence: tuple[Evidence, ...],
) -> None:
    """Gives a live mailbox its one sender, and the forward that goes with it."""
    box = case.box
    if box is None or not box.live:
        return
    choice = _judged_choice(case, holders, setting)
    fallback = case.fallback
    code = found.code or (found.card.status_code if found.card else found.last_code)
    sender = choose(
        box,
        case.personal,
        case.needs,
        code,
        choice,
        fallback.address if fallback is not None and fallback.live else None,
        setting.units,
        setting.policy,
        evidence,
    )
    if (box.sender, box.sender_origin, box.sender_basis) != (sender.address, sender.origin, sender.basis):
        box = altered(
            box,
            sender=sender.address,
            sender_origin=sender.origin,
            sender_basis=sender.basis,
            sender_rule=sender.why.rule,
            sender_because=sender.why.because,
        )
    case.put(_with_forward(case, box, setting))


def _judged_choice(case: Case, holders: Holders, setting: Setting) -> Choice:
    if case.record.choice is None:
        return _choice_so_far(case, setting)
    choice = judge_choice(
        case.record.choice,
        case.person_id,
        tuple(case.rows.values()),
        holders,
        tuple(r for r in case.record.external_routes if r.address not in setting.routes.refused),
        setting.units,
        setting.policy.time.zone,
    )
    if choice.code is not None and case.box is not None and case.record.choice.address == case.box.sender:
        if _route_unread(case, case.box.sender, setting):
            return Choice(address=case.box.sender)
    if choice.code is not None:
        case.find(choice.code, _CHOICE[choice.code] + "; the choice is ignored", Severity.INFO)
    return choice


def _choice_so_far(case: Case, setting: Setting) -> Choice:
    """D29, R60: a choice that cannot be read, or waits, undoes no earlier one, as long as that can be the sender."""
    box = case.box
    if box is None or box.sender is None or box.sender_origin is not SenderOrigin.CHOICE:
        return NO_CHOICE
    nobodys = box.sender in setting.unread.get("sender_choices", ())
    if not case.record.choice_unread and not nobodys:
        return NO_CHOICE
    can = {row.address for row in case.personal if row.state is AddressState.ACTIVE}
    can |= {route.address for route in case.record.external_routes if route.address not in setting.routes.refused}
    if box.sender not in can and not _route_unread(case, box.sender, setting):
        return NO_CHOICE
    if nobodys:
        case.waits = f"a choice of {box.sender} is nobody's"
        message = f"the choice of {box.sender} is gone, and one in sender_choices names nobody who is known"
        case.find("BAD_ROW", f"{message}; it counts until that one is repaired")
    return Choice(address=box.sender)


def _route_unread(case: Case, sender: Address, setting: Setting) -> bool:
    """D29: the sender is elsewhere, and the row cannot be read that says whose it is or where its mail goes."""
    if domain_of(sender) == setting.site.fallback_domain or setting.units.managed(domain_of(sender)):
        return False
    if sender in setting.routes.held:
        return True
    said = sender in setting.routes.external or sender in setting.routes.refused
    mine = any(route.address == sender for route in case.record.external_routes)
    return not said and not mine and bool({case.person_id, ""} & setting.unread.get("external_routes", frozenset()))


def _with_forward(case: Case, box: Mailbox, setting: Setting) -> Mailbox:
    """R58: a sender in a domain that is not managed is forwarded to where registration says its mail goes."""
    exempt = HoldKind.FORWARD_EXEMPT in case.holds
    if box.forward_exempt is not exempt:
        box = altered(box, forward_exempt=exempt)
    manual = box.forward is not None and box.forward.origin is ForwardOrigin.MANUAL
    if manual:
        return box
    wanted = _route(case, box, setting)
    if exempt and wanted is not None:
        message = f"outside mail for {box.sender} goes to {wanted}, and mail from inside stays here, as the desk asked"
        case.find("SPLIT_ROUTING", f"{message}: a forward back is needed there", Severity.INFO, subject=box.sender)
        wanted = None
    to = Forward(to=wanted, origin=ForwardOrigin.AUTO) if wanted else None
    return altered(box, forward=to) if box.forward != to else box


def _route(case: Case, box: Mailbox, setting: Setting) -> Address | None:
    """Where mail for the sender goes, in a domain that is not managed; None where it is not known, or comes back to a
    mailbox that keeps it (R59). Whether it goes round in a circle is seen once everybody is judged.
    """
    if box.sender is None or domain_of(box.sender) == setting.site.fallback_domain:
        return None
    if setting.units.managed(domain_of(box.sender)):
        return None
    if domain_of(box.sender) not in setting.units.domains and any(row.address == box.sender for row in case.personal):
        return Address(box.forward.to) if box.forward is not None else None  # the domain's row cannot be read (D29)
    destination = setting.routes.external.get(box.sender)
    if _route_unread(case, box.sender, setting):
        _may_be_theirs(case, box.sender, setting)
        destination = destination or (Address(box.forward.to) if box.forward is not None else None)
    elif destination is None:
        if not box.forward_exempt:
            message = f"mail for {box.sender} goes elsewhere, and no route is known: ask the unit for it"
            case.find("NO_ROUTE", message, subject=box.sender)
        return None
    if destination is not None and box.forward_exempt:
        back = setting.routes.comes_back(destination, box.name or "", _own(case, box))
        return None if back else destination
    return destination


def _may_be_theirs(case: Case, sender: Address, setting: Setting) -> None:
    """Told of the person, too, where nobody can tell from the row whose it is, or of which address."""
    if sender in setting.routes.external:
        message = f"the outside route of {sender} names nobody who is known"
    elif sender not in setting.routes.held:
        message = f"there is no outside route of {sender}, and one cannot be read that may be its own"
    else:
        return  # the row's own finding names the address
    case.waits = message
    case.find("BAD_ROW", f"{message}; sender and forward stay until it is repaired", subject=sender)


def _own(case: Case, box: Mailbox) -> set[Address]:
    return {row.address for row in case.rows.values() if row.live} | ({box.sender} if box.sender else set())


@frozen
class ForwardRefused:
    """The mailbox without its forward, and why."""

    box: Mailbox
    finding: Finding


def refuse_circles(forwarding: Iterable[Case], setting: Setting) -> Iterator[ForwardRefused]:
    """D35, once everybody is judged: of forwards that lead back to their own mailboxes none is set."""
    cases = {case.box.name or "": case for case in forwarding if case.box is not None and _automatic(case, case.box)}
    own = {name: _own(case, case.box) for name, case in cases.items() if case.box is not None}
    for name in setting.routes.circling(own):
        case = cases[name]
        if case.box is not None:
            finding = Finding(
                code="FORWARD_LOOP",
                subject=case.box.sender or case.person_id,
                message=f"the route of {case.box.sender} leads back to the same mailbox; no forward is set",
                severity=Severity.ALERT,
                scope=case.scope,
            )
            yield ForwardRefused(box=altered(case.box, forward=None), finding=finding)


def _automatic(case: Case, box: Mailbox) -> bool:
    """Whether there is a forward that is ours, and anything may be done about it."""
    ours = box.forward is not None and box.forward.origin is ForwardOrigin.AUTO
    return box.live and ours and case.state.state not in PAUSED
