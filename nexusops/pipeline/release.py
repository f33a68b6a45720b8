"""What an undo keeps is let go: an action of the desk, as those in desk.py."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.errors import Refused
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.ids import Address, PersonId, domain_of, local_of
from nexusops.model.journal import RowChange
from nexusops.model.ledger import HoldKind
from nexusops.model.rows import rule_of
from nexusops.pipeline.desk import Told, Wish, commit
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.nearby import as_known, person_named


def release(ports: Ports, subject: str, wish: Wish) -> Told:
    """The rules go on with it: the next run does what it would have done. ``subject``: a username, person_id, mailbox
    or address; of an address, its own hold, or that of whom or what it is on.
    """
    names = list(_subjects(ports, subject))
    holds = ports.store.ledger({PersonId(name) for name in names}, set(names)).holds
    hold = next((holds[name, HoldKind.UNDONE] for name in names if (name, HoldKind.UNDONE) in holds), None)
    if hold is None:
        raise Refused(
            f"Nothing of {subject} is kept by an undo.",
            next_step="`nexusops audit overrides` lists what was decided against the data, and what of it has ended.",
        )
    person = PersonId(hold.subject)
    scope = person_scope(person) if ports.store.owners({person}) else box_scope(hold.subject)
    commit(ports, "desk release", wish, (RowChange(before=hold, after=None, rule=rule_of(hold)),), scope)
    message = f"the next run does with {subject} what registration says; `nexusops plan` shows what that is"
    return Told(action="release", object=subject, message=message)


def _subjects(ports: Ports, named: str) -> Iterator[str]:
    """What a hold may be kept under: a person_id, a mailbox's name, or an address that is on none."""
    yield person_named(ports.store, named)
    yield as_known(ports.store, named)
    if "@" in named:
        address = Address(named.lower())
        rows = ports.store.holders({(domain_of(address), local_of(address))})
        mine = [row for row in rows if row.address == address and row.live]
        yield from (row.person_id for row in mine if row.person_id is not None)
        boxes = ports.store.reached((), {row.mailbox_key for row in mine if row.mailbox_key is not None})
        yield from (box.name for box in boxes if box.name is not None and box.person_id is None)
