"""What is found out about a person while their rows are read."""

from __future__ import annotations

from nexusops.model.findings import Evidence, Finding, Severity, person_scope
from nexusops.model.ids import PersonId


class Draft:
    """The first fault that freezes decides the code (D29); the order of reading is that of rules.md 3.2 to 3.9."""

    __slots__ = ("findings", "frozen", "person_id", "snapshot", "spared")

    def __init__(self, person_id: PersonId, snapshot: str) -> None:
        self.person_id = person_id
        self.snapshot = snapshot
        self.frozen: str | None = None
        self.spared: str | None = None
        self.findings: list[Finding] = []

    def row(self, table: str, key: str | None) -> Evidence:
        return Evidence(table=table, key=key or "", snapshot=self.snapshot)

    def freeze(self, code: str, message: str, row: Evidence) -> None:
        """Nothing at all is changed for this person until the row is good again."""
        self.frozen = self.frozen or code
        self.note(code, f"{message}; nothing is changed for this person", row)

    def spare(self, code: str) -> None:
        """Nothing is taken away from this person until the row is good again."""
        self.spared = self.spared or code

    def note(self, code: str, message: str, row: Evidence, severity: Severity = Severity.WARNING) -> None:
        self.findings.append(
            Finding(
                code=code,
                subject=self.person_id,
                message=message,
                severity=severity,
                scope=person_scope(self.person_id),
                evidence=(row,),
            )
        )

    def sorted_findings(self) -> tuple[Finding, ...]:
        if not self.findings:
            return ()
        return tuple(sorted(self.findings, key=lambda found: (found.code, found.evidence, found.message)))
