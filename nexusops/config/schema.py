"""nexusops.toml as frozen values (interface.md 2): one class a table, each field with its default.

``fallback_domain`` and ``name`` have none: a site must say who it is. Values that depend on the profile are empty here
and filled by nexusops/profiles/*.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from nexusops.model.frozen import frozen
from nexusops.tenant.settings import CLOUDS


@frozen
class SiteTable:
    name: str = ""
    """Must equal `tenant` in the manifest of the snapshot."""
    profile: str = "oxford"
    """Which defaults apply."""
    fallback_domain: str = ""
    """username@ this is every mailbox's technical address."""
    parent_domain: str = ""
    """Domains under it are the University's own; the profile says, but for `other`."""


@frozen
class RegistrationTable:
    kind: str = "folder"
    """Where snapshots come from."""
    path: str = "snapshot"
    """folder: a manifest and one table a file."""
    url: str = field(default="", repr=False)
    """database: its SQLAlchemy URL, or env:NAME."""


@frozen
class StateTable:
    url: str = field(default="sqlite:///state/nexusops.db", repr=False)
    """SQLite in a file, or postgresql+psycopg://…; or env:NAME."""


@frozen
class TenantTable:
    kind: str = "embedded"
    """A Microsoft 365 that lives in one file, or a real one."""
    path: str = "state/tenant.db"
    """embedded: its file."""
    tenant_id: str = ""
    """The tenant's id in Entra."""
    client_id: str = ""
    """The application's id in Entra."""
    credential: str = "certificate"
    """What the application signs in with."""
    certificate_path: str = ""
    """PEM with the key and the certificate, or PFX."""
    certificate_password: str = ""
    """Of a PFX, or of an encrypted key: env:NAME or file:PATH."""
    secret: str = ""
    """env:NAME or file:PATH."""
    cloud: str = "global"
    """Which of Microsoft's clouds; it says the three addresses below."""
    authority: str = ""
    """Only for a test endpoint."""
    graph_base_url: str = ""
    """Only for a test endpoint."""
    exchange_base_url: str = ""
    """Only for a test endpoint."""
    smtp: str = ""
    """Where products send by SMTP; the cloud says."""
    ca_bundle: str = ""
    """The CA of a test endpoint."""
    licence_sku: str = "ENTERPRISEPACKPLUS_FACULTY"
    """The licence that new mailboxes of people get."""
    create_users: bool = True
    """Whether a directory user is made where none carries the person's employeeId."""
    usage_location: str = "GB"
    """The country of new users' licences."""
    handover: str = "state/handover"
    """Where the secrets of products are handed over, one file each."""


@frozen
class NoticesTable:
    kind: str = "tenant"
    """How notices go out: by the tenant, by SMTP, or into a folder."""
    sender: str = ""
    """From whom; tenant: a mailbox there."""
    path: str = "notices"
    """folder: where the .eml files go."""
    host: str = ""
    """smtp: the server."""
    port: int = 587
    """smtp: its port."""
    username: str = ""
    """smtp: who signs in; empty: nobody does."""
    password: str = ""
    """smtp: env:NAME or file:PATH."""
    starttls: bool = True
    """smtp: whether TLS is asked for, and needed."""

    @property
    def mailbox(self) -> str | None:
        """The mailbox from which the tenant sends the notices; None where they go another way."""
        return self.sender if self.kind == "tenant" else None


@frozen
class DnsTable:
    zone_file: str = ""
    """DNS questions are answered from this file, and not from the network."""
    resolver: str = ""
    """Whom to ask in place of the system's resolver, such as 127.0.0.1:5353."""
    site_include: str = ""
    """What every SPF record of the site includes; the profile says."""
    standard_mx: str = ""
    """The MX of the site's domains; the profile says."""
    publish: str = "zone_lines"
    """How records of service domains are published; the profile says."""
    path: str = "dns"
    """zone_lines and ticket: the folder that holds them, one file a domain."""
    ticket_to: str = ""
    """ticket: whom they are for; the profile may say."""
    ttl: int = 3600
    """Of the records that are published, in seconds."""
    server: str = ""
    """dynamic_update: the primary name server, such as 192.0.2.53:53."""
    tsig_name: str = ""
    """dynamic_update: the name of the key there."""
    tsig_algorithm: str = "hmac-sha256"
    """dynamic_update: its algorithm."""
    tsig_secret: str = ""
    """dynamic_update: the key in base64, as env:NAME or file:PATH."""
    mail_hosts: tuple[str, ...] = ()
    """Further mail servers that `domain check` recognises."""
    opt_out: tuple[str, ...] = ()
    """Domains whose SPF record need not be the standard one."""
    dept_include: Mapping[str, str] = field(default_factory=dict)
    """A provider that is permitted in a unit's record: domain, and the day with the reason."""
    dkim_selectors: tuple[str, ...] = ("selector1", "selector2")
    """Whose keys `domain check` looks for."""
    watch: bool = True
    """Whether each run looks at the service domains that are live."""
    watch_seconds: int = 10
    """How long that may take."""


@frozen
class ConsoleTable:
    """Sign-in to the web console. Without a client_id it is for one person on one machine.

    ``tenant_id``, ``authority`` and ``ca_bundle`` are those of ``[tenant]`` where they are empty.
    """

    client_id: str = ""
    """The application with which people sign in."""
    client_secret: str = ""
    """env:NAME or file:PATH."""
    tenant_id: str = ""
    """Where people sign in at another tenant than that of `[tenant]`; so authority and ca_bundle."""
    authority: str = ""
    """As in `[tenant]`."""
    ca_bundle: str = ""
    """As in `[tenant]`."""
    public_url: str = ""
    """Where a proxy offers the console over TLS."""
    session_minutes: int = 480
    """How long a session lasts."""


@frozen
class QueueTable:
    url: str = field(default="", repr=False)
    """PostgreSQL for `nexusops schedule` and `nexusops worker`; env:NAME."""


@frozen
class MetricsTable:
    """``textfile``: where `run`, `apply` and `resume` leave their metrics for node_exporter; empty: nowhere."""

    textfile: str = ""
    """The file; each site needs one of its own."""


@frozen
class OtelTable:
    """Where commands that act export their telemetry, as OTLP over HTTP; no ``endpoint``: nowhere.

    ``authorization`` is the header of that name, such as ``Bearer …``.
    """

    endpoint: str = ""
    """The collector, such as http://127.0.0.1:4318."""
    authorization: str = ""
    """env:NAME or file:PATH."""
    ca_bundle: str = ""
    """The CA of the collector, where the system does not know it."""


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

    def value(self, key: str) -> Any:
        """What stands under a key path, such as ``tenant.secret``."""
        table, _, name = key.partition(".")
        return getattr(getattr(self, table), name)


CHOICES: dict[str, tuple[str, ...]] = {
    "site.profile": ("oxford", "cambridge", "oxford-2023", "other"),
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
