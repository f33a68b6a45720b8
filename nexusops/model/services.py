"""SaaS mail: a request as filed in services/*.toml, and the answer to it (interface.md 7; rules.md 2.4, 3.12)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nexusops.model.findings import Severity
from nexusops.model.ids import Address, Domain, PersonId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """``from_local`` is a local part, or a whole address, whose domain must then be the one that it sends from."""

    request_id: str
    service_name: str
    unit_id: UnitId
    requester: str
    provider: str
    oxford_domain_needed: bool
    direction: str
    supports_exo: bool
    supports_ms_smtp: bool
    auth: str
    mode_wanted: str = "auto"
    from_local: str = ""
    owner_person_id: PersonId | None = None
    spf_approver: str = ""
    provider_include: str = ""
    bounce_mx: str = ""
    daily_volume: int = 0

    @property
    def sends_only(self) -> bool:
        return self.direction == "send"


class SendingPath(StrEnum):
    """The ways of D37, in their order."""

    NONE = "none"
    MAILBOX = "mailbox"
    SERVICE_DOMAIN = "service_domain"
    REFER = "refer"


class Connection(StrEnum):
    """How a product reaches its mailbox (R63)."""

    EXO = "exo"
    MS_SMTP = "ms_smtp"


class Ruling(StrEnum):
    """What became of a request (rules.md 2.4)."""

    APPROVED = "approved"
    NEEDS_INFO = "needs_info"
    REFUSED = "refused"
    REFERRED = "referred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that was found about a request: a code of rules.md, its reasons, and how it makes the request end.

    ``ruling`` APPROVED: it is said, and stands in nobody's way.
    """

    ruling: Ruling
    code: str
    reasons: tuple[str, ...]
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The answer to a request. ``points`` are those that decided it, or are to be known although it is approved.

    ``address`` and ``domain``: what it sends from, and the service domain; None where the path has none.
    """

    request_id: str
    path: SendingPath
    connection: Connection | None
    ruling: Ruling
    points: tuple[Point, ...]
    because: tuple[str, ...]
    next: str
    address: Address | None = None
    domain: Domain | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(point.code for point in self.points)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it ended so; the reasons of an approval first say which way, those of a refusal why not."""
        said = tuple(reason for point in self.points for reason in point.reasons)
        return (*self.because, *said) if self.ruling is Ruling.APPROVED else said
