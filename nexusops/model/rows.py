"""Keys, tables and rules of ledger rows: which mapping of the Ledger a row belongs to, and what identifies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from nexusops.model.addresses import Allocation
from nexusops.model.journal import LedgerRow
from nexusops.model.ledger import Alternative, DomainRow, Hold, NameDecision, NameOverride, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.services import Service

TABLES: Mapping[type, str] = {
    PersonState: "people",
    Mailbox: "mailboxes",
    Allocation: "allocations",
    NameOverride: "overrides",
    NameDecision: "decisions",
    Alternative: "alternatives",
    Notice: "notices",
    Hold: "holds",
    DomainRow: "domains",
    Service: "services",
}
"""Row type -> the field of Ledger that maps its keys to it."""


def key_of(row: LedgerRow) -> object:
    """The row's key in its mapping of the Ledger."""
    match row:
        case PersonState():
            return row.person_id
        case Mailbox() | Notice():
            return row.key
        case Allocation():
            return row.address, row.period
        case NameOverride():
            return row.person_id, row.part
        case NameDecision() | Service():
            return row.request_id
        case Alternative():
            return row.person_id, row.source
        case Hold():
            return row.subject, row.kind
        case DomainRow():
            return row.domain
        case _:
            assert_never(row)


def rule_of(row: LedgerRow) -> str:
    """The rule that brought the row into its present state."""
    match row:
        case Mailbox() | Allocation() | Notice() | Service():
            return row.rule
        case PersonState():
            return "R35"
        case NameOverride():
            return "D25"
        case NameDecision():
            return "D24"
        case Alternative():
            return "D32"
        case Hold():
            return "D41"
        case DomainRow():
            return "R50"
        case _:
            assert_never(row)
