"""The Publisher of ports.py: each step goes the way that its change names (R69, R78, T13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from nexusops.dns.records import absolute, is_domain
from nexusops.model.changes import Change, PublishRecords, RetireRecords
from nexusops.model.dns import DnsRecord
from nexusops.model.frozen import frozen
from nexusops.model.ids import within
from nexusops.model.journal import JsonObject, JsonValue, Step, StepOutcome, StepResult


class Unfit(Exception):
    """What was found fits neither the plan's before nor its after: the step is set aside, and nothing was written."""


class NotPublished(Exception):
    """It could not be carried out; the next run looks again."""


@frozen
class Carried:
    """A change that is as it should be: the records found and left, a sentence for the journal, and what a person goes
    on with.
    """

    before: tuple[DnsRecord, ...] | None = None
    after: tuple[DnsRecord, ...] | None = None
    message: str = ""
    handed_over: str = ""


class Way(Protocol):
    """One way of publishing. Each looks first, and verifies afterwards; raises Unfit or NotPublished."""

    def publish(self, change: PublishRecords) -> Carried: ...

    def retire(self, change: RetireRecords) -> Carried: ...

    def stands(self, change: PublishRecords | RetireRecords) -> bool: ...

    def left(self, domain: str) -> bool:
        """Whether something of this domain waits for a person."""
        ...

    def forget(self, domain: str) -> None:
        """Nothing of it is to be carried out by hand any more: another way has it now. Raises NotPublished."""
        ...


class Publishing:
    """All ways by their name (``publish_as``)."""

    def __init__(self, ways: Mapping[str, Way]) -> None:
        self._ways = ways

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        for step in steps:
            yield (self._one(step),)

    def _one(self, step: Step) -> StepOutcome:
        change = step.change
        if not isinstance(change, PublishRecords | RetireRecords):
            return _outcome(step, StepResult.FAILED, message="it is no change of DNS records")
        strangers = [one.name for one in change.records if not within(absolute(one.name), absolute(change.domain))]
        if strangers or not is_domain(change.domain):
            message = f"{', '.join(strangers) or change.domain} is not in a domain that may be published"
            return _outcome(step, StepResult.SET_ASIDE, message=message)
        way = self._ways.get(change.publish_as)
        if way is None:
            known = ", ".join(self._ways)
            message = f"dns.publish: {change.publish_as} is not configured; there is {known}"
            return _outcome(step, StepResult.FAILED, message=message)
        try:
            carried = way.publish(change) if isinstance(change, PublishRecords) else way.retire(change)
            for other in self._others(way):
                other.forget(change.domain)
        except Unfit as error:
            return _outcome(step, StepResult.SET_ASIDE, message=str(error))
        except NotPublished as error:
            return _outcome(step, StepResult.FAILED, message=str(error))
        before, after = _records(carried.before), _records(carried.after)
        outcome = _outcome(step, StepResult.DONE, before, after, message=carried.message)
        return replace(outcome, handed_over=carried.handed_over)

    def stands(self, change: Change) -> bool | None:
        way = self._ways.get(change.publish_as) if isinstance(change, PublishRecords | RetireRecords) else None
        if way is None or not isinstance(change, PublishRecords | RetireRecords):
            return None
        try:
            return way.stands(change) and not any(other.left(change.domain) for other in self._others(way))
        except Unfit:
            return False
        except NotPublished:
            return None

    def _others(self, way: Way) -> list[Way]:
        return [other for other in self._ways.values() if other is not way]

    def close(self) -> None:
        return


def _outcome(
    step: Step, result: StepResult, before: JsonObject | None = None, after: JsonObject | None = None, *, message: str
) -> StepOutcome:
    return StepOutcome(
        change_id=step.change_id, step=step.name, result=result, before=before, after=after, message=message
    )


def _records(records: tuple[DnsRecord, ...] | None) -> JsonObject | None:
    if records is None:
        return None
    rows: list[JsonValue] = [{"type": one.type, "name": one.name, "value": one.value} for one in records]
    return {"records": rows}
