"""Whom the tenant's addresses are believed for: the system's authorities, or a bundle of one's own."""

from __future__ import annotations

import ssl

from nexusops.errors import UsageError


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
