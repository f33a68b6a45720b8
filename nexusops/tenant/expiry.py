"""When the certificate ends that we sign in with: from its file, without asking anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from nexusops.errors import UsageError
from nexusops.tenant.settings import TenantSettings


def certificate_end(settings: TenantSettings) -> datetime | None:
    """None where the credential is no certificate. Raises UsageError where its file cannot be read, or has none."""
    if settings.credential != "certificate" or not settings.certificate_path:
        return None
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    path = Path(settings.certificate_path)
    try:
        content = path.read_bytes()
        if b"-----BEGIN CERTIFICATE" in content:
            part = content[content.index(b"-----BEGIN CERTIFICATE") :]
            return x509.load_pem_x509_certificate(part).not_valid_after_utc
        password = settings.certificate_password.encode() if settings.certificate_password else None
        _, certificate, _ = pkcs12.load_key_and_certificates(content, password)
    except (OSError, ValueError) as error:
        raise unusable(settings, error) from error
    if certificate is None:
        raise unusable(settings, "there is no certificate in it")
    return certificate.not_valid_after_utc


def unusable(settings: TenantSettings, why: object) -> UsageError:
    return UsageError(
        f"nexusops.toml, tenant.certificate_path: {settings.certificate_path} cannot be used: {why}",
        next_step="Give a PEM file with the RSA key and its certificate, or a PFX file, with its passphrase; "
        "then try `nexusops doctor`.",
    )


def told_end(settings: TenantSettings, now: datetime) -> str:
    """What is to be said of a sign-in that was refused: that our certificate has ended; '' where it has not."""
    try:
        end = certificate_end(settings)
    except UsageError:
        return ""  # whoever made the credential has said so
    if end is None or now <= end:
        return ""
    return (
        f"the certificate in {settings.certificate_path} ended on {end:%Y-%m-%d}: make a new one, upload it to the "
        "application, and put it in its place"
    )
