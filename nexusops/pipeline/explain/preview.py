"""What somebody would get on coming back today, with a current card, to the units that they last were in (D23)."""

from __future__ import annotations

from datetime import datetime

from nexusops.errors import Refused
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.ledger import Standing
from nexusops.model.mailboxes import Mailbox
from nexusops.pipeline.explain.ahead import on_return
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.nearby import meant_by


@frozen
class Preview:
    """``changes`` are sentences, in the order in which a run would make them. ``here``: they have not left."""

    subject: str
    here: bool
    units: tuple[str, ...]
    changes: tuple[str, ...]


def preview(ports: Ports, subject: str, *, at: datetime) -> Preview:
    """By username or person_id. Raises Refused where nothing is known of them, or of no card that could come back."""
    wanted = subject.strip()
    person_id = ports.store.usernames({wanted.lower()}).get(wanted.lower(), PersonId(wanted))
    ledger = ports.store.ledger({person_id}, ())
    state = ledger.people.get(person_id)
    if state is None or ports.store.accepted() is None:
        meant = meant_by(ports.store, subject)
        raise Refused(
            f"Nothing is known of {subject!r}.",
            next_step=f"It may be {meant}: `nexusops preview USERNAME`."
            if meant
            else "Name a username or a person_id that a run has seen; `nexusops explain ADDRESS` knows addresses.",
        )
    name = state.username or person_id
    if state.frozen:
        raise Refused(
            f"{name} is frozen ({state.frozen}), and nothing happens to them until their data are mended.",
            next_step=f"See `nexusops explain {name}`.",
        )
    back = on_return(ports, accepted_tables(ports, {person_id}), state, at)
    if back is None:
        raise Refused(
            f"The last snapshot has no card of {name} that could come back.",
            next_step=f"See `nexusops explain {name}`.",
        )
    here = state.state is Standing.ENTITLED
    stays = () if here else tuple(_staying(box) for box in ledger.mailboxes.values() if box.live and _ends(box))
    return Preview(subject=name, here=here, units=back.units, changes=(*stays, *back.changes))


def _ends(box: Mailbox) -> bool:
    return box.disable_on is not None or box.delete_on is not None


def _staying(box: Mailbox) -> str:
    """In a grace: the timers are dropped, and nothing else happens (D23)."""
    off = [f"disabled on {box.disable_on}"] if box.disable_on else []
    off += [f"deleted on {box.delete_on}"] if box.delete_on else []
    return f"Keep the mailbox {box.name}: it is no longer to be {' or '.join(off)}"
