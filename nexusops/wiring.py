"""The one place where configuration becomes real adapters. Plain arguments, nothing at import time, the tenant late."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from nexusops import __version__
from nexusops.config import Configuration, load
from nexusops.config.strict import files_of
from nexusops.errors import TenantUnreadable, UsageError
from nexusops.job import Job
from nexusops.model.frozen import frozen
from nexusops.model.policy import Policy
from nexusops.wiring_notices import notifier_of
from nexusops.wiring_resolver import publisher_of, watching_of
from nexusops.wiring_state import open_store_of

if TYPE_CHECKING:
    from nexusops.model.services import SignIn
    from nexusops.pipeline.inputs import Ports
    from nexusops.ports import Notifier, Publisher, Registration, SnapshotTables, Tenant
    from nexusops.tenant import Wrap
    from nexusops.tenant.kept import Memory
    from nexusops.tenant.live import LiveTenant
    from nexusops.tenant.settings import TenantSettings

JOBS = "nexusops.jobs"


@frozen
class Wired:
    """A site: its configuration, and the ports that the pipeline works through."""

    configuration: Configuration
    ports: Ports

    def check_jobs(self, names: Sequence[str]) -> None:
        """Raises UsageError for a job that does not exist."""
        for name in names:
            if name not in self.ports.jobs:
                near = difflib.get_close_matches(name, self.ports.jobs, n=1)
                hint = f"The nearest one is {near[0]}" if near else f"There are {', '.join(self.ports.jobs)}"
                raise UsageError(
                    f"There is no job {name!r}. {hint}.",
                    next_step="See `nexusops jobs list`.",
                )


@contextmanager
def opened(folder: Path, *, snapshot: Path | None = None) -> Iterator[Wired]:
    """The site of a configuration folder, closed at the end. ``snapshot`` overrides the registration source."""
    configuration = load(folder)
    _check_templates(configuration.templates)
    with ExitStack() as closing:
        yield Wired(configuration=configuration, ports=_ports(configuration, snapshot, closing))


NOT_ONE = "README.txt"
"""What `nexusops init` puts beside the templates."""


def _check_templates(folder: Path | None) -> None:
    """The site's own notices, where it has any: a broken one is found before anything is done."""
    if folder is not None and any(path.name != NOT_ONE for path in files_of(folder, "")):
        from nexusops.notify.templates import check_templates

        check_templates(folder)


@cache
def jobs() -> dict[str, Job]:
    """The job declarations by name, in the order of their names, from the entry-point group ``nexusops.jobs``."""
    found = sorted((entry.load() for entry in entry_points(group=JOBS)), key=lambda job: job.name)
    if not found:
        raise UsageError(
            "No jobs are installed.", next_step="Install nexusops with its jobs: `pip install .` in its folder."
        )
    return {job.name: job for job in found}


def _ports(configuration: Configuration, snapshot: Path | None, closing: ExitStack) -> Ports:
    from nexusops.pipeline.inputs import ConfigTexts, Ports
    from nexusops.registration.gate import gate

    store = open_store_of(configuration)
    closing.callback(store.close)

    @cache
    def tenant() -> Tenant:
        opened_tenant = tenant_of(configuration, store)
        closing.callback(opened_tenant.close)
        return opened_tenant

    @cache
    def notifier(at: datetime) -> Notifier:
        channel = notifier_of(configuration, tenant, at)
        closing.callback(channel.close)
        return channel

    @cache
    def publisher() -> Publisher:
        way = publisher_of(configuration)
        closing.callback(way.close)
        return way

    return Ports(
        store=store,
        registration=registration_of(configuration, snapshot),
        gate=gate,
        tenant=tenant,
        notifier=notifier,
        publisher=publisher,
        jobs=jobs(),
        policy=configuration.policy,
        site=configuration.site,
        guard=configuration.guard,
        services=configuration.services,
        faulty_services=configuration.requests.faults(configuration.folder),
        watching=watching_of(configuration),
        texts=ConfigTexts(
            policy=configuration.text("policy.toml"),
            services=configuration.services_text(),
            config=configuration.text("nexusops.toml") + "\n" + configuration.text("guard.toml"),
        ),
        program_version=__version__,
    )


def registration_of(configuration: Configuration, snapshot: Path | None = None) -> Registration:
    """The registration source; nothing is read yet."""
    from nexusops.registration.database import DatabaseRegistration
    from nexusops.registration.folder import FolderRegistration

    site = configuration.site
    if snapshot is not None:
        return FolderRegistration(snapshot, site.name, site.parent_domain)
    table = configuration.settings.registration
    if table.kind == "folder":
        return FolderRegistration(configuration.path(table.path), site.name, site.parent_domain)
    return DatabaseRegistration(
        _absolute(configuration.url("registration.url"), configuration.folder), site.name, site.parent_domain
    )


def snapshot_of(folder: Path, config_folder: Path) -> SnapshotTables:
    """A snapshot folder by itself, read for the configured site; without one, for the site that it names."""
    from nexusops.registration.folder import FolderRegistration

    if (config_folder / "nexusops.toml").exists():
        site = load(config_folder).site
        return FolderRegistration(folder, site.name, site.parent_domain).read()
    return FolderRegistration(folder, None, "ox.ac.uk").read()


def policy_of(config_folder: Path) -> Policy:
    """The policy of the configured site; where nothing is configured, the decisions of rules.md."""
    return load(config_folder).policy if (config_folder / "nexusops.toml").exists() else Policy()


@contextmanager
def recorded(configuration: Configuration, path: Path) -> Iterator[LiveTenant]:
    """The tenant, with everything that is asked of it written to a cassette, without secrets and people."""
    from nexusops import clock
    from nexusops.tenant.cassettes import Recorder

    table = configuration.settings.tenant
    zeros = "00000000-0000-0000-0000-00000000000"
    ours = {table.tenant_id: f"{zeros}1", table.client_id: f"{zeros}2"}
    known = {told: stands_for for told, stands_for in ours.items() if told}
    tenant = tenant_of(
        configuration, wrap=lambda inner: Recorder(inner, path, provenance="tenant", now=clock.now, known=known)
    )
    try:
        yield tenant
    finally:
        tenant.close()


def tenant_of(configuration: Configuration, memory: Memory | None = None, *, wrap: Wrap | None = None) -> LiveTenant:
    """The tenant; its clients are imported here and nowhere earlier. ``memory``: where what was read of it is kept."""
    from nexusops import tenant

    table = configuration.settings.tenant
    settings = tenant_settings(configuration)
    if table.kind != "embedded":
        return tenant.microsoft365(settings, wrap=wrap, memory=memory)
    path = configuration.path(table.path)
    try:
        return tenant.embedded(
            path, settings, notice_sender=configuration.settings.notices.sender, wrap=wrap, memory=memory
        )
    except (OSError, sqlite3.Error, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TenantUnreadable(
            f"The embedded tenant at {path} cannot be opened: {reason}.",
            next_step="Check [tenant] path in nexusops.toml (`nexusops doctor`): an embedded tenant, or a new file.",
        ) from error


def sender_of(configuration: Configuration) -> str:
    """The notices' sender, where its mailbox is sure to be in the tenant; else ''."""
    there = configuration.settings.notices.kind == "tenant" or configuration.settings.tenant.kind == "embedded"
    return configuration.settings.notices.sender if there else ""


def sign_in_of(configuration: Configuration, request_id: str) -> SignIn | None:
    """What the application of a request signs in with, as long as its file is where it was handed over."""
    import tomllib

    from nexusops.model.services import SignIn
    from nexusops.tenant.credentials import handover_file

    settings = tenant_settings(configuration)
    path = handover_file(settings.handover, request_id)
    try:
        found = tomllib.loads(path.read_text("utf-8")) if path is not None else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    names = ("tenant_id", "client_id", "client_secret")
    if not all(isinstance(found.get(name), str) for name in names):
        return None
    return SignIn(**{name: found[name] for name in names})


def tenant_settings(configuration: Configuration) -> TenantSettings:
    """``[tenant]`` with its paths absolute and its secrets read; of an embedded one nobody signs in."""
    from nexusops.tenant.settings import TenantSettings

    table = configuration.settings.tenant
    real = table.kind != "embedded"
    secret, password = configuration.secret("tenant.secret"), configuration.secret("tenant.certificate_password")
    certificate = str(configuration.path(table.certificate_path)) if table.certificate_path and real else None
    return TenantSettings(
        tenant_id=table.tenant_id,
        client_id=table.client_id,
        credential=table.credential,
        certificate_path=certificate,
        certificate_password=password.read() if password and real else None,
        secret=secret.read() if secret and real and table.credential == "secret" else None,
        authority=table.authority,
        graph_base_url=table.graph_base_url,
        exchange_base_url=table.exchange_base_url,
        smtp=table.smtp,
        ca_bundle=str(configuration.path(table.ca_bundle)) if table.ca_bundle else None,
        licence_sku=table.licence_sku,
        create_users=table.create_users,
        usage_location=table.usage_location,
        handover=str(configuration.path(table.handover)) if table.handover else None,
    )


def sign_in_end(configuration: Configuration) -> datetime | None:
    """When the certificate ends that the site signs in with; None: it signs in with another thing, or whoever asks is
    not given the passphrase of its file, as monitoring need not be. Raises UsageError where the file is of no use.
    """
    from nexusops.tenant.expiry import certificate_end

    table = configuration.settings.tenant
    if (table.kind, table.credential) != ("microsoft365", "certificate"):
        return None
    secret, word = configuration.secret("tenant.certificate_password"), None
    with suppress(UsageError):
        word = secret.read() if secret else None
    try:
        return certificate_end(str(configuration.path(table.certificate_path)), word)
    except UsageError:
        if secret and word is None:
            return None
        raise


def _absolute(url: str, folder: Path) -> str:
    """A SQLite URL with its path relative to the folder; any other as it is."""
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(f"{prefix}/"):
        return f"{prefix}{Path(folder.absolute(), url.removeprefix(prefix))}"
    return url
