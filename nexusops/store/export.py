"""The whole state as one document (interface.md 5), row by row: the database sorts, and nothing is held in memory."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import JSON, Connection, Select, func, select, text

from nexusops.model.addresses import Allocation
from nexusops.model.journal import JsonObject
from nexusops.model.ledger import Alternative, NameDecision, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice, NoticeState
from nexusops.model.services import Service
from nexusops.store.reading import PARTITION
from nexusops.store.schema import (
    LEDGER,
    addresses,
    alternatives,
    domains,
    findings,
    mailboxes,
    meta,
    name_decisions,
    notices,
    people,
    runs,
    services,
)

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
_ALTERNATIVES = ("person_id", "address", "source")
_REQUESTS = ("request_id", "person_id", "wanted_local", "outcome", "code")
_FINDINGS = ("code", "subject", "message", "severity")
_RUNS = ("run_id", "at", "result", "changes")
_NOTICES = ("kind", "person_id", "unit_id", "to", "addresses", "delete_on", "sent_on", "short_notice")


def parts(connection: Connection) -> Iterator[tuple[str, Any]]:
    """Everything, in the order of keys; purged mailboxes and ended addresses included. A table's value is an iterator
    of its rows, to be used up before the next part is asked for.
    """
    rows = partial(_rows, connection)
    if connection.dialect.name == "postgresql":  # All of it as of one moment; SQLite's transactions are like that.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    last = select(runs.c.at).order_by(runs.c.place.desc()).limit(1)
    yield "format", 1
    yield "serial", connection.execute(select(meta.c.serial)).scalar_one()
    yield "at", connection.execute(last).scalar()
    yield "people", rows(PersonState, _columns(people, _PEOPLE).order_by(people.c.person_id))
    yield "mailboxes", rows(Mailbox, _mailboxes())
    yield "addresses", rows(Allocation, _addresses())
    yield "alternatives", rows(Alternative, _alternatives())
    yield "name_requests", rows(NameDecision, _columns(name_decisions, _REQUESTS).order_by("request_id"))
    yield "domains", rows(None, _columns(domains, ("domain", "state")).order_by("domain"))
    yield "notices", rows(Notice, _sent())
    yield "services", rows(Service, _columns(services, _SERVICES).order_by("request_id"))
    yield "findings", rows(None, _columns(findings, _FINDINGS).order_by("code", "subject", "message"))
    yield "runs", rows(None, _columns(runs, _RUNS).order_by(runs.c.place))


def _columns(table: Any, names: tuple[str, ...]) -> Select[Any]:
    return select(*(table.c[name] for name in names))


def _mailboxes() -> Select[Any]:
    """By name; those that wait for one come last."""
    order = (func.coalesce(mailboxes.c.name, "~"), mailboxes.c.generation, mailboxes.c.key)
    return _columns(mailboxes, ("name", *_MAILBOXES)).order_by(*order)


def _addresses() -> Select[Any]:
    named = (addresses.c.address, mailboxes.c.name.label("mailbox"), *(addresses.c[name] for name in _ADDRESSES))
    joined = addresses.outerjoin(mailboxes, mailboxes.c.key == addresses.c.mailbox_key)
    return select(*named).select_from(joined).order_by(addresses.c.address, addresses.c.period)


def _alternatives() -> Select[Any]:
    rows = _columns(alternatives, _ALTERNATIVES).where(~alternatives.c.removed)
    return rows.order_by(alternatives.c.person_id, alternatives.c.source)


def _sent() -> Select[Any]:
    """Notices count as sent once the channel has accepted them."""
    sent = _columns(notices, _NOTICES).where(notices.c.state == NoticeState.SENT.value)
    return sent.order_by(notices.c.sent_on, notices.c.key)


def _rows(connection: Connection, kind: type | None, query: Select[Any]) -> Iterator[JsonObject]:
    """The rows as they are fetched; what a column keeps as JSON is written as its type has it."""
    found = connection.execute(query.execution_options(stream_results=True, max_row_buffer=PARTITION))
    names = tuple(found.keys())
    nested = _nested(kind, names) if kind is not None else {}
    for some in found.partitions(PARTITION):
        for row in some:
            document = dict(zip(names, row, strict=True))
            for name, hint in nested.items():
                document[name] = msgspec.convert(document[name], type=hint)
            yield document


def _nested(kind: type, names: tuple[str, ...]) -> dict[str, Any]:
    table, hints = LEDGER[kind], typing.get_type_hints(kind)
    return {name: hints[name] for name in names if name in table.c and isinstance(table.c[name].type, JSON)}
