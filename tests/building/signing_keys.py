"""What providers publish for DKIM: the public half of a key, as its p= has it (RFC 6376 section 3.6.1).

A key short enough to name a test is always the same one: workers that share a suite must find the same tests.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@cache
def rsa_key(bits: int = 2048, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return b64encode(rsa.generate_private_key(65537, bits).public_key().public_bytes(Encoding.DER, form)).decode()


def ed25519_key() -> str:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    return b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def elliptic_key() -> str:
    """Of no kind that DKIM knows."""
    key = ec.derive_private_key(2026, ec.SECP256R1()).public_key()
    return b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def tiny_key() -> str:
    """RFC 8017's structure with a modulus of 512 bits, which no library makes any more."""
    body = b"\x02\x41\x00" + b"\xff" * 64 + b"\x02\x03\x01\x00\x01"
    return b64encode(bytes([0x30, len(body)]) + body).decode()
