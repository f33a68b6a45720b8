"""The file that the embedded tenant keeps itself in (SQLite, WAL, synchronous NORMAL; one commit a request).

An object is one JSON document under its kind and id. Addresses stand in a table of their own, so that an address is
taken once in the whole tenant, by soft-deleted objects too.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from nexusops.emulator.schema import INDEXED, SCHEMA, VERSION

Object = dict[str, Any]
_encode, _decode = msgspec.json.encode, msgspec.json.decode


def new_id() -> str:
    return str(uuid.uuid4())


class Book:
    """Reads and writes of one tenant's file. The caller begins and commits. ValueError for a file that is none."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # it holds people and a client's secret: its owner's alone
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION and self.db.execute("SELECT 1 FROM sqlite_master").fetchone():
            self.db.close()
            raise ValueError(f"{path} is not an embedded tenant of this version")
        self.db.executescript(f"{SCHEMA} PRAGMA user_version = {VERSION};")

    def begin(self) -> None:
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.db.execute("COMMIT")

    def rollback(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def close(self) -> None:
        self.db.close()

    # Settings and the clock.

    def setting(self, name: str) -> Any:
        row = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return _decode(row[0]) if row else None

    def keep(self, name: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, _encode(value).decode()))

    def now(self) -> datetime:
        """Directory time: what it was set to, else the real time."""
        text = self.setting("clock")
        return datetime.fromisoformat(text) if text else datetime.now(UTC)

    # Objects.

    def get(self, kind: str, object_id: str) -> Object | None:
        statement = "SELECT body FROM object WHERE kind = ? AND id = ?"
        row = self.db.execute(statement, (kind, object_id)).fetchone()
        return _decode(row[0]) if row else None

    def find(self, kind: str, what: str, value: str) -> list[Object]:
        """Objects with this value of an indexed property, soft-deleted ones included, in the order of their ids."""
        rows = self.db.execute(
            "SELECT object.body FROM lookup JOIN object USING (kind, id)"
            " WHERE lookup.kind = ? AND what = ? AND value = ? ORDER BY id",
            (kind, what, value.lower()),
        )
        return [_decode(row[0]) for row in rows.fetchall()]

    def ids(self, kind: str, what: str, value: str) -> set[str]:
        """The ids of the objects that ``find`` would return."""
        statement = "SELECT id FROM lookup WHERE kind = ? AND what = ? AND value = ?"
        return {row[0] for row in self.db.execute(statement, (kind, what, value.lower())).fetchall()}

    def is_live(self, kind: str, object_id: str) -> bool:
        """Whether an object is there, and not soft-deleted."""
        statement = "SELECT 1 FROM object WHERE kind = ? AND id = ? AND deleted IS NULL"
        return self.db.execute(statement, (kind, object_id)).fetchone() is not None

    def page(self, kind: str, *, deleted: bool = False, after: str = "", count: int = -1) -> Iterator[Object]:
        """So many objects (-1: all) in the order of their ids, beginning after one."""
        condition = "IS NOT NULL" if deleted else "IS NULL"
        rows = self.db.execute(
            f"SELECT body FROM object WHERE kind = ? AND deleted {condition} AND id > ? ORDER BY id LIMIT ?",
            (kind, after, count),
        )
        return (_decode(row[0]) for row in rows.fetchall())

    def count(self, kind: str, *, deleted: bool = False) -> int:
        condition = "IS NOT NULL" if deleted else "IS NULL"
        statement = f"SELECT COUNT(*) FROM object WHERE kind = ? AND deleted {condition}"
        return int(self.db.execute(statement, (kind,)).fetchone()[0])

    def put(self, kind: str, object_id: str, body: Object, *, deleted: str | None = None) -> None:
        """Writes an object, with what finds it again. ``deleted``: the instant of its soft-deletion."""
        self.db.execute(
            "INSERT INTO object VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET deleted = excluded.deleted, body = excluded.body",
            (kind, object_id, deleted, _encode(body).decode()),
        )
        keys = {(kind, what, str(body[what]).lower(), object_id) for what in INDEXED.get(kind, ()) if body.get(what)}
        present = self.db.execute("SELECT * FROM lookup WHERE kind = ? AND id = ?", (kind, object_id)).fetchall()
        if set(present) != keys:
            self.db.execute("DELETE FROM lookup WHERE kind = ? AND id = ?", (kind, object_id))
            self.db.executemany("INSERT INTO lookup VALUES (?, ?, ?, ?)", keys)

    def erase(self, kind: str, object_id: str) -> None:
        for table in ("object", "lookup", "waiting"):
            self.db.execute(f"DELETE FROM {table} WHERE kind = ? AND id = ?", (kind, object_id))

    def deleted_before(self, kind: str, instant: str) -> list[str]:
        statement = "SELECT id FROM object WHERE kind = ? AND deleted < ?"
        return [row[0] for row in self.db.execute(statement, (kind, instant)).fetchall()]

    # Addresses.

    def holder(self, address: str) -> str | None:
        """The id of the object that an address (without its type) belongs to, soft-deleted objects included."""
        row = self.db.execute("SELECT id FROM address WHERE address = ?", (address.lower(),)).fetchone()
        return row[0] if row else None

    def hold(self, object_id: str, addresses: Iterable[str]) -> None:
        """These, and only these, are the object's addresses. The caller has seen that they are free."""
        self.db.execute("DELETE FROM address WHERE id = ?", (object_id,))
        rows = {(address.lower(), object_id) for address in addresses}
        self.db.executemany("INSERT INTO address VALUES (?, ?)", rows)

    # Changes of users, for delta.

    def note_change(self, object_id: str, names: Iterable[str]) -> None:
        self.db.execute("INSERT INTO change (id, names) VALUES (?, ?)", (object_id, " ".join(sorted(names))))

    def last_change(self) -> int:
        return int(self.db.execute("SELECT COALESCE(MAX(seq), 0) FROM change").fetchone()[0])

    def changed_after(self, seq: int, past: int, count: int) -> list[tuple[str, int, set[str]]]:
        """Objects changed after a point, each once, in the order of their last change: id, point, property names.

        ``past``: those that were shown up to that last change are left out; the names are of all changes after ``seq``.
        """
        rows = self.db.execute(
            "SELECT id, MAX(seq) AS last, GROUP_CONCAT(names, ' ') FROM change WHERE seq > ?"
            " GROUP BY id HAVING last > ? ORDER BY last LIMIT ?",
            (seq, past, count),
        )
        return [(row[0], row[1], set(row[2].split())) for row in rows.fetchall()]

    # Objects that are not to be seen yet.

    def wait(self, kind: str, object_id: str, reads: int, until: str | None = None) -> None:
        """Not to be seen for so many reads, or before an instant of directory time."""
        self.db.execute("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)", (kind, object_id, reads, until))

    def waiting(self, kind: str) -> dict[str, tuple[int, str | None]]:
        rows = self.db.execute("SELECT id, reads, until FROM waiting WHERE kind = ?", (kind,))
        return {row[0]: (row[1], row[2]) for row in rows.fetchall()}

    def read_in_vain(self, kind: str, object_id: str) -> None:
        self.db.execute("UPDATE waiting SET reads = reads - 1 WHERE kind = ? AND id = ?", (kind, object_id))
        self.db.execute(
            "DELETE FROM waiting WHERE kind = ? AND id = ? AND reads <= 0 AND until IS NULL", (kind, object_id)
        )

    # What was asked, what was sent.

    def note(self, table: str, body: Object) -> None:
        self.db.execute(f"INSERT INTO {table} (body) VALUES (?)", (_encode(body).decode(),))

    def notes(self, table: str) -> list[Object]:
        return [_decode(row[0]) for row in self.db.execute(f"SELECT body FROM {table} ORDER BY seq").fetchall()]
