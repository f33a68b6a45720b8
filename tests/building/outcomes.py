"""What became of steps, one outcome after the other, whichever came together."""

from __future__ import annotations

from collections.abc import Sequence

from nexusops.apply.executor import Performer
from nexusops.model.journal import Step, StepOutcome


def outcomes_of(performer: Performer, steps: Sequence[Step]) -> list[StepOutcome]:
    return [outcome for together in performer.perform(steps) for outcome in together]
