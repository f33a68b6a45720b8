"""When a mailbox may send its next message: Exchange lets it send so many a minute (tenant-api.md 4.6)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from nexusops.model.pace import MAIL, MAIL_A_RUN, MAIL_SECONDS


class Turns:
    """So many in any minute, whenever that begins, and so many in all. ``sleep`` and ``clock`` are in seconds."""

    def __init__(
        self, *, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep, self._clock = sleep, clock
        self._last: deque[float] = deque(maxlen=MAIL)
        self._left = MAIL_A_RUN

    @property
    def over(self) -> bool:
        """Whether this run has sent its part."""
        return self._left == 0

    def wait(self) -> None:
        """Until the next one may go out."""
        if len(self._last) == MAIL and (early := self._last[0] + MAIL_SECONDS - self._clock()) > 0:
            self._sleep(early)

    def took(self) -> None:
        """One was answered, whatever the answer: from now on it counts."""
        self._last.append(self._clock())
        self._left -= 1
