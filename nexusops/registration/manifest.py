"""manifest.json: whose snapshot it is, of when, and what its tables must be (rules.md 3.1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import cast

from nexusops.errors import Defect, SnapshotRefused
from nexusops.model.frozen import frozen
from nexusops.registration.fields import BadValue, instant
from nexusops.registration.layout import READ_AS

SCHEMA = 1
NEXT_STEP = (
    "Nothing was changed. Have the registration export repaired or wait for the next one;"
    " `nexusops snapshot check DIR` lists the defects of a folder."
)
NOT_THERE = (
    "Nothing was changed. [registration] in nexusops.toml (`nexusops config show`), or --snapshot, must name the place"
    " of registration's export, and whoever runs this must be able to read there."
)


@frozen
class Listed:
    """What the manifest says of one table: its rows, and the SHA-256 of its file as it stands."""

    rows: int
    sha256: str


@frozen
class Manifest:
    """``ignored_tables`` and ``ignored_columns`` ("table.column") are what we do not know and left aside."""

    tenant: str
    as_of: datetime
    tables: Mapping[str, Listed]
    ignored_tables: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = field(default=())
    read_as: str = READ_AS

    def identities(self) -> dict[str, str]:
        """Of each table what is the same for the same content, read in the same way: its file's hash and the layout."""
        return {name: f"{self.read_as} {listed.sha256}" for name, listed in self.tables.items()}

    @property
    def sha256(self) -> str:
        """The snapshot's hash: that of its sorted (table, sha256) pairs, one ``table sha256`` a line."""
        pairs = sorted((name, listed.sha256) for name, listed in self.tables.items())
        return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in pairs).encode()).hexdigest()


def partial(message: str) -> Defect:
    return Defect(code="SNAPSHOT_PARTIAL", message=message)


def refused(*defects: Defect) -> SnapshotRefused:
    return SnapshotRefused(defects, next_step=NEXT_STEP)


def not_there(message: str) -> SnapshotRefused:
    """Of a place in which nothing can be read at all."""
    return SnapshotRefused([partial(message)], next_step=NOT_THERE)


def check_header(schema: object, tenant: object, site: str | None) -> list[Defect]:
    """The schema and the tenant; ``site`` None takes any tenant."""
    defects = []
    if schema != SCHEMA or isinstance(schema, bool):
        defects.append(
            Defect(code="SNAPSHOT_SCHEMA", message=f"the manifest's schema is {schema!r}; this program reads {SCHEMA}")
        )
    if not isinstance(tenant, str) or not tenant or (site is not None and tenant != site):
        expected, named = ("a name", "") if site is None else (repr(site), ", as [site] name says")
        defects.append(
            Defect(
                code="SNAPSHOT_TENANT",
                message=f"the manifest's tenant is {tenant!r}; {expected} is expected here{named}",
            )
        )
    return defects


def parse(content: bytes, site: str | None) -> tuple[Manifest, list[Defect]]:
    """The manifest and the defects of its header. Raises SnapshotRefused where nothing can be checked against it."""
    document = _document(content)
    defects = check_header(document.get("schema"), document.get("tenant"), site)
    fatal: list[Defect] = []
    as_of = _as_of(document.get("as_of"), fatal)
    tables = _tables(document.get("tables"), fatal)
    if as_of is None or fatal:
        raise refused(*defects, *fatal)
    return Manifest(tenant=str(document.get("tenant")), as_of=as_of, tables=tables), defects


def _document(content: bytes) -> dict[str, object]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise refused(partial(f"manifest.json is not JSON: {error}")) from error
    if not isinstance(document, dict):
        raise refused(partial("manifest.json is not a JSON object with schema, tenant, as_of and tables"))
    return cast(dict[str, object], document)


def _as_of(value: object, fatal: list[Defect]) -> datetime | None:
    try:
        if isinstance(value, str):
            return instant(value)
        reason = "it is missing" if value is None else f"{value!r} is not text"
    except BadValue as error:
        reason = error.reason
    fatal.append(partial(f"the manifest's as_of must be an instant with an offset or Z: {reason}"))
    return None


def _tables(value: object, fatal: list[Defect]) -> dict[str, Listed]:
    if not isinstance(value, dict):
        fatal.append(partial('the manifest must list its tables: {"persons": {"rows": …, "sha256": "…"}, …}'))
        return {}
    tables = {}
    for name, entry in value.items():
        rows, digest = (entry.get("rows"), entry.get("sha256")) if isinstance(entry, dict) else (None, None)
        good_rows = isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0
        if good_rows and isinstance(digest, str) and re.fullmatch(r"[0-9a-fA-F]{64}", digest):
            tables[name] = Listed(rows=cast(int, rows), sha256=digest.lower())
        else:
            fatal.append(
                partial(f"the manifest's entry for {name} must have rows (a number) and sha256 (64 hex digits)")
            )
    return tables


def to_json(manifest: Manifest) -> bytes:
    """The manifest as it is kept in the state, with what was ignored."""
    document = {
        "schema": SCHEMA,
        "tenant": manifest.tenant,
        "as_of": manifest.as_of.isoformat(),
        "tables": {name: {"rows": t.rows, "sha256": t.sha256} for name, t in sorted(manifest.tables.items())},
        "ignored_tables": list(manifest.ignored_tables),
        "ignored_columns": list(manifest.ignored_columns),
        "read_as": manifest.read_as,
    }
    return json.dumps(document, sort_keys=True).encode()


def from_json(content: bytes) -> Manifest:
    """What ``to_json`` wrote."""
    document = json.loads(content)
    return Manifest(
        tenant=document["tenant"],
        as_of=datetime.fromisoformat(document["as_of"]),
        tables={name: Listed(rows=t["rows"], sha256=t["sha256"]) for name, t in document["tables"].items()},
        ignored_tables=tuple(document["ignored_tables"]),
        ignored_columns=tuple(document["ignored_columns"]),
        read_as=document.get("read_as", ""),
    )
