"""What has been decided: a plan, and what accepting it would commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nexusops.model.addresses import Allocation
from nexusops.model.changes import PROMISES, CreateMailbox, ReviveAddress, WindDownAddress, kind_of, target_of
from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.journal import RowChange
from nexusops.model.ledger import Ledger
from nexusops.model.plan import Plan, Planned
from nexusops.plan.arrange import scope_of
from nexusops.plan.promises import UNREACHABLE

PLANNED = "planned: "
"""How a reason begins that ends with its changes."""


@frozen
class Decision:
    """A plan, the ledger that it promises, and what has to be committed with it. ``whole`` are the changes of all
    jobs.
    """

    plan: Plan
    whole: tuple[Planned, ...]
    ledger: Ledger
    rows: tuple[RowChange, ...]
    judged: frozenset[str] | None
    findings: tuple[Finding, ...]
    waiting: Mapping[str, str]
    """Scopes that cannot go on, whatever is carried out: frozen, refused, waiting for something outside."""

    @property
    def unfinished(self) -> dict[str, str]:
        """Scopes that must be looked at again until what is planned for them is done, and why."""
        kinds = {scope_of(p.change): kind_of(p.change) for p in self.whole if kind_of(p.change) not in PROMISES}
        return {
            **{finding.scope: "on hold" for finding in self.findings if finding.code == "ON_HOLD"},
            **{scope: f"{PLANNED}{kind}" for scope, kind in kinds.items()},
            **self.waiting,
            **{f.scope: "a notice reaches nobody" for f in self.findings if f.code == UNREACHABLE},
        }

    def rows_for(self, carried: Sequence[Planned]) -> tuple[RowChange, ...]:
        """The rows to commit: all but those of promises that this plan does not carry."""
        kept = {target_of(p.change) for p in carried if isinstance(p.change, WindDownAddress | ReviveAddress)}
        left = {
            p.change.address
            for p in self.whole
            if isinstance(p.change, WindDownAddress | ReviveAddress) and p.change.address not in kept
        }
        return tuple(row for row in self.rows if not (isinstance(row.after, Allocation) and row.after.address in left))

    def left_out(self, carried: Sequence[Planned]) -> dict[str, str]:
        """Scopes in which this plan leaves something out, for another job or for want of licences: they are looked at
        again whatever else is done.
        """
        kept = {(kind_of(p.change), target_of(p.change)) for p in carried}
        left = (p.change for p in self.whole if (kind_of(p.change), target_of(p.change)) not in kept)
        return {scope_of(change): f"left out: {kind_of(change)}" for change in left}

    def findings_for(self, carried: Sequence[Planned]) -> tuple[Finding, ...]:
        """The findings to commit: whether a mailbox is still to come is said when its making has been tried."""
        making = {scope_of(p.change) for p in carried if isinstance(p.change, CreateMailbox)}
        return tuple(f for f in self.findings if not (f.code == "AWAITING_MAILBOX" and f.scope in making))

    def held(self, carried: Sequence[Planned]) -> frozenset[str]:
        """Scopes that stay unfinished even when all that is planned for them is done."""
        others = (scope for scope, reason in self.unfinished.items() if not reason.startswith(PLANNED))
        return frozenset({*self.left_out(carried), *others})
