"""What somebody would get on coming back today, in the units that they last were in (D23), or under another status."""

from __future__ import annotations

from datetime import datetime

from nexusops.errors import Refused, UsageError
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import Mailbox
from nexusops.pipeline.explain.ahead import on_return, under_status
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.nearby import called, meant_by, person_meant
from nexusops.ports import SnapshotTables
from nexusops.report.preview import Preview, Supposed


def preview(ports: Ports, subject: str, *, at: datetime) -> Preview:
    """By username, person_id or address. Raises Refused where nothing is known of them, or of no card that could come
    back.
    """
    state, tables = _meant(ports, subject)
    name = state.username or state.person_id
    back = on_return(ports, tables, state, at)
    if back is None:
        raise _no_card(name)
    here = state.state is Standing.ENTITLED
    boxes = ports.store.ledger({state.person_id}, ()).mailboxes.values()
    stays = () if here or back.status else tuple(_staying(box) for box in boxes if box.live and _ends(box))
    return Preview(
        subject=name,
        name=called(state),
        here=here,
        units=back.units,
        changes=(*stays, *back.changes),
        status=back.status or None,
    )


def suppose(ports: Ports, subject: str, status: str, *, at: datetime) -> Supposed:
    """What another status would bring. Raises Refused as ``preview``, UsageError for a status that nobody knows."""
    known = (*ports.policy.status_map.qualifying, *ports.policy.status_map.non_qualifying)
    code = status.strip().upper()
    if code not in known:
        raise UsageError(
            f"No status is called {status!r}.",
            next_step=f"Name one of these with --status: {', '.join(sorted(known))}.",
        )
    state, tables = _meant(ports, subject)
    name = state.username or state.person_id
    found = under_status(ports, tables, state, at, code)
    if found is None:
        raise _no_card(name)
    return Supposed(subject=name, name=called(state), status=code, upcoming=found)


def _meant(ports: Ports, subject: str) -> tuple[PersonState, SnapshotTables]:
    """Who is meant, and their rows in the last snapshot."""
    person_id = person_meant(ports.store, subject.strip())
    state = ports.store.ledger({person_id}, ()).people.get(person_id)
    if state is None or ports.store.accepted() is None:
        raise Refused(
            f"Nobody is known as {subject!r}.",
            next_step=meant_by(ports.store, subject, "nexusops preview")
            or "Name a username, a person_id or a personal address that a run has seen; "
            f"`nexusops explain {subject}` says what else it is.",
        )
    name = state.username or person_id
    if state.frozen:
        raise Refused(
            f"{name} is frozen ({state.frozen}), and nothing happens to them until their data are mended.",
            next_step=f"See `nexusops explain {name}`.",
        )
    return state, accepted_tables(ports, {person_id})


def _no_card(name: str) -> Refused:
    return Refused(
        f"The last snapshot has no card of {name} that could come back.", next_step=f"See `nexusops explain {name}`."
    )


def _ends(box: Mailbox) -> bool:
    return box.disable_on is not None or box.delete_on is not None


def _staying(box: Mailbox) -> str:
    """In a grace: the timers are dropped, and nothing else happens (D23)."""
    off = [f"disabled on {box.disable_on}"] if box.disable_on else []
    off += [f"deleted on {box.delete_on}"] if box.delete_on else []
    return f"Keep the mailbox {box.name}: it is no longer to be {' or '.join(off)}"
