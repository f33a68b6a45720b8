"""nexusops.toml as frozen values (interface.md 2): one class a table, each field with its default.

``fallback_domain`` and ``name`` have none: a site must say who it is. Values that depend on the profile are empty here
and filled by nexusops/profiles/*.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from nexusops.model.frozen import frozen
from nexusops.tenant.settings import CLOUDS


@frozen
class SiteTable:
    name: str = ""
    profile: str = "oxford"
    fallback_domain: str = ""
    parent_domain: str = ""


@frozen
class RegistrationTable:
    kind: str = "folder"
    path: str = "snapshot"
    url: str = ""


@frozen
class StateTable:
    url: str = "sqlite:///state/nexusops.db"


@frozen
class TenantTable:
    kind: str = "embedded"
    path: str = "state/tenant.db"
    tenant_id: str = ""
    client_id: str = ""
    credential: str = "certificate"
    certificate_path: str = ""
    certificate_password: str = ""
    secret: str = ""
    cloud: str = "global"
    authority: str = ""
    graph_base_url: str = ""
    exchange_base_url: str = ""
    smtp: str = ""
    ca_bundle: str = ""
    licence_sku: str = "ENTERPRISEPACKPLUS_FACULTY"
    create_users: bool = True
    usage_location: str = "GB"
    handover: str = "state/handover"


@frozen
class NoticesTable:
    kind: str = "tenant"
    sender: str = ""
    path: str = "notices"
    host: str = ""
    port: int = 587
    username: str = ""
    password: str = ""
    starttls: bool = True

    @property
    def mailbox(self) -> str | None:
        """The mailbox from which the tenant sends the notices; None where they go another way."""
        return self.sender if self.kind == "tenant" else None


@frozen
class DnsTable:
    zone_file: str = ""
    resolver: str = ""
    site_include: str = ""
    standard_mx: str = ""
    publish: str = "zone_lines"
    path: str = "dns"
    ticket_to: str = ""
    ttl: int = 3600
    server: str = ""
    tsig_name: str = ""
    tsig_algorithm: str = "hmac-sha256"
    tsig_secret: str = ""
    mail_hosts: tuple[str, ...] = ()
    opt_out: tuple[str, ...] = ()
    dept_include: Mapping[str, str] = field(default_factory=dict)
    dkim_selectors: tuple[str, ...] = ("selector1", "selector2")
    watch: bool = True
    watch_seconds: int = 10


@frozen
class ConsoleTable:
    """Sign-in to the web console. Without a client_id it is for one person on one machine.

    ``tenant_id``, ``authority`` and ``ca_bundle`` are those of ``[tenant]`` where they are empty.
    """

    client_id: str = ""
    client_secret: str = ""
    tenant_id: str = ""
    authority: str = ""
    ca_bundle: str = ""
    public_url: str = ""
    session_minutes: int = 480


@frozen
class QueueTable:
    url: str = ""


@frozen
class MetricsTable:
    """``textfile``: where `run`, `apply` and `resume` leave their metrics for node_exporter; empty: nowhere."""

    textfile: str = ""


@frozen
class OtelTable:
    """Where commands that act export their telemetry, as OTLP over HTTP; no ``endpoint``: nowhere.

    ``authorization`` is the header of that name, such as ``Bearer …``.
    """

    endpoint: str = ""
    authorization: str = ""
    ca_bundle: str = ""


@frozen
class Settings:
    """All of nexusops.toml."""

    site: SiteTable = field(default_factory=SiteTable)
    registration: RegistrationTable = field(default_factory=RegistrationTable)
    state: StateTable = field(default_factory=StateTable)
    tenant: TenantTable = field(default_factory=TenantTable)
    notices: NoticesTable = field(default_factory=NoticesTable)
    dns: DnsTable = field(default_factory=DnsTable)
    console: ConsoleTable = field(default_factory=ConsoleTable)
    queue: QueueTable = field(default_factory=QueueTable)
    metrics: MetricsTable = field(default_factory=MetricsTable)
    otel: OtelTable = field(default_factory=OtelTable)


CHOICES: dict[str, tuple[str, ...]] = {
    "site.profile": ("oxford", "cambridge", "oxford-2023"),
    "registration.kind": ("folder", "database"),
    "tenant.kind": ("embedded", "microsoft365"),
    "tenant.credential": ("certificate", "secret", "workload_identity", "managed_identity"),
    "tenant.cloud": tuple(CLOUDS),
    "notices.kind": ("tenant", "smtp", "folder"),
    "dns.publish": ("zone_lines", "dynamic_update", "ticket"),
    "dns.tsig_algorithm": ("hmac-sha256", "hmac-sha384", "hmac-sha512"),
}
"""Words that a key of nexusops.toml may have."""

SECRETS = frozenset(
    {
        "tenant.secret",
        "tenant.certificate_password",
        "notices.password",
        "dns.tsig_secret",
        "console.client_secret",
        "otel.authorization",
    }
)
"""Keys whose value is a secret: env:NAME or file:PATH, never the secret itself."""

URLS = frozenset({"registration.url", "state.url", "queue.url"})
"""Keys that hold a database URL, or env:NAME or file:PATH; a password inside is never shown."""
