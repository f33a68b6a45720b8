"""What a disabling found, so that an enabling restores exactly that (tenant-api.md 12, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from nexusops.model.frozen import frozen
from nexusops.model.journal import JournalRow, Phase
from nexusops.model.mailboxes import AutomaticReply
from nexusops.model.steps import BLOCK, HIDE, NOTE, PROTOCOLS, REPLY_BEFORE, UNBLOCK

_TOLD_BY = frozenset({NOTE, BLOCK, PROTOCOLS, HIDE})


@frozen
class Noted:
    """``flags``: sign-in, protocols and hiding by their names. ``reply``: None where it was left alone."""

    flags: Mapping[str, bool]
    reply: AutomaticReply | None = None


def before_disabling(rows: Iterable[JournalRow]) -> Noted:
    """The values as they were first noted since the mailbox was last enabled.

    ``rows``: the journal's rows about the mailbox. The first note counts: a disabling that was interrupted and taken up
    again finds what it had left itself. Nothing is known of a mailbox that somebody else disabled.
    """
    found: dict[str, bool] = {}
    reply: AutomaticReply | None = None
    for row in rows:
        entry = row.entry
        if entry.phase is not Phase.DONE:
            continue
        if entry.step == UNBLOCK:
            found, reply = {}, None
        elif entry.step in _TOLD_BY and isinstance(entry.before, dict):
            for name, value in entry.before.items():
                if isinstance(value, bool):
                    found.setdefault(name, value)
                elif name == REPLY_BEFORE and reply is None:
                    reply = msgspec.convert(value, AutomaticReply)
    return Noted(flags=found, reply=reply)
