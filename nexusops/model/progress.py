"""How far a run has come: what a terminal and the console show of long work."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from nexusops.model.frozen import frozen


class Stage(StrEnum):
    READING = "reading the registration data"
    PLANNING = "planning"
    FITTING = "looking whether the plan still fits"
    APPLYING = "applying"
    ROUTING = "building the routing table"


@frozen
class Progress:
    """``done`` of ``of`` changes, whatever became of them; ``seconds``: what the plan says that they take."""

    stage: Stage
    done: int = 0
    of: int = 0
    seconds: float = 0.0


Watch = Callable[[Progress], None]


def unwatched(_progress: Progress) -> None:
    """Nobody is looking."""
