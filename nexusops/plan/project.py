"""What the tenant should look like if the promises are kept (architecture.md, decide)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.ids import Address, MailboxKey, PersonId
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import ForwardOrigin, Mailbox, MailboxKind, MailboxState
from nexusops.model.site import Site
from nexusops.model.tenant import DesiredMailbox, Explained, Reason
from nexusops.plan.holding import aliases_of
from nexusops.plan.people.case import paused

_UNDONE = Reason(rule="undo", because="it came with a sender that was undone")
_GONE = frozenset({MailboxState.DELETED, MailboxState.PURGED})


def project(ledger: Ledger, site: Site) -> Iterator[DesiredMailbox]:
    """One desired mailbox for each person and box of the slice, the latest generation, in the order of names.

    For people who are frozen or whose card is missing nothing is desired: their mailboxes stay as they are (D26, D29).
    """
    latest: dict[tuple[PersonId | None, str | None], Mailbox] = {}
    for box in ledger.mailboxes.values():
        if paused(box.person_id, ledger):
            continue
        whose = (box.person_id, None if box.person_id else box.name)  # a person's may have had another name (D44)
        if box.generation >= getattr(latest.get(whose), "generation", 0):
            latest[whose] = box
    rows: dict[MailboxKey, list[Allocation]] = {}
    for row in ledger.allocations.values():
        if row.mailbox_key is not None:
            rows.setdefault(row.mailbox_key, []).append(row)
    boxes = sorted((box for box in latest.values() if box.name is not None), key=lambda box: box.name or "")
    return (_desired(box, rows.get(box.key, []), ledger, site) for box in boxes)


def _desired(box: Mailbox, rows: Iterable[Allocation], ledger: Ledger, site: Site) -> DesiredMailbox:
    name = box.name or ""
    ordered = sorted(rows, key=lambda row: (row.address, row.period))
    owned: dict[Address, Explained] = dict.fromkeys(aliases_of(box.person_id or name, ledger), _UNDONE)
    owned |= {row.address: row for row in ordered}
    live: dict[Address, Explained] = {row.address: row for row in ordered if row.live}
    if live and box.kind is not MailboxKind.PERSONAL:  # a person's is in the ledger (D21)
        because = "the routing table sends the mailbox's mail to its routing name"
        live[Address(f"{name}@{site.fallback_domain}".lower())] = Reason(
            rule="R60", because=because, evidence=box.evidence
        )
    exists = box.state not in _GONE
    enabled = exists and box.state is not MailboxState.DISABLED
    fallback = next((row.address for row in ordered if row.live and row.kind is AddressKind.FALLBACK), None)
    sign_in = f"{name}@{site.fallback_domain}"
    auto = box.forward is not None and box.forward.origin is ForwardOrigin.AUTO
    return DesiredMailbox(
        key=box.key,
        name=name,
        kind=box.kind,
        subject=_subject(box, name, ledger),
        person_id=box.person_id,
        unit_id=box.unit_id,
        owner_person_id=box.owner_person_id,
        user_principal_name=fallback if fallback == sign_in else sign_in,  # one string for both
        display_name=_display_name(box, ledger),
        exists=exists,
        enabled=enabled,
        new=box.state is MailboxState.PENDING,
        primary=box.sender if enabled else None,
        fallback=fallback,
        forward=box.forward.to if box.forward is not None and auto else None,
        keeps_manual_forward=box.forward is not None and not auto,
        why=box,
        why_sender=Reason(
            rule=box.sender_rule or box.rule, because=box.sender_because or box.because, evidence=box.evidence
        ),
        why_forward=_why_forward(box),
        addresses=live,
        owned=owned,
    )


def _subject(box: Mailbox, name: str, ledger: Ledger) -> str:
    """Whose the mailbox is: the person's, the SaaS request's that it is named after, or the unit's (interface.md 4)."""
    return box.person_id or (name if name in ledger.services else box.unit_id) or name


def _why_forward(box: Mailbox) -> Reason:
    if box.forward_exempt:
        return Reason(rule="R59", because="the mailbox is exempt from automatic forwarding", evidence=box.evidence)
    if box.forward is not None:
        because = f"{box.sender} is in a domain that is not managed here, so its mail goes where registration says"
        return Reason(rule="R58", because=because, evidence=box.evidence)
    if box.state is MailboxState.DISABLED:
        return Reason(rule="D08", because="a disabled mailbox does not forward", evidence=box.evidence)
    return Reason(rule="D35", because="the reason for the automatic forward is gone", evidence=box.evidence)


def _seen(letter: str) -> bool:
    """No control character, nor a mark of format but the joiners, which some scripts are written with."""
    return unicodedata.category(letter) not in ("Cc", "Cf") or letter in "\u200c\u200d"


def _display_name(box: Mailbox, ledger: Ledger) -> str:
    """The name on the card for a person, without what nobody sees in it: in the address book a mark of direction would
    show another name than is there. The box's own name otherwise.
    """
    state = ledger.people.get(PersonId(box.person_id)) if box.person_id else None
    if box.kind is MailboxKind.PERSONAL and state is not None and state.card_names is not None:
        shown = "".join(one for one in " ".join(" ".join(state.card_names).split()) if _seen(one))
        return shown[:256] or (box.name or "")
    return box.name or ""
