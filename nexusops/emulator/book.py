"""The file that the embedded tenant keeps itself in: one commit a request (SQLite, WAL, synchronous NORMAL).

An object is one JSON document under its object id. A directory user and its mailbox are one object; its addresses stand
in a table of their own, so that an address is taken once in the whole tenant, by soft-deleted objects too.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT, upn TEXT, employee TEXT, guid TEXT, deleted TEXT, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, deleted, id);
CREATE INDEX IF NOT EXISTS object_upn ON object (upn);
CREATE INDEX IF NOT EXISTS object_employee ON object (employee);
CREATE INDEX IF NOT EXISTS object_name ON object (name);
CREATE INDEX IF NOT EXISTS object_guid ON object (guid);
CREATE TABLE IF NOT EXISTS address (address TEXT PRIMARY KEY, id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS address_id ON address (id);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS asked (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mail (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delta (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, removed TEXT);
"""
Object = dict[str, Any]


class Book:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.executescript(_SCHEMA)

    def begin(self) -> None:
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.db.execute("COMMIT")

    def rollback(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def close(self) -> None:
        self.db.close()

    # Settings.

    def setting(self, name: str) -> Any:
        row = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return msgspec.json.decode(row[0]) if row else None

    def set(self, name: str, value: Any) -> None:
        text = msgspec.json.encode(value).decode()
        self.db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, text))

    # Objects.

    def get(self, object_id: str) -> Object | None:
        return self._one("SELECT body FROM object WHERE id = ?", object_id)

    def find(self, column: str, value: str) -> list[Object]:
        """Objects whose indexed column (upn, employee, name, guid) has this value, deleted ones included."""
        rows = self.db.execute(f"SELECT body FROM object WHERE {column} = ? ORDER BY id", (value,))
        return [msgspec.json.decode(row[0]) for row in rows]

    def _one(self, statement: str, value: str) -> Object | None:
        row = self.db.execute(statement, (value,)).fetchone()
        return msgspec.json.decode(row[0]) if row else None

    def page(self, kind: str, *, deleted: bool, after: str, count: int) -> list[Object]:
        """So many objects in the order of ids, beginning after one."""
        condition = "IS NOT NULL" if deleted else "IS NULL"
        rows = self.db.execute(
            f"SELECT body FROM object WHERE kind = ? AND deleted {condition} AND id > ? ORDER BY id LIMIT ?",
            (kind, after, count),
        )
        return [msgspec.json.decode(row[0]) for row in rows]

    def each(self, kind: str, *, deleted: bool = False) -> Iterator[Object]:
        condition = "IS NOT NULL" if deleted else "IS NULL"
        statement = f"SELECT body FROM object WHERE kind = ? AND deleted {condition} ORDER BY id"
        for row in self.db.execute(statement, (kind,)).fetchall():
            yield msgspec.json.decode(row[0])

    def put(self, found: Object) -> None:
        """Writes an object, with what finds it again."""
        mailbox = found.get("mailbox") or {}
        name = mailbox.get("name") or found.get("mailNickname") or found.get("displayName")
        self.db.execute(
            "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                found["id"],
                found["kind"],
                (name or "").lower(),
                (found.get("userPrincipalName") or found.get("appId") or "").lower(),
                found.get("employeeId"),
                mailbox.get("guid"),
                found.get("deletedDateTime"),
                msgspec.json.encode(found).decode(),
            ),
        )
        self.db.execute("INSERT INTO delta (id, removed) VALUES (?, ?)", (found["id"], _removed(found)))

    def erase(self, found: Object) -> None:
        """Gone for good; its addresses are free."""
        self.db.execute("DELETE FROM object WHERE id = ?", (found["id"],))
        self.db.execute("DELETE FROM address WHERE id = ?", (found["id"],))
        self.db.execute("INSERT INTO delta (id, removed) VALUES (?, 'deleted')", (found["id"],))

    # Addresses.

    def holder(self, address: str) -> str | None:
        row = self.db.execute("SELECT id FROM address WHERE address = ?", (address.lower(),)).fetchone()
        return row[0] if row else None

    def hold(self, object_id: str, addresses: frozenset[str]) -> None:
        """These, and only these, are the object's addresses."""
        self.db.execute("DELETE FROM address WHERE id = ?", (object_id,))
        self.db.executemany("INSERT INTO address VALUES (?, ?)", [(a.lower(), object_id) for a in addresses])

    # What was asked, what was sent.

    def note(self, table: str, body: Object) -> None:
        self.db.execute(f"INSERT INTO {table} (body) VALUES (?)", (msgspec.json.encode(body).decode(),))

    def notes(self, table: str) -> list[Object]:
        return [msgspec.json.decode(row[0]) for row in self.db.execute(f"SELECT body FROM {table} ORDER BY seq")]

    def last_delta(self) -> int:
        return int(self.db.execute("SELECT COALESCE(MAX(seq), 0) FROM delta").fetchone()[0])

    def changed_since(self, seq: int, count: int) -> list[tuple[int, str, str | None]]:
        rows = self.db.execute("SELECT seq, id, removed FROM delta WHERE seq > ? ORDER BY seq LIMIT ?", (seq, count))
        return [(row[0], row[1], row[2]) for row in rows]


def _removed(found: Object) -> str | None:
    return "changed" if found.get("deletedDateTime") else None


def new_id() -> str:
    return str(uuid.uuid4())
