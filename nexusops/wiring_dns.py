"""What the commands about DNS work through: a resolver or a zone file, and what the site expects of its domains.

They also work without a configuration folder, with the profile that the domain belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nexusops import wiring
from nexusops.config import Configuration, load, of_profile
from nexusops.config.schema import Settings
from nexusops.errors import UsageError
from nexusops.model.dns_report import DomainFacts
from nexusops.model.frozen import frozen
from nexusops.model.ids import within
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.domains import registered
from nexusops.ports import Resolver, Store
from nexusops.rules.mailauth.site import MailSite, Permit
from nexusops.wiring_resolver import mail_site, memory_of, network_of, permits_of, primary_of, resolver_of
from nexusops.wiring_state import open_store_of

if TYPE_CHECKING:
    from nexusops.dns.memory import ProviderMemory

PROFILES = ("oxford", "cambridge")


@frozen
class MailDns:
    """``configuration`` None: there is no folder. ``zone``: the file's answers, where one was named.

    ``store`` and ``snapshot`` None: nothing was accepted yet, so that ``registered`` is empty.
    """

    site: MailSite
    policy: Policy
    settings: Settings
    resolver: Callable[[], Resolver]
    configuration: Configuration | None
    registered: Mapping[str, DomainFacts]
    store: Store | None = None
    snapshot: Snapshot | None = None

    @property
    def memory(self) -> ProviderMemory:
        return memory_of(self.settings, self.configuration)

    def live(self) -> Resolver:
        """The DNS itself, whatever file answers in its place."""
        return network_of(self.settings)


@contextmanager
def mail_dns(folder: Path, domain: str, zone: Path | None, *, live: bool = False) -> Iterator[MailDns]:
    """Everything to judge a domain by. ``zone`` answers in place of the network, and of what is configured; with
    ``live`` only for the domain's own names.
    """
    configuration = load(folder) if (folder / "nexusops.toml").exists() else None
    with ExitStack() as closing:
        store = _store_of(configuration, closing) if configuration is not None else None
        snapshot = _snapshot_of(configuration, store) if configuration is not None and store is not None else None
        facts: Mapping[str, DomainFacts] = {}
        if configuration is None:
            settings, policy = _profile_of(domain)
        else:
            settings, policy = configuration.settings, configuration.policy
            if store is not None and snapshot is not None:
                facts = registered(store, snapshot, configuration.services)

        @cache
        def resolver() -> Resolver:
            opened = resolver_of(settings, configuration, zone)
            if live:
                from nexusops.dns.overlay import Overlay

                opened = Overlay(own=opened, other=network_of(settings), domains=(domain,))
            closing.callback(opened.close)
            return opened

        yield MailDns(
            site=mail_site(
                settings,
                policy,
                frozenset(one.domain for one in facts.values() if one.units),
                frozenset(one.domain for one in facts.values() if one.zone == "service"),
            ),
            policy=policy,
            settings=settings,
            resolver=resolver,
            configuration=configuration,
            registered=facts,
            store=store if snapshot is not None else None,
            snapshot=snapshot,
        )


def _profile_of(domain: str) -> tuple[Settings, Policy]:
    """The profile whose parent domain holds the domain; Oxford's for any other."""
    found = [of_profile(name) for name in PROFILES]
    mine = [one for one in found if within(domain, one[0].site.parent_domain)]
    return (mine or found)[0]


def _store_of(configuration: Configuration, closing: ExitStack) -> Store | None:
    """The state, where there is one: a look at the DNS makes none."""
    url = configuration.url("state.url")
    if url.startswith("sqlite:///") and not Path(configuration.folder, url.removeprefix("sqlite:///")).exists():
        return None
    store = open_store_of(configuration)
    closing.callback(store.close)
    return store


def _snapshot_of(configuration: Configuration, store: Store) -> Snapshot | None:
    """The small tables of the last accepted snapshot; None before the first one."""
    accepted = store.accepted()
    if accepted is None:
        return None
    tables = wiring.registration_of(configuration).unpack(store.tables(accepted.sha256))
    return tables.slice((), configuration.services)


def signed(configuration: Configuration, facts: Mapping[str, DomainFacts]) -> dict[str, DomainFacts]:
    """The facts, with what Exchange says of each domain's signatures. Raises TenantUnreadable (8)."""
    tenant = wiring.tenant_of(configuration)
    try:
        signing = tenant.signing()
    finally:
        tenant.close()
    return {name: replace(one, signing=signing.get(name)) for name, one in facts.items()}


def dns_in_order(configuration: Configuration) -> str:
    """How records are published, once it was seen that they can be. Raises UsageError where they cannot, or where the
    zone file or the resolver does not answer.
    """
    table = configuration.settings.dns
    if table.zone_file or table.resolver:
        _answers(configuration)
    if table.publish != "dynamic_update":
        return f"records are published as {table.publish}, in {configuration.path(table.path)}"
    from nexusops.dns.primary import ServerFault
    from nexusops.dns.records import dns_name

    primary = primary_of(configuration)
    name = dns_name(configuration.site.parent_domain)
    try:
        zone = primary.zone_of(name) if name is not None else None
    except ServerFault as error:
        raise UsageError(
            f"dns.server: {error}.",
            next_step="Correct [dns] server and key in nexusops.toml, then try `nexusops doctor`.",
        ) from error
    return f"{primary} answers for {zone} and knows our key"


def _answers(configuration: Configuration) -> None:
    from nexusops.model.dns import Question

    table = configuration.settings.dns
    question = Question(configuration.site.parent_domain, "MX")
    resolver = resolver_of(configuration.settings, configuration, None, in_all=table.watch_seconds)
    try:
        answer = resolver.ask([question])[question]
    finally:
        resolver.close()
    if answer.failed:
        raise UsageError(
            f"dns.resolver: {table.resolver} does not answer for {question.name}: {answer.message}.",
            next_step="Correct [dns] resolver in nexusops.toml, or look at that server; then try `nexusops doctor`.",
        )


@frozen
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
    permits = permits_of(configuration.settings)
    if not (table.zone_file or table.resolver):
        yield Asked(resolver=None, permits=permits)
        return
    resolver = resolver_of(configuration.settings, configuration, None, in_all=table.watch_seconds)
    try:
        yield Asked(resolver=resolver, permits=permits)
    finally:
        resolver.close()


def texts_of(configuration: Configuration, changes: Iterable[Planned]) -> Iterator[str]:
    """What would be written for a person to publish: zone lines, or tickets."""
    from nexusops.dns.folder import ticket_text, zone_text
    from nexusops.model.changes import PublishRecords, RetireRecords

    table = configuration.settings.dns
    for planned in changes:
        if isinstance(planned.change, PublishRecords | RetireRecords):
            as_ticket = planned.change.publish_as == "ticket"
            yield (
                ticket_text(planned.change, table.ttl, table.ticket_to)
                if as_ticket
                else zone_text(planned.change, table.ttl)
            )


def costs_of(configuration: Configuration, changes: Iterable[Planned]) -> Iterator[str]:
    """What the SPF records that would be published cost (rules.md 4b); nothing where nobody may be asked."""
    from nexusops.model.changes import PublishRecords
    from nexusops.pipeline.saas.dns import planned_report
    from nexusops.rules.mailauth.syntax import is_spf

    most = configuration.policy.spf.max_lookups
    records = [
        record
        for planned in changes
        if isinstance(planned.change, PublishRecords)
        for record in planned.change.records
        if record.type == "TXT" and is_spf(record.value)
    ]
    if not records:
        return
    with asked(configuration) as dns:
        for record in records:
            if dns.resolver is None:
                return
            report = planned_report(record.name.lower().rstrip("."), record.value, dns.resolver, configuration.policy)
            yield f"SPF of {record.name}: {report.verdict}, {report.lookups} of {most} look-ups"
