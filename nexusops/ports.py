"""All the input and output there is, on one screen. Each Protocol has one contract suite that every adapter passes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from nexusops.errors import Defect
from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.changes import Change
from nexusops.model.dns import Answer, Question
from nexusops.model.findings import Finding
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.inspection import Inspection
from nexusops.model.journal import (
    Acceptance,
    Approval,
    Entry,
    JournalRow,
    JsonObject,
    OpenIntent,
    RowChange,
    RunRecord,
    SnapshotRecord,
    Step,
    StepOutcome,
)
from nexusops.model.ledger import Ledger, NameDecision, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.policy import Policy
from nexusops.model.routing import LiveAddress, RoutingBuild, RoutingTable
from nexusops.model.services import Check, Product, Service, ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.model.tenant import Actual, Wanted
from nexusops.questions import Questions


class SnapshotTables(Protocol):
    """One snapshot's tables, readable, with its own consistency checked (manifest, hashes, row counts, columns)."""

    @property
    def record(self) -> SnapshotRecord: ...

    def people(self) -> frozenset[PersonId]:
        """Everyone who has a row in ``persons``, or only in ``cards`` or ``affiliations``."""

    def changed(self, previous: SnapshotTables) -> frozenset[PersonId]:
        """People any of whose rows (any table) differ, with those who now or then shared a key with one that differs
        (duplicates), and everyone affiliated to a unit, or having had an address in a domain, whose row changed."""

    def changed_boxes(self, previous: SnapshotTables) -> frozenset[str]:
        """mailbox_ids and addresses of the non-personal tables whose rows differ."""

    def changed_domains(self, previous: SnapshotTables) -> frozenset[Domain]:
        """Domains whose row, units or reorganisations differ: ``Store.people_of_domains`` are affected."""

    def changed_staff(self, previous: SnapshotTables) -> frozenset[str]:
        """staff_ids of which a row differs, or has gone: what they asked for is affected (R62)."""

    def changed_addresses(self, previous: SnapshotTables) -> frozenset[Address]:
        """Addresses whose route differs (routing, external_routes): ``Store.people_of_addresses`` are affected."""

    def slice(self, people: Collection[PersonId] | None, services: Mapping[str, ServiceRequest]) -> Snapshot:
        """The records of these people (None: everyone), and the small tables whole. Bad rows become faults (D29)."""

    def pack(self) -> Mapping[str, bytes]:
        """Every table as Parquet, to be kept in the state and opened again from there."""


class Registration(Protocol):
    """Where registration data come from."""

    def read(self) -> SnapshotTables:
        """The present snapshot. Raises SnapshotRefused where it is inconsistent in itself (D27)."""

    def unpack(self, blobs: Mapping[str, bytes], only: Collection[PersonId] | None = None) -> SnapshotTables:
        """A snapshot that was kept with ``pack``; with ``only``, these people's rows alone, and all small tables."""


class Gate(Protocol):
    """D27: whether a snapshot may be accepted after the one before, at this instant; no defects means yes."""

    def __call__(
        self, new: SnapshotRecord, last: SnapshotRecord | None, at: datetime, policy: Policy
    ) -> Sequence[Defect]: ...


class TenantSight(Protocol):
    """What deciding needs of a tenant: to see it."""

    def read(self, wanted: Wanted) -> Actual:
        """All or nothing: raises TenantUnreadable rather than returning a part."""


class Tenant(TenantSight, Protocol):
    """Entra, Graph and Exchange Online as one thing."""

    def inspect(self, sender: str | None = None) -> Inspection:
        """Our own application as the tenant sees it, and the mailbox that it sends from. Raises TenantUnreadable."""

    def prepare(self, domains: Collection[Domain], at: datetime) -> None:
        """Before the first write of a run: the embedded tenant accepts the domains, and takes the time."""

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        """Carries out steps that do not depend on one another; yields outcomes as they come, those that came together.

        Each step looks first: what already is as it should be is done without a write; what is neither as the plan
        found it nor as it should be is set aside. Every write is verified by reading."""

    def send_mail(self, sender: str, message: JsonObject) -> None:
        """The tenant as a channel of notices: Graph's sendMail. Raises the adapter's fault where it is not accepted."""

    def examine(self, product: Product) -> Sequence[Check]:
        """Whether a product may use its own mailbox and no other; nothing is written. Raises TenantUnreadable."""

    def try_sending(self, product: Product, to: str) -> Sequence[Check]:
        """Token, then one message as the product itself would send it; the first refusal ends it."""

    def close(self) -> None: ...


class Notifier(Protocol):
    """The channel of notices (D33)."""

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        """Sends SendNotice changes, one by one. Done: the channel took it. A repeat bears the same Message-ID."""

    def close(self) -> None: ...


class Resolver(Protocol):
    """Answers DNS questions: a name server, or a zone file. That nobody answered is said, never an empty answer."""

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]: ...
    def close(self) -> None: ...


class Publisher(Protocol):
    """The DNS of service domains (R69, R78). ``stands``: is it carried out already? None where nobody could look."""

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]: ...
    def stands(self, change: Change) -> bool | None: ...
    def close(self) -> None: ...


class Memory(Protocol):
    """What deciding reads of the state: the accepted snapshot, and slices of the ledger. Nothing here writes."""

    def serial(self) -> int: ...

    def accepted(self) -> SnapshotRecord | None: ...

    def tables(self, sha256: str) -> Mapping[str, bytes]: ...

    def hashes(self) -> tuple[str, str]:
        """The hashes of policy and services at the last acceptance ('' and '' before the first)."""

    def journal(self, objects: Collection[str] | None = None, *, run_id: str | None = None) -> Iterator[JournalRow]:
        """Rows in order, all or those about these objects, or of this run."""

    def unfinished(self) -> frozenset[str]:
        """Scopes to be looked at again whatever the data say: planned and not done, or waiting."""

    def due(self, today: date) -> frozenset[str]:
        """Scopes (person:ID, box:ID) whose due date is reached, or in ``unfinished``: an index query, never a scan."""

    def known_people(self) -> frozenset[PersonId]: ...

    def known_boxes(self) -> frozenset[str]: ...

    def boxes_owned_by(self, people: Collection[PersonId]) -> frozenset[str]:
        """Non-personal mailboxes that these people own in the ledger, a handover included (D31)."""

    def services_of(self, domains: Collection[Domain]) -> Sequence[Service]:
        """Requests that have, or had, these service domains (D39)."""

    def services_in(self, domains: Collection[Domain]) -> frozenset[str]:
        """Requests, by id, whose mailbox sends from one of these domains, or whose service domain lies beneath one."""

    def domain_ends(self, domains: Collection[Domain]) -> Mapping[Domain, date]:
        """The last day of the live personal addresses of each domain; date.max: one has none; absent: none is left."""

    def people_of_domains(self, domains: Collection[Domain]) -> frozenset[PersonId]:
        """Owners of live personal addresses in these domains."""

    def people_run_together(self, words: Collection[Address]) -> frozenset[PersonId]:
        """Owners of live personal addresses whose name, without dot and hyphens, is one of these (R23)."""

    def people_of_addresses(self, addresses: Collection[Address]) -> frozenset[PersonId]: ...

    def ledger(self, people: Collection[PersonId] | None, boxes: Collection[str] | None) -> Ledger:
        """The slice of these people and boxes (None: all), without ``holders`` and ``owners``. Boxes that these
        people own are included only where they are named: ``boxes_owned_by`` tells their names.
        """

    def holders(self, names: Collection[tuple[Domain, str]]) -> Sequence[Allocation]:
        """All rows of these (domain, base): local parts that are the base, or the base and digits."""

    def owners(self, people: Collection[PersonId]) -> Sequence[PersonState]: ...

    def usernames(self, names: Collection[str]) -> Mapping[str, PersonId]:
        """Who ever had these usernames (R18)."""

    def live_mailboxes(self) -> int:
        """For the guard's percentage (D28): mailboxes not disabled, deleted or purged."""

    def findings(self, but_not: Collection[str] | None) -> Sequence[Finding]:
        """Findings of the last accepted run, without those of the scopes named (None: without any)."""

    def reached(self, names: Collection[str], keys: Collection[MailboxKey]) -> Sequence[Mailbox]:
        """Mailboxes of these names or keys, all generations: what routes lead to or from."""

    def routed(self, wanted: Collection[Address]) -> Mapping[Address, Address]:
        """Where the last routing table sends these addresses; absent: they are not in it."""

    def moved_addresses(
        self, states: Collection[AddressState], fallback_domain: str, also: Collection[Address]
    ) -> tuple[Sequence[LiveAddress], Sequence[Address]]:
        """Of these, what the kept table sends elsewhere than to its mailbox's name at that domain, or not at all, and
        the addresses of ``also``; and what is in the kept table and not in one of these states."""

    def licences(self) -> int:
        """Personal mailboxes that hold a licence: made, or being made, and not deleted."""


class Store(Memory, Questions, Protocol):
    """The ledger, the journal and everything else that must survive (architecture.md, Settled details)."""

    def lock(self, command: str) -> AbstractContextManager[None]:
        """One run at a time on one site; raises StateUnavailable while another holds it."""

    def seal(self, text: str) -> str:
        """Hex digits over the text that nobody makes without this state."""

    def staged(self, sha256: str) -> SnapshotRecord | None: ...

    def stage(self, record: SnapshotRecord, tables: Mapping[str, bytes]) -> None:
        """Keeps a snapshot's tables without accepting it; the accepted and the latest staged one are kept, older ones
        go."""

    def name_decision(self, request_id: str) -> NameDecision | None: ...

    def accept(self, acceptance: Acceptance) -> int:
        """One transaction; returns the serial after it. It rises by one if ledger rows changed. Raises StalePlan
        where the serial is not the expected one."""

    def record(
        self, entries: Sequence[Entry], rows: Sequence[Sequence[RowChange]] = (), finished: Collection[str] = ()
    ) -> None:
        """One transaction: journal entries, what each of them alters in the ledger (none given: nothing), and scopes
        that are no longer unfinished. The serial does not rise by it; with ``finish`` it does, once."""

    def begin(self, run: RunRecord) -> None: ...

    def finish(self, run: RunRecord, findings: Sequence[Finding] = ()) -> None:
        """The run's result, and what it found while acting; in the same transaction the serial rises if outcomes
        altered ledger rows since ``accept``."""

    def runs(self) -> Sequence[RunRecord]: ...

    def open_intents(self) -> Sequence[OpenIntent]: ...

    def verify(self) -> Sequence[int]:
        """The seq of every journal row that does not continue the hash chain; none: nobody has touched it."""

    def approve(self, approval: Approval) -> None: ...

    def approvals(self, digest: str) -> Sequence[Approval]: ...

    def export(self) -> Iterator[tuple[str, Any]]:
        """The whole state as the document of interface.md 5, part by part, as of one moment. A table's value is an
        iterator of its rows, to be used up before the next part.
        """

    def live_addresses(self, states: Collection[AddressState]) -> Sequence[LiveAddress]:
        """Every address in one of these states, in one reading, in no particular order."""

    def routing_build(self) -> RoutingBuild | None:
        """When the kept routing table was built; None: there is none yet."""

    def keep_routing(
        self, at: datetime, signature: str, entries: Mapping[str, str], among: Collection[str] | None = None
    ) -> None:
        """Keeps these destinations by address as of this instant in place of the table, or of those ``among`` these.

        The last table of an earlier hour stays known.
        """

    def routing_table(self) -> RoutingTable | None:
        """The kept table and what differs from the last hour's; None: there is none yet."""

    def units_of(self, people: Collection[PersonId]) -> Mapping[PersonId, tuple[UnitId, ...]]:
        """The units that hold these people's places, for grouping a plan by unit."""

    def people_of_units(self, units: Collection[UnitId]) -> frozenset[PersonId]:
        """Who holds one of their places (D20) in one of these units."""

    def close(self) -> None: ...
