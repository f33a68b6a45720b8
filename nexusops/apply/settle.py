"""What the outcome of a change alters in the ledger (architecture.md, act)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, assert_never

from nexusops.model.addresses import Allocation
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    GrantAccess,
    PublishRecords,
    RemoveAddress,
    RestoreMailbox,
    RetireRecords,
    ReviveAddress,
    RevokeAccess,
    SendNotice,
    SetForward,
    SetSender,
    WindDownAddress,
)
from nexusops.model.dns import SigningStep
from nexusops.model.frozen import altered
from nexusops.model.ids import Address, MailboxKey
from nexusops.model.journal import LedgerRow, RowChange, StepOutcome
from nexusops.model.ledger import HoldKind, Ledger
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.notices import Notice, NoticeKind, NoticeState
from nexusops.model.policy import Policy
from nexusops.model.rows import TABLES, key_of
from nexusops.model.services import Connection, Service
from nexusops.model.steps import SIGNING_STEPS
from nexusops.rules.allocation import noticed
from nexusops.rules.services.life import granted, published, revoked, unpublished
from nexusops.rules.services.signing import signed


class Books:
    """The rows that outcomes may alter, kept up to date within a run."""

    def __init__(self, ledger: Ledger, policy: Policy, today: date) -> None:
        self.mailboxes: dict[MailboxKey, Mailbox] = dict(ledger.mailboxes)
        self.notices: dict[str, Notice] = dict(ledger.notices)
        self.allocations: dict[tuple[Address, int], Allocation] = dict(ledger.allocations)
        self._numbers: dict[Address, list[int]] = defaultdict(list)
        for address, period in self.allocations:
            self._numbers[address].append(period)
        self.services: dict[str, Service] = dict(ledger.services)
        self.holds = dict(ledger.holds)
        self.policy = policy
        self.today = today

    def settle(self, change: Change, outcome: StepOutcome, *, last: bool) -> tuple[RowChange, ...]:
        """The row changes of one step that was done; ``last``: with it the whole change is done."""
        rows = self._settled(change, outcome, last=last)
        changes = []
        for row in rows:
            table: dict[object, LedgerRow] = getattr(self, TABLES[type(row)])
            before = table.get(key_of(row))
            if before != row:
                table[key_of(row)] = row
                changes.append(RowChange(before=before, after=row, rule=change.why.rule))
        if isinstance(change, GrantAccess) and (change.renew or change.withdraw) and last:
            # The wish for a new secret is met, whatever day the secret ends on: it must not be met again.
            met = self.holds.pop((change.why.subject, HoldKind.RENEW), None)
            changes += [RowChange(before=met, after=None, rule=change.why.rule)] if met is not None else []
        return tuple(changes)

    def _settled(self, change: Change, outcome: StepOutcome, *, last: bool) -> list[LedgerRow]:
        match change:
            case CreateMailbox():
                return self._made(change.mailbox.key, outcome, last=last)
            case RestoreMailbox():
                return self._identified(change.mailbox.key, outcome)
            case SetForward():
                return self._forwarded(change.mailbox.key, change.becomes)
            case ClearForward():
                return self._forwarded(change.mailbox.key, None)
            case SendNotice():
                return self._told(change)
            case GrantAccess() | RevokeAccess() | PublishRecords() | RetireRecords():
                return self._served(change, outcome, last=last)
            case (
                EnableMailbox()
                | DisableMailbox()
                | DeleteMailbox()
                | AddAddress()
                | RemoveAddress()
                | SetSender()
                | WindDownAddress()
                | ReviveAddress()
            ):
                return []
            case _:
                assert_never(change)

    def _identified(self, key: MailboxKey, outcome: StepOutcome) -> list[LedgerRow]:
        box = self.mailboxes.get(key)
        if box is None:
            return []
        return [
            altered(
                box,
                user_id=outcome.user_id or box.user_id,
                exchange_guid=outcome.exchange_guid or box.exchange_guid,
            )
        ]

    def _made(self, key: MailboxKey, outcome: StepOutcome, *, last: bool) -> list[LedgerRow]:
        rows = self._identified(key, outcome)
        pending = [row for row in rows if isinstance(row, Mailbox) and row.state is MailboxState.PENDING]
        if not (last and pending):
            return rows
        # Active since it was made, however long it had to wait (D07: no warning on the day that a mailbox begins).
        return [altered(row, state=MailboxState.ACTIVE, since=self.today) for row in pending]

    def _forwarded(self, key: MailboxKey, to: str | None) -> list[LedgerRow]:
        box = self.mailboxes.get(key)
        return [altered(box, forward_set=to)] if box is not None else []

    def _served(
        self, change: GrantAccess | RevokeAccess | PublishRecords | RetireRecords, outcome: StepOutcome, *, last: bool
    ) -> list[LedgerRow]:
        """What a product was given, or no longer has (2.4)."""
        row = self.services.get(change.why.subject)
        if row is None:
            return []
        match change:
            case GrantAccess():
                row = altered(row, **_told_of(outcome))
                box = self.mailboxes.get(change.mailbox.key)
                return [granted(row, Connection(change.connection), box, self.policy, self.today) if last else row]
            case RevokeAccess():
                return [revoked(row, self.today)] if last else []
            case PublishRecords() | RetireRecords() if outcome.step in SIGNING_STEPS:
                return [signed(row, SigningStep(outcome.step), outcome.records)]
            case PublishRecords():
                return [published(row, change.records, change.publish_as, self.today)]
            case RetireRecords():
                return [unpublished(row, self.today)]
            case _:
                assert_never(change)

    def _told(self, change: SendNotice) -> list[LedgerRow]:
        """A notice counts as sent once its channel has accepted it; that fixes the ends that it announces (D04)."""
        notice = self.notices.get(change.key)
        if notice is None:
            return []
        to = ", ".join(change.to)
        rows: list[LedgerRow] = [altered(notice, state=NoticeState.SENT, sent_on=self.today, to=to)]
        if change.notice is NoticeKind.WINDDOWN:
            for row in (row for address in change.addresses for row in self._periods(address)):
                if row.person_id == change.person_id and row.live and row.notice_due_on is not None:
                    box = self.mailboxes.get(row.mailbox_key) if row.mailbox_key else None
                    rows.append(noticed(row, self.today, self.policy, box.delete_on if box is not None else None))
        if change.notice is NoticeKind.ORPHANED:
            boxes = [box for box in self.mailboxes.values() if box.state is MailboxState.ORPHANED]
            named = [box for box in boxes if box.sender in change.addresses and box.unit_id == change.unit_id]
            rows.extend(self._orphan_told(box) for box in named)
        return rows

    def _periods(self, address: Address) -> Iterator[Allocation]:
        """The rows of an address, by its periods: thousands of notices may be settled in one run."""
        for period in self._numbers.get(address, ()):
            yield self.allocations[address, period]

    def _orphan_told(self, box: Mailbox) -> Mailbox:
        ends = self.policy.notice_over(self.today)
        delete_on = max(box.delete_on, ends) if box.delete_on else box.delete_on
        return altered(box, notice_sent_on=self.today, delete_on=delete_on)


def _told_of(outcome: StepOutcome) -> dict[str, Any]:
    """The application's id, and the last day of what it signs in with, as a step reported them."""
    after = outcome.after or {}
    found: dict[str, Any] = {}
    if isinstance(after.get("app_id"), str):
        found["app_id"] = after["app_id"]
    if isinstance(after.get("ends_on"), str):
        found["credential_ends_on"] = date.fromisoformat(str(after["ends_on"]))
    return found
