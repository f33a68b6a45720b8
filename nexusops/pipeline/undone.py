"""What undos keep against the data: since when, by whom, and how it is let go (D41; architecture.md, Holds)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from nexusops.model.dates import add_months, local_date
from nexusops.model.frozen import frozen
from nexusops.model.journal import JournalRow
from nexusops.model.ledger import HoldKind

LONG = 2
"""So many months data that are wrong should take to be mended."""


@frozen
class Kept:
    """``since``: when it was first undone; by whom, as of the last time."""

    subject: str
    since: date
    actor: str

    @property
    def long_over(self) -> date:
        return add_months(self.since, LONG)


def kept(rows: Iterable[JournalRow], zone: str) -> Mapping[str, Kept]:
    """What is kept now, by subject, as the journal's rows about holds tell it."""
    found: dict[str, Kept] = {}
    for row in rows:
        kind, subject, hold = _parts(row.entry.object)
        if (kind, hold) != ("holds", HoldKind.UNDONE):
            continue
        if row.entry.after is None:
            found.pop(subject, None)
        else:
            since = found[subject].since if subject in found else local_date(row.entry.at, zone)
            found[subject] = Kept(subject=subject, since=since, actor=_actor(row))
    return found


def _actor(row: JournalRow) -> str:
    """Whoever undid it: its row is written anew by the first run of another version."""
    after = row.entry.after
    return str(after.get("actor") or row.entry.actor) if isinstance(after, dict) else row.entry.actor


def _parts(name: str) -> tuple[str, str, str]:
    kind, _, rest = name.partition(":")
    subject, _, hold = rest.rpartition(":")
    return kind, subject, hold


def let_go(subject: str) -> str:
    """The command that ends it, for whoever reads of it."""
    return f"`nexusops desk release {subject}` lets it go"
