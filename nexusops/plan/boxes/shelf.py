"""The non-personal mailboxes of a ledger, laid out so that each is found by its name: a site has thousands of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nexusops.model.addresses import Allocation
from nexusops.model.frozen import frozen
from nexusops.model.ids import MailboxKey
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState


@frozen
class Shelf:
    """The boxes of the ledger by their names (of each the latest), and their live addresses, laid out once for all."""

    boxes: Mapping[str, Mailbox]
    live: Mapping[MailboxKey, Sequence[Allocation]]
    folded: Mapping[str, Sequence[str]]
    """The names, by their lower case."""
    foreign: frozenset[str] = frozenset()
    """Names of mailboxes in the tenant that are not ours."""

    @classmethod
    def of(cls, ledger: Ledger) -> Shelf:
        boxes: dict[str, Mailbox] = {}
        for box in ledger.mailboxes.values():
            known = boxes.get(box.name or "")
            if box.name is None or box.kind is MailboxKind.PERSONAL:
                continue
            if known is None or box.generation > known.generation:
                boxes[box.name] = box
        keys = {box.key for box in boxes.values()}
        live: dict[MailboxKey, list[Allocation]] = {}
        for row in ledger.allocations.values():
            if row.mailbox_key in keys and row.live:
                live.setdefault(row.mailbox_key, []).append(row)
        folded: dict[str, list[str]] = {}
        for name in boxes:
            folded.setdefault(name.lower(), []).append(name)
        return cls(boxes=boxes, live=live, folded=folded, foreign=ledger.foreign)

    def alike(self, name: str) -> str | None:
        """Another live one's name, which differs in capitals only."""
        found = (one for one in self.folded.get(name.lower(), ()) if one != name and self.boxes[one].live)
        return next(found, None)


@dataclass(slots=True)
class SoFar:
    """All mailboxes as they have been judged so far: by their keys, and the live non-personal ones by their names."""

    keyed: dict[MailboxKey, Mailbox] = field(default_factory=dict)
    named: dict[str, Mailbox] = field(default_factory=dict)

    @classmethod
    def of(cls, boxes: Iterable[Mailbox]) -> SoFar:
        found = cls()
        for box in boxes:
            found.put(box)
        return found

    def put(self, box: Mailbox) -> None:
        self.keyed[box.key] = box
        if box.name is None or box.kind is MailboxKind.PERSONAL:
            return
        if box.live:
            self.named[box.name] = box
        elif box.name in self.named and self.named[box.name].key == box.key:
            del self.named[box.name]


def shared_names(boxes: Iterable[Mailbox]) -> dict[str, Mailbox]:
    """Those that nobody owns as a person and that the tenant has, or keeps until the purge, by their names (R18)."""
    theirs = (box for box in boxes if box.kind is not MailboxKind.PERSONAL and box.state is not MailboxState.PURGED)
    return {box.name.lower(): box for box in theirs if box.name is not None}


def latest(name: str, boxes: Iterable[Mailbox]) -> Mailbox | None:
    mine = [box for box in boxes if box.name == name and box.kind is not MailboxKind.PERSONAL]
    return max(mine, key=lambda box: box.generation, default=None)
