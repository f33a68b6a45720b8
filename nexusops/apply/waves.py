"""Which steps are done together: what a change is at, whose its step is, and what must not meet in one wave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from nexusops.model.changes import Change, PublishRecords, RetireRecords, SendNotice, target_of
from nexusops.model.journal import StepOutcome
from nexusops.model.plan import Planned
from nexusops.model.steps import SIGNING_STEPS

WAVE = 200
"""How many steps are handed over at once; their intents are written in one transaction. Ten seconds' worth of writes at
the documented pace, so that the end of one wave, when little is under way, is made up for in the next.
"""


class Port(Enum):
    """Whose step it is; in the order in which a wave's steps are done: notices tell what has happened."""

    TENANT = 1
    PUBLISHER = 2
    NOTIFIER = 3


@dataclass(slots=True)
class Work:
    """A change under way: its steps, and at which of them it is."""

    planned: Planned
    steps: tuple[str, ...]
    at: int = 0

    @property
    def step(self) -> str:
        return self.steps[self.at]

    @property
    def last(self) -> bool:
        """With this step the whole change is done."""
        return self.at + 1 == len(self.steps)

    def take(self, outcome: StepOutcome) -> None:
        """What one step yielded, the next one publishes too."""
        change = self.planned.change
        if outcome.records and isinstance(change, PublishRecords):
            records = tuple(dict.fromkeys((*change.records, *outcome.records)))
            self.planned = replace(self.planned, change=replace(change, records=records))


def port_of(work: Work) -> Port:
    if isinstance(work.planned.change, SendNotice):
        return Port.NOTIFIER
    dns = isinstance(work.planned.change, PublishRecords | RetireRecords) and work.step not in SIGNING_STEPS
    return Port.PUBLISHER if dns else Port.TENANT


def waves(ready: Sequence[Work]) -> Iterator[Sequence[Work]]:
    """Steps of one performer together, and never two of the same mailbox: they would overwrite each other's
    addresses.
    """
    ports = [(work, port_of(work)) for work in ready]  # of the steps now, whatever comes after them meanwhile
    for port in Port:
        busy: set[str] = set()
        mine = []
        for work, its_own in ports:
            change = work.planned.change
            if its_own is port and (port is Port.NOTIFIER or object_key(change) not in busy):
                busy.add(object_key(change))
                mine.append(work)
        for start in range(0, len(mine), WAVE):
            yield mine[start : start + WAVE]


def object_of(change: Change) -> str:
    """What a journal row is about: the address, the notice, or the mailbox."""
    if isinstance(change, SendNotice):
        return f"notice:{change.key}"
    if hasattr(change, "address") and change.address:
        return f"address:{change.address}"
    if hasattr(change, "mailbox") and change.mailbox is not None:
        return f"mailbox:{change.mailbox.key}"
    return f"domain:{target_of(change)}"


def object_key(change: Change) -> str:
    """The mailbox that a change touches, or what else it is about."""
    on = getattr(change, "mailbox", None)
    return on.key if on is not None else object_of(change)
