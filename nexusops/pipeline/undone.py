"""What undos keep against the data: since when, by whom, and how it is let go (D41; architecture.md, Holds)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from nexusops.errors import Refused
from nexusops.model.dates import add_months, local_date
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.journal import JournalRow, RowChange
from nexusops.model.ledger import HoldKind
from nexusops.model.rows import rule_of
from nexusops.pipeline.inputs import Ports

if TYPE_CHECKING:
    from nexusops.pipeline.desk import Told, Wish

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
            found[subject] = Kept(subject=subject, since=since, actor=row.entry.actor)
    return found


def _parts(name: str) -> tuple[str, str, str]:
    kind, _, rest = name.partition(":")
    subject, _, hold = rest.rpartition(":")
    return kind, subject, hold


def let_go(subject: str) -> str:
    """The command that ends it, for whoever reads of it."""
    return f"`nexusops desk release {subject}` lets it go"


def release(ports: Ports, subject: str, wish: Wish) -> Told:
    """The rules go on with it: the next run does what it would have done. ``subject``: a username, person_id, mailbox
    or address.
    """
    from nexusops.pipeline.desk import Told, commit

    known = ports.store.usernames({subject.lower()}).get(subject.lower())
    name = known or subject
    hold = ports.store.ledger({PersonId(name)}, {name}).holds.get((name, HoldKind.UNDONE))
    if hold is None:
        raise Refused(
            f"Nothing of {subject} is kept by an undo.",
            next_step="`nexusops audit overrides` lists what was decided against the data, and what of it has ended.",
        )
    person = known is not None or bool(ports.store.owners({PersonId(name)}))
    scope = person_scope(PersonId(name)) if person else box_scope(name)
    commit(ports, "desk release", wish, (RowChange(before=hold, after=None, rule=rule_of(hold)),), scope)
    message = f"the next run does with {subject} what registration says; `nexusops plan` shows what that is"
    return Told(action="release", object=subject, message=message)
