"""When the certificate ends that we sign in with: from its file, without asking anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.settings import TenantSettings


def certificate_end(settings: TenantSettings) -> datetime | None:
    """None where the credential is no certificate. Raises TenantFault, OSError, ValueError for a file without one."""
    if settings.credential != "certificate" or not settings.certificate_path:
        return None
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    content = Path(settings.certificate_path).read_bytes()
    if b"-----BEGIN" in content:
        return x509.load_pem_x509_certificate(content[content.index(b"-----BEGIN CERTIFICATE") :]).not_valid_after_utc
    password = settings.certificate_password.encode() if settings.certificate_password else None
    _, certificate, _ = pkcs12.load_key_and_certificates(content, password)
    if certificate is None:
        raise TenantFault(FaultClass.CONFIG, f"{settings.certificate_path} holds no certificate")
    return certificate.not_valid_after_utc
