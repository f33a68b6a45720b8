"""SaaS mail: a request as filed in services/*.toml, the answer to it, and what has become of it (interface.md 7;
rules.md 2.4, 3.12).
"""

from __future__ import annotations

from dataclasses import field
from datetime import date
from enum import StrEnum

from nexusops.model.dns import DnsRecord
from nexusops.model.dns_spf import SpfReport
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId, domain_of


@frozen
class ServiceRequest:
    """``from_local`` is a local part, or a whole address, whose domain must then be the one that it sends from.
    ``certificate`` is the DER, in base64, of the certificate that the product signs in with; empty: a secret is made.
    ``dkim``: a selector and what stands there, the provider's name for a CNAME or the key itself; ``dmarc``: the policy
    of a service domain, as its TXT record has it (R86).
    """

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
    certificate: str = ""
    dkim: tuple[str, ...] = ()
    dmarc: str = ""

    @property
    def sends_only(self) -> bool:
        return self.direction == "send"


@frozen
class DnsFacts:
    """What the DNS, and the postmaster's permits beside it, say of a request. ``spf``: what receivers would make of the
    record that is planned (D40), None: it was not asked. ``taken``: the service domain, where others have it (D39).
    """

    spf: SpfReport | None = None
    taken: frozenset[str] = frozenset()
    permitted: bool = False


NOT_ASKED = DnsFacts()


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


@frozen
class Point:
    """One thing that was found about a request: a code of rules.md, its reasons, and how it makes the request end.

    ``ruling`` APPROVED: it is said, and stands in nobody's way.
    """

    ruling: Ruling
    code: str
    reasons: tuple[str, ...]


@frozen
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


class ServiceState(StrEnum):
    """rules.md 2.4. ``draft``: known, and not filed (any more); ``referred``: IT support decides."""

    DRAFT = "draft"
    NEEDS_INFO = "needs_info"
    REFUSED = "refused"
    REFERRED = "referred"
    APPROVED = "approved"
    PROVISIONING = "provisioning"
    LIVE = "live"
    REVIEW_DUE = "review_due"
    RETIRING = "retiring"
    RETIRED = "retired"


RUNNING = frozenset({ServiceState.PROVISIONING, ServiceState.LIVE, ServiceState.REVIEW_DUE})
"""States in which a product has, or gets, what it sends with."""
WAITING = frozenset({ServiceState.NEEDS_INFO, ServiceState.REFUSED, ServiceState.REFERRED, ServiceState.PROVISIONING})
"""States that something outside the request may end, so that every run looks again."""
ENDED = frozenset({ServiceState.RETIRING, ServiceState.RETIRED})


@frozen
class Service:
    """A request's row in the ledger.

    ``connection`` and ``records`` are how it should be, ``granted`` and ``published`` how we left it in the tenant and
    in DNS. ``app_id`` is the application's, ``credential_ends_on`` the last day of what it signs in with.
    ``verified_on``: when the DNS answers last equalled the records. ``due_on``: the next day on which time alone may
    change anything. ``aliases``: of the records those that Exchange signs with, where it accepts the domain (R87);
    ``sign`` and ``signs``: whether it is to sign, and does as we left it.
    """

    request_id: str
    unit_id: UnitId
    owner_person_id: PersonId | None
    state: ServiceState
    since: date
    path: SendingPath
    connection: Connection | None = None
    receives: bool = False
    certificate: str = ""
    address: Address | None = None
    domain: Domain | None = None
    records: tuple[DnsRecord, ...] = ()
    publish_as: str = ""
    granted: Connection | None = None
    published: tuple[DnsRecord, ...] = ()
    published_as: str = ""
    aliases: tuple[DnsRecord, ...] = ()
    sign: bool = False
    signs: bool = False
    app_id: str | None = None
    credential_ends_on: date | None = None
    live_on: date | None = None
    review_on: date | None = None
    verified_on: date | None = None
    due_on: date | None = None
    rule: str = ""
    because: str = ""

    @property
    def home(self) -> Domain | None:
        """The mail domain that it hangs on: the one above its service domain, or its mailbox's own."""
        if self.domain is not None:
            return Domain(self.domain.partition(".")[2])
        return domain_of(self.address) if self.address is not None else None


@frozen
class SignIn:
    """What an application signs in with, as it was handed over; the secret is in no output."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)


@frozen
class Product:
    """A product with a mailbox of its own, as it is tried and proved. ``other``: a mailbox that it must not use.

    ``sign_in`` None: it was handed over and is not here any more, or is the product's own certificate.
    """

    mailbox: str
    key: MailboxKey
    user_id: str | None
    exchange_guid: str | None
    address: Address
    connection: Connection
    receives: bool
    other: str
    sign_in: SignIn | None


@frozen
class Check:
    """One thing that was looked at: what was expected of it, and the answer seen."""

    name: str
    passed: bool
    seen: str
