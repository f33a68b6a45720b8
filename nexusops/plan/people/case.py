"""One person's case: everything that is known of them, and what the rules make of it, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.findings import Evidence, Finding, Severity, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, MailboxKey, PersonId, UnitId
from nexusops.model.journal import LedgerRow
from nexusops.model.ledger import (
    Alternative,
    Hold,
    HoldKind,
    Ledger,
    NameDecision,
    NameOverride,
    NamePart,
    PersonState,
    Standing,
)
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice
from nexusops.model.snapshot import PersonRecord
from nexusops.rules.reorganising import Need


@dataclass(slots=True, kw_only=True)
class Case:
    """The working sheet of one person. Rows are replaced, never changed; what was read stays beside what becomes of it.

    ``removed`` are overrides that fell away. ``revived`` are rows as they were before they came back to life,
    ``gone`` rows that are no more: a mailbox that waited for a username in vain, an overtaken hold.
    """

    person_id: PersonId
    record: PersonRecord
    before: PersonState | None
    state: PersonState
    boxes: dict[MailboxKey, Mailbox]
    rows: dict[tuple[Address, int], Allocation]
    overrides: dict[NamePart, NameOverride]
    decisions: dict[str, NameDecision]
    alternatives: dict[str, Alternative]
    notices: dict[str, Notice]
    holds: Mapping[HoldKind, Hold]
    address_holds: Mapping[Address, Hold] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    revived: list[Allocation] = field(default_factory=list)
    gone: list[LedgerRow] = field(default_factory=list)
    served: tuple[UnitId, ...] | None = None
    """The units whose affiliations are served now; None: not looked at, since there is no living mailbox."""
    needs: tuple[Need, ...] = ()
    """The domains that the served affiliations give."""
    waits: str = ""
    """Why the next run must look again, whatever the registration data say then."""
    _box: Mailbox | None = None
    _personal: tuple[Allocation, ...] | None = None

    @property
    def scope(self) -> str:
        return person_scope(self.person_id)

    @property
    def undone(self) -> bool:
        """Whether somebody undid something of theirs; it may be overtaken."""
        return HoldKind.UNDONE in self.holds

    @property
    def deceased(self) -> bool:
        return self.state.deceased

    @property
    def box(self) -> Mailbox | None:
        """The personal mailbox of the latest generation."""
        if self._box is None and self.boxes:
            self._box = max(self.boxes.values(), key=lambda box: box.generation)
        return self._box

    @property
    def personal(self) -> tuple[Allocation, ...]:
        """Their personal addresses of all periods, oldest first."""
        if self._personal is None:
            mine = [row for row in self.rows.values() if row.kind is AddressKind.PERSONAL]
            if len(mine) > 1:
                mine.sort(key=lambda row: (row.created_on, row.address, row.period))
            self._personal = tuple(mine)
        return self._personal

    @property
    def fallback(self) -> Allocation | None:
        mine = [row for row in self.rows.values() if row.kind is AddressKind.FALLBACK]
        return max(mine, key=lambda row: row.period, default=None)

    def put(self, row: Allocation | Mailbox) -> None:
        if isinstance(row, Mailbox):
            self.boxes[row.key] = row
            self._box = None
        else:
            self.rows[row.address, row.period] = row
            self._personal = None

    def forget(self, box: Mailbox) -> None:
        """It never was: it falls away without an end."""
        self.gone.append(self.boxes.pop(box.key))
        self._box = None

    def put_back(self, rows: Iterable[LedgerRow]) -> None:
        """These mailboxes and addresses, and no others, whatever the rules made of them."""
        rows = tuple(rows)
        self.boxes, self._box = {row.key: row for row in rows if isinstance(row, Mailbox)}, None
        self.rows = {(row.address, row.period): row for row in rows if isinstance(row, Allocation)}
        self._personal = None
        active = {key for key, row in self.rows.items() if row.state is AddressState.ACTIVE}
        self.revived = [row for row in self.revived if (row.address, row.period) in active]

    def let_end_go(self, address: Address) -> None:
        """What the desk was asked for is over: the address was needed again, and ends, if it does, by the rules."""
        hold = self.address_holds.get(address)
        if hold is not None:
            self.gone.append(hold)

    def find(
        self,
        code: str,
        message: str,
        severity: Severity = Severity.WARNING,
        *,
        subject: str | None = None,
        evidence: Sequence[Evidence] = (),
    ) -> None:
        self.findings.append(
            Finding(
                code=code,
                subject=subject or self.person_id,
                message=message,
                severity=severity,
                scope=self.scope,
                evidence=tuple(evidence),
            )
        )


@frozen
class Judged:
    """What became of one case: the rows as they are to be, and the findings."""

    case: Case
    rows: tuple[LedgerRow, ...]
    removed: tuple[LedgerRow, ...]
    findings: tuple[Finding, ...]


PAUSED = frozenset({Standing.FROZEN, Standing.MISSING_HOLD})
"""Standings in which nothing at all is done for a person, not even what was promised before (D26, D29)."""


def paused(person_id: PersonId | None, ledger: Ledger) -> bool:
    state = ledger.people.get(person_id) if person_id else None
    return state is not None and state.state in PAUSED


LIVING = frozenset({MailboxState.PENDING, MailboxState.ACTIVE})
"""States in which addresses are allotted and wound down; in a grace they are left as they are (2.2)."""
