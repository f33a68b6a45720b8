"""What people ask of the state: indexed reads for explanations, histories, audits and monitoring."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from nexusops.model.findings import Finding
from nexusops.store import reading
from nexusops.store.looking import LookingStore
from nexusops.store.reading import chunks
from nexusops.store.schema import findings


class AnsweringStore(LookingStore):
    """The Store of ports.py, whole."""

    def findings_about(self, scopes: Collection[str]) -> Sequence[Finding]:
        found: list[Finding] = []
        with self._begin() as connection:
            for part in chunks(scopes):
                rows = connection.execute(select(findings).where(findings.c.scope.in_(part)).order_by(findings.c.id))
                found.extend(reading.finding(row) for row in rows.mappings())
        return found
