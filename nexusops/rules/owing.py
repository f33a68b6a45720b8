"""What is known when somebody's notices are judged, and the shape of a new one (D33; interface.md 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from nexusops.model.addresses import Allocation
from nexusops.model.dates import next_day
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice, NoticeKind
from nexusops.model.people import Card
from nexusops.model.policy import Policy
from nexusops.rules.lifecycle import expiry_disables_on


def notice_key(kind: NoticeKind, subject: str, due_on: date) -> str:
    """The identity of a notice: kind, person (or mailbox), and the day on which it fell due (interface.md 9)."""
    return f"{kind.value}|{subject}|{due_on.isoformat()}"


@frozen
class Owing:
    """What is known when the notices of one person are judged.

    ``was`` is the mailbox as the run found it. ``until`` is the last day of a card that no other like it follows,
    ``code`` its status; ``cards`` are all there are. ``cancellation_seen_on``: when a run first saw that the present
    card was cancelled.
    """

    person_id: PersonId
    box: Mailbox
    was: Mailbox | None
    rows: Sequence[Allocation]
    known: Mapping[str, Notice]
    until: date | None
    cancellation_seen_on: date | None
    code: str
    cards: tuple[Card, ...]
    policy: Policy
    today: date
    evidence: tuple[Evidence, ...]

    @property
    def disable_on(self) -> date | None:
        """The day on which the card's natural end disables the mailbox (D07); where another card goes on, which gives
        none, that on which the mailbox is deleted (R42).
        """
        if self.until is None:
            return None
        after = next_day(self.until)
        if any(card.current(after) for card in self.cards):
            return self.policy.months_after(after, self.policy.status_change.months)
        return expiry_disables_on(after, self.code, self.policy)


def new_notice(
    owing: Owing,
    kind: NoticeKind,
    due_on: date,
    rows: Iterable[Allocation],
    ends: date | None,
    rule: str,
    because: str,
    *,
    short: bool = False,
) -> Notice:
    """A notice that is owed from ``due_on`` on; ``ends`` is the day that it announces, ``short``: too soon after it."""
    return Notice(
        key=notice_key(kind, owing.person_id, due_on),
        kind=kind,
        person_id=owing.person_id,
        unit_id=None,
        mailbox_key=owing.box.key,
        addresses=tuple(sorted(row.address for row in rows)),
        due_on=due_on,
        delete_on=ends,
        short_notice=short,
        rule=rule,
        because=because,
        evidence=owing.evidence,
    )
