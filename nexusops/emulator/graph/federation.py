"""Federated credentials, and rolling certificates, of an application (tenant-api.md 4.13)."""

from __future__ import annotations

import time
from typing import Any

import jwt
from cryptography import x509

from nexusops.emulator.assertions import der_of
from nexusops.emulator.book import Object, new_id
from nexusops.emulator.graph import odata, queries
from nexusops.emulator.graph.applications import find_application, keys, owned
from nexusops.emulator.wire import Answer, Call, bad_request, not_found

MOST = 20
LONGEST = 120
PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
_FIELDS = {"name", "issuer", "subject", "audiences", "description", "claimsMatchingExpression"}


def list_credentials(call: Call, key: str) -> Answer:
    """``$filter`` and ``$select`` are taken (application-list-federatedidentitycredentials.md)."""
    app = find_application(call, key)
    odata.check_options(call, {"$filter", "$select"})
    known = ("id", *_FIELDS)
    question = queries.asked(call, queries.clause("federatedIdentityCredential", known))
    rows = [one for one in app.get("_federated") or [] if question.test(one)]
    names = odata.select_of(call, "federatedIdentityCredential", known, ())
    where = f"applications('{app['id']}')/federatedIdentityCredentials"
    return Answer(200, odata.listed(call, where, [odata.shown(row, names) if names else row for row in rows]))


def get_credential(call: Call, key: str, name: str) -> Answer:
    app = find_application(call, key)
    where = f"applications('{app['id']}')/federatedIdentityCredentials/$entity"
    return Answer(200, {"@odata.context": odata.context(call, where), **_one(app, name)})


def add_credential(call: Call, key: str) -> Answer:
    """201; at most twenty, each with an issuer and subject of its own, its name for good."""
    app, body = find_application(call, key), _checked(call.body)
    owned(call, app)
    for field in ("name", "issuer", "subject", "audiences"):
        if not body.get(field):
            raise bad_request(f"A value is required for property '{field}' of resource 'FederatedIdentityCredential'.")
    known: list[Object] = app.get("_federated") or []
    if len(body["name"]) > LONGEST:
        raise bad_request(f"Property 'name' is longer than {LONGEST} characters.")
    if len(known) >= MOST:
        raise bad_request(f"No more than {MOST} federated identity credentials can be added to an application.")
    if any(one["name"] == body["name"] for one in known):
        raise bad_request(f"FederatedIdentityCredential with name {body['name']} already exists.")
    if any((one["issuer"], one["subject"]) == (body["issuer"], body["subject"]) for one in known):
        raise bad_request("The combination of issuer and subject must be unique for this application.")
    made = {"id": new_id(), "description": None, **body}
    call.book.put("application", app["id"], {**app, "_federated": [*known, made]})
    where = f"applications('{app['id']}')/federatedIdentityCredentials/$entity"
    return Answer(201, {"@odata.context": odata.context(call, where), **made})


def change_credential(call: Call, key: str, name: str) -> Answer:
    app, body = find_application(call, key), _checked(call.body)
    owned(call, app)
    found = _one(app, name)
    if body.get("name", found["name"]) != found["name"]:
        raise bad_request("Property 'name' is immutable and cannot be changed.")
    rest = [{**one, **body} if one["id"] == found["id"] else one for one in app["_federated"]]
    call.book.put("application", app["id"], {**app, "_federated": rest})
    return Answer(204)


def remove_credential(call: Call, key: str, name: str) -> Answer:
    app = find_application(call, key)
    owned(call, app)
    found = _one(app, name)
    rest = [one for one in app["_federated"] if one["id"] != found["id"]]
    call.book.put("application", app["id"], {**app, "_federated": rest})
    return Answer(204)


def _one(app: Object, name: str) -> Object:
    """By id, or by name."""
    for one in app.get("_federated") or []:
        if name in (one["id"], one["name"], f"name={one['name']}"):
            return dict(one)
    raise not_found(name)


def _checked(body: Any) -> Object:
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    given = {name: value for name, value in body.items() if "@" not in name}
    if unknown := set(given) - _FIELDS:
        raise bad_request(f"Invalid property '{min(unknown)}'.")
    if not isinstance(given.get("audiences", []), list):
        raise bad_request("Invalid value specified for property 'audiences'.")
    return given


def add_key(call: Call, key: str) -> Answer:
    """``addKey``: 200 with the credential; the proof is signed by a certificate that is registered already."""
    app = find_application(call, key)
    owned(call, app)
    body = call.body if isinstance(call.body, dict) else {}
    if not isinstance(body.get("keyCredential"), dict) or not isinstance(body.get("proof"), str):
        raise bad_request("The parameters 'keyCredential' and 'proof' are required.")
    if not any(_signed(app, one, body["proof"]) for one in app["keyCredentials"]):
        raise bad_request("Authentication_MissingOrMalformed: the proof of possession is not valid.")
    made = keys([body["keyCredential"]])
    call.book.put("application", app["id"], {**app, "keyCredentials": [*app["keyCredentials"], *made]})
    return Answer(200, {"@odata.context": odata.context(call, "microsoft.graph.keyCredential"), **made[0], "key": None})


def _signed(app: Object, credential: Object, proof: str) -> bool:
    """By this certificate: the application's id as issuer, Entra as audience, ten minutes at most (4.13)."""
    try:
        certificate = x509.load_der_x509_certificate(der_of(credential["key"]))
        claims = jwt.decode(
            proof,
            certificate.public_key(),  # type: ignore[arg-type]
            algorithms=["RS256", "PS256"],
            audience=PROOF_AUDIENCE,
            issuer=app["id"],
            options={"require": ["exp", "nbf"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return False
    return bool(claims["exp"] - claims["nbf"] <= 600 and claims["exp"] > time.time())
