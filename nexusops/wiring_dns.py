"""What the commands about DNS work through: a resolver or a zone file, and what the site expects of its domains.

They also work without a configuration folder, with the profile that the domain belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nexusops import wiring
from nexusops.config import Configuration, load, of_profile
from nexusops.config.schema import Settings
from nexusops.config.strict import wrong
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.ports import Resolver
from nexusops.rules.mailauth import MailSite, Permit

PROFILES = ("oxford", "cambridge")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDns:
    """``configuration`` None: there is no folder."""

    site: MailSite
    policy: Policy
    resolver: Resolver
    configuration: Configuration | None


@contextmanager
def mail_dns(folder: Path, domain: str, zone: Path | None) -> Iterator[MailDns]:
    """Everything to judge a domain by. ``zone`` answers in place of the network, and of what is configured."""
    configuration = load(folder) if (folder / "nexusops.toml").exists() else None
    if configuration is not None:
        settings, policy, units = configuration.settings, configuration.policy, _unit_domains(configuration)
    else:
        settings, policy = _profile_of(domain)
        units = frozenset()
    site = _site(settings, policy, units, folder)
    resolver = resolver_of(settings, configuration, zone)
    try:
        yield MailDns(site=site, policy=policy, resolver=resolver, configuration=configuration)
    finally:
        resolver.close()


def _profile_of(domain: str) -> tuple[Settings, Policy]:
    """The profile whose parent domain holds the domain; Oxford's for any other."""
    found = [of_profile(name) for name in PROFILES]
    mine = [one for one in found if domain.endswith(f".{one[0].site.parent_domain}")]
    return (mine or found)[0]


def _unit_domains(configuration: Configuration) -> frozenset[str]:
    """The domains of units in the last accepted snapshot; none before the first one."""
    url = configuration.url("state.url")
    if url.startswith("sqlite:///") and not Path(configuration.folder, url.removeprefix("sqlite:///")).exists():
        return frozenset()
    store = wiring.open_store_of(configuration)
    try:
        accepted = store.accepted()
        if accepted is None:
            return frozenset()
        tables = wiring.registration_of(configuration).unpack(store.tables(accepted.sha256))
        units = tables.slice((), configuration.services).units
        return frozenset(unit.domain for unit in units.values() if unit.domain is not None)
    finally:
        store.close()


def _site(settings: Settings, policy: Policy, units: frozenset[str], folder: Path) -> MailSite:
    table = settings.dns
    return MailSite(
        parent_domain=settings.site.parent_domain,
        site_include=table.site_include,
        standard_mx=table.standard_mx,
        catch_all=policy.spf.catch_all,
        exact=settings.site.profile == "cambridge",
        unit_domains=units,
        opt_out=frozenset(domain.lower().rstrip(".") for domain in table.opt_out),
        permits={
            domain.lower().rstrip("."): _permit(domain, text, folder) for domain, text in table.dept_include.items()
        },
    )


def _permit(domain: str, text: str, folder: Path) -> Permit:
    """D38: ``2026-12-31 the reason``."""
    day, _, reason = text.partition(" ")
    key, path = f"dns.dept_include.{domain}", folder / "nexusops.toml"
    try:
        until = date.fromisoformat(day)
    except ValueError as error:
        raise wrong(path, key, "the last day and a reason, such as 2026-12-31 ticket 4711", text) from error
    if not reason.strip():
        raise wrong(path, key, "a reason after the day", text)
    return Permit(until=until, reason=reason.strip())


def resolver_of(settings: Settings, configuration: Configuration | None, zone: Path | None) -> Resolver:
    """A zone file, the resolver configured, or the system's, in this order."""
    table = settings.dns
    file = zone or (configuration.path(table.zone_file) if configuration is not None and table.zone_file else None)
    if file is not None:
        from nexusops.dns.zone import ZoneAnswers

        return ZoneAnswers(file)
    from nexusops.dns.network import NetworkAnswers
    from nexusops.dns.primary import endpoint

    return NetworkAnswers(endpoint("dns.resolver", table.resolver) if table.resolver else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom advice on a request may ask: nobody, where neither a zone file nor a resolver is configured."""

    resolver: Resolver | None
    permits: Mapping[str, Permit]

    def permitted(self, today: date) -> frozenset[str]:
        """Unit domains for which a postmaster permits a provider today (D38)."""
        return frozenset(domain for domain, permit in self.permits.items() if today <= permit.until)


@contextmanager
def asked(configuration: Configuration) -> Iterator[Asked]:
    """interface.md 7: advice needs no DNS, so that of the system is not waited for."""
    table = configuration.settings.dns
    permits = {
        domain.lower().rstrip("."): _permit(domain, text, configuration.folder)
        for domain, text in table.dept_include.items()
    }
    if not (table.zone_file or table.resolver):
        yield Asked(resolver=None, permits=permits)
        return
    resolver = resolver_of(configuration.settings, configuration, None)
    try:
        yield Asked(resolver=resolver, permits=permits)
    finally:
        resolver.close()


def texts_of(configuration: Configuration, changes: Iterable[Planned]) -> Iterator[str]:
    """What would be written for a person to publish: zone lines, or tickets."""
    from nexusops.dns.folder import ticket_text, zone_text
    from nexusops.model.changes import PublishRecords, RetireRecords

    for planned in changes:
        if isinstance(planned.change, PublishRecords | RetireRecords):
            text = ticket_text if planned.change.publish_as == "ticket" else zone_text
            yield text(planned.change, configuration.settings.dns.ttl)
