"""What people ask of the state, beside what runs read of it: reads by index, or streamed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from nexusops.model.addresses import Allocation
from nexusops.model.audits import Breach
from nexusops.model.findings import Finding
from nexusops.model.health import LockHeld
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.journal import Approval, JournalRow, Phase, RunRecord
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice


class Questions(Protocol):
    """The part of the Store that answers people; one part of ports.py."""

    def findings_about(self, scopes: Collection[str]) -> Sequence[Finding]:
        """What the last accepted run found of these scopes."""

    def lock_held(self) -> LockHeld | None:
        """Who holds the state now, dead or alive; None: nobody."""

    def run_named(self, beginning: str) -> Sequence[RunRecord]:
        """Runs whose id begins so, newest first; two at most, which is one too many."""

    def run_in_force(self, at: datetime) -> RunRecord | None:
        """The last run that had accepted a snapshot by then: its texts were in force."""

    def owed(self) -> Sequence[Notice]:
        """Notices that are owed and not sent."""

    def winding_down(self) -> Iterator[Allocation]:
        """Addresses in wind-down, or suspended in it."""

    def ending_boxes(self) -> Iterator[Mailbox]:
        """Mailboxes that have a day on which they are disabled or deleted."""

    def ended(self) -> Iterator[Allocation]:
        """Personal addresses that have been deleted, in the order of their names."""

    def announced(self) -> frozenset[tuple[PersonId | None, Address, date | None]]:
        """Whom a notice that was sent told of the end of which address, and when."""

    def given_again(self) -> Iterator[Allocation]:
        """All periods of the addresses that have more than one owner, in the order of their names and periods."""

    def unentitled(self) -> Sequence[tuple[PersonState, Mailbox]]:
        """People who are out or in a grace, with their live mailbox."""

    def breaches(self, most: int) -> Sequence[Breach]:
        """Where the ledger breaks what must always be so (rules.md 2.1, 2.2). ``most``: affiliations (R21)."""

    def astray(self) -> tuple[int, Sequence[Breach]]:
        """How many rows were looked at, and those of the ledger that are not as the journal last wrote them."""

    def head(self) -> tuple[int, str]:
        """How many rows the journal has, and the hash of the last one."""

    def was_head(self, hashed: str) -> bool:
        """Whether a row of the journal has this hash: a row that was the last one when somebody noted it."""

    def decisions(self) -> Iterator[JournalRow]:
        """Journal rows of what people decided against the data, in order."""

    def lifted(self) -> Iterator[JournalRow]:
        """Journal rows of the guard's limits that somebody lifted by number, in order (D28)."""

    def approved(self) -> Iterator[JournalRow]:
        """Journal rows of the plans that somebody approved, and of the runs that used it, in order (D28)."""

    def all_approvals(self) -> Sequence[Approval]:
        """Every plan that somebody approved, oldest first."""

    def addresses_of_unit(self, unit_id: UnitId, domain: str | None) -> Iterator[Allocation]:
        """Live addresses in the unit's domain, and those that are the unit's own."""

    def people_like(
        self, words: Collection[str], most: int, units: Collection[UnitId] | None = None
    ) -> Sequence[PersonState]:
        """At most so many people of whose username, person_id, name part or addresses one contains each word; with
        ``units``, of those who hold a place in one of them.
        """

    def people_by_unit(self) -> Mapping[UnitId, int]: ...

    def boxes_of_units(self, units: Collection[UnitId]) -> Sequence[Mailbox]:
        """Non-personal mailboxes of these units that are not purged, by name."""

    def latest_runs(self, most: int) -> Sequence[RunRecord]: ...

    def runs_on(self, day: date, zone: str) -> Sequence[RunRecord]:
        """Those of a day by the calendar of ``zone``, newest first."""

    def run_of(self, run_id: str) -> RunRecord | None: ...

    def phases_of(self, run_id: str) -> Mapping[Phase, int]:
        """How many rows of each phase the run wrote into the journal."""

    def journal_of(self, run_id: str, phases: Collection[Phase], first: int, most: int) -> Sequence[JournalRow]:
        """Rows of these phases that the run wrote, in order: at most so many, from the one of this number (0 is the
        first) on.
        """
