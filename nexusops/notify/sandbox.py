"""Where the site's templates are rendered: nothing of the program is in their reach, and none goes on for ever."""

from __future__ import annotations

from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

STEPS = 100_000
"""So many steps of ``range`` and calls a part of a notice may take: a hundred times what any needs."""
_LARGE = 1_000_000


class Sandbox(SandboxedEnvironment):
    """Raises SecurityError for what reaches into the program, or would take for ever, or all memory."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._left = STEPS
        self.globals["range"] = self._range
        del self.globals["lipsum"]

    def begin(self) -> None:
        """Another part of a notice, with all its steps ahead."""
        self._left = STEPS

    def call(self, context: Context, called: Any, /, *arguments: Any, **named: Any) -> Any:
        self._take(1)
        return super().call(context, called, *arguments, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(isinstance(one, int) and abs(one) <= _LARGE for one in (left, right)):
            raise SecurityError(f"{operator} is for small whole numbers only")
        return super().call_binop(context, operator, left, right)

    def _range(self, *limits: int) -> range:
        found = range(*limits)
        self._take(len(found) if abs(found.stop - found.start) < STEPS * abs(found.step) else STEPS)
        return found

    def _take(self, steps: int) -> None:
        self._left -= steps
        if self._left <= 0:
            raise SecurityError(f"it takes more than {STEPS} steps, or has no end")
