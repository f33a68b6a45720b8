"""What has been decided: a plan, and what accepting it would commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from nexusops.model.addresses import Allocation
from nexusops.model.changes import PROMISES, CreateMailbox, ReviveAddress, WindDownAddress, kind_of, target_of
from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address
from nexusops.model.journal import RowChange
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import OF_WIND_DOWNS, Notice, NoticeState
from nexusops.model.plan import Plan, Planned
from nexusops.plan.advance import differences
from nexusops.plan.arrange import scope_of
from nexusops.plan.holding import SENDER, with_fields
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
    before: Ledger
    ledger: Ledger
    judged: frozenset[str] | None
    findings: tuple[Finding, ...]
    waiting: Mapping[str, str]
    """Scopes that cannot go on, whatever is carried out: frozen, refused, waiting for something outside."""

    rule: str | None = None
    """What moved every row, where it was no rule of the law: an undo."""

    def rows(self) -> tuple[RowChange, ...]:
        """What becomes of the ledger. Worked out when it is asked for: a plan alone needs none of it, and of a whole
        estate there are five a person.
        """
        rows = differences(self.before, self.ledger)
        return tuple(replace(row, rule=self.rule) for row in rows) if self.rule is not None else rows

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
        """The rows to commit: all but those of promises that this plan does not carry, and what rests on them."""
        kept = {target_of(p.change) for p in carried if isinstance(p.change, WindDownAddress | ReviveAddress)}
        left = {
            p.change.address
            for p in self.whole
            if isinstance(p.change, WindDownAddress | ReviveAddress) and p.change.address not in kept
        }
        rows = self.rows()
        return tuple(r for row in rows if (r := _without(row, left)) is not None) if left else rows

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


def _without(row: RowChange, left: Set[Address]) -> RowChange | None:
    """A row without what these addresses, left as they are, do not bear yet: nobody is told of it, and nothing sends
    as one that still winds down (R40).
    """
    after, before = row.after, row.before
    if isinstance(after, Allocation):
        return None if after.address in left else row
    if isinstance(after, Notice):
        owed = after.state is NoticeState.OWED and after.kind in OF_WIND_DOWNS
        return None if owed and not left.isdisjoint(after.addresses) else row
    if isinstance(after, Mailbox) and isinstance(before, Mailbox) and after.sender in left:
        return replace(row, after=with_fields(after, before, SENDER))
    return row
