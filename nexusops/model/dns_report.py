"""What looking at one mail domain has shown: where its mail goes, who may send for it, how it is signed."""

from __future__ import annotations

from datetime import date

from nexusops.model.dns import DnsRecord
from nexusops.model.dns_spf import Note, SpfReport
from nexusops.model.frozen import frozen


@frozen
class DkimKey:
    """A selector's key record (RFC 6376 section 3.6.1). ``bits`` 0: revoked, or not readable."""

    selector: str
    algorithm: str = "rsa"
    bits: int = 0
    testing: bool = False
    revoked: bool = False


@frozen
class Dmarc:
    """The policy that receivers apply (RFC 7489). ``found_at``: the name of the record; another than ``_dmarc.DOMAIN``
    where the organisation's holds. ``strict_dkim``, ``strict_spf``: the domains must be equal, not only akin.
    """

    found_at: str
    policy: str
    strict_dkim: bool = False
    strict_spf: bool = False
    percent: int = 100
    reports_to: tuple[str, ...] = ()


@frozen
class Signing:
    """Whether Exchange Online signs the mail of an accepted domain, and the records that it needs (R87)."""

    configured: bool
    enabled: bool
    records: tuple[DnsRecord, ...] = ()


@frozen
class DomainFacts:
    """What is known of a domain beside the DNS. ``state`` '': it is not in the registration data.

    ``roles``: which of postmaster and abuse have a live address; None: not ours to know (its unit has its own mail).
    ``planned``: the records that are to be there, of a service domain. ``signing`` None: Exchange was not asked, or
    does not accept the domain.
    """

    domain: str
    state: str = ""
    zone: str = ""
    managed: bool = True
    units: tuple[str, ...] = ()
    roles: frozenset[str] | None = None
    planned: tuple[DnsRecord, ...] = ()
    signing: Signing | None = None


@frozen
class DomainReport:
    facts: DomainFacts
    standing: str
    mx: tuple[str, ...]
    spf: SpfReport
    dkim: tuple[DkimKey, ...]
    dmarc: Dmarc | None
    notes: tuple[Note, ...]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(note.code for note in self.notes)


@frozen
class Listed:
    """One line of ``domain list``. ``ends``: the last day of its live personal addresses, where each has one."""

    facts: DomainFacts
    since: date | None
    ends: date | None
    personal: int = 0
    nonpersonal: int = 0
    cap: int | None = None


@frozen
class Impact:
    """A domain that an include reaches, on the way that it does. If the include breaks, all its mail fails SPF."""

    facts: DomainFacts
    standing: str
    way: tuple[str, ...]


@frozen
class WantedRecords:
    """What a domain's DNS should hold and does not, what stands in its place, and what could not be looked up."""

    facts: DomainFacts
    add: tuple[DnsRecord, ...]
    remove: tuple[DnsRecord, ...]
    unknown: tuple[Note, ...] = ()
