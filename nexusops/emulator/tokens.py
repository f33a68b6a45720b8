"""The token endpoint, and what a token allows (tenant-api.md 3.1, 9; stack.md 3).

Assertions come signed by RS256 or PS256, named by x5t or x5t#S256, some with padded segments; PyJWT verifies all of
them.
"""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from typing import Any

import jwt

from nexusops.emulator.book import Book, Object
from nexusops.emulator.wire import Answer, Call, Refusal, query_of

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
LIFETIME = 3599
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token_endpoint(book: Book, call: Call, authority: str) -> Answer:
    """``POST /{tenant}/oauth2/v2.0/token`` with client credentials: a secret, or a signed assertion."""
    form = query_of(call.content)
    tenant = call.path.strip("/").split("/")[0]
    if tenant != book.setting("tenant_id"):
        return _error(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
    if form.get("grant_type") != "client_credentials":
        return _error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    named = book.find("upn", form.get("client_id", "").lower())
    app = next((one for one in named if one["kind"] == "application"), None)
    if app is None:
        return _error(
            400, "unauthorized_client", 700016, f"Application with identifier '{form.get('client_id')}' was not found."
        )
    scope = form.get("scope", "")
    if not scope.endswith("/.default"):
        return _error(
            400,
            "invalid_scope",
            70011,
            f"The provided value for the input parameter 'scope' isn't valid. The scope {scope} isn't valid.",
        )
    refusal = _credential(book, app, form, f"{authority}/{tenant}/oauth2/v2.0/token")
    if refusal is not None:
        return refusal
    token = issue(book, app["appId"], scope.removesuffix("/.default"))
    return Answer(
        200,
        {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token},
    )


def _credential(book: Book, app: Object, form: dict[str, str], audience: str) -> Answer | None:
    if form.get("client_assertion_type") == _ASSERTION:
        try:
            _verify(book, app, form.get("client_assertion", ""), audience)
        except (jwt.PyJWTError, ValueError) as error:
            message = f"Client assertion contains an invalid signature. [Reason - {error}]"
            code = 700024 if isinstance(error, jwt.ExpiredSignatureError | jwt.ImmatureSignatureError) else 700027
            return _error(401, "invalid_client", code, message)
        return None
    if "client_secret" not in form:
        return _error(
            401, "invalid_client", 7000218, "The request body must contain: 'client_assertion' or 'client_secret'."
        )
    known = [c for c in app.get("passwordCredentials", ()) if c["secretText"] == form["client_secret"]]
    if not known:
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{app['appId']}'."
        )
        return _error(401, "invalid_client", 7000215, message)
    if all(
        c.get("endDateTime") and c["endDateTime"] < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) for c in known
    ):
        message = f"The provided client secret keys for app '{app['appId']}' are expired."
        return _error(401, "invalid_client", 7000222, message)
    return None


def _verify(book: Book, app: Object, assertion: str, audience: str) -> None:
    from cryptography import x509

    header = jwt.get_unverified_header(assertion)
    named = {name: header[name].rstrip("=") for name in ("x5t", "x5t#S256") if name in header}
    for credential in app.get("keyCredentials", ()):
        der = base64.b64decode(credential["key"])
        prints = {"x5t": _print(hashlib.sha1, der), "x5t#S256": _print(hashlib.sha256, der)}
        if named and all(prints[name] == value for name, value in named.items()):
            key: Any = x509.load_der_x509_certificate(der).public_key()
            claims = jwt.decode(
                assertion,
                key,
                algorithms=["RS256", "PS256"],
                audience=audience,
                issuer=app["appId"],
                options={"require": ["exp", "jti", "sub"]},
            )
            _once(book, claims["jti"])
            return
    raise ValueError("The key was not found.")


def _print(digest: Any, der: bytes) -> str:
    return base64.urlsafe_b64encode(digest(der).digest()).rstrip(b"=").decode()


def _once(book: Book, jti: str) -> None:
    seen = book.setting("assertions") or []
    if jti in seen:
        raise ValueError("The assertion has been used before.")
    book.set("assertions", [*seen[-500:], jti])


def issue(book: Book, app_id: str, audience: str) -> str:
    """A token of the embedded tenant; the roles that the app has now are baked in."""
    now = int(time.time())
    claims = {
        "aud": audience,
        "appid": app_id,
        "tid": book.setting("tenant_id"),
        "roles": sorted(roles_of(book, app_id)),
        "iat": now,
        "exp": now + LIFETIME,
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode(claims, book.setting("signing_key"), algorithm="HS256")


def roles_of(book: Book, app_id: str) -> set[str]:
    """The application permissions granted to an app, by name (Graph's and Exchange's)."""
    principal = next((p for p in book.find("upn", app_id.lower()) if p["kind"] == "servicePrincipal"), None)
    if principal is None:
        return set()
    return {assignment["value"] for assignment in principal.get("appRoleAssignments", ())}


def authorised(book: Book, call: Call, audiences: tuple[str, ...]) -> None:
    """Reads the bearer token into the call; raises the service's 401 where it is missing, expired or for another one."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorised("Access token is empty.")
    try:
        claims = jwt.decode(token, book.setting("signing_key"), algorithms=["HS256"], options={"verify_aud": False})
    except jwt.ExpiredSignatureError as error:
        raise _unauthorised("Access token has expired or is not yet valid.") from error
    except jwt.PyJWTError as error:
        raise _unauthorised("Access token validation failure.") from error
    if not any(name in claims["aud"] for name in audiences):
        raise _unauthorised("Access token validation failure. Invalid audience.")
    call.app, call.roles = claims["appid"], frozenset(claims["roles"])


def _unauthorised(message: str) -> Refusal:
    body = {"error": {"code": "InvalidAuthenticationToken", "message": message}}
    return Refusal(Answer(401, body, {"WWW-Authenticate": 'Bearer error="invalid_token"'}))


def _error(status: int, error: str, number: int, message: str) -> Answer:
    """The shape of Entra's token errors (tenant-api.md 9)."""
    trace, correlation, stamp = uuid.uuid4(), uuid.uuid4(), time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    text = f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    body = {
        "error": error,
        "error_description": text,
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": str(trace),
        "correlation_id": str(correlation),
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return Answer(status, body)


def discovery(book: Book, authority: str) -> Answer:
    """The documents that MSAL asks for."""
    tenant = f"{authority}/{book.setting('tenant_id')}"
    return Answer(
        200,
        {
            "issuer": f"{tenant}/v2.0",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "jwks_uri": f"{tenant}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        },
    )
