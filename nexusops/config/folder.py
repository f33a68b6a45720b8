"""The configuration folder as one value: read once, complete and checked before anything else happens."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from nexusops.config import secrets
from nexusops.config.forms import LOOPBACK, check_addresses, check_forms, check_names, is_here
from nexusops.config.guard import load_guard
from nexusops.config.policy import load_policy
from nexusops.config.schema import CHOICES, SECRETS, URLS, DnsTable, Settings, TenantTable
from nexusops.config.secrets import Secret
from nexusops.config.services import Requests, load_services
from nexusops.config.strict import DEFAULT, Layer, Setting, layered, read_toml, wrong
from nexusops.errors import UsageError
from nexusops.model.frozen import frozen
from nexusops.model.policy import REQUEST, Policy
from nexusops.model.services import ServiceRequest
from nexusops.model.site import Site
from nexusops.model.urls import without_password
from nexusops.plan.guard import GuardLimits
from nexusops.tenant.settings import CLOUDS


@frozen
class Configuration:
    """Everything that the folder says. ``shown``: every effective value with its origin, secrets as set or not set."""

    folder: Path
    settings: Settings
    policy: Policy
    guard: GuardLimits
    requests: Requests
    shown: tuple[Setting, ...]

    @property
    def site(self) -> Site:
        table = self.settings.site
        dns = self.settings.dns
        return Site(
            name=table.name,
            fallback_domain=table.fallback_domain,
            parent_domain=table.parent_domain,
            spf_include=dns.site_include,
            standard_mx=dns.standard_mx,
            publish=dns.publish,
            notices_from=self.settings.notices.sender.lower(),
        )

    @property
    def services(self) -> Mapping[str, ServiceRequest]:
        """The requests for SaaS mail that can be read."""
        return self.requests.good

    @property
    def templates(self) -> Path | None:
        """The folder of the site's own notice templates, where there is one."""
        path = self.folder / "templates"
        return path if os.path.lexists(path) else None

    def path(self, value: str) -> Path:
        """A path of the configuration; relative ones are relative to the folder."""
        return Path(self.folder, value).absolute()

    def secret(self, key: str) -> Secret:
        """A secret by its key path, such as ``tenant.secret``."""
        return secrets.parse(key, self.settings.value(key), self.folder, self.folder / "nexusops.toml")

    @property
    def exposed(self) -> tuple[Path, ...]:
        """Files with a secret that everybody on this machine may read."""
        secret_files = [self.secret(key).file for key in sorted(SECRETS)]
        named = self.settings.tenant.certificate_path
        files = [*secret_files, self.path(named) if named else None]
        return tuple(one for one in files if one is not None and one.is_file() and one.stat().st_mode & stat.S_IROTH)

    def url(self, key: str) -> str:
        """A database URL: as it stands, or from env:NAME or file:PATH."""
        value: str = self.settings.value(key)
        return self.secret(key).read() if value.startswith(("env:", "file:")) else value

    def text(self, file: str) -> str:
        """The effective values that may be set in one file, as JSON without secrets: what a run's row keeps."""
        values = {one.key: one.value for one in self.shown if one.file == file}
        return json.dumps(values, sort_keys=True, ensure_ascii=False, default=list)

    def services_text(self) -> str:
        """The requests as JSON."""
        requests: dict[str, object] = {name: asdict(request) for name, request in self.services.items()}
        requests |= {name: {"faulty": fault} for name, fault in self.requests.faults(self.folder).items()}
        return json.dumps(requests, sort_keys=True, ensure_ascii=False)


def load(folder: Path, *, policy_file: Path | None = None) -> Configuration:
    """Reads the folder; ``policy_file`` in place of its policy.toml. Raises UsageError naming the file, the key path
    and what was expected.
    """
    main = folder / "nexusops.toml"
    table = read_toml(main)
    profile = _profile(table, main)
    policy, policy_shown = load_policy([_layer(profile, "policy"), _policy_layer(folder, policy_file)])
    layers = [_layer(profile, "nexusops"), *_following(policy), Layer(origin="nexusops.toml", path=main, table=table)]
    settings, shown = layered(Settings, layers, "nexusops.toml")
    _check_requests(settings, policy, main)
    settings = _completed(settings, main, {one.key: one.origin for one in shown})
    guard_file = _optional(folder / "guard.toml")
    guard, guard_shown = load_guard(guard_file.table, guard_file.path, policy.guard)
    return Configuration(
        folder=folder,
        settings=settings,
        policy=policy,
        guard=guard,
        requests=load_services(folder / "services"),
        shown=(*(_masked(one, settings, folder) for one in shown), *policy_shown, *guard_shown),
    )


def of_profile(name: str) -> tuple[Settings, Policy]:
    """Where there is no folder: the defaults under a profile."""
    profile = _profile({"site": {"profile": name}}, Path("nexusops.toml"))
    settings, _ = layered(Settings, [_layer(profile, "nexusops")], "nexusops.toml")
    policy, _ = load_policy([_layer(profile, "policy")])
    return replace(settings, site=replace(settings.site, profile=name)), policy


def _profile(table: Mapping[str, object], main: Path) -> Layer:
    site = table.get("site", {})
    name = site.get("profile", "oxford") if isinstance(site, Mapping) else "oxford"
    if name not in CHOICES["site.profile"]:
        raise wrong(main, "site.profile", " | ".join(CHOICES["site.profile"]), name)
    file = resources.files("nexusops") / "profiles" / f"{name}.toml"
    path = Path(str(file))
    return Layer(origin=f"profile {name}", path=path, table=read_toml(path))


def _layer(profile: Layer, part: str) -> Layer:
    return replace(profile, table=cast(Mapping[str, object], profile.table.get(part, {})))


def _following(policy: Policy) -> list[Layer]:
    """What the policy makes a default elsewhere: whoever asks for changes of the DNS gets tickets (T13)."""
    if policy.dns.apply != REQUEST:
        return []
    return [Layer(origin="policy dns.apply", path=Path("policy.toml"), table={"dns": {"publish": "ticket"}})]


def _check_requests(settings: Settings, policy: Policy, main: Path) -> None:
    """R78: where the DNS is asked for, it is never changed by us."""
    if policy.dns.apply == REQUEST and settings.dns.publish == "dynamic_update":
        raise UsageError(
            f"{main}: dns.publish: dynamic_update changes the DNS, and the policy's dns.apply is {REQUEST}.",
            next_step='Set [dns] publish to "ticket", or [dns] apply in policy.toml to "zone_lines"; '
            "`nexusops config show` tells where each comes from.",
        )


def _policy_layer(folder: Path, instead: Path | None) -> Layer:
    if instead is None:
        return _optional(folder / "policy.toml")
    return Layer(origin=instead.name, path=instead, table=read_toml(instead, piped=True))


def _optional(path: Path) -> Layer:
    there = os.path.lexists(path)  # a link that leads nowhere is no file that is not there
    return Layer(origin=path.name, path=path, table=read_toml(path) if there else {})


def _completed(settings: Settings, main: Path, origins: Mapping[str, str]) -> Settings:
    """The settings with what follows from other settings, after the checks that need more than one key."""
    for key, words in CHOICES.items():
        value = settings.value(key)
        if value not in words:
            raise wrong(main, key, " | ".join(words), value)
    check_forms(settings, main)
    check_names(settings, origins, main)
    _check_kinds(settings, main)
    sender = settings.notices.sender or f"postmaster@{settings.site.fallback_domain}"
    return replace(
        settings,
        tenant=_with_cloud(settings.tenant),
        notices=replace(settings.notices, sender=sender.lower()),
        dns=_with_dots(settings.dns),
    )


def _with_dots(dns: DnsTable) -> DnsTable:
    """Names as records have them, however they were typed: an MX with its last dot, an include without one."""
    mx = " ".join(dns.standard_mx.split())
    return replace(
        dns, standard_mx=f"{mx.rstrip('.')}." if mx else "", site_include=dns.site_include.strip().rstrip(".")
    )


def _with_cloud(tenant: TenantTable) -> TenantTable:
    cloud = CLOUDS[tenant.cloud]
    return replace(
        tenant,
        authority=(tenant.authority or cloud.authority).rstrip("/"),
        graph_base_url=(tenant.graph_base_url or cloud.graph_base_url).rstrip("/"),
        exchange_base_url=(tenant.exchange_base_url or cloud.exchange_base_url).rstrip("/"),
        smtp=tenant.smtp or cloud.smtp,
    )


def _check_kinds(settings: Settings, main: Path) -> None:
    """What a kind needs, and that no secret stands where it should not."""
    tenant, notices = settings.tenant, settings.notices
    if tenant.kind == "microsoft365":
        check_addresses(tenant, main)
    if tenant.smtp and not (tenant.smtp.rpartition(":")[0] and tenant.smtp.rpartition(":")[2].isdecimal()):
        raise wrong(main, "tenant.smtp", "host:port, such as smtp.office365.com:587", tenant.smtp)
    _check_collector(settings, main)
    if notices.password and not notices.starttls and notices.host not in LOOPBACK:
        raise wrong(main, "notices.starttls", "true, since notices.password goes there", False)
    for kind, key in _needed(settings):
        if not settings.value(key):
            raise UsageError(
                f"{main}: {key}: missing; the {kind} chosen needs it.",
                next_step=f"Add {key} to {main}, and look at the whole with `nexusops config show`.",
            )
    for key in SECRETS:
        secrets.parse(key, settings.value(key), main.parent, main)


def _needed(settings: Settings) -> Iterator[tuple[str, str]]:
    """Which key says the kind, and which other key that kind needs."""
    if settings.registration.kind == "database":
        yield "registration.kind", "registration.url"
    if settings.notices.kind == "smtp":
        yield "notices.kind", "notices.host"
    if settings.tenant.kind == "microsoft365":
        yield "tenant.kind", "tenant.tenant_id"
        yield "tenant.kind", "tenant.client_id"
        if settings.tenant.credential == "certificate":
            yield "tenant.kind", "tenant.certificate_path"
        if settings.tenant.credential == "secret":
            yield "tenant.kind", "tenant.secret"
    if settings.dns.publish == "dynamic_update":
        for name in ("server", "tsig_name", "tsig_secret"):
            yield "dns.publish", f"dns.{name}"


def _check_collector(settings: Settings, main: Path) -> None:
    """An authorization goes over TLS, or no further than this machine."""
    endpoint = settings.otel.endpoint
    parts = urlsplit(endpoint)
    if endpoint and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise wrong(main, "otel.endpoint", "an address, such as http://127.0.0.1:4318", endpoint)
    near = parts.scheme == "https" or is_here(endpoint)
    if endpoint and settings.otel.authorization and not near:
        raise wrong(main, "otel.endpoint", "an https:// address, since otel.authorization goes there", endpoint)


def _masked(setting: Setting, settings: Settings, folder: Path) -> Setting:
    """The setting as it may be shown: after completion, secrets as set or not set, URLs without their password, and of
    one that stands in the environment whether it is set.
    """
    value = settings.value(setting.key)
    if setting.key in SECRETS:
        value = secrets.parse(setting.key, value, folder, folder / "nexusops.toml").shown
    elif setting.key in URLS:
        value = without_password(value)
        if value.startswith("env:"):
            stands = secrets.Secret(key=setting.key, reference=value, folder=folder, source=folder / "nexusops.toml")
            return replace(setting, value=value, origin=f"{setting.origin}; {value[4:]} is {stands.shown}")
    elif value != setting.value and setting.origin == DEFAULT:
        completed_by = "tenant.cloud" if setting.key.startswith("tenant.") else "site.fallback_domain"
        return replace(setting, value=value, origin=completed_by)
    return replace(setting, value=value)
