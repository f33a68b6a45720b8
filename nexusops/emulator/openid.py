"""People sign in: a plain form, codes with PKCE, ID tokens and the keys that they are signed with (OpenID Connect
Core 3.1, RFC 7636, RFC 6749 4.1).

The embedded tenant knows no passwords that anybody was told, so it asks for none: whoever opens the form says who they
are. Everything else is refused as Entra refuses it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nexusops.emulator import tokens
from nexusops.emulator.book import Book, Object
from nexusops.emulator.wire import Answer, Call, query_of

CODE_LIFETIME, LIFETIME = 600, 3600
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_KEPT = (
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "client_info",
    "prompt",
    "login_hint",
)
_PAGE = (
    '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Sign in to the embedded tenant</title>'
    "<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}}"
    "label,input,button{{display:block;font:inherit}}input{{width:100%;padding:.4rem;margin:.2rem 0 1rem}}"
    "button{{padding:.4rem 1.2rem}}</style></head><body><main><h1>Embedded tenant</h1>{0}</main></body></html>"
)


def authorize(call: Call, tenant: str) -> Answer:
    """``/{tenant}/oauth2/v2.0/authorize``: the form (GET), and its answer (POST): back to the application with a code.

    An unknown application or reply address is told here, and nothing is sent there; other errors go back to it.
    """
    given = call.query if call.method == "GET" else query_of(call.content)
    if not tokens.is_tenant(call.book, tenant):
        return _told(90002, f"Tenant '{tenant}' not found.")
    app = next(iter(call.book.find("application", "appId", given.get("client_id", ""))), None)
    if app is None or app.get("deletedDateTime"):
        text = f"Application with identifier '{given.get('client_id', '')}' was not found in the directory 'nexusops'."
        return _told(700016, text)
    uri = given.get("redirect_uri", "")
    if not any(_same(uri, registered) for registered in (app.get("web") or {}).get("redirectUris") or []):
        text = f"The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the"
        return _told(50011, f"{text} application '{app['appId']}'.")
    if (error := _unfit(given)) is not None:
        return _back(uri, {"error": error[0], "error_description": error[1], "state": given.get("state", "")})
    if call.method != "POST":
        return _form(given)
    return _signed_in(call, given)


def _signed_in(call: Call, given: dict[str, str]) -> Answer:
    name = given.get("username", "").strip()
    user = next(iter(call.book.find("user", "userPrincipalName", name)), None)
    if user is None or user.get("deletedDateTime"):
        return _form(given, f"AADSTS50034: The user account {name} does not exist in the nexusops directory.")
    if not user.get("accountEnabled"):
        return _form(given, "AADSTS50057: The user account is disabled.")
    code = secrets.token_urlsafe(48)
    now = int(time.time())
    codes = {key: one for key, one in (call.book.setting("codes") or {}).items() if one["until"] > now}
    kept = {key: given.get(key, "") for key in _KEPT}
    call.book.keep("codes", {**codes, code: {**kept, "oid": user["id"], "until": now + CODE_LIFETIME}})
    return _back(given["redirect_uri"], {"code": code, "state": given.get("state", "")})


def token_endpoint(call: Call, tenant: str) -> Answer:
    """The code for an ID token; any other grant is that of applications."""
    form = query_of(call.content)
    if form.get("grant_type") != "authorization_code" or not tokens.is_tenant(call.book, tenant):
        return tokens.token_endpoint(call, tenant)
    app = tokens.client_of(call, form)
    if isinstance(app, Answer):
        return app
    codes = call.book.setting("codes") or {}
    # A code that was shown once is gone, whatever comes of it.
    kept = codes.pop(form.get("code", ""), None)
    call.book.keep("codes", codes)
    if kept is None or kept["client_id"] != app["appId"]:
        return tokens.token_error(400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
    if kept["until"] <= time.time():
        return tokens.token_error(400, "invalid_grant", 70008, "The provided authorization code has expired.")
    if kept["redirect_uri"] != form.get("redirect_uri"):
        return tokens.token_error(400, "invalid_client", 500112, "The reply address does not match the one asked for.")
    verifier = form.get("code_verifier", "")
    if kept["code_challenge"] != _plain(hashlib.sha256(verifier.encode()).digest()):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        return tokens.token_error(400, "invalid_grant", 501481, text)
    return _redeemed(call, tenant, kept)


def _redeemed(call: Call, tenant: str, kept: dict[str, Any]) -> Answer:
    user = call.book.get("user", kept["oid"])
    if user is None or not user.get("accountEnabled"):
        return tokens.token_error(400, "invalid_grant", 50057, "The user account is disabled.")
    body = {
        "token_type": "Bearer",
        "scope": kept["scope"],
        "expires_in": LIFETIME,
        # Graph is not asked in the name of people here: this opens nothing.
        "access_token": secrets.token_urlsafe(64),
        "id_token": _id_token(call, tenant, kept, user),
    }
    if kept["client_info"]:
        info = f'{{"uid":"{user["id"]}","utid":"{call.book.setting("tenant_id")}"}}'
        body["client_info"] = _plain(info.encode())
    return Answer(200, body, {"Cache-Control": "no-store"})


def _id_token(call: Call, tenant: str, kept: dict[str, Any], user: Object) -> str:
    now, tenant_id = int(time.time()), call.book.setting("tenant_id")
    pairwise = hashlib.sha256(f"{user['id']}{kept['client_id']}".encode()).digest()
    claims = {
        "ver": "2.0",
        "iss": f"{call.origin}/{tenant}/v2.0",
        "sub": _plain(pairwise),
        "aud": kept["client_id"],
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "name": user.get("displayName"),
        "preferred_username": user["userPrincipalName"],
        "oid": user["id"],
        "tid": tenant_id,
        "nonce": kept["nonce"],
    }
    key, kid = _key(call.book)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def keys(call: Call, tenant: str) -> Answer:
    """``GET /{tenant}/discovery/v2.0/keys``: the public half of the key."""
    if not tokens.is_tenant(call.book, tenant):
        return _told(90002, f"Tenant '{tenant}' not found.")
    key, kid = _key(call.book)
    found = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return Answer(200, {"keys": [{**found, "kid": kid, "use": "sig", "alg": "RS256"}]})


def _key(book: Book) -> tuple[rsa.RSAPrivateKey, str]:
    """The tenant's own key, made when it is first needed."""
    pem = book.setting("openid_key")
    if pem is None:
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PrivateFormat.PKCS8
        pem = made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        book.keep("openid_key", pem)
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the tenant's own key is not of RSA")
    return key, hashlib.sha256(pem.encode()).hexdigest()[:24]


def _unfit(given: dict[str, str]) -> tuple[str, str] | None:
    """The error of a request that the application made wrongly, None for one that is right."""
    if given.get("response_type") != "code":
        return "unsupported_response_type", "AADSTS700054: response_type must be 'code'."
    if "openid" not in given.get("scope", "").split():
        return "invalid_scope", "AADSTS70011: The scope must hold 'openid'."
    if given.get("code_challenge_method", "") != "S256" or not given.get("code_challenge"):
        return "invalid_request", "AADSTS9002325: Proof Key for Code Exchange is required, with the method S256."
    return None


def _same(uri: str, registered: str) -> bool:
    """Exactly, but for the port of a loopback address (RFC 8252 7.3)."""
    asked, known = urlsplit(uri), urlsplit(registered)
    if known.hostname in LOOPBACK and known.scheme == "http":
        parts = (asked.scheme, asked.hostname, asked.path, asked.query, asked.fragment)
        return parts == (known.scheme, known.hostname, known.path, known.query, known.fragment)
    return uri == registered


def _back(uri: str, parameters: dict[str, str]) -> Answer:
    found = {name: value for name, value in parameters.items() if value}
    return Answer(302, None, {"Location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(found)}"})


def _form(given: dict[str, str], trouble: str = "") -> Answer:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(given[name])}">' for name in _KEPT if name in given
    )
    said = f'<p role="alert">{escape(trouble)}</p>' if trouble else ""
    name = escape(given.get("username") or given.get("login_hint") or "")
    return _page(
        200,
        f'{said}<form method="post">{hidden}<label for="username">User principal name</label>'
        f'<input id="username" name="username" value="{name}" autocomplete="username" required>'
        "<button>Sign in</button></form><p>This tenant is for trying things out: it asks for no password.</p>",
    )


def _told(number: int, text: str) -> Answer:
    return _page(400, f"<p>AADSTS{number}: {escape(text)}</p>")


def _page(status: int, inner: str) -> Answer:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }
    return Answer(status, _PAGE.format(inner).encode(), headers)


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
