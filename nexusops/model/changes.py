"""The changes, a closed union of data (interface.md 4), and the plan that lists them.

``describe`` (report), ``perform`` (tenant) and ``encode`` (codec) are match statements over this union that end in
``assert_never``, so that the type checker lists every place where a new kind must be handled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date
from enum import StrEnum
from operator import attrgetter
from typing import get_args

from nexusops.model.addresses import AddressState
from nexusops.model.dns import DnsRecord, SigningStep
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, MailboxKey, PersonId, UnitId
from nexusops.model.mailboxes import AutomaticReply, Mailbox, MailboxKind
from nexusops.model.notices import NoticeKind


class Kind(StrEnum):
    """The closed set of change kinds, in the order of interface.md 4."""

    CREATE_MAILBOX = "CreateMailbox"
    ENABLE_MAILBOX = "EnableMailbox"
    DISABLE_MAILBOX = "DisableMailbox"
    DELETE_MAILBOX = "DeleteMailbox"
    RESTORE_MAILBOX = "RestoreMailbox"
    ADD_ADDRESS = "AddAddress"
    WIND_DOWN_ADDRESS = "WindDownAddress"
    REVIVE_ADDRESS = "ReviveAddress"
    REMOVE_ADDRESS = "RemoveAddress"
    SET_SENDER = "SetSender"
    SET_FORWARD = "SetForward"
    CLEAR_FORWARD = "ClearForward"
    SEND_NOTICE = "SendNotice"
    GRANT_ACCESS = "GrantAccess"
    REVOKE_ACCESS = "RevokeAccess"
    PUBLISH_RECORDS = "PublishRecords"
    RETIRE_RECORDS = "RetireRecords"


PROMISES = frozenset({Kind.WIND_DOWN_ADDRESS, Kind.REVIVE_ADDRESS})
"""Kinds that change the ledger only; a SendNotice is a promise that the notice channel carries out."""


@frozen
class Why:
    """The person, unit or request concerned; the rule, its sentence for this case, and the rows behind it."""

    subject: str
    rule: str
    because: str
    evidence: tuple[Evidence, ...] = ()


@frozen
class OnMailbox:
    """Which mailbox: its name (the username, or the mailbox_id), our key, the tenant's ids if known."""

    name: str
    key: MailboxKey
    kind: MailboxKind
    user_id: str | None = None
    exchange_guid: str | None = None

    @classmethod
    def of(cls, box: Mailbox) -> OnMailbox:
        return cls(
            name=box.name or "", key=box.key, kind=box.kind, user_id=box.user_id, exchange_guid=box.exchange_guid
        )


@frozen
class CreateMailbox:
    """Makes user, licence and mailbox (personal), or a shared mailbox with its address and sender (all others)."""

    mailbox: OnMailbox
    why: Why
    user_principal_name: str
    display_name: str
    person_id: PersonId | None
    unit_id: UnitId | None
    owner_person_id: PersonId | None
    address: Address | None


@frozen
class EnableMailbox:
    """``restore``: journalled values before the disabling, by name; what is missing is on, and shown. So ``reply``."""

    mailbox: OnMailbox
    why: Why
    restore: Mapping[str, bool] = field(default_factory=dict)
    reply: AutomaticReply | None = None


@frozen
class DisableMailbox:
    """``reply``: what it answers from then on, where mail goes on being accepted (D08); None: mail is refused."""

    mailbox: OnMailbox
    why: Why
    reply: str | None = None


@frozen
class DeleteMailbox:
    """Soft-deletes user and mailbox; ``addresses`` are those that end with it (no changes of their own)."""

    mailbox: OnMailbox
    why: Why
    addresses: tuple[Address, ...]


@frozen
class RestoreMailbox:
    mailbox: OnMailbox
    why: Why
    disabled: bool = False  # it comes back as it was deleted, and is not enabled with it


@frozen
class AddAddress:
    mailbox: OnMailbox
    why: Why
    address: Address


@frozen
class WindDownAddress:
    """A promise: the address receives until ``delete_on`` (projected until it is announced), and sends no longer."""

    mailbox: OnMailbox | None
    why: Why
    address: Address
    period: int
    was: AddressState
    winddown_on: date
    delete_on: date
    reason: str


@frozen
class ReviveAddress:
    """A promise: an address in wind-down, suspended or deleted is active again for its owner."""

    mailbox: OnMailbox | None
    why: Why
    address: Address
    period: int
    was: AddressState


@frozen
class RemoveAddress:
    mailbox: OnMailbox
    why: Why
    address: Address


@frozen
class SetSender:
    """Moves the primary SMTP address; the old primary stays on the mailbox as an alias, unless it ``leaves``: one of a
    domain with mail of its own is there only to send as, and mail from inside would end in the mailbox (R57).
    """

    mailbox: OnMailbox
    why: Why
    was: Address | None
    becomes: Address
    leaves: bool = False


@frozen
class SetForward:
    mailbox: OnMailbox
    why: Why
    was: str | None
    becomes: str


@frozen
class ClearForward:
    mailbox: OnMailbox
    why: Why
    was: str


@frozen
class SendNotice:
    """One message. ``key`` is the notice's identity in the ledger; ``to`` empty: nobody can be reached (a finding).
    ``text`` are the values that the template needs beyond these (names of units, the new address, a mailbox name).
    """

    why: Why
    key: str
    notice: NoticeKind
    target: str
    to: tuple[str, ...]
    person_id: PersonId | None
    unit_id: UnitId | None
    addresses: tuple[Address, ...]
    delete_on: date | None
    short_notice: bool
    text: Mapping[str, str] = field(default_factory=dict)


@frozen
class GrantAccess:
    """An application's right to exactly one mailbox. ``receives``: it also reads there. ``certificate``: what it signs
    in with, as base64 of its DER; empty: a secret is made, and handed over in a file. ``signs_in_until``: the last day
    of the one that it has; with ``renew`` it gets another beside that, with ``withdraw`` all but the newest end.
    """

    mailbox: OnMailbox
    why: Why
    connection: str
    receives: bool = False
    certificate: str = ""
    signs_in_until: date | None = None
    renew: bool = False
    withdraw: bool = False


@frozen
class RevokeAccess:
    mailbox: OnMailbox
    why: Why
    connection: str


@frozen
class PublishRecords:
    """All records of one service domain. ``replaces``: those that we published there before; anything else in their
    place is somebody else's, and sets the change aside. ``signing``: what Exchange is to do first, or alone.
    """

    why: Why
    domain: str
    records: tuple[DnsRecord, ...]
    publish_as: str
    replaces: tuple[DnsRecord, ...] = ()
    signing: SigningStep = SigningStep.NONE


@frozen
class RetireRecords:
    """``signs``: Exchange signs for the domain, and stops before the records go."""

    why: Why
    domain: str
    records: tuple[DnsRecord, ...]
    publish_as: str
    signs: bool = False


Change = (
    CreateMailbox
    | EnableMailbox
    | DisableMailbox
    | DeleteMailbox
    | RestoreMailbox
    | AddAddress
    | WindDownAddress
    | ReviveAddress
    | RemoveAddress
    | SetSender
    | SetForward
    | ClearForward
    | SendNotice
    | GrantAccess
    | RevokeAccess
    | PublishRecords
    | RetireRecords
)


_KINDS: Mapping[type, Kind] = {kind: Kind(kind.__name__) for kind in get_args(Change)}

_TARGETS: Mapping[type, Callable[[Change], str]] = {
    **dict.fromkeys(_KINDS, attrgetter("mailbox.name")),
    **dict.fromkeys((AddAddress, RemoveAddress, WindDownAddress, ReviveAddress), attrgetter("address")),
    **dict.fromkeys((PublishRecords, RetireRecords), attrgetter("domain")),
    SendNotice: attrgetter("target"),
}


def kind_of(change: Change) -> Kind:
    """The change's kind; its class and its kind bear the same name."""
    return _KINDS[type(change)]


def target_of(change: Change) -> str:
    """The mailbox name, the address or the domain that the change is about (interface.md 4)."""
    return _TARGETS[type(change)](change)
