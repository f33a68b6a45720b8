"""Whom the tenant's addresses are believed for (the system's authorities, or one's own bundle), and the way there."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nexusops.errors import UsageError

if TYPE_CHECKING:
    import httpx

Verify = ssl.SSLContext | bool
"""Whose certificates are believed: those of a context, or (True) of the system."""


def trusting(bundle: str | None, key: str = "tenant.ca_bundle") -> ssl.SSLContext:
    """Raises UsageError where the bundle (``key``) is not there, or holds no certificate."""
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise UsageError(
            f"nexusops.toml, {key}: {bundle} cannot be used: {error.strerror or error}.",
            next_step="Name a PEM file with the authority's certificate (that of `nexusops emulator serve --tls` goes "
            "when it ends), then try `nexusops doctor`.",
        ) from error


def way_out(url: str, verify: Verify) -> httpx.AsyncHTTPTransport:
    """A transport to this host, through the proxy of the environment where it names one, as httpx's own clients go."""
    from urllib.request import getproxies, proxy_bypass

    import httpx

    parts, proxies = urlsplit(url), getproxies()
    wanted = proxies.get(parts.scheme) or proxies.get("all")
    proxy = wanted if wanted and not proxy_bypass(parts.hostname or "") else None
    return httpx.AsyncHTTPTransport(verify=verify, proxy=proxy)
