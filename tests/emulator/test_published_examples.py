"""The embedded tenant answers Microsoft's published requests as published: status, annotations, names and types.

building/published.py and building/published_directory.py hold the table, each row with its page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from building import published, published_directory
from building.certificates import in_base64, self_signed
from building.published import Example
from cryptography.hazmat.primitives.asymmetric import rsa
from emulator.asking import Asking

AREAS = {
    "users": published.USERS,
    "mailboxes": published.MAILBOXES,
    "domains": published_directory.DOMAINS,
    "applications": published_directory.APPLICATIONS + published_directory.PRINCIPALS,
    "audits and batches": published_directory.REST,
}
TYPES: dict[str, Any] = {"s": str, "i": int, "b": bool, "o": dict}


@pytest.mark.parametrize("area", AREAS)
def test_a_published_request_is_answered_in_the_published_shape(ask: Asking, area: str) -> None:
    """tenant-api.md 1: every operation of Graph that the embedded tenant has"""
    known = _known(ask, area)
    wrong = {}
    for number, example in enumerate(AREAS[area], 1):
        if found := _differences(ask, example, known):
            wrong[f"{number} {example.page}: {example.ask}"] = found
    assert wrong == {}


def test_every_route_of_the_embedded_tenant_has_a_published_example() -> None:
    from nexusops.emulator.graph import routes

    asked = {tuple(example.ask.partition("?")[0].split(" ", 1)) for area in AREAS.values() for example in area}
    paths = [(method, path.rstrip("/").replace("(appId='{app_id}')", "/x").lower()) for method, path in asked]
    without = [
        f"{method} {path}"
        for method, path, _, _ in routes._TABLE
        if not any(_fits(method, path, asked_with, at) for asked_with, at in paths)
    ]
    assert without == []


def _fits(method: str, path: str, asked_with: str, at: str) -> bool:
    parts, wanted = at.split("/"), path.lower().split("/")
    same = len(parts) == len(wanted) and all(w in ("{id}", p) for w, p in zip(wanted, parts, strict=True))
    return method == asked_with and same


def _known(ask: Asking, area: str) -> dict[str, str]:
    """What the rows speak of and do not make themselves."""
    graph = ask.graph("GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    user = ask.licensed("ball1234", mail="ball1234@nexus.ox.ac.uk")
    known = {"user": user, "sku": ask.sku, "nobody": "00000000-0000-0000-0000-000000000000"}
    known |= {"graph": graph["id"], "role": graph["appRoles"][0]["id"], "published": "found.example.org"}
    if area == "users":
        known["user"] = ask.person("charles", displayName="Charles Byron")
    if area == "domains":
        assert ask.graph("POST", "/domains", {"id": known["published"]}).status_code == 201
        ask.send("POST", "http://any/_emulator/dns", json={"published": [known["published"]]})
    return known


def _certified(application: str) -> dict[str, str]:
    """A certificate, and the proof that its key is held (application-addkey.md)."""
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    certificate = self_signed(key, now - timedelta(days=1), now + timedelta(days=90))
    span = {"nbf": int(now.timestamp()), "exp": int(now.timestamp()) + 600}
    claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": application, **span}
    return {"certificate": in_base64(certificate), "proof": jwt.encode(claims, key, "RS256")}


def _differences(ask: Asking, example: Example, known: dict[str, str]) -> list[str]:
    answer = _asked(ask, example, known)
    if answer.status_code != example.status:
        return [f"{answer.status_code} instead of {example.status}: {answer.text[:200]}"]
    if answer.status_code in (202, 204):
        return ["there is a body"] if answer.content else []
    if example.ask.endswith("/$count"):
        return [] if answer.headers["content-type"] == "text/plain" and answer.text.isdigit() else [answer.text]
    body = answer.json()
    if example.error:
        return _of_error(body, example.error)
    if example.keep:
        known |= {example.keep: body["id"]}
    if example.keep == "app":
        known |= {"app_id": body["appId"], **_certified(body["id"])}
    return _of_body(body, example, known)


def _asked(ask: Asking, example: Example, known: dict[str, str]) -> Any:
    method, path = _filled(example.ask, known).split(" ", 1)
    url = ask.tenant.graph_base_url + path.replace(" ", "%20").replace('"', "%22")
    headers = {**ask.token("https://graph.microsoft.com"), **example.headers}
    if isinstance(example.body, bytes):
        return ask.send(method, url, content=example.body, headers=headers)
    return ask.send(method, url, json=_filled(example.body, known), headers=headers)


def _filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, known) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"{{{name}}}", str(text))
    return value


def _of_error(body: Any, code: str) -> list[str]:
    error = body.get("error", {})
    inner = error.get("innerError", {})
    fine = set(body) == {"error"} and error.get("code") == code and bool(error.get("message"))
    return [] if fine and set(inner) == {"date", "request-id", "client-request-id"} else [f"the error is {body}"]


def _of_body(body: dict[str, Any], example: Example, known: dict[str, str]) -> list[str]:
    wrong = []
    context = body.get("@odata.context", "").partition("$metadata#")[2]
    if example.context is not None and context != _filled(example.context, known):
        wrong.append(f"@odata.context ends with {context}")
    rows = [body]
    if example.rows:
        rows = body["value"]
        if set(body) != {"@odata.context", "value", *example.beside}:
            wrong.append(f"beside the rows: {sorted(body)}")
        if example.shape and not rows:
            wrong.append("there are no rows")
    return wrong + [text for row in rows for text in _of_row(row, example)]


def _of_row(row: dict[str, Any], example: Example) -> list[str]:
    shape = dict(word.rsplit(":", 1) for word in example.shape.split())
    wrong = [f"{n} is {row.get(n, 'not there')!r}, not {t}" for n, t in shape.items() if not _is(row, n, t)]
    extra = {name for name in row if "@" not in name} - set(shape)
    return [*wrong, f"too much: {sorted(extra)}"] if example.whole and extra else wrong


def _is(row: dict[str, Any], name: str, kind: str) -> bool:
    if name not in row:
        return False
    value, bare = row[name], kind.removesuffix("?")
    if value is None:
        return kind.endswith("?")
    if bare.startswith("["):
        return isinstance(value, list) and all(isinstance(item, TYPES[bare[1]]) for item in value)
    return isinstance(value, TYPES[bare]) and isinstance(value, bool) is (bare == "b")
