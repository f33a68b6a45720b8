"""``domain list | check | plan``: mail domains and their DNS (interface.md 3)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.dns import ascii_name, asked_of_exchange, known_domains, nothing_known, terms_of, zone_option
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS
from nexusops.model.dns_report import DomainFacts
from nexusops.model.units import DomainState

if TYPE_CHECKING:
    from nexusops.pipeline.domain_checks import Terms
    from nexusops.wiring_dns import MailDns

exchange_option = click.option("--exchange", is_flag=True, help="Also ask Exchange Online which domains it signs for.")

STATES = [
    *(state.value for state in DomainState),
    *("incoming_only", "closed"),
    *("planned", "published", "verified", "retired"),
]
"""rules.md 2.5: of the site's own domains, of foreign ones, of service domains."""


@click.group()
def domain() -> None:
    """Mail domains: their states, their DNS, and what it should hold."""


@domain.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    metavar="STATE",
    help="Only domains in this state. Repeatable.",
)
@click.option(
    "--zone-kind",
    "zones",
    type=click.Choice(["ox", "foreign", "service"]),
    multiple=True,
    help="Only the site's own, foreign or service domains. Repeatable.",
)
@options.format_option()
@options.at_option
@click.pass_obj
def list_(call: Call, states: tuple[str, ...], zones: tuple[str, ...], form: str, at: datetime) -> int:  # noqa: ARG001
    """The domains of the last accepted snapshot, with their state and the addresses left in them.

    Example: nexusops domain list --state winddown
    """
    from nexusops.cli.printing import look
    from nexusops.pipeline.domains import listed
    from nexusops.report.domains import list_json, list_text
    from nexusops.wiring_dns import mail_dns

    with mail_dns(call.folder, "", None) as dns:
        if dns.store is None or dns.snapshot is None:
            raise nothing_known()
        cap = dns.policy.foreign.max_incoming
        lines = listed(dns.store, dns.snapshot, dns.registered, states=states, zones=zones, foreign_cap=cap)
    click.echo(list_json(lines) if form == "json" else list_text(lines, look()), nl=False)
    return 0


@domain.command()
@click.argument("name", metavar="[DOMAIN]", required=False)
@click.option("--all", "every", is_flag=True, help="Every domain of the last accepted snapshot, and their providers.")
@zone_option
@click.option("--live", is_flag=True, help="With --zone: also ask the DNS, and say where the two differ.")
@click.option("--selector", "selectors", multiple=True, help="A DKIM selector to look for. [dns.dkim_selectors]")
@exchange_option
@click.option("--only", "only", multiple=True, metavar="CODE", help="With --all: only domains with this finding.")
@click.option("--remember", is_flag=True, help="With --all: take the providers' records as they are now for good.")
@options.format_option()
@options.at_option
@click.pass_obj
def check(
    call: Call,
    name: str | None,
    every: bool,
    zone: Path | None,
    live: bool,
    selectors: tuple[str, ...],
    exchange: bool,
    only: tuple[str, ...],
    remember: bool,
    form: str,
    at: datetime,
) -> int:
    """Check MX, SPF, DKIM and DMARC of a domain, or of all. Ends with 6 where something needs attention.

    Example: nexusops domain check chem.ox.ac.uk
    """
    from nexusops.wiring_dns import mail_dns

    _one_or_all(name, every, zone, live=live, several=bool(only or remember))
    wanted = ascii_name(name) if name else ""
    with mail_dns(call.folder, wanted, zone, live=live) as dns:
        terms = terms_of(dns, selectors, at)
        if wanted:
            return _check_one(dns, wanted, terms, exchange=exchange, live=live, form=form)
        return _check_all(dns, terms, exchange=exchange, only=set(only), remember=remember, form=form)


def _check_one(dns: MailDns, name: str, terms: Terms, *, exchange: bool, live: bool, form: str) -> int:
    from nexusops.cli.printing import look
    from nexusops.pipeline.domain_checks import check_one
    from nexusops.report.domains import check_json, check_text
    from nexusops.rules.mailauth.check import sound

    facts = {name: dns.registered.get(name) or DomainFacts(domain=name)}
    facts = asked_of_exchange(dns, facts) if exchange else facts
    report = check_one(facts[name], terms, dns.resolver(), dns.live() if live else None)
    click.echo(check_json([report]) if form == "json" else check_text(report, dns.policy.spf, look()), nl=False)
    return 0 if sound(report.codes) else FINDINGS


def _check_all(dns: MailDns, terms: Terms, *, exchange: bool, only: set[str], remember: bool, form: str) -> int:
    from nexusops.cli.printing import look
    from nexusops.pipeline.domain_checks import check_with_providers, concerning_products
    from nexusops.report.domains import check_json, checks_text
    from nexusops.rules.mailauth.check import sound

    domains = known_domains(dns, exchange=exchange)
    reports, notes = check_with_providers(domains, terms, dns.resolver(), dns.memory, remember=remember)
    requests = concerning_products(dns.store) if dns.store is not None else ()
    shown = [report for report in reports if not only or report.codes & only]
    concerned = [one for one in requests if not only or one.code in only]
    written = check_json(shown, notes, concerned) if form == "json" else checks_text(shown, notes, concerned, look())
    click.echo(written, nl=False)
    good = all(sound(report.codes) for report in shown) and sound(note.code for note in notes) and not concerned
    return 0 if good else FINDINGS


@domain.command()
@zone_option
@exchange_option
@options.format_option()
@options.at_option
@click.pass_obj
def plan(call: Call, zone: Path | None, exchange: bool, form: str, at: datetime) -> int:
    """The records that the domains should have and have not. Changes nothing; ends with 6 where the DNS fails.

    Example: nexusops domain plan
    """
    from nexusops.cli.printing import look
    from nexusops.pipeline.domain_checks import plan_all
    from nexusops.pipeline.domains import Inquiry
    from nexusops.report.domains import plan_json, plan_text
    from nexusops.wiring_dns import mail_dns

    with mail_dns(call.folder, "", zone) as dns:
        plans = plan_all(Inquiry(dns.resolver()), known_domains(dns, exchange=exchange), terms_of(dns, (), at))
    click.echo(plan_json(plans) if form == "json" else plan_text(plans, look()), nl=False)
    return FINDINGS if any(one.unknown for one in plans) else 0


def _one_or_all(name: str | None, every: bool, zone: Path | None, *, live: bool, several: bool) -> None:
    if bool(name) == every:
        raise click.UsageError("Name one DOMAIN, or --all.")
    if live and (zone is None or every):
        raise click.UsageError("--live compares one DOMAIN of a --zone file with the DNS.")
    if several and not every:
        raise click.UsageError("--only and --remember go with --all.")
