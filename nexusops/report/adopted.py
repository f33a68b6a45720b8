"""What an adoption found and took over, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.codec import encode_finding, instant, to_text
from nexusops.model.addresses import AddressKind
from nexusops.model.journal import JsonObject
from nexusops.model.mailboxes import Mailbox, MailboxKind
from nexusops.plan.adoption.mailbox import Adopted, Adoption
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.text import findings_blocks


def adoption_text(adoption: Adoption, look: Look) -> str:
    """Counts, findings, and what to do next; the mailboxes themselves stand in the JSON document."""
    return written(_blocks(adoption), look)


def adoption_json(adoption: Adoption) -> str:
    """``counts``, one entry of ``mailboxes`` for each that was taken over, ``gained`` and ``reserved`` addresses,
    ``findings``.
    """
    return to_text(
        {
            "at": instant(adoption.at),
            "site": adoption.site,
            "dry_run": adoption.dry_run,
            "run_id": adoption.run_id,
            "counts": dict(_counts(adoption).items()),
            "mailboxes": [_mailbox(one, one.mailbox) for one in adoption.adopted if one.mailbox is not None],
            "gained": [{"address": row.address, "person_id": row.person_id} for row in adoption.gained],
            "reserved": [row.address for row in adoption.reserved],
            "findings": [encode_finding(finding) for finding in adoption.findings],
            "next": _next(adoption),
        }
    )


def _mailbox(one: Adopted, box: Mailbox) -> JsonObject:
    return {
        "name": box.name,
        "kind": box.kind.value,
        "person_id": box.person_id,
        "unit_id": box.unit_id,
        "state": box.state.value,
        "sender": box.sender,
        "forward": box.forward.to if box.forward is not None else None,
        "addresses": [
            {"address": row.address, "kind": row.kind.value}
            for row in sorted(one.addresses, key=lambda row: row.address)
        ],
    }


def _counts(adoption: Adoption) -> dict[str, int]:
    boxes = [one.mailbox for one in adoption.adopted if one.mailbox is not None]
    personal = sum(box.kind is MailboxKind.PERSONAL for box in boxes)
    rows = [row for one in adoption.adopted for row in one.addresses]
    return {
        "people": personal,
        "nonpersonal": len(boxes) - personal,
        "addresses": len(rows),
        "personal_addresses": sum(row.kind is AddressKind.PERSONAL for row in rows),
        "forwards": sum(box.forward is not None for box in boxes),
        "gained": len(adoption.gained),
        "reserved": len(adoption.reserved),
        "already_known": adoption.known,
        "without_mailbox": adoption.without,
        "findings": len(adoption.findings),
    }


_WORDS = {
    "people": ("mailbox of a person", "mailboxes of people"),
    "nonpersonal": ("other mailbox", "other mailboxes"),
    "addresses": ("address", "addresses"),
    "forwards": ("forward, kept as set by hand", "forwards, kept as set by hand"),
    "gained": (
        "address that a mailbox of the ledger has had since",
        "addresses that mailboxes of the ledger have had since",
    ),
    "reserved": (
        "address reserved for a mailbox that is nobody's",
        "addresses reserved for mailboxes that are nobody's",
    ),
    "already_known": ("mailbox that the ledger had already", "mailboxes that the ledger had already"),
    "without_mailbox": ("directory user without a mailbox", "directory users without a mailbox"),
}
"""Of one, and of any other number."""


def _blocks(adoption: Adoption) -> Iterator[Block]:
    taken = f"{len(adoption.adopted):,} mailbox{'' if len(adoption.adopted) == 1 else 'es'}"
    verb = "would be taken over" if adoption.dry_run else "taken over as they are"
    yield Line(text=f"Adoption for {adoption.site} at {instant(adoption.at)}: {taken} {verb}", tone=Tone.TITLE)
    counts = _counts(adoption)
    shown = [(counts[key], words) for key, words in _WORDS.items() if counts[key] or key == "people"]
    yield Table(rows=[(f"{number:>7}", one if number == 1 else many) for number, (one, many) in shown])
    yield Line(text="Nothing was changed in the tenant.", indent=2, tone=Tone.QUIET)
    yield from findings_blocks(adoption.findings)
    yield Line()
    yield Line(text=f"Next: {_next(adoption)}", tone=Tone.TITLE)


def _next(adoption: Adoption) -> str:
    if adoption.dry_run and not (adoption.adopted or adoption.gained):
        return "There is nothing to take over. `nexusops plan` shows what the rules want."
    if adoption.dry_run:
        return "Read the findings; `nexusops adopt` takes over what is listed, and `--format json` lists each mailbox."
    if adoption.run_id is None:
        return "There was nothing to take over. `nexusops plan` shows what the rules want."
    return "`nexusops plan --refresh full` shows what the rules want now; read it before the first `nexusops apply`."
