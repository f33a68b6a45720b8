"""Names for strings that must not be mixed up."""

from __future__ import annotations

from typing import NewType

PersonId = NewType("PersonId", str)
"""Key of the card system, never re-used (rules.md 3.2)."""
UnitId = NewType("UnitId", str)
Domain = NewType("Domain", str)
"""A lower-case DNS name."""
Address = NewType("Address", str)
"""A lower-case e-mail address, ``local@domain``."""
MailboxKey = NewType("MailboxKey", str)
"""Surrogate key of a mailbox row: ``person:ID:GENERATION`` or ``box:MAILBOX_ID:GENERATION``.

A purged mailbox's successor is a new row of the same name and the next generation.
"""


def address(local: str, domain: str) -> Address:
    return Address(f"{local}@{domain}")


def domain_of(value: str) -> Domain:
    return Domain(value.rpartition("@")[2])


def local_of(value: str) -> str:
    return value.rpartition("@")[0]


def alike(left: str | None, right: str | None) -> bool:
    """Whether two addresses are the same one, or both none: whoever typed one may have typed it in other letters."""
    return (left or "").lower() == (right or "").lower()


def within(name: str, domain: str) -> bool:
    """Whether a name in DNS is the domain itself, or beneath it. Both are written alike: letters, and the last dot."""
    return f".{name}".endswith(f".{domain}")


def person_mailbox_key(person_id: PersonId, generation: int) -> MailboxKey:
    return MailboxKey(f"person:{person_id}:{generation}")


def box_mailbox_key(mailbox_id: str, generation: int) -> MailboxKey:
    return MailboxKey(f"box:{mailbox_id}:{generation}")


def id_in(key: MailboxKey) -> str:
    """The person_id or mailbox_id in a mailbox's key."""
    return key.split(":")[1]
