"""A row of the ledger that became another, as a row of the journal, and back again."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime

from nexusops.codec.rows import row_from_json, row_to_json
from nexusops.model.addresses import Allocation
from nexusops.model.journal import Entry, LedgerRow, Phase, RowChange
from nexusops.model.ledger import Alternative, DomainRow, Hold, NameDecision, NameOverride, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.rows import key_of
from nexusops.model.services import Service

_WORDS: Mapping[type[LedgerRow], str] = {
    Allocation: "address",
    Mailbox: "mailbox",
    PersonState: "person",
    Notice: "notice",
    NameOverride: "name_overrides",
    NameDecision: "name_decisions",
    Alternative: "alternatives",
    Hold: "holds",
    DomainRow: "domains",
    Service: "services",
}
"""What the journal calls the rows of the ledger."""
_KINDS = {word: kind for kind, word in _WORDS.items()}


def promise_of(
    change: RowChange, *, at: datetime, run_id: str, actor: str, scope: str = "", reason: str | None = None
) -> Entry:
    """A row of the ledger that became another, as a row of the journal: what it was and is, as JSON."""
    return Entry(
        at=at,
        run_id=run_id,
        phase=Phase.PROMISE,
        actor=actor,
        rule=change.rule,
        object=object_of(change.row),
        scope=scope,
        before=row_to_json(change.before) if change.before is not None else None,
        after=row_to_json(change.after) if change.after is not None else None,
        reason=reason,
    )


def change_of(entry: Entry, among: Container[type[LedgerRow]] = _WORDS) -> RowChange | None:
    """None: it is no promise about such a row."""
    kind = kind_in(entry.object)
    if entry.phase is not Phase.PROMISE or kind is None or kind not in among:
        return None
    before, after = (row_from_json(kind, one) if one is not None else None for one in (entry.before, entry.after))
    return RowChange(before=before, after=after, rule=entry.rule)


def kind_in(name: str) -> type[LedgerRow] | None:
    """What kind of row the journal calls so; None: it is none of the ledger's."""
    return _KINDS.get(name.partition(":")[0])


def object_of(row: LedgerRow) -> str:
    """The word and the key; of an address without the period, so that all its periods are found together."""
    key = row.address if isinstance(row, Allocation) else key_of(row)
    return f"{_WORDS[type(row)]}:{':'.join(map(str, key)) if isinstance(key, tuple) else key}"
