"""What Exchange answers to a cmdlet, decoded, and its refusals, translated (tenant-api.md 5.3, 5.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from nexusops.tenant.faults import NOT_UNDERSTOOD, PAGE, ExchangeFault, FaultClass, is_page, lost
from nexusops.tenant.headers import asked_pause
from nexusops.tenant.transport import status_fault

MAILBOX = (
    "Guid,ExternalDirectoryObjectId,Name,Alias,EmailAddresses,ForwardingSmtpAddress,ForwardingAddress,"
    "DeliverToMailboxAndForward,RecipientTypeDetails,LitigationHoldEnabled,InPlaceHolds,ComplianceTagHoldApplied,"
    "IsDirSynced,HiddenFromAddressListsEnabled,UserPrincipalName,DisplayName"
)
AMBIGUOUS = "ManagementObjectAmbiguousException"
Row = dict[str, Any]
T = TypeVar("T")


class MailboxRow(msgspec.Struct, rename="pascal"):
    """A row of Get-Mailbox, as far as it was asked for."""

    guid: str
    name: str
    email_addresses: list[str]
    external_directory_object_id: str = ""
    """Empty where no directory user is behind it (any more)."""
    alias: str = ""
    display_name: str = ""
    forwarding_smtp_address: str | None = None
    forwarding_address: str | None = None
    recipient_type_details: str = ""
    litigation_hold_enabled: bool = False
    in_place_holds: list[str] = []
    compliance_tag_hold_applied: bool = False
    is_dir_synced: bool = False
    hidden_from_address_lists_enabled: bool = False
    user_principal_name: str = ""

    @property
    def primary(self) -> str | None:
        return next((a[5:].lower() for a in self.email_addresses if a.startswith("SMTP:")), None)

    @property
    def smtp(self) -> frozenset[str]:
        return frozenset(a[5:].lower() for a in self.email_addresses if a[:5].lower() == "smtp:")

    @property
    def is_a_users(self) -> bool:
        """Whether a person signs in to it: what is shared, of a room, or of a kind that nobody knows, is nobody's."""
        return self.recipient_type_details in ("", "UserMailbox")

    @property
    def held(self) -> bool:
        """On a hold of any kind: its content is kept, and its deletion is no deletion (4.9)."""
        return self.litigation_hold_enabled or bool(self.in_place_holds) or self.compliance_tag_hold_applied

    @property
    def forward(self) -> str | None:
        """ForwardingAddress wins where both are set (4.8)."""
        if self.forwarding_address is not None:
            return self.forwarding_address
        found = self.forwarding_smtp_address
        return found[5:] if found is not None and found[:5].lower() == "smtp:" else found

    def is_named(self, identity: str) -> bool:
        """Whether this is what was asked for, by any of the names that Exchange finds a mailbox by."""
        names = {self.guid, self.external_directory_object_id, self.name, self.alias, self.user_principal_name}
        return identity.lower() in {name.lower() for name in names} | self.smtp


class Exported(msgspec.Struct, rename="camel"):
    exported_cmdlets: list[str] = []


class ModuleFile(msgspec.Struct):
    value: list[Exported]


_CUT_SHORT = ("more results available", "only the first", "truncated")
"""What a warning says of a list that is not whole (12, 2)."""


class Answer(msgspec.Struct):
    """Rows, and the link to more. ``value`` is missing after a write; a read without it was not answered. An ``error``
    is one with any status (5.3).
    """

    value: list[Row] | None = None
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    warnings: list[str] | None = msgspec.field(name="@adminapi.warnings", default=None)
    error: dict[str, Any] | None = None

    def rows(self, *, read: bool) -> list[Row]:
        """The rows without their annotations. A list that says it is cut short is no list."""
        if self.error is not None:
            raise exchange_fault(200, msgspec.json.encode({"error": self.error}), {}, read=read)
        if read and self.value is None:
            raise ExchangeFault(FaultClass.TRANSIENT, "the answer has no rows, not even none")
        if read and any(words in warning.lower() for warning in self.warnings or () for words in _CUT_SHORT):
            raise ExchangeFault(FaultClass.TRANSIENT, "the list was cut short")
        return [{k: v for k, v in row.items() if "@" not in k} for row in self.value or []]

    def whole(self) -> list[Row]:
        """The rows of a read that is not continued: where there are more, these are no answer."""
        if self.next_link is not None:
            raise ExchangeFault(FaultClass.TRANSIENT, "the list was cut short")
        return self.rows(read=True)


def decoded(content: bytes | msgspec.Raw, kind: type[T], *, read: bool) -> T:
    """The answer, or the fault of one that cannot be understood. A write may be answered with nothing (204)."""
    try:
        return msgspec.json.decode(content if content or read else b"{}", type=kind)
    except NOT_UNDERSTOOD as error:
        told = PAGE if is_page(content) else f"the answer cannot be understood: {error}"
        raise ExchangeFault(lost(read=read), told) from error


def converted(value: Row, kind: type[T]) -> T:
    """The same for rows, which are decoded already and always read; what is null in them is not there."""
    try:
        return msgspec.convert({k: v for k, v in value.items() if v is not None}, kind)
    except msgspec.ValidationError as error:
        which = next((f" of {value[name]}" for name in ("Name", "Identity", "Guid") if value.get(name)), "")
        raise ExchangeFault(FaultClass.TRANSIENT, f"the row{which} cannot be understood: {error}") from error


def the_one(rows: Sequence[Row], identity: str) -> MailboxRow | None:
    """The mailbox that was asked for. Raises where others came: a lost Identity means every object there is (5.1)."""
    found = [converted(row, MailboxRow) for row in rows]
    if len(found) > 1 or any(not row.is_named(identity) for row in found):
        raise ExchangeFault(FaultClass.BUG, f"Exchange answered with other mailboxes than {identity}")
    return found[0] if found else None


_BY_TYPE: Mapping[str, FaultClass] = {
    "ManagementObjectNotFoundException": FaultClass.NOT_FOUND,
    "ProxyAddressExistsException": FaultClass.CONFLICT,
    "ADObjectAlreadyExistsException": FaultClass.CONFLICT,
    "NotAcceptedDomainException": FaultClass.CONFIG,
    "ParameterTransformationException": FaultClass.BUG,
    "ParameterBindingArgumentTransformationException": FaultClass.BUG,
    "AmbiguousParameterSetException": FaultClass.BUG,
    AMBIGUOUS: FaultClass.CONFLICT,
    "CmdletAccessDeniedException": FaultClass.AUTH,
    "CommandNotFoundException": FaultClass.AUTH,
    "OverBudgetException": FaultClass.THROTTLED,
    "UnableToWriteToAadException": FaultClass.TRANSIENT,
    "MailboxInTransitException": FaultClass.TRANSIENT,
}
# In this order: the sentence on too many addresses also says that it may be transient, which it is not.
_BY_TEXT = (
    ("proxy addresses permitted", FaultClass.CONFLICT),
    ("synchronized from your on-premises", FaultClass.WRONG_AUTHORITY),
    ("write scope", FaultClass.WRONG_AUTHORITY),
    ("isn't recognized as a name of a cmdlet", FaultClass.AUTH),
    ("maximum number of concurrent requests", FaultClass.THROTTLED),
    ("property proxyAddresses already exists", FaultClass.CONFLICT),
    ("may be transient", FaultClass.TRANSIENT),
    ("already exists", FaultClass.CONFLICT),
)


_SILENT: Mapping[int, str] = {
    401: "Exchange refuses the token (401): the application lacks the permission Exchange.ManageAsApp",
    403: "Exchange refuses the application (403): it has no role for this cmdlet",
}
"""Refusals whose body is empty, or nothing but NUL bytes (3.2)."""


def exchange_fault(status: int, content: bytes, headers: Mapping[str, str], *, read: bool) -> ExchangeFault:
    """The one translation: the real text sits deep, and the status is a weak signal (5.7)."""
    kind, text = _told(content)
    named = {k.lower(): str(v) for k, v in headers.items()}
    kind = kind or named.get("x-exceptiontype", "").rpartition(".")[2]
    if is_page(content):
        text = f"{status}: {PAGE}"
    fault = FaultClass.THROTTLED if status == 429 else _by_text(text.replace("’", "'"))
    fault = fault or _by_type(kind) or _by_status(status, read=read)
    return ExchangeFault(
        lost(read=read) if fault is FaultClass.TRANSIENT else fault,
        text or _SILENT.get(status) or f"status {status}",
        status=status,
        code=kind,
        request_id=named.get("request-id"),
        retry_after=asked_pause(named),
    )


def _by_text(text: str) -> FaultClass | None:
    # It may name the mailbox in between.
    if re.search(r"specified mailbox\b.* doesn't exist", text):
        return FaultClass.NOT_FOUND
    return next((fault for words, fault in _BY_TEXT if words in text), None)


def _by_type(kind: str) -> FaultClass | None:
    """The word for what passes stands at the end of a type: a directory that is busy, a store that answers later."""
    passing = kind.endswith("TransientException")
    return _BY_TYPE.get(kind) or (FaultClass.TRANSIENT if passing else None)


def _by_status(status: int, *, read: bool) -> FaultClass:
    if status in (401, 403):
        return FaultClass.AUTH
    return status_fault(status, read=read) or FaultClass.REFUSED


def _told(content: bytes) -> tuple[str, str]:
    """(last part of the .NET type, text) of an error body; plain text, nothing and NUL bytes are possible."""
    try:
        error = msgspec.json.decode(content).get("error", {})
        details = error.get("details") or [{}]
        inner = (error.get("innererror") or {}).get("internalexception") or {}
        message = details[0].get("message") or inner.get("message") or error.get("message") or ""
    except (*NOT_UNDERSTOOD, AttributeError, LookupError, TypeError):
        return "", content.replace(b"\x00", b"").decode("utf-8", "replace").strip()
    parts = str(message).split("|", 2)
    if len(parts) < 3:
        return "", str(message)
    return parts[1].rpartition(".")[2], parts[2]
