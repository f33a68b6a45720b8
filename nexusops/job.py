"""What a job module declares (architecture.md, "Jobs are lenses, not programs")."""

from __future__ import annotations

from importlib import import_module

from nexusops.model.changes import Kind
from nexusops.model.frozen import frozen


@frozen
class Job:
    """A name, a sentence, the kinds of change that it may carry out, the permissions that they need, its schedule.

    The plan is always made whole, so every job needs what reading needs: users, the licence stock, and mailboxes.
    ``graph`` are Microsoft Graph application permissions, ``exchange`` the app role and management roles for Exchange,
    ``schedule`` is a systemd calendar expression.
    """

    name: str
    sentence: str
    kinds: frozenset[Kind]
    graph: tuple[str, ...]
    exchange: tuple[str, ...]
    schedule: str

    def alone(self) -> None:
        """``python -m jobs.NAME …`` is ``nexusops run NAME …``: its options, answers and exit codes.

        The command line stands above the jobs and finds them by entry points; it is found by its name in turn.
        """
        import_module("nexusops.cli").main("run", self.name)
