"""What can be taken back, kind by kind (interface.md 4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from nexusops.model.changes import Kind


class Undo(StrEnum):
    EXACT = "exact"
    PARTIAL = "partial"
    NONE = "none"


UNDO: Mapping[Kind, Undo] = dict.fromkeys(Kind, Undo.EXACT) | {
    Kind.DELETE_MAILBOX: Undo.PARTIAL,
    Kind.RESTORE_MAILBOX: Undo.PARTIAL,
    Kind.SEND_NOTICE: Undo.NONE,
}
"""What an undo can bring back. A deletion is undone within 30 days, with whatever the tenant kept."""
