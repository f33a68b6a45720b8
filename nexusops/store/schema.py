"""The tables of the state (rules.md 3.15): ledger tables follow the dataclasses of model/ledger.py, field by field."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from nexusops.model.addresses import Allocation
from nexusops.model.ledger import Alternative, DomainRow, Hold, NameDecision, NameOverride, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.notices import Notice
from nexusops.model.services import Service

SCHEMA_VERSION = 4
metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})
# Names are looked for in ranges: they must sort as bytes, whatever language the PostgreSQL database speaks.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_PLAIN: dict[type, Any] = {str: TEXT, int: Integer, bool: Boolean, date: Date}


def _bare(hint: Any) -> tuple[Any, bool]:
    """The type without ``| None``, and whether None is allowed."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        return (inner[0] if len(inner) == 1 else object), True
    return hint, False


def plain_type(hint: Any) -> Any:
    """The SQL type of a dataclass field, JSON for everything that is not a single value."""
    bare, _ = _bare(hint)
    bare = getattr(bare, "__supertype__", bare)
    if isinstance(bare, type) and not typing.get_origin(bare):
        for known in (bool, int, date, str):
            if issubclass(bare, known):
                return _PLAIN[known]
    return JSON


def _ledger_table(
    name: str, row: type, key: Sequence[str], indexes: Sequence[Sequence[str]] = (), *extra: Any
) -> Table:
    hints = typing.get_type_hints(row)
    columns = []
    for field in fields(row):
        kind = plain_type(hints[field.name])
        nullable = _bare(hints[field.name])[1]
        columns.append(
            Column(field.name, kind, primary_key=field.name in key, nullable=nullable and field.name not in key)
        )
    return Table(name, metadata, *columns, *extra, *(Index(None, *index) for index in indexes))


people = _ledger_table("people", PersonState, ["person_id"], [["username"], ["due_on"]])
mailboxes = _ledger_table(
    "mailboxes",
    Mailbox,
    ["key"],
    [["person_id"], ["name"], ["owner_person_id"], ["state"], ["due_on"]],
    Column("due_on", Date, nullable=True),
)
addresses = _ledger_table(
    "addresses",
    Allocation,
    ["address", "period"],
    [["domain", "local"], ["person_id"], ["mailbox_key"], ["delete_on"], ["state"]],
)
name_overrides = _ledger_table("name_overrides", NameOverride, ["person_id", "part"])
name_decisions = _ledger_table("name_decisions", NameDecision, ["request_id"], [["person_id"]])
alternatives = _ledger_table("alternatives", Alternative, ["person_id", "source"])
notices = _ledger_table("notices", Notice, ["key"], [["person_id"], ["unit_id"], ["mailbox_key"], ["state"]])
holds = _ledger_table("holds", Hold, ["subject", "kind"])
domains = _ledger_table("domains", DomainRow, ["domain"])
services = _ledger_table("services", Service, ["request_id"], [["owner_person_id"], ["due_on"]])

LEDGER: dict[type, Table] = {
    PersonState: people,
    Mailbox: mailboxes,
    Allocation: addresses,
    NameOverride: name_overrides,
    NameDecision: name_decisions,
    Alternative: alternatives,
    Notice: notices,
    Hold: holds,
    DomainRow: domains,
    Service: services,
}
"""Row type -> its table."""

meta = Table(
    "meta",
    metadata,
    Column("site", TEXT, primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("policy_hash", TEXT, nullable=False),
    Column("services_hash", TEXT, nullable=False),
    Column("dirty", Boolean, nullable=False),
    # The journal's last row: without it, rows taken away at the end would not be missed.
    Column("journal_seq", BigInteger, nullable=False),
    Column("journal_hash", TEXT, nullable=False),
)
findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope", TEXT, nullable=False),
    Column("code", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("message", TEXT, nullable=False),
    Column("severity", TEXT, nullable=False),
    Column("evidence", JSON, nullable=False),
    Index(None, "scope"),
)
unfinished = Table(
    "unfinished", metadata, Column("scope", TEXT, primary_key=True), Column("reason", TEXT, nullable=False)
)
# What adapters remember between runs, by name: the users of the tenant as last read.
kept = Table("kept", metadata, Column("name", TEXT, primary_key=True), Column("content", LargeBinary, nullable=False))
snapshots = Table(
    "snapshots",
    metadata,
    Column("sha256", TEXT, primary_key=True),
    Column("as_of", TEXT, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("role", String(8), nullable=False),
    Column("place", Integer, nullable=False),
)
snapshot_tables = Table(
    "snapshot_tables",
    metadata,
    Column("sha256", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
runs = Table(
    "runs",
    metadata,
    Column("run_id", TEXT, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("at", TEXT, nullable=False),
    Column("command", TEXT, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("program_version", TEXT, nullable=False),
    Column("result", TEXT, nullable=False),
    Column("snapshot_sha256", TEXT, nullable=True),
    Column("digest", TEXT, nullable=True),
    Column("changes", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("policy_text", TEXT, nullable=False),
    Column("services_text", TEXT, nullable=False),
    Column("config_text", TEXT, nullable=False),
    Index(None, "place"),
)
journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", TEXT, nullable=False),
    Column("run_id", TEXT, nullable=False),
    Column("phase", TEXT, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("rule", TEXT, nullable=False),
    Column("object", TEXT, nullable=False),
    Column("scope", TEXT, nullable=False),
    Column("change_id", TEXT, nullable=True),
    Column("step", TEXT, nullable=True),
    Column("before", TEXT, nullable=True),
    Column("after", TEXT, nullable=True),
    Column("request_id", TEXT, nullable=True),
    Column("reason", TEXT, nullable=True),
    Column("hash", TEXT, nullable=False),
    Index(None, "object"),
    Index(None, "run_id", "change_id", "step"),
)
approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", TEXT, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("at", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("used", Boolean, nullable=False),
    Index(None, "digest"),
)
routing = Table(
    "routing",
    metadata,
    Column("address", TEXT, primary_key=True),
    # Null: gone from the table since the last hour's, in which it was.
    Column("destination", TEXT, nullable=True),
    # In the last hour's table; null: it was not in that.
    Column("before", TEXT, nullable=True),
)
routing_builds = Table(
    "routing_builds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", TEXT, nullable=False),
    Column("before_at", TEXT, nullable=True),
    Column("signature", TEXT, nullable=False),
)
locks = Table(
    "locks",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("owner", TEXT, nullable=False),
    Column("host", TEXT, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", TEXT, nullable=False),
    Column("command", TEXT, nullable=False),
    Column("since", TEXT, nullable=False),
    Column("lease_until", TEXT, nullable=False),
)
