"""How the DNS is asked and written to: resolver or zone file, the ways of publishing, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nexusops.config import Configuration
from nexusops.config.schema import Settings
from nexusops.model.policy import Policy

if TYPE_CHECKING:
    from nexusops.dns.memory import ProviderMemory
    from nexusops.dns.primary import Primary
    from nexusops.pipeline.watching import Watching
    from nexusops.ports import Publisher, Resolver
    from nexusops.rules.mailauth.site import MailSite, Permit


def resolver_of(
    settings: Settings, configuration: Configuration | None, zone: Path | None, *, in_all: float | None = None
) -> Resolver:
    """A zone file, the resolver configured, or the system's, in this order."""
    table = settings.dns
    file = zone or (configuration.path(table.zone_file) if configuration is not None and table.zone_file else None)
    if file is not None:
        from nexusops.dns.zone import ZoneAnswers

        return ZoneAnswers(file)
    return network_of(settings, in_all=in_all)


def network_of(settings: Settings, *, in_all: float | None = None) -> Resolver:
    """The resolver configured, or the system's; ``in_all``: seconds for all questions together."""
    from nexusops.dns.network import NetworkAnswers
    from nexusops.dns.primary import endpoint

    name = settings.dns.resolver
    return NetworkAnswers(endpoint("dns.resolver", name) if name else None, in_all=in_all)


def watching_of(configuration: Configuration) -> Watching | None:
    """How a run looks at the DNS of live service domains; None where neither a zone file nor a resolver is named, and
    nothing is loaded, or there is no request.
    """
    from nexusops.pipeline.watching import Watching

    settings, table = configuration.settings, configuration.settings.dns
    if not (configuration.services and table.watch and (table.zone_file or table.resolver)):
        return None
    return Watching(
        resolver=lambda: resolver_of(settings, configuration, None, in_all=table.watch_seconds),
        memory=memory_of(settings, configuration),
        site=mail_site(settings, configuration.policy, frozenset()),
    )


def memory_of(settings: Settings, configuration: Configuration | None) -> ProviderMemory:
    """Where providers' records are remembered: beside the zone lines."""
    from nexusops.dns.memory import ProviderMemory

    folder = configuration.path(settings.dns.path) if configuration is not None else Path(settings.dns.path)
    return ProviderMemory(path=folder / "providers.json")


def mail_site(
    settings: Settings, policy: Policy, units: frozenset[str], services: frozenset[str] = frozenset()
) -> MailSite:
    """``units`` and ``services``: the domains of units, and of our own requests."""
    from nexusops.rules.mailauth.site import MailSite

    table = settings.dns
    return MailSite(
        parent_domain=settings.site.parent_domain,
        site_include=table.site_include,
        standard_mx=table.standard_mx,
        catch_all=policy.spf.catch_all,
        exact=policy.dns.standard_only,
        dept_include_allowed=policy.saas.allow_dept_include,
        unit_domains=units,
        service_domains=services,
        mail_hosts=frozenset(host.lower().rstrip(".") for host in table.mail_hosts),
        opt_out=frozenset(domain.lower().rstrip(".") for domain in table.opt_out),
        permits=permits_of(settings),
    )


def permits_of(settings: Settings) -> Mapping[str, Permit]:
    """D38, by unit domain."""
    table = settings.dns.dept_include
    return {domain.lower().rstrip("."): _permit(text) for domain, text in table.items()}


def _permit(text: str) -> Permit:
    """D38: ``2026-12-31 the reason``, as the configuration was checked to have it."""
    day, _, reason = text.partition(" ")
    from nexusops.rules.mailauth.site import Permit

    return Permit(until=date.fromisoformat(day), reason=reason.strip())


def publisher_of(configuration: Configuration) -> Publisher:
    """The ways of publishing DNS records; a dynamic update only where it is configured."""
    from nexusops.dns.folder import by_hand
    from nexusops.dns.publishing import Publishing

    table = configuration.settings.dns
    ways = by_hand(configuration.path(table.path), table.ttl, table.ticket_to)
    if table.publish == "dynamic_update":
        from nexusops.dns.update import DynamicUpdate

        ways[table.publish] = DynamicUpdate(primary=primary_of(configuration), ttl=table.ttl)
    return Publishing(ways)


def primary_of(configuration: Configuration) -> Primary:
    """The name server that takes updates, with its key."""
    from nexusops.dns.primary import Primary, endpoint, tsig_key

    table = configuration.settings.dns
    host, port = endpoint("dns.server", table.server)
    key = tsig_key(table.tsig_name, table.tsig_algorithm, configuration.secret("dns.tsig_secret").read())
    return Primary(host=host, port=port, key=key)
