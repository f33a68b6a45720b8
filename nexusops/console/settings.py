"""What the configuration says about the console: whether people sign in, and where it is reached."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from urllib.parse import urlsplit

from nexusops.config import Configuration
from nexusops.errors import UsageError
from nexusops.model.frozen import frozen


@frozen
class SignInSettings:
    """An application registered in the tenant, and the authority that it signs people in with."""

    client_id: str
    client_secret: str = field(repr=False)
    tenant_id: str
    authority: str
    ca_bundle: str | None


@frozen
class ConsoleSettings:
    """``sign_in`` None: the single-user mode. ``public_url``: where a proxy offers the console over TLS, or ''."""

    site: str
    fallback_domain: str
    sign_in: SignInSettings | None
    public_url: str
    lifetime: timedelta


def console_settings(configuration: Configuration) -> ConsoleSettings:
    """Raises UsageError naming the key that is missing or wrong."""
    table, main = configuration.settings.console, configuration.folder / "nexusops.toml"
    if not 1 <= table.session_minutes <= 24 * 60:
        raise UsageError(
            f"{main}: console.session_minutes: expected 1 to 1440, found {table.session_minutes}.",
            next_step="Name how long somebody stays signed in; 480 is a working day. Then start `nexusops console` "
            "again.",
        )
    public = table.public_url.rstrip("/")
    parts = urlsplit(public)
    if public and (parts.scheme != "https" or not parts.netloc or parts.path or parts.query):
        raise UsageError(
            f"{main}: console.public_url: expected https:// and a host, found {table.public_url!r}.",
            next_step="Name the address at which the proxy offers the console over TLS, then start `nexusops "
            "console` again.",
        )
    return ConsoleSettings(
        site=configuration.site.name,
        fallback_domain=configuration.site.fallback_domain,
        sign_in=_sign_in(configuration) if table.client_id else None,
        public_url=public,
        lifetime=timedelta(minutes=table.session_minutes),
    )


def _sign_in(configuration: Configuration) -> SignInSettings:
    table, tenant = configuration.settings.console, configuration.settings.tenant
    main = configuration.folder / "nexusops.toml"
    secret = configuration.secret("console.client_secret")
    tenant_id, authority = table.tenant_id or tenant.tenant_id, (table.authority or tenant.authority).rstrip("/")
    for key, value in (("client_secret", secret), ("tenant_id", tenant_id)):
        if not value:
            raise UsageError(
                f"{main}: console.{key}: missing; signing in with console.client_id needs it.",
                next_step=f"Add {key} under [console]; docs/console.md says how the application is registered. Then "
                "start `nexusops console` again.",
            )
    if not authority.startswith("https://"):
        raise UsageError(
            f"{main}: console.authority: expected an https:// address, found {authority!r}.",
            next_step="Correct console.authority; passwords and codes go nowhere else. Then start `nexusops "
            "console` again.",
        )
    bundle = table.ca_bundle or tenant.ca_bundle
    return SignInSettings(
        client_id=table.client_id,
        client_secret=secret.read(),
        tenant_id=tenant_id,
        authority=authority,
        ca_bundle=str(configuration.path(bundle)) if bundle else None,
    )
