"""Faults of rows that need no ledger to be seen: what reading found, and what the policy does not know (D29)."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain

from nexusops.model.findings import Finding, Severity, in_order, person_scope
from nexusops.model.policy import Policy
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.rules.entitlement import unknown_status


def faults_of(snapshot: Snapshot, policy: Policy) -> tuple[Finding, ...]:
    """Every fault of a row, whoever's it is, in the order of codes and subjects."""
    people = snapshot.people.values()
    judged = (policy_fault(one, policy) for one in people if one.frozen is None)
    read = chain(snapshot.findings, *(one.findings for one in people))
    return in_order(chain(read, (fault for fault in judged if fault is not None)))


def policy_fault(record: PersonRecord, policy: Policy) -> Finding | None:
    """A status in neither list of ``status_map`` (D46), or a username that is not of the site's form: it freezes."""
    status = unknown_status(record.cards, policy)
    if status is not None:
        message = f"the card status {status} is not known (status_map); nothing is changed for this person"
        return _fault(record, "UNKNOWN_STATUS", message, Severity.WARNING)
    name = record.person.username if record.person is not None else None
    if name is not None and not username_form(policy.names.username_pattern).match(name):
        return _fault(
            record,
            "BAD_USERNAME",
            f"the username {name} is not of the site's form (names.username_pattern)",
            Severity.ALERT,
        )
    return None


def _fault(record: PersonRecord, code: str, message: str, severity: Severity) -> Finding:
    subject = record.person_id
    return Finding(code=code, subject=subject, message=message, severity=severity, scope=person_scope(subject))


@cache
def username_form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
