"""What Microsoft Graph answers, decoded, and its refusals, translated (tenant-api.md 4.1-4.4, 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from nexusops.tenant.faults import NOT_UNDERSTOOD, PAGE, FaultClass, GraphFault, TenantFault, is_page, lost
from nexusops.tenant.gathering import Item
from nexusops.tenant.headers import asked_pause
from nexusops.tenant.transport import status_fault

SELECT = (
    "id,userPrincipalName,displayName,accountEnabled,employeeId,assignedLicenses,onPremisesSyncEnabled,mailNickname,"
    "usageLocation"
)
T = TypeVar("T")
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339 with an offset, as Graph writes it."""


class Licence(msgspec.Struct, rename="camel"):
    sku_id: str
    disabled_plans: list[str] | None = None
    """The parts of it that this user does not have."""


class User(msgspec.Struct, rename="camel"):
    """A directory user, as far as it was asked for."""

    id: str
    user_principal_name: str | None = None
    display_name: str | None = None
    account_enabled: bool | None = None
    employee_id: str | None = None
    assigned_licenses: list[Licence] | None = None
    on_premises_sync_enabled: bool | None = None
    mail_nickname: str | None = None
    usage_location: str | None = None
    deleted_date_time: Instant | None = None
    removed: dict[str, str] | None = msgspec.field(name="@removed", default=None)
    """In a delta: deleted, restorably ("changed") or not ("deleted")."""

    @property
    def skus(self) -> list[str]:
        """The ids of the licences that the user holds."""
        return [licence.sku_id for licence in self.assigned_licenses or ()]


class Page(msgspec.Struct):
    """``value`` must be there: an answer without it is no empty list."""

    value: list[User]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


class PrepaidUnits(msgspec.Struct, frozen=True):
    enabled: int | None = None


class ServicePlan(msgspec.Struct, rename="camel", frozen=True):
    service_plan_id: str
    service_plan_name: str = ""

    @property
    def makes_mailboxes(self) -> bool:
        """Known by its name alone; the FOUNDATION of other products gives none."""
        return self.service_plan_name.startswith("EXCHANGE_S_") and "FOUNDATION" not in self.service_plan_name


class Sku(msgspec.Struct, rename="camel"):
    sku_id: str
    sku_part_number: str
    consumed_units: int | None = None
    prepaid_units: PrepaidUnits | None = None
    service_plans: list[ServicePlan] | None = None

    @property
    def left(self) -> int:
        """How many can still be assigned."""
        return ((self.prepaid_units and self.prepaid_units.enabled) or 0) - (self.consumed_units or 0)


class Skus(msgspec.Struct):
    value: list[Sku]


class Revoked(msgspec.Struct):
    """The answer of revokeSignInSessions; some services give another one (4.5)."""

    value: bool | None = None


def decoded(content: bytes | msgspec.Raw, kind: type[T], *, read: bool = True) -> T:
    """The answer as Graph documents it, or the fault of an answer that cannot be understood."""
    try:
        return msgspec.json.decode(content, type=kind)
    except NOT_UNDERSTOOD as error:
        told = PAGE if is_page(content) else f"the answer is not what Graph documents: {error}"
        raise GraphFault(lost(read=read), told) from error


def graph_fault(error: Any, *, read: bool) -> TenantFault:
    """The one translation of what the SDK raises: ODataError, or APIError where the body was no Graph error."""
    status = error.response_status_code or 0
    main = getattr(error, "error", None)
    code = getattr(main, "code", None) or ""
    unsaid = "it says no more" if code else "the answer is none of Graph's: something before it refused, or broke"
    message = getattr(main, "message", None) or unsaid
    details = [detail.code for detail in (getattr(main, "details", None) or [])]
    headers = {str(k).lower(): str(v) for k, v in (error.response_headers or {}).items()}
    inner = getattr(main, "inner_error", None)
    known = _known(code, getattr(inner, "additional_data", None))
    return GraphFault(
        status_fault(status, read=read) or _classified(status, known, message, details),
        f"{code or status}: {message}",
        status=status,
        code=known,
        request_id=getattr(inner, "request_id", None) or headers.get("request-id"),
        retry_after=asked_pause(headers),
    )


def item_fault(item: Item, *, read: bool) -> GraphFault:
    """The fault of one item of a $batch."""
    body = decoded(item.body, Any)
    found = body.get("error") if isinstance(body, dict) else None
    error: dict[str, Any] = found if isinstance(found, dict) else {}
    code, message = str(error.get("code", "")), str(error.get("message", ""))
    details = [detail.get("code") for detail in error.get("details") or () if isinstance(detail, dict)]
    inner = error.get("innerError")
    known = _known(code, inner)
    headers = {k.lower(): str(v) for k, v in (item.headers or {}).items()}
    return GraphFault(
        status_fault(item.status, read=read) or _classified(item.status, known, message, details),
        f"{code or item.status}: {message}",
        status=item.status,
        code=known,
        request_id=(inner.get("request-id") if isinstance(inner, dict) else None) or headers.get("request-id"),
        retry_after=asked_pause(headers),
    )


BEGIN_ANEW = frozenset({"syncStateNotFound", "syncStateInvalid", "resyncRequired"})
"""Codes that say of a delta link that it is of no use any more (4.2)."""
_BY_CODE: Mapping[str, FaultClass] = {
    "Request_ResourceNotFound": FaultClass.NOT_FOUND,
    "ResourceNotFound": FaultClass.NOT_FOUND,
    "MailboxNotEnabledForRESTAPI": FaultClass.NOT_FOUND,
    "Authorization_RequestDenied": FaultClass.PRIVILEGED,
    "ErrorAccessDenied": FaultClass.AUTH,
    "ErrorSendAsDenied": FaultClass.AUTH,
    "InvalidAuthenticationToken": FaultClass.AUTH,
    "Request_MultipleObjectsWithSameKeyValue": FaultClass.CONFLICT,
}


def _known(code: str, inner: Any) -> str:
    """The first of the codes, from the outermost inwards, that means something to us; else the outermost (9)."""
    codes = [code]
    while isinstance(inner, dict):
        codes.append(str(inner.get("code", "")))
        inner = inner.get("innerError", inner.get("innererror"))
    return next((one for one in codes if one in _BY_CODE or one in BEGIN_ANEW), code)


def _classified(status: int, code: str, message: str, details: Sequence[str | None]) -> FaultClass:
    if "ObjectConflict" in details or "already exists" in message:
        return FaultClass.CONFLICT
    if "available licenses" in message or "usage location" in message:
        return FaultClass.NO_LICENCE
    if "reference-property objects don't exist" in message or "objects being referenced" in message:
        return FaultClass.NOT_FOUND
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == 401:
        return FaultClass.AUTH
    if status == 403:
        return FaultClass.PRIVILEGED
    if 300 <= status < 400:
        return FaultClass.FOREIGN_HOST
    return FaultClass.NOT_FOUND if status == 404 else FaultClass.REFUSED
