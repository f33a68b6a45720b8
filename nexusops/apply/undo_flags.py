"""What a disabling found, so that an enabling restores exactly that (tenant-api.md 12, 5)."""

from __future__ import annotations

from collections.abc import Iterable

from nexusops.model.journal import JournalRow, Phase
from nexusops.model.steps import BLOCK, HIDE, NOTE, PROTOCOLS, UNBLOCK

_TOLD_BY = frozenset({NOTE, BLOCK, PROTOCOLS, HIDE})


def before_disabling(rows: Iterable[JournalRow]) -> dict[str, bool]:
    """The values by their names, as they were first noted since the mailbox was last enabled.

    ``rows``: the journal's rows about the mailbox. The first note counts: a disabling that was interrupted and taken up
    again finds what it had left itself. Nothing is known of a mailbox that somebody else disabled.
    """
    found: dict[str, bool] = {}
    for row in rows:
        entry = row.entry
        if entry.phase is not Phase.DONE:
            continue
        if entry.step == UNBLOCK:
            found = {}
        elif entry.step in _TOLD_BY and isinstance(entry.before, dict):
            for name, value in entry.before.items():
                if isinstance(value, bool):
                    found.setdefault(name, value)
    return found
