"""Carries out the changes of a plan, in waves of steps that do not depend on one another.

For each step: the intent is written, the step is done and verified by its port, the outcome is written, and what the
outcome alters in the ledger is in the same transaction. Outcomes that came together are written together, and nothing
that follows from them is begun before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nexusops.apply.settle import Books
from nexusops.apply.waves import WAVE, Port, Work, object_of, port_of, waves
from nexusops.codec import encode_planned
from nexusops.errors import NexusopsError
from nexusops.model.changes import PROMISES, kind_of
from nexusops.model.frozen import frozen
from nexusops.model.journal import Entry, JsonValue, Phase, RowChange, Step, StepOutcome, StepResult
from nexusops.model.plan import Planned
from nexusops.model.steps import steps_of
from nexusops.plan.arrange import scope_of
from nexusops.ports import Store

LOG = logging.getLogger("nexusops.acts")


class Performer(Protocol):
    """The tenant, the channel of notices, or the publisher of DNS records."""

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]: ...


def _unwatched(_behind: int) -> None:
    """Nobody is looking."""


@frozen
class Acting:
    """In whose name, in which run, at what time, through which ports."""

    store: Store
    tenant: Performer
    notifier: Performer
    publisher: Performer
    run_id: str
    actor: str
    at: datetime
    watch: Callable[[int], None] = _unwatched
    """Is told how many of the plan's changes are behind us, whatever became of them."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the changes of a plan."""

    done: list[Planned] = field(default_factory=list)
    waiting: list[Planned] = field(default_factory=list)
    set_aside: list[tuple[Planned, str]] = field(default_factory=list)
    failed: list[tuple[Planned, str]] = field(default_factory=list)
    handed_over: list[tuple[Planned, str]] = field(default_factory=list)
    """Done, with something for a person to go on with: lines to paste, a file to hand over."""
    unreachable: bool = False
    """A service answered nobody, so that nothing more was asked of it."""


class Execution:
    """One plan being carried out. ``held``: scopes that stay unfinished whatever is done, since another job has work
    there, or they must be looked at again.
    """

    def __init__(
        self, acting: Acting, books: Books, planned: Sequence[Planned], held: Collection[str] = frozenset()
    ) -> None:
        self.held = held
        self.planned = len(planned)
        self.acting = acting
        self.books = books
        self.tally = Tally()
        self.reached: set[str] = set()
        self.open: dict[str, set[str]] = {}
        self.waiting: dict[str, Work] = {}
        self.turns_over = False
        """This run may send no more notices: the rest is not even begun."""
        for one in planned:
            if kind_of(one.change) in PROMISES:
                self.reached.add(one.id)
                self.tally.done.append(one)
            else:
                self.waiting[one.id] = Work(one, steps_of(one.change))
                self.open.setdefault(scope_of(one.change), set()).add(one.id)

    def carry_out(self) -> Tally:
        """Everything that can be done; what waits for something that was not done is set aside."""
        self.acting.watch(self.planned - len(self.waiting))
        while not self.turns_over and (ready := self._ready()):
            for start in range(0, len(ready), WAVE):
                self._through(ready[start : start + WAVE])
        for work in self.waiting.values():
            self._left(work)
        return self.tally

    def _ready(self) -> Sequence[Work]:
        """What waits for nothing. Notices come last, some at a time: they tell what has happened, and what waits for
        their turns waits for itself.
        """
        ready = [work for work in self.waiting.values() if self.reached.issuperset(work.planned.after)]
        return [work for work in ready if port_of(work) is not Port.NOTIFIER] or ready[:WAVE]

    def _through(self, some: Sequence[Work]) -> None:
        """All their steps: what has begun is finished before anything else begins, and steps that only look are never
        left to the end, when there would be nothing to write meanwhile.
        """
        while some:
            for wave in waves(some):
                self._wave(wave)
            some = [work for work in some if work.planned.id in self.waiting]

    def _wave(self, wave: Sequence[Work]) -> None:
        self.acting.store.record([self._entry(work, Phase.INTENT) for work in wave])
        by_id = {work.planned.id: work for work in wave}
        steps = [Step(change_id=work.planned.id, name=work.step, change=work.planned.change) for work in wave]
        outcomes = iter(self._performer(wave[0]).perform(steps))
        message = "no outcome was reported"
        while True:
            # Only what the port raises is a failed step; where the state fails, nothing more may be done.
            try:
                came = next(outcomes, None)
            except NexusopsError as error:
                message = error.message
                break
            if came is None:
                break
            self._settle([(by_id.pop(outcome.change_id), outcome) for outcome in came])
        if by_id:
            self._settle([(work, _failed(work, message)) for work in by_id.values()])

    def _performer(self, work: Work) -> Performer:
        acting = self.acting
        return {Port.TENANT: acting.tenant, Port.PUBLISHER: acting.publisher, Port.NOTIFIER: acting.notifier}[
            port_of(work)
        ]

    def _settle(self, came: Sequence[tuple[Work, StepOutcome]]) -> None:
        """One after the other in the order in which they came, and then all of them in one transaction."""
        entries: list[Entry] = []
        rows: list[Sequence[RowChange]] = []
        finished: list[str] = []
        for work, outcome in came:
            entries.append(self._entry(work, Phase(outcome.result.value), outcome))
            rows.append(self._altered(work, outcome))
            finished += self._counted(work, outcome)
        self.acting.store.record(entries, rows, finished)
        for work, outcome in came:
            self._log(work, outcome)
            work.take(outcome)
            work.at += 1
        self.acting.watch(self.planned - len(self.waiting))

    def _altered(self, work: Work, outcome: StepOutcome) -> Sequence[RowChange]:
        if outcome.result is not StepResult.DONE:
            return ()
        return self.books.settle(work.planned.change, outcome, last=work.last)

    def _counted(self, work: Work, outcome: StepOutcome) -> Sequence[str]:
        """Counts the outcome; the scope whose last change is done with it."""
        if outcome.result is not StepResult.DONE:
            del self.waiting[work.planned.id]
            self._count(work, outcome)
            return ()
        if outcome.handed_over:
            self.tally.handed_over.append((work.planned, outcome.handed_over))
        return self._finish(work) if work.last else ()

    def _log(self, work: Work, outcome: StepOutcome) -> None:
        """One line an act, without a person in it: run and change are its place in the journal."""
        act = {
            "run_id": self.acting.run_id,
            "change_id": work.planned.id,
            "kind": kind_of(work.planned.change).value,
            "step": work.step,
            "result": outcome.result.value,
            "rule": work.planned.change.why.rule,
            "request_id": outcome.request_id,
        }
        LOG.info("act", extra={"act": act})

    def _finish(self, work: Work) -> list[str]:
        del self.waiting[work.planned.id]
        self.reached.add(work.planned.id)
        self.tally.done.append(work.planned)
        scope = scope_of(work.planned.change)
        self.open[scope].discard(work.planned.id)
        return [] if self.open[scope] or scope in self.held else [scope]

    def _count(self, work: Work, outcome: StepOutcome) -> None:
        if outcome.result is StepResult.WAITING:
            self.tally.waiting.append(work.planned)
            self.turns_over |= port_of(work) is Port.NOTIFIER
        elif outcome.result is StepResult.SET_ASIDE:
            self.tally.set_aside.append((work.planned, outcome.message))
        else:
            self.tally.failed.append((work.planned, outcome.message))
            self.tally.unreachable |= outcome.unreachable

    def _left(self, work: Work) -> None:
        """What comes after something that waits, waits too; what comes after a failure is set aside."""
        waits = {planned.id for planned in self.tally.waiting}
        missing = set(work.planned.after) - self.reached
        if missing <= waits:
            self.tally.waiting.append(work.planned)
        else:
            self.tally.set_aside.append((work.planned, f"waits for {', '.join(sorted(missing))}, which was not done"))

    def _entry(self, work: Work, phase: Phase, outcome: StepOutcome | None = None) -> Entry:
        change = work.planned.change
        before: JsonValue = None
        after: JsonValue = encode_planned(work.planned) if phase is Phase.INTENT else None
        if outcome is not None:
            before, after = outcome.before, outcome.after
        return Entry(
            at=self.acting.at,
            run_id=self.acting.run_id,
            phase=phase,
            actor=self.acting.actor,
            rule=change.why.rule,
            object=object_of(change),
            scope=scope_of(change),
            change_id=work.planned.id,
            step=work.step,
            before=before,
            after=after,
            request_id=outcome.request_id if outcome else None,
            reason=(outcome.message or None) if outcome else change.why.because,
        )


def _failed(work: Work, message: str) -> StepOutcome:
    return StepOutcome(change_id=work.planned.id, step=work.step, result=StepResult.FAILED, message=message)
