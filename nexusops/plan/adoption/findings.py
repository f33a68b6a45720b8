"""What an adoption leaves alone, and what to do about it: users and mailboxes that cannot be joined to anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import PersonId, local_of
from nexusops.model.snapshot import PersonRecord
from nexusops.model.tenant import ActualMailbox
from nexusops.plan.compare import MISPLACED, misplaced, users_named


def finding(
    code: str, subject: str, message: str, severity: Severity = Severity.WARNING, *, scope: str = "site"
) -> Finding:
    return Finding(code=code, subject=subject, message=message, severity=severity, scope=scope)


def usernames_of(people: Mapping[PersonId, PersonRecord]) -> dict[str, PersonId]:
    """Whose each username is, to tell what employeeId a user should carry: never to join them by it."""
    return {one.person.username: key for key, one in people.items() if one.person and one.person.username}


def several(person_id: PersonId, users: Iterable[ActualMailbox]) -> Finding:
    message = f"{users_named(users)} carry the employeeId {person_id}: leave it with one of them; none is adopted"
    return finding("TENANT_AMBIGUOUS", person_id, message)


def unknown_person(person_id: PersonId, found: ActualMailbox, usernames: Mapping[str, PersonId]) -> Finding:
    user, whose = found.user_principal_name, usernames.get(local_of(found.user_principal_name).lower())
    todo = f"set it to {whose}, whose username that is," if whose else "correct the id,"
    message = f"{user} carries the employeeId {person_id}, whom registration does not know: {todo} or leave the mailbox"
    return finding("TENANT_UNKNOWN_PERSON", person_id, f"{message} to others")


def nobodys(name: str, found: ActualMailbox, usernames: Mapping[str, PersonId]) -> Finding:
    """A mailbox without an owner; that of a known username only lacks its employeeId."""
    if found.person_id is not None:
        return finding(MISPLACED, name, misplaced(name, found.person_id))
    whose = usernames.get(local_of(found.user_principal_name).lower())
    if whose is not None:
        message = f"{found.user_principal_name} has no employeeId: set it to {whose}, whose username that is, and adopt"
        return finding("TENANT_UNKNOWN_MAILBOX", name, f"{message} again")
    message = f"the mailbox {name} is nobody's: no person has its employeeId, and registration has no such mailbox"
    return finding("TENANT_UNKNOWN_MAILBOX", name, message, Severity.INFO)
