"""Addresses in the ledger: each row is one ownership period, and says what brought it into its state (rules.md 2.1)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId


class AddressState(StrEnum):
    """rules.md 2.1."""

    ACTIVE = "active"
    WINDDOWN = "winddown"
    SUSPENDED = "suspended"
    DELETED = "deleted"


LIVE_ADDRESS_STATES = frozenset({AddressState.ACTIVE, AddressState.WINDDOWN, AddressState.SUSPENDED})


class AddressKind(StrEnum):
    PERSONAL = "personal"
    NONPERSONAL = "nonpersonal"
    FOREIGN = "foreign"
    FALLBACK = "fallback"


@frozen
class Allocation:
    """One ownership period of an address; key (address, period). Never removed, only marked deleted.

    ``local`` is ``base`` for n = 1 and ``base`` + n (the base cut to fit) for n >= 2. ``months`` is N of rules.md 0.
    ``notice_due_on``: a notice is owed from that day; None once it was sent. ``delete_on`` is projected until then.
    ``successor`` is the address that took over in a change of name or a reorganisation (D18). ``gate`` False: the end
    was asked for (D43), no notice has to precede it. ``target`` is where an unattached alias goes.
    """

    address: Address
    period: int
    domain: Domain
    local: str
    base: str
    n: int
    kind: AddressKind
    state: AddressState
    person_id: PersonId | None
    unit_id: UnitId | None
    mailbox_key: MailboxKey | None
    created_on: date
    winddown_on: date | None = None
    months: int | None = None
    notice_due_on: date | None = None
    notice_sent_on: date | None = None
    delete_on: date | None = None
    deleted_on: date | None = None
    reason: str | None = None
    successor: Address | None = None
    gate: bool = True
    target: str | None = None
    rule: str = ""
    because: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def live(self) -> bool:
        return self.state in LIVE_ADDRESS_STATES


def receives_until(end: date | str | None) -> str:
    """How long an address in wind-down takes mail, in the same words wherever a person reads it: the first run of the
    day on which it ends removes it, so that the day before is its last (R41; rules.md 5).
    """
    return f"receives up to the day before {end}"


def same_name(local: str, base: str) -> bool:
    """Whether a local part is this base, or the base (cut to fit) and digits: a name that R17 counts."""
    if local == base:
        return True
    stem = local.rstrip("0123456789")
    return (local.startswith(base) and local[len(base) :].isdigit()) or (len(local) >= 60 and base.startswith(stem))
