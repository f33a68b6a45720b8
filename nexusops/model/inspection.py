"""What the tenant says of us, the permissions that our application has among it, and what ``doctor`` makes of that."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from nexusops.model.frozen import frozen
from nexusops.model.ids import Domain


@frozen
class Inspection:
    """``graph`` and ``exchange``: application permissions, as they stand in the tokens. What was not told is None.

    ``cmdlets``: those that Exchange lets the application run. ``domains``: those that mail is accepted for;
    ``.example`` stands for all that are beneath it. ``ahead``: by how many seconds the clock of this machine is ahead
    of the service's. ``ends``: the last day of each credential, by its name. ``licences``: how many are left of the
    one that a mailbox takes (tenant-api.md 4.4). ``gates``: what keeps forwards from leaving the organisation (4.8).
    ``sender``: of the mailbox that was asked about, the user principal name by which Graph sends from it (4.14); ''
    where there is none. ``refused``: why a part could not be asked, by its name.
    """

    graph: frozenset[str]
    exchange: frozenset[str] | None
    cmdlets: frozenset[str] | None
    domains: frozenset[Domain] | None
    ahead: float | None
    ends: tuple[tuple[str, date], ...] | None
    licences: int | None = None
    gates: tuple[str, ...] | None = None
    sender: str | None = None
    refused: tuple[tuple[str, str], ...] = ()

    def accepts(self, domain: Domain) -> bool:
        """Whether mail for this domain would be taken, as far as was told."""
        parts = domain.split(".")
        above = {Domain("." + ".".join(parts[n:])) for n in range(1, len(parts))}
        return self.domains is not None and (domain in self.domains or bool(above & self.domains))


@frozen
class JobNeed:
    """One job: what it needs, and what of that is missing."""

    job: str
    graph: tuple[str, ...]
    exchange: tuple[str, ...]
    missing: tuple[str, ...]


@frozen
class Permissions:
    """``too_many``: granted, and needed by none of the jobs looked at. ``steps``: what an administrator does now."""

    jobs: tuple[JobNeed, ...]
    granted: tuple[str, ...]
    missing: tuple[str, ...]
    too_many: tuple[str, ...]
    steps: tuple[str, ...]


class Checked(NamedTuple):
    """One line of what ``doctor`` answers; ``code`` is the exit code that it calls for."""

    name: str
    ok: bool
    message: str
    code: int = 0
    permissions: Permissions | None = None
