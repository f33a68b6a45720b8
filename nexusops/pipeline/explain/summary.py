"""The first line of an answer: what somebody or an address is now, and until when."""

from __future__ import annotations

from datetime import date

from nexusops.model.addresses import Allocation, receives_until
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.pipeline.explain.facts import word
from nexusops.pipeline.nearby import called

STANDINGS = {
    Standing.ENTITLED: "entitled",
    Standing.GRACE: "no longer entitled",
    Standing.OUT: "no longer entitled",
    Standing.MISSING_HOLD: "on hold, for the card is missing",
    Standing.FROZEN: "frozen, for their registration data are faulty",
}


def person_summary(state: PersonState, box: Mailbox | None) -> str:
    standing = STANDINGS[state.state]
    if box is None:
        return f"{standing}; no mailbox"
    if box.sender is None:
        return f"{standing}; the mailbox {box.name or '(no username yet)'} {_standing(box)}"
    joined = " and" if box.state is MailboxState.ACTIVE else "; it"
    return f"{standing}; the mailbox {box.name} {_standing(box)}{joined} sends as {box.sender}"


def address_summary(row: Allocation, state: PersonState | None, box: Mailbox | None, today: date) -> str:
    owner = (state.username if state else None) or row.person_id or row.unit_id or "nobody"
    name = called(state) if state is not None else ""
    whose = f"{owner} ({name})" if name else owner
    if row.state == "winddown":
        late = row.delete_on is not None and row.delete_on <= today
        takes = f"was to end on {row.delete_on}, still receives" if late else receives_until(row.delete_on)
        return f"in wind-down for {whose}: it {takes} and no longer sends"
    if row.state == "deleted":
        return f"deleted on {row.deleted_on}; it was {owner}'s"
    sends = box is not None and box.sender == row.address
    return f"{row.state.value} for {whose}" + (", and the sender of the mailbox" if sends else "")


def _standing(box: Mailbox) -> str:
    """What a mailbox is like for its owner now, and the day on which that ends."""
    if box.state is MailboxState.GRACE_CANCELLED:
        return f"still works, and is to be disabled on {box.disable_on}"
    if box.state is MailboxState.GRACE_STATUS:
        return f"still works, and is to be deleted on {box.delete_on}"
    ends = f", and is to be deleted on {box.delete_on}" if box.state is MailboxState.DISABLED and box.delete_on else ""
    return f"is {word(box.state)}{ends}"
