"""What the commands about the DNS share: a zone file to answer from, names, and the domains that are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.errors import Refused, UsageError
from nexusops.model.dns_report import DomainFacts

if TYPE_CHECKING:
    from nexusops.pipeline.domain_checks import Terms
    from nexusops.wiring_dns import MailDns

zone_option = click.option(
    "--zone",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Answer from this zone file (RFC 1035, several $ORIGINs, no SOA needed) instead of the network.",
)


def ascii_name(domain: str) -> str:
    """A domain as the DNS has it: lower case, A-labels, no dot at its end. What is no name is left as it is."""
    name = domain.encode("utf-8", "replace").decode("utf-8").strip().lower().rstrip(".")
    if not name:
        raise click.UsageError("Name a domain, such as chem.ox.ac.uk.")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def known_domains(dns: MailDns, *, exchange: bool = False) -> list[DomainFacts]:
    """The domains whose DNS is somebody's promise; with what Exchange says of their signatures."""
    from nexusops.pipeline.domains import to_check

    if not dns.registered:
        raise nothing_known()
    return to_check(asked_of_exchange(dns, dns.registered) if exchange else dns.registered)


def asked_of_exchange(dns: MailDns, facts: Mapping[str, DomainFacts]) -> dict[str, DomainFacts]:
    from nexusops.wiring_dns import signed

    if dns.configuration is None:
        raise UsageError("There is no tenant to ask.", next_step="Name the configuration folder with --config.")
    return signed(dns.configuration, facts)


def nothing_known() -> Refused:
    return Refused(
        "No domains are known: no snapshot has been accepted yet.",
        next_step="Run `nexusops run` once, or name a domain: `nexusops domain check DOMAIN`.",
    )


def terms_of(dns: MailDns, selectors: tuple[str, ...], at: datetime) -> Terms:
    from nexusops.model.dates import local_date
    from nexusops.pipeline.domain_checks import Terms

    return Terms(
        policy=dns.policy,
        site=dns.site,
        selectors=selectors or dns.settings.dns.dkim_selectors,
        today=local_date(at, dns.policy.time.zone),
    )
