"""Certificates that sign for themselves, as applications sign in with them."""

from __future__ import annotations

import base64
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def self_signed(
    key: CertificateIssuerPrivateKeyTypes, begin: datetime, end: datetime, name: str = "nexusops"
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    dated = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
    return dated.sign(key, hashes.SHA256())


def in_base64(certificate: x509.Certificate) -> str:
    """As Graph takes it: the DER."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
