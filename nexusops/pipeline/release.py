"""What an undo keeps is let go: an action of the desk, as those in desk.py."""

from __future__ import annotations

from nexusops.errors import Refused
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.ids import PersonId
from nexusops.model.journal import RowChange
from nexusops.model.ledger import HoldKind
from nexusops.model.rows import rule_of
from nexusops.pipeline.desk import Told, Wish, commit
from nexusops.pipeline.inputs import Ports


def release(ports: Ports, subject: str, wish: Wish) -> Told:
    """The rules go on with it: the next run does what it would have done. ``subject``: a username, person_id, mailbox
    or address.
    """
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
