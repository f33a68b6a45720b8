"""When the certificate ends that we sign in with: from its file, without asking anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from nexusops.errors import UsageError
from nexusops.tenant.settings import TenantSettings


def certificate_end(path: str, password: str | None) -> datetime:
    """The end of the certificate in a PEM or PFX file. Raises UsageError where it cannot be read, or has none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        content = Path(path).read_bytes()
        if b"-----BEGIN CERTIFICATE" in content:
            part = content[content.index(b"-----BEGIN CERTIFICATE") :]
            return x509.load_pem_x509_certificate(part).not_valid_after_utc
        _, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode() if password else None)
    except (OSError, ValueError) as error:
        raise unusable(path, error) from error
    if certificate is None:
        raise unusable(path, "there is no certificate in it")
    return certificate.not_valid_after_utc


def end_in_use(settings: TenantSettings) -> datetime | None:
    """Of the certificate that is signed in with; None where it is another credential. Raises UsageError."""
    if settings.credential != "certificate" or not settings.certificate_path:
        return None
    return certificate_end(settings.certificate_path, settings.certificate_password)


def unusable(path: str, why: object) -> UsageError:
    return UsageError(
        f"nexusops.toml, tenant.certificate_path: {path} cannot be used: {why}",
        next_step="Give a PEM file with the RSA key and its certificate, or a PFX file, with its passphrase; "
        "then try `nexusops doctor`.",
    )


def told_end(settings: TenantSettings, now: datetime) -> str:
    """What is to be said of a sign-in that was refused: that our certificate has ended; '' where it has not."""
    try:
        end = end_in_use(settings)
    except UsageError:
        return ""  # whoever made the credential has said so
    if end is None or now <= end:
        return ""
    return (
        f"the certificate in {settings.certificate_path} ended on {end:%Y-%m-%d}: make a new one, upload it to the "
        "application, and put it in its place"
    )
