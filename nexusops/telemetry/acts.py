"""Counts what a run says of itself in its log: steps that ended, and how often a service said that it was too much."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ACTS, THROTTLED = "nexusops.acts", "nexusops.throttled"


@dataclass(frozen=True, slots=True)
class Acts:
    """``steps``: (kind, step, result) -> how many; ``throttled``: how often we were told to wait."""

    steps: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)


class _Counting(logging.Handler):
    def __init__(self, acts: Acts) -> None:
        super().__init__(logging.INFO)
        self._acts = acts

    def emit(self, record: logging.LogRecord) -> None:
        told = getattr(record, "act", {})
        if record.name == ACTS:
            self._acts.steps[told["kind"], told["step"], told["result"]] += 1
        else:
            self._acts.throttled[f"{told['status']}"] += 1


@contextmanager
def counted(wanted: bool) -> Iterator[Acts]:
    """The acts within the block; nothing is counted unless it is wanted. What is logged stays as it was asked for."""
    acts = Acts()
    if not wanted:
        yield acts
        return
    handler = _Counting(acts)
    loggers = [(logger, logger.level) for logger in map(logging.getLogger, (ACTS, THROTTLED))]
    for logger, _ in loggers:
        logger.addHandler(handler)
        logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))
    try:
        yield acts
    finally:
        for logger, level in loggers:
            logger.removeHandler(handler)
            logger.setLevel(level)
