"""The whole state as one document (interface.md 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from nexusops.model.addresses import Allocation
from nexusops.model.journal import JsonObject
from nexusops.model.ledger import Alternative, NameDecision, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice, NoticeState
from nexusops.model.services import Service
from nexusops.store.reading import rows_in
from nexusops.store.schema import domains, findings, runs

_PEOPLE = ("person_id", "username", "state", "left_on", "frozen", "missing_since")
_MAILBOXES = (
    "kind",
    "person_id",
    "unit_id",
    "owner_person_id",
    "state",
    "sender",
    "sender_origin",
    "forward",
    "forward_exempt",
    "disable_on",
    "disabled_on",
    "delete_on",
    "deleted_on",
    "purge_on",
    "orphaned_on",
)
_ADDRESSES = (
    "kind",
    "state",
    "person_id",
    "unit_id",
    "base",
    "n",
    "period",
    "winddown_on",
    "notice_sent_on",
    "delete_on",
    "deleted_on",
    "reason",
)
_SERVICES = (
    "request_id",
    "unit_id",
    "owner_person_id",
    "state",
    "since",
    "path",
    "connection",
    "address",
    "domain",
    "live_on",
    "review_on",
    "credential_ends_on",
    "verified_on",
    "signs",
)
_NOTICES = ("kind", "person_id", "unit_id", "to", "addresses", "delete_on", "sent_on", "short_notice")


def document(connection: Connection, serial: int) -> JsonObject:
    """Everything, in the order of keys; purged mailboxes and ended addresses included."""
    boxes = sorted(rows_in(connection, Mailbox, "", None), key=lambda box: (box.name or "~", box.generation))
    names = {box.key: box.name for box in boxes}
    rows = sorted(rows_in(connection, Allocation, "", None), key=lambda row: (row.address, row.period))
    persons = sorted(rows_in(connection, PersonState, "", None), key=lambda row: row.person_id)
    requests = sorted(rows_in(connection, NameDecision, "", None), key=lambda row: row.request_id)
    asked = sorted(rows_in(connection, Service, "", None), key=lambda row: row.request_id)
    history = connection.execute(select(runs).order_by(runs.c.place)).mappings().all()
    return {
        "format": 1,
        "serial": serial,
        "at": history[-1]["at"] if history else None,
        "people": _picked(persons, _PEOPLE),
        "mailboxes": [{"name": box.name, **_pick(box, _MAILBOXES)} for box in boxes],
        "addresses": [
            {"address": row.address, "mailbox": names.get(row.mailbox_key) if row.mailbox_key else None}
            | _pick(row, _ADDRESSES)
            for row in rows
        ],
        "alternatives": [
            _pick(row, ("person_id", "address", "source"))
            for row in sorted(rows_in(connection, Alternative, "", None), key=lambda r: (r.person_id, r.source))
            if not row.removed
        ],
        "name_requests": _picked(requests, ("request_id", "person_id", "wanted_local", "outcome", "code")),
        "domains": _columns(connection, domains, ("domain", "state"), "domain"),
        "notices": _picked(_sent(connection), _NOTICES),
        "services": _picked(asked, _SERVICES),
        "findings": _columns(connection, findings, ("code", "subject", "message", "severity"), "code"),
        "runs": [{name: run[name] for name in ("run_id", "at", "result", "changes")} for run in history],
    }


def _sent(connection: Connection) -> list[Notice]:
    """Notices count as sent once the channel has accepted them."""
    sent = rows_in(connection, Notice, "state", [NoticeState.SENT.value])
    return sorted(sent, key=lambda row: (str(row.sent_on), row.key))


def _picked(rows: Iterable[object], names: tuple[str, ...]) -> list[Any]:
    return [_pick(row, names) for row in rows]


def _pick(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    """Values as JSON has them: lists, never tuples."""
    values = {name: msgspec.to_builtins(getattr(row, name)) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _columns(connection: Connection, table: Any, names: tuple[str, ...], first: str) -> list[Any]:
    order = [table.c[first], *([table.c.subject, table.c.message] if "subject" in table.c else [])]
    rows = connection.execute(select(table).order_by(*order)).mappings()
    return [{name: row[name] for name in names} for row in rows]
