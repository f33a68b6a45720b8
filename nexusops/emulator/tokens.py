"""The token endpoint, the discovery documents, and what a token allows (tenant-api.md 3.1, 9; stack.md 3)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from nexusops.emulator.assertions import UnfitAssertion, verify
from nexusops.emulator.book import Book, Object, new_id
from nexusops.emulator.roles import EXCHANGE_APP, GRAPH_APP
from nexusops.emulator.wire import INSTANT, Answer, Call, Refusal, query_of, refused

LIFETIME = 3599
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HOSTS = {
    # All clouds of tenant-api.md 3.4: a tenant of any cloud can be stood in for.
    "graph.microsoft.com": GRAPH_APP,
    "graph.microsoft.us": GRAPH_APP,
    "dod-graph.microsoft.us": GRAPH_APP,
    "microsoftgraph.chinacloudapi.cn": GRAPH_APP,
    GRAPH_APP: GRAPH_APP,
    "outlook.office365.com": EXCHANGE_APP,
    "outlook.office.com": EXCHANGE_APP,
    "outlook.office365.us": EXCHANGE_APP,
    "outlook-dod.office365.us": EXCHANGE_APP,
    "outlook.office365.cn": EXCHANGE_APP,
    "partner.outlook.cn": EXCHANGE_APP,
    EXCHANGE_APP: EXCHANGE_APP,
}
_read: dict[tuple[str, str], dict[str, Any]] = {}


def token_endpoint(call: Call, tenant: str) -> Answer:
    """``POST /{tenant}/oauth2/v2.0/token`` with client credentials: a secret, or a signed assertion."""
    book, form = call.book, query_of(call.content)
    if not is_tenant(book, tenant):
        return token_error(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
    if missing := next((name for name in ("grant_type", "client_id", "scope") if not form.get(name)), None):
        text = f"The request body must contain the following parameter: '{missing}'."
        return token_error(400, "invalid_request", 900144, text)
    if form["grant_type"] != "client_credentials":
        return token_error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    client = client_of(call, form)
    return client if isinstance(client, Answer) else _granted(call, client["appId"], form["scope"])


def client_of(call: Call, form: dict[str, str]) -> Object | Answer:
    """The application that asks, once its credential has been checked; else the error."""
    client = form.get("client_id", "")
    app = next(iter(call.book.find("application", "appId", client)), None)
    if app is None or app.get("deletedDateTime"):
        text = f"Application with identifier '{client}' was not found in the directory 'nexusops'."
        return token_error(400, "unauthorized_client", 700016, text)
    return _unfit_credential(call, app, form) or app


def _granted(call: Call, app_id: str, scope: str) -> Answer:
    if len(scope.split()) != 1:
        text = f"The provided value for the input parameter 'scope' isn't valid. The scope {scope} isn't valid."
        return token_error(400, "invalid_scope", 70011, text)
    if not scope.endswith("/.default"):
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
        return token_error(
            400,
            "invalid_scope",
            1002012,
            f"{text} Client credential flows must have a scope value with /.default suffixed.",
        )
    audience = scope.removesuffix("/.default")
    if resources_of(audience, call.origin) == ():
        text = f"The resource principal named {audience} was not found in the tenant named nexusops."
        return token_error(400, "invalid_resource", 500011, text)
    token = issue(call.book, app_id, audience, call.origin)
    body = {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}
    return Answer(200, body, {"Cache-Control": "no-store"})


def is_tenant(book: Book, name: str) -> bool:
    if name.lower() == book.setting("tenant_id"):
        return True
    found = book.get("domain", name.lower())
    return found is not None and bool(found["isVerified"])


def _unfit_credential(call: Call, app: Object, form: dict[str, str]) -> Answer | None:
    """The error of a credential that does not fit, None for one that does."""
    if form.get("client_assertion_type") == _ASSERTION:
        try:
            verify(call, app, form.get("client_assertion", ""))
        except UnfitAssertion as error:
            return token_error(401, "invalid_client", error.number, str(error))
        return None
    secret = form.get("client_secret")
    if not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        return token_error(401, "invalid_client", 7000218, text)
    known = [c for c in app["passwordCredentials"] if c["secretText"] == secret]
    if not known:
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{app['appId']}'."
        )
        return token_error(401, "invalid_client", 7000215, text)
    now = datetime.now(UTC).strftime(INSTANT)
    if all(c["endDateTime"] is not None and c["endDateTime"] < now for c in known):
        text = f"The provided client secret keys for app '{app['appId']}' are expired."
        return token_error(401, "invalid_client", 7000222, text)
    return None


def resources_of(audience: str, origin: str) -> tuple[str, ...]:
    """The resources that an audience names. The tenant's own address on loopback names both: they share it."""
    host = urlsplit(audience).netloc or audience
    if host in _HOSTS:
        return (_HOSTS[host],)
    return (GRAPH_APP, EXCHANGE_APP) if host == urlsplit(origin).netloc else ()


def issue(book: Book, app_id: str, audience: str, origin: str = "") -> str:
    """A token; the roles that the app has now are baked in (3.1). Raises ValueError for an unknown audience."""
    resources = resources_of(audience, origin)
    if not resources:
        raise ValueError(f"{audience}: neither Graph nor Exchange")
    now, tenant = int(time.time()), book.setting("tenant_id")
    claims = {
        "aud": audience,
        "res": resources,
        "iss": f"https://sts.windows.net/{tenant}/",
        "appid": app_id,
        "idtyp": "app",
        "tid": tenant,
        "ver": "1.0",
        "roles": sorted(granted_roles(book, app_id, resources)),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "uti": new_id(),
    }
    return jwt.encode(claims, book.setting("signing_key"), algorithm="HS256")


def granted_roles(book: Book, app_id: str, resources: tuple[str, ...]) -> set[str]:
    """The names of the application permissions that an app has on these resources."""
    principal = next(iter(book.find("servicePrincipal", "appId", app_id)), None)
    if principal is None or not principal["accountEnabled"]:
        return set()
    values = {
        (resource["id"], role["id"]): role["value"]
        for name in resources
        for resource in book.find("servicePrincipal", "appId", name)
        for role in resource["appRoles"]
    }
    held = book.find("assignment", "principalId", principal["id"])
    return {values[key] for a in held if (key := (a["resourceId"], a["appRoleId"])) in values}


def authorise(call: Call, resource: str) -> str | None:
    """Reads the bearer token into the call; the reason, where it does not open this resource."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return "Access token is empty."
    try:
        claims = _claims(call.book, token)
    except jwt.ExpiredSignatureError:
        return "Access token has expired or is not yet valid."
    except jwt.PyJWTError:
        return "Access token validation failure."
    if resource not in claims["res"]:
        return "Access token validation failure. Invalid audience."
    call.app_id, call.roles = claims["appid"], frozenset(claims["roles"])
    return None


def _claims(book: Book, token: str) -> dict[str, Any]:
    key = book.setting("signing_key")
    claims = _read.get((key, token))
    if claims is None or claims["exp"] <= time.time():
        claims = jwt.decode(token, key, algorithms=["HS256"], options={"verify_aud": False, "require": ["exp", "aud"]})
        if len(_read) > 1000:
            _read.clear()
        _read[key, token] = claims
    return claims


def unauthorised(message: str) -> Refusal:
    """Graph's 401 (9.16)."""
    challenge = {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return refused(401, "InvalidAuthenticationToken", message, headers=challenge)


def token_error(status: int, error: str, number: int, message: str) -> Answer:
    """The shape of Entra's token errors (tenant-api.md 9)."""
    trace, correlation = new_id(), new_id()
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    text = f"AADSTS{number}: {message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {stamp}"
    body = {
        "error": error,
        "error_description": text,
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return Answer(status, body)


def openid_configuration(call: Call, tenant: str) -> Answer:
    """The document that MSAL asks for before its first token."""
    if not is_tenant(call.book, tenant):
        return token_error(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
    base = f"{call.origin}/{tenant}"
    body = {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    }
    return Answer(200, body)


def instance_discovery(call: Call) -> Answer:
    """``GET /common/discovery/instance``: this authority speaks for itself."""
    host = urlsplit(call.origin).netloc
    tenant = call.book.setting("tenant_id")
    entry = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    document = f"{call.origin}/{tenant}/v2.0/.well-known/openid-configuration"
    return Answer(200, {"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": [entry]})
