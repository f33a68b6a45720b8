"""Signed client assertions, verified against the certificates registered with the application (stack.md 3).

They come signed by RS256 or PS256, name their certificate by x5t or x5t#S256, and some have padded segments.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from typing import Any
from urllib.parse import urlsplit

import jwt

from nexusops.emulator.book import Object
from nexusops.emulator.wire import Call


class UnfitAssertion(Exception):
    """An assertion that proves nothing; ``number`` is Entra's AADSTS number."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def verify(call: Call, app: Object, assertion: str) -> None:
    """Raises UnfitAssertion. Each assertion opens the door once."""
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(
            assertion,
            _certificate(app, header),
            algorithms=["RS256", "PS256"],
            audience=_audiences(call),
            issuer=app["appId"],
            options={"require": ["exp", "jti", "sub", "iss", "aud"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise UnfitAssertion(700024, "Client assertion is not within its valid time range.") from error
    except jwt.InvalidAudienceError as error:
        raise UnfitAssertion(700211, "Client assertion audience claim does not match this authority.") from error
    except jwt.PyJWTError as error:
        raise UnfitAssertion(700027, f"Client assertion failed signature validation. [Reason - {error}]") from error
    if claims["sub"] != app["appId"]:
        raise UnfitAssertion(700021, "Client assertion subject claim does not match the application.")
    _once(call, claims)


def _certificate(app: Object, header: dict[str, Any]) -> Any:
    """The public key of the registered certificate that the header names."""
    from cryptography import x509

    named = {name: str(header[name]).rstrip("=") for name in ("x5t", "x5t#S256") if header.get(name)}
    for credential in app["keyCredentials"]:
        der = der_of(credential["key"])
        prints = {"x5t": _print(hashlib.sha1(der, usedforsecurity=False)), "x5t#S256": _print(hashlib.sha256(der))}
        if named and all(prints[name] == value for name, value in named.items()):
            found = x509.load_der_x509_certificate(der)
            if found.not_valid_after_utc.timestamp() < time.time():
                raise UnfitAssertion(700027, f"{_INVALID} [Reason - The key used is expired., {_shown(prints['x5t'])}]")
            return found.public_key()
    shown = next(iter(named.values()), "none")
    raise UnfitAssertion(700027, f"{_INVALID} [Reason - The key was not found., {_shown(shown)}]")


_INVALID = "Client assertion contains an invalid signature."


def _shown(thumbprint: str) -> str:
    return f"Thumbprint of key used by client: '{thumbprint}'"


def der_of(key: str) -> bytes:
    """A certificate as keyCredentials carries it: base64 of DER. Raises ValueError."""
    try:
        return base64.b64decode(key, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _print(digest: Any) -> str:
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def _audiences(call: Call) -> list[str]:
    """The token endpoint as the client knows it, or the authority's issuer."""
    origins = {call.origin, f"https://{urlsplit(call.origin).netloc}"}
    tenant = call.path.strip("/").split("/")[0]
    return [f"{origin}/{tenant}/{tail}" for origin in origins for tail in ("oauth2/v2.0/token", "v2.0")]


def _once(call: Call, claims: dict[str, Any]) -> None:
    now = int(time.time())
    database = call.book.db
    database.execute("DELETE FROM assertion WHERE expires < ?", (now,))
    known = database.execute("SELECT 1 FROM assertion WHERE jti = ?", (claims["jti"],)).fetchone()
    if known:
        raise UnfitAssertion(700030, "Client assertion has been used before (jti).")
    database.execute("INSERT INTO assertion VALUES (?, ?)", (claims["jti"], int(claims["exp"])))
