"""A plan as the document of interface.md 4.

``was`` and ``becomes`` are what a person reads; ``detail``, ``evidence``, a finding's ``scope``, the guard's
``accepted`` and ``program_version`` are additions, with which the document decodes to exactly the plan that it came
from.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import assert_never

from nexusops.codec.rows import plain
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
    kind_of,
    target_of,
)
from nexusops.model.dns import DnsRecord
from nexusops.model.findings import Evidence, Finding
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.plan import Plan, Planned
from nexusops.model.undoing import UNDO

FORMAT = 1


def encode_plan(plan: Plan) -> JsonObject:
    """The plan document, keys in the order of interface.md 4."""
    return {
        "format": FORMAT,
        "plan_id": plan.plan_id,
        "digest": plan.digest,
        "at": instant(plan.at),
        "today": plan.today.isoformat(),
        "site": plan.site,
        "snapshot": {"as_of": instant(plan.snapshot_as_of), "sha256": plan.snapshot_sha256},
        "ledger_serial": plan.ledger_serial,
        "counts": dict(plan.counts.items()),
        "changes": [encode_planned(planned) for planned in plan.changes],
        "findings": [encode_finding(finding) for finding in plan.findings],
        "guard": {
            "tripped": list(plan.guard.tripped),
            "counts": dict(plan.guard.counts.items()),
            "limits": dict(plan.guard.limits.items()),
            "accepted": list(plan.guard.accepted),
            **({"approvers": plan.guard.approvers} if plan.guard.approvers > 1 else {}),
        },
        "estimate": {
            "graph_writes": plan.estimate.graph_writes,
            "exchange_writes": plan.estimate.exchange_writes,
            "seconds": plan.estimate.seconds,
        },
        **({"program_version": plan.program_version} if plan.program_version else {}),
    }


def encode_planned(planned: Planned) -> JsonObject:
    """One entry of ``changes``."""
    change = planned.change
    kind = kind_of(change)
    was, becomes = encode(change)
    detail = plain(change)
    del detail["why"]
    return {
        "id": planned.id,
        "kind": kind.value,
        "job": planned.job,
        "target": target_of(change),
        "subject": change.why.subject,
        "was": was,
        "becomes": becomes,
        "because": change.why.because,
        "rule": change.why.rule,
        "undo": UNDO[kind].value,
        "after": list(planned.after),
        "evidence": _evidence(change.why.evidence),
        "detail": detail,
    }


def encode(change: Change) -> tuple[JsonObject | None, JsonObject | None]:
    """What was and what it becomes, as a reader needs it; None: it is not there before, or not afterwards."""
    match change:
        case CreateMailbox():
            return None, _new_mailbox(change)
        case EnableMailbox():
            return _state("disabled"), _state("active")
        case DisableMailbox():
            return _state("active"), _state("disabled")
        case DeleteMailbox():
            ending: list[JsonValue] = list(change.addresses)
            return {"addresses": ending}, {"state": "deleted", "addresses": ending}
        case RestoreMailbox():
            return _state("deleted"), _state("disabled" if change.disabled else "active")
        case AddAddress():
            return None, {"address": change.address, "mailbox": change.mailbox.name}
        case RemoveAddress():
            return {"address": change.address, "mailbox": change.mailbox.name}, None
        case WindDownAddress():
            return _state(change.was.value), _wound_down(change)
        case ReviveAddress():
            return _state(change.was.value), _state("active")
        case SetSender():
            return {"sender": change.was}, {"sender": change.becomes}
        case SetForward():
            return {"forward": change.was}, {"forward": change.becomes}
        case ClearForward():
            return {"forward": change.was}, {"forward": None}
        case SendNotice():
            return None, _notice(change)
        case GrantAccess():
            more = {name: True for name, on in (("renew", change.renew), ("withdraw", change.withdraw)) if on}
            return None, {"mailbox": change.mailbox.name, "connection": change.connection, **more}
        case RevokeAccess():
            return {"mailbox": change.mailbox.name, "connection": change.connection}, None
        case PublishRecords():
            signing: JsonObject = {"signing": change.signing.value} if change.signing else {}
            was = _records(change, change.replaces) if change.replaces else None
            return was, _records(change, change.records) | signing
        case RetireRecords():
            return _records(change, change.records), None
        case _:
            assert_never(change)


def encode_finding(finding: Finding) -> JsonObject:
    """One entry of ``findings``."""
    return {
        "code": finding.code,
        "subject": finding.subject,
        "message": finding.message,
        "severity": finding.severity.value,
        "scope": finding.scope,
        "evidence": _evidence(finding.evidence),
    }


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z`` (interface.md 1). ``moment`` is aware."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _state(state: str) -> JsonObject:
    return {"state": state}


def _new_mailbox(change: CreateMailbox) -> JsonObject:
    if change.mailbox.kind is MailboxKind.PERSONAL:
        return {"user_principal_name": change.user_principal_name, "display_name": change.display_name}
    return {
        "kind": change.mailbox.kind.value,
        "address": change.address,
        "sender": change.address,
        "unit_id": change.unit_id,
        "owner_person_id": change.owner_person_id,
    }


def _wound_down(change: WindDownAddress) -> JsonObject:
    return {
        "state": "winddown",
        "winddown_on": change.winddown_on.isoformat(),
        "delete_on": change.delete_on.isoformat(),
        "reason": change.reason,
    }


def _notice(change: SendNotice) -> JsonObject:
    return {
        "kind": change.notice.value,
        "to": list(change.to),
        "addresses": list(change.addresses),
        "delete_on": day(change.delete_on),
        "short_notice": change.short_notice,
    }


def _records(change: PublishRecords | RetireRecords, records: tuple[DnsRecord, ...]) -> JsonObject:
    rows: list[JsonValue] = [{"type": r.type, "name": r.name, "value": r.value} for r in records]
    return {"domain": change.domain, "records": rows, "as": change.publish_as}


def day(value: date | None) -> str | None:
    """A date as documents have it."""
    return None if value is None else value.isoformat()


def _evidence(rows: tuple[Evidence, ...]) -> list[JsonValue]:
    return [{"table": row.table, "key": row.key, "snapshot": row.snapshot} for row in rows]
