"""What adapters remember between runs, by name; it is not the ledger's, and raises no serial."""

from __future__ import annotations

from sqlalchemy import select

from nexusops.store.auditing import AuditingStore
from nexusops.store.schema import kept
from nexusops.store.writing import upsert


class KeepingStore(AuditingStore):
    """The Store of ports.py, with the memory of the tenant's adapter."""

    def kept(self, name: str) -> bytes | None:
        with self._begin() as connection:
            return connection.execute(select(kept.c.content).where(kept.c.name == name)).scalar()

    def keep(self, name: str, content: bytes) -> None:
        """In place of what was kept under this name."""
        with self._begin(writes=True) as connection:
            connection.execute(upsert(connection.dialect.name, kept), {"name": name, "content": content})
