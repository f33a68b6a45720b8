"""What is written down about a run: ledger rows before and after, journal entries, and what one transaction accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from nexusops.model.addresses import Allocation
from nexusops.model.changes import Change
from nexusops.model.dns import DnsRecord
from nexusops.model.findings import Finding
from nexusops.model.frozen import frozen
from nexusops.model.ledger import Alternative, DomainRow, Hold, NameDecision, NameOverride, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.services import Service

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]

LedgerRow = (
    PersonState | Mailbox | Allocation | NameOverride | NameDecision | Alternative | Notice | Hold | DomainRow | Service
)


@frozen
class RowChange:
    """One row of the ledger that became another. ``before`` None: new; ``after`` None: removed (overrides, holds)."""

    before: LedgerRow | None
    after: LedgerRow | None
    rule: str

    @property
    def row(self) -> LedgerRow:
        """The row as it is now; one that was removed, as it was."""
        row = self.after if self.after is not None else self.before
        if row is None:
            raise AssertionError("a change has a row before or after it")
        return row


class Phase(StrEnum):
    """A row of the journal: a ledger row that changed (``promise``), or one phase of one step of a change."""

    PROMISE = "promise"
    INTENT = "intent"
    DONE = "done"
    FAILED = "failed"
    SET_ASIDE = "set_aside"
    WAITING = "waiting"


@frozen
class Entry:
    """One row to append to the journal; seq and hash are the store's. ``at`` is an aware instant.

    ``object`` is what it is about: ``address:…``, ``mailbox:…``, ``person:…``, ``notice:…``. ``scope`` is that of the
    change (person:ID, box:ID), by which an interrupted run finds its unfinished work again.
    """

    at: datetime
    run_id: str
    phase: Phase
    actor: str
    rule: str
    object: str
    scope: str = ""
    change_id: str | None = None
    step: str | None = None
    before: JsonValue = None
    after: JsonValue = None
    request_id: str | None = None
    reason: str | None = None


@frozen
class JournalRow:
    """A row as it stands in the journal, with its place in the hash chain."""

    seq: int
    entry: Entry
    previous_hash: str
    hash: str


@frozen
class SnapshotRecord:
    """A snapshot that the state keeps: accepted, or staged by ``plan``."""

    sha256: str
    as_of: datetime
    rows: Mapping[str, int]
    """Table name -> number of rows, of all tables that it had (D27: shrinking and missing tables)."""


@frozen
class RunRecord:
    """One run. ``result``: running, applied, nothing, partial, stopped, refused, failed."""

    run_id: str
    at: datetime
    command: str
    actor: str
    program_version: str
    result: str
    snapshot_sha256: str | None = None
    digest: str | None = None
    changes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    policy_text: str = ""
    services_text: str = ""
    config_text: str = ""


@frozen
class Acceptance:
    """What the first transaction of a run commits: the accepted snapshot, the promises and timers, the findings.

    ``judged`` are the scopes that were looked at: their old findings and their entries in ``unfinished`` are
    replaced. ``unfinished`` maps a scope to why it must be looked at again whatever the registration data say.
    ``policy_hash`` and ``services_hash`` are remembered: another one makes everybody affected.
    """

    run: RunRecord
    actor: str
    at: datetime
    expected_serial: int
    snapshot_as_of: datetime
    rows: tuple[RowChange, ...]
    policy_hash: str
    services_hash: str
    snapshot_sha256: str | None = None
    """None: no snapshot is accepted with it."""
    snapshot_again: Mapping[str, bytes] | None = None
    """The tables again, where the accepted ones were exported unchanged: a later as_of lets waiting rows in."""
    judged: frozenset[str] | None = frozenset()
    """None: everything was judged."""
    findings: tuple[Finding, ...] = ()
    unfinished: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    """Why, as the actor gave it; for the journal."""
    lifted: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Limits that the actor lifted, by name: how many were accepted, and how many are allowed (D28)."""


@frozen
class Step:
    """One step of a change, as handed to the tenant or to the notice channel."""

    change_id: str
    name: str
    change: Change


class StepResult(StrEnum):
    DONE = "done"
    FAILED = "failed"
    SET_ASIDE = "set_aside"
    WAITING = "waiting"


@frozen
class StepOutcome:
    """What became of one step. ``before`` and ``after`` are the values found and left, as the undo needs them.

    ``set_aside``: what was found fits neither the plan's ``was`` nor its ``becomes``; nothing was written.
    ``waiting``: accepted, and the tenant has not finished (a mailbox that Exchange has not made yet).
    """

    change_id: str
    step: str
    result: StepResult
    before: JsonObject | None = None
    after: JsonObject | None = None
    request_id: str | None = None
    message: str = ""
    handed_over: str = ""
    """What a person goes on with: lines to paste, a file to pass on."""
    records: tuple[DnsRecord, ...] = ()
    """What the next step of the same change publishes with the others."""
    user_id: str | None = None
    exchange_guid: str | None = None
    unreachable: bool = False
    """It failed because the service answers nobody: nothing more is asked of it in this run."""


@frozen
class OpenIntent:
    """An intent without an outcome: the run ended between the two."""

    seq: int
    entry: Entry


@frozen
class Approval:
    """Somebody approved exactly this plan (D28)."""

    digest: str
    actor: str
    at: datetime
    reason: str
    used: bool = False


def approvers_of(approvals: Iterable[Approval]) -> set[str]:
    """Who approved, each once: the same name in capitals is the same person."""
    return set({one.actor.strip().casefold(): one.actor for one in approvals}.values())


@frozen
class Due:
    """Whom time alone, or unfinished work, makes affected today."""

    scopes: frozenset[str] = frozenset()
