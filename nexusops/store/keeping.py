"""What adapters remember between runs, by name; it is not the ledger's, and raises no serial."""

from __future__ import annotations

import hmac
import os

from sqlalchemy import select

from nexusops.store.conflicts import insert_into
from nexusops.store.connecting import Connecting
from nexusops.store.schema import kept
from nexusops.store.writing import upsert

SEALING = "sealing"
"""The name of the key of seals; it never leaves the state."""


class Keeping(Connecting):
    def kept(self, name: str) -> bytes | None:
        with self._begin() as connection:
            return connection.execute(select(kept.c.content).where(kept.c.name == name)).scalar()

    def keep(self, name: str, content: bytes) -> None:
        """In place of what was kept under this name."""
        with self._begin(writes=True) as connection:
            connection.execute(upsert(connection.dialect.name, kept), {"name": name, "content": content})

    def seal(self, text: str) -> str:
        """Hex digits over the text that nobody makes without this state (HMAC-SHA256, its first 128 bits)."""
        key = self.kept(SEALING) or self._first(SEALING, os.urandom(32))
        return hmac.digest(key, text.encode(), "sha256")[:16].hex()

    def _first(self, name: str, content: bytes) -> bytes:
        """What is kept under this name: this, unless somebody else was first."""
        with self._begin(writes=True) as connection:
            statement = insert_into(connection.dialect.name, kept).on_conflict_do_nothing()
            connection.execute(statement, {"name": name, "content": content})
            return bytes(connection.execute(select(kept.c.content).where(kept.c.name == name)).scalar_one())
