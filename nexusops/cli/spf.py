"""``spf lint``: what RFC 7208 makes of a domain's SPF record (interface.md 7)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.dns import ascii_name, known_domains, terms_of, zone_option
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS


@click.group()
def spf() -> None:
    """SPF records: who may send mail as a domain."""


@spf.command()
@click.argument("domain")
@zone_option
@options.format_option()
@options.at_option
@click.pass_obj
def lint(call: Call, domain: str, zone: Path | None, form: str, at: datetime) -> int:
    """Check a domain's SPF record, and all that it includes.

    Ends with 0 where the record is valid and nothing worse than a warning was found, else with 6.

    Example: nexusops spf lint chem.ox.ac.uk --zone zone.txt
    """
    from nexusops.cli.printing import look
    from nexusops.model.dates import local_date
    from nexusops.pipeline.domains import settled
    from nexusops.report.spf import spf_json, spf_text
    from nexusops.rules.mailauth.site import lint_of_site, passes
    from nexusops.wiring_dns import mail_dns

    name = ascii_name(domain)
    with mail_dns(call.folder, name, zone) as dns:
        today = local_date(at, dns.policy.time.zone)
        report = settled(dns.resolver(), lambda ask: lint_of_site(name, ask, dns.policy.spf, dns.site, today))
        policy = dns.policy.spf
    click.echo(spf_json(report) if form == "json" else spf_text(report, policy, look()), nl=False)
    return 0 if passes(report) else FINDINGS


@spf.command()
@click.argument("include")
@zone_option
@options.format_option()
@options.at_option
@click.pass_obj
def impact(call: Call, include: str, zone: Path | None, form: str, at: datetime) -> int:
    """Which domains would fail SPF if this include broke. Ends with 6 where the DNS fails.

    Example: nexusops spf impact spf.protection.outlook.com
    """
    from nexusops.cli.printing import look
    from nexusops.pipeline import domain_checks
    from nexusops.pipeline.domains import Inquiry
    from nexusops.report.domains import impact_json, impact_text
    from nexusops.wiring_dns import mail_dns

    name = ascii_name(include)
    with mail_dns(call.folder, "", zone) as dns:
        inquiry = Inquiry(dns.resolver())
        found, unknown = domain_checks.impact(inquiry, name, known_domains(dns), terms_of(dns, (), at))
    text = impact_json(name, found, unknown) if form == "json" else impact_text(name, found, unknown, look())
    click.echo(text, nl=False)
    return FINDINGS if unknown else 0
