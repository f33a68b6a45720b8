"""The non-personal mailboxes of a ledger, laid out so that each is found by its name: a site has thousands of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nexusops.model.addresses import Allocation
from nexusops.model.frozen import frozen
from nexusops.model.ids import MailboxKey
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox, MailboxKind


@frozen
class Shelf:
    """The boxes of the ledger by their names (of each the latest), and their live addresses, laid out once for all."""

    boxes: Mapping[str, Mailbox]
    live: Mapping[MailboxKey, Sequence[Allocation]]

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
        return cls(boxes=boxes, live=live)


def latest(name: str, boxes: Iterable[Mailbox]) -> Mailbox | None:
    mine = [box for box in boxes if box.name == name and box.kind is not MailboxKind.PERSONAL]
    return max(mine, key=lambda box: box.generation, default=None)
