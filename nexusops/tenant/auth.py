"""Credentials for Graph and Exchange, from azure-identity (tenant-api.md 3.1). One credential serves both."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nexusops.errors import UsageError
from nexusops.tenant.expiry import told_end, unusable
from nexusops.tenant.faults import CredentialFault, FaultClass
from nexusops.tenant.settings import MICROSOFT_AUTHORITIES, TenantSettings

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.core.exceptions import AzureError


PATIENCE = {"connection_timeout": 30, "read_timeout": 60, "timeout": 180}
"""Seconds, the last for all attempts together; azure-identity would wait five minutes for each of them."""
EARLY = 300
"""Seconds before its end from which on a token is replaced, as azure-identity does itself."""


class Translating:
    """A credential whose refusals are our faults: Graph's adapter and Exchange's client both ask through it.

    Tokens are kept here too: azure-identity looks through its own cache for a millisecond, at every request.
    """

    def __init__(
        self,
        credential: TokenCredential,
        now: Callable[[], float] = time.time,
        settings: TenantSettings | None = None,
    ) -> None:
        self._credential = credential
        self._now = now
        self._settings = settings
        self._known: dict[tuple[str, ...], AccessToken] = {}

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Raises CredentialFault where the authority refuses, or cannot be reached. Claims ask for a new token."""
        known = self._known.get(scopes)
        if known is not None and not options.get("claims") and known.expires_on > self._now() + EARLY:
            return known
        found = self._known[scopes] = self._asked(scopes, options)
        return found

    def _asked(self, scopes: tuple[str, ...], options: dict[str, Any]) -> AccessToken:
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            return self._credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            raise CredentialFault(FaultClass.AUTH, self._with_end(_unquoted(error))) from None
        except AzureError as error:
            raise CredentialFault(FaultClass.AUTH, f"no token could be had: {_unquoted(error)}") from None

    def _with_end(self, said: str) -> str:
        """A refusal, with what only our own file tells of the reason."""
        ended = told_end(self._settings, datetime.fromtimestamp(self._now(), UTC)) if self._settings else ""
        return f"{ended} ({said})" if ended else said

    def close(self) -> None:
        # azure-identity's credentials keep connections and can be closed; their protocol does not say so.
        closing = getattr(self._credential, "close", None)
        if closing is not None:
            closing()


_NO_JSON = "Expecting value: line 1 column 1 (char 0)"
_ANOTHER = "what answers at the authority's address is not it"


def _unquoted(error: AzureError) -> str:
    """What was said, without the answer that could not be read: there may be a token in it. So the error itself is no
    cause of ours either, which a traceback would print.
    """
    said = " ".join(error.message.partition("\nContent: ")[0].split())
    # What msal says of a redirect, which is not followed, or of a page of something in between; and of no token at all.
    return said.replace(_NO_JSON, _ANOTHER).replace("failed: None", f"failed: {_ANOTHER}")


def credential(settings: TenantSettings) -> TokenCredential:
    """The credential that ``[tenant] credential`` names. Asks nobody yet. Raises UsageError where a setting is
    missing.
    """
    match settings.credential:
        case "certificate":
            return _certificate(settings)
        case "secret":
            return _secret(settings)
        case "workload_identity":
            return _workload_identity(settings)
        case "managed_identity":
            return _managed_identity(settings)
        case other:
            raise UsageError(
                f"nexusops.toml, tenant.credential: {other!r} is not known.",
                next_step="Use one of certificate, secret, workload_identity, managed_identity; then try `nexusops "
                "doctor`.",
            )


def _certificate(settings: TenantSettings) -> TokenCredential:
    from azure.identity import CertificateCredential

    path = _needed(settings.certificate_path, "certificate_path")
    try:
        return CertificateCredential(
            settings.tenant_id,
            settings.client_id,
            path,
            password=settings.certificate_password,
            **_authority(settings),
        )
    except (OSError, TypeError, ValueError) as error:  # TypeError: the passphrase is missing, or there should be none
        raise unusable(path, error) from error


def _secret(settings: TenantSettings) -> TokenCredential:
    from azure.identity import ClientSecretCredential

    secret = _needed(settings.secret, "secret")
    return ClientSecretCredential(settings.tenant_id, settings.client_id, secret, **_authority(settings))


def _workload_identity(settings: TenantSettings) -> TokenCredential:
    from azure.identity import WorkloadIdentityCredential

    try:
        return WorkloadIdentityCredential(
            tenant_id=settings.tenant_id, client_id=settings.client_id, **_authority(settings)
        )
    except ValueError as error:
        raise UsageError(
            f"nexusops.toml, tenant.credential: workload identity is not set up here: {error}",
            next_step="Run where AZURE_FEDERATED_TOKEN_FILE is set, or choose another credential; then try "
            "`nexusops doctor`.",
        ) from error


def _managed_identity(settings: TenantSettings) -> TokenCredential:
    from azure.identity import ManagedIdentityCredential

    if settings.client_id:
        return ManagedIdentityCredential(client_id=settings.client_id)
    return ManagedIdentityCredential()


def _authority(settings: TenantSettings) -> dict[str, Any]:
    """Keyword arguments of azure-identity: where to ask, and whom to trust there.

    requests, which azure-identity uses, does not honour SSL_CERT_FILE: the bundle is named explicitly (stack.md 3).
    """
    from nexusops.tenant.patience import Bounded

    options: dict[str, Any] = {"authority": settings.authority, "retry_policy_class": Bounded, **PATIENCE}
    if urlsplit(settings.authority).scheme != "https":
        raise UsageError(
            f"nexusops.toml, tenant.authority: {settings.authority} is not https.",
            next_step="Credentials only go over https: start `nexusops emulator serve --tls`, and name its ca_bundle.",
        )
    if urlsplit(settings.authority).hostname not in MICROSOFT_AUTHORITIES:
        options["disable_instance_discovery"] = True
    if settings.ca_bundle:
        options["connection_verify"] = settings.ca_bundle
    return options


def _needed(value: str | None, key: str) -> str:
    if value:
        return value
    raise UsageError(
        f"nexusops.toml, tenant.{key}: it is missing.", next_step=f"Set {key} under [tenant]; see `nexusops init`."
    )
