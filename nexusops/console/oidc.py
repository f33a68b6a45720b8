"""Sign-in through OpenID Connect: MSAL's authorisation code flow with PKCE, state and nonce (RFC 7636, OIDC Core 3.1).

MSAL takes the ID token as it comes over TLS; here its signature, issuer, audience and tenant are checked besides.
"""

from __future__ import annotations

import ssl
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt

from nexusops.console.settings import SignInSettings
from nexusops.model.frozen import frozen


@frozen
class Identity:
    """Who the authority says it is: ``oid`` never changes, ``upn`` is the user principal name."""

    oid: str
    upn: str
    name: str


class SignInFailed(Exception):
    """Nobody was signed in; the message is for the person and holds no secret."""


@dataclass(slots=True)
class OpenIdConnect:
    """The authority is asked for its document and keys when somebody first signs in."""

    settings: SignInSettings
    _app: Any = None
    _document: Mapping[str, Any] = field(default_factory=dict)
    _keys: Mapping[str, jwt.PyJWK] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, redirect_uri: str) -> dict[str, Any]:
        """A new dialogue: ``auth_uri`` is where the browser goes; the rest is MSAL's, to be kept on this side."""
        try:
            client = self._client()
            with self._lock, warnings.catch_warnings():
                # MSAL would have the code posted; a browser sends no SameSite cookie with that, and the cookie is what
                # binds the dialogue to it. The code alone is worth nothing without its verifier.
                warnings.filterwarnings("ignore", message="response_mode")
                # The account list is always shown: whoever signs out at a shared machine is not signed in again unseen.
                flow: dict[str, Any] = client.initiate_auth_code_flow(
                    [], redirect_uri=redirect_uri, prompt="select_account"
                )
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            raise SignInFailed("The sign-in service does not answer.") from error
        if "auth_uri" not in flow:
            raise SignInFailed("The sign-in service does not answer.")
        return flow

    def finish(self, flow: dict[str, Any], query: Mapping[str, str]) -> Identity:
        """Redeems the code. Raises SignInFailed where state, nonce, signature or anything else does not fit."""
        try:
            answer = self._client().acquire_token_by_auth_code_flow(flow, dict(query))
        except (OSError, ValueError, RuntimeError) as error:  # MSAL: a foreign state, a foreign nonce
            raise SignInFailed("The answer of the sign-in service does not fit the question.") from error
        if "id_token" not in answer:
            raise SignInFailed(f"The sign-in service refused: {str(answer.get('error', 'no ID token'))[:60]}.")
        return self._identity(answer["id_token"])

    def _client(self) -> Any:
        with self._lock:
            if self._app is None:
                import msal

                self._app = msal.ConfidentialClientApplication(
                    self.settings.client_id,
                    client_credential=self.settings.client_secret,
                    authority=f"{self.settings.authority}/{self.settings.tenant_id}",
                    instance_discovery=False,
                    verify=self.settings.ca_bundle or True,
                )
            return self._app

    def _identity(self, token: str) -> Identity:
        try:
            claims = jwt.decode(
                token,
                self._key(jwt.get_unverified_header(token).get("kid", "")),
                algorithms=["RS256"],
                audience=self.settings.client_id,
                issuer=self._document["issuer"],
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
        except (jwt.PyJWTError, httpx.HTTPError, KeyError, ValueError) as error:
            raise SignInFailed("The ID token is not one of this tenant for this application.") from error
        if claims.get("tid") != self.settings.tenant_id:
            raise SignInFailed("The account is not one of this tenant.")
        upn = str(claims.get("preferred_username", "")).lower()
        return Identity(oid=str(claims.get("oid", "")), upn=upn, name=str(claims.get("name", "")) or upn)

    def _key(self, kid: str) -> jwt.PyJWK:
        """The authority's key of this id; asked for anew once where it is not known (keys are rolled over)."""
        with self._lock:
            if kid not in self._keys:
                self._ask()
            return self._keys[kid]

    def _ask(self) -> None:
        base = f"{self.settings.authority}/{self.settings.tenant_id}"
        trusting = ssl.create_default_context(cafile=self.settings.ca_bundle)
        with httpx.Client(verify=trusting, timeout=20) as client:
            self._document = client.get(f"{base}/v2.0/.well-known/openid-configuration").raise_for_status().json()
            found = client.get(self._document["jwks_uri"]).raise_for_status().json()
        self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(found).keys if key.key_id}
