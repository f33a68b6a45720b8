"""What the console carries out: in a thread of its own, so that a closed browser stops nothing; one at a time.

The site's lock keeps other processes away, the journal what was done: after a kill, the next page offers to finish it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from nexusops import wiring
from nexusops.errors import NexusopsError, Refused
from nexusops.model.progress import Progress, Stage
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.outcome import Outcome
from nexusops.telemetry import measured

Act = Callable[[Ports], Outcome]
_log = logging.getLogger("nexusops.console")


@dataclass(slots=True, kw_only=True)
class Work:
    """One act: whose, of what, how far it has come, and how it ended. Only its own thread writes to it."""

    command: str
    actor: str
    at: datetime
    progress: Progress = field(default_factory=lambda: Progress(stage=Stage.FITTING))
    outcome: Outcome | None = None
    trouble: Exception | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def seen(self, progress: Progress) -> None:
        self.progress = progress

    def result(self, patience: timedelta) -> Outcome | None:
        """Waits so long for the end; None: it goes on. Raises what ended it."""
        if not self.over.wait(patience.total_seconds()):
            return None
        if self.trouble is not None:
            raise self.trouble
        return self.outcome


@dataclass(slots=True)
class Works:
    """The act under way, or the last one; of this console. ``patience``: how long a page waits before it says so."""

    patience: timedelta = timedelta(seconds=2)
    last: Work | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def under_way(self) -> Work | None:
        return self.last if self.last is not None and not self.last.over.is_set() else None

    def begin(self, folder: Path, work: Work, act: Act) -> Work:
        """Raises Refused while another one is under way."""
        with self._lock:
            if (other := self.under_way) is not None:
                raise Refused(
                    f"{other.actor} has something carried out already.",
                    next_step="Nothing was begun. Wait for its end: the plan's page leads to it.",
                )
            self.last = work
        # No daemon: who stops the console waits for the step in hand and all that follow, as with a worker.
        threading.Thread(target=_done, args=(folder, work, act), name=f"nexusops {work.command}").start()
        return work


def _done(folder: Path, work: Work, act: Act) -> None:
    try:
        with wiring.opened(folder) as site, measured(site, work.at, work.command, _log.warning) as ending:
            work.outcome = act(replace(site.ports, watch=work.seen))
            ending.end(work.outcome.exit_code)
    except Exception as error:  # noqa: BLE001  # the thread's last line of defence: the page tells it
        if not isinstance(error, NexusopsError):
            _log.exception("What was being carried out failed: %s", type(error).__name__)
        work.trouble = error
    finally:
        work.over.set()
