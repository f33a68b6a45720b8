"""Findings (to staff) and the evidence that every change, promise and finding carries."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId

_PERSON, _BOX = "person:", "box:"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ALERT = "alert"


@frozen
class Evidence:
    """The row that something rests on: table, its key, and the snapshot's hash ('' for our own state)."""

    table: str
    key: str
    snapshot: str = ""

    def __lt__(self, other: Evidence) -> bool:
        return (self.table, self.key, self.snapshot) < (other.table, other.key, other.snapshot)


@frozen
class Finding:
    """Trouble for staff to look at. ``subject``: a person_id, else the address, mailbox, unit, domain or request.

    ``scope`` is what was judged when it was found: ``person:ID``, ``box:MAILBOX_ID``, or ``site`` (judged in every
    run). A later judgement of the same scope replaces all its findings, so that an hour's findings cost what changed.
    """

    code: str
    subject: str
    message: str
    severity: Severity = Severity.WARNING
    scope: str = "site"
    evidence: tuple[Evidence, ...] = ()


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By code, then by whom they are about."""
    return tuple(sorted(findings, key=lambda one: (one.code, one.subject, one.message)))


def person_scope(person_id: str) -> str:
    return f"{_PERSON}{person_id}"


def box_scope(mailbox_id: str) -> str:
    return f"{_BOX}{mailbox_id}"


def people_in(scopes: Iterable[str]) -> set[PersonId]:
    return {PersonId(scope.removeprefix(_PERSON)) for scope in scopes if scope.startswith(_PERSON)}


def boxes_in(scopes: Iterable[str]) -> set[str]:
    return {scope.removeprefix(_BOX) for scope in scopes if scope.startswith(_BOX)}
