"""interface.md 1: no secret, token, password or client assertion ever stands in a cassette."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CASSETTES = sorted((Path(__file__).resolve().parents[2] / "cassettes").rglob("*.jsonl"))
SECRET = {
    *("accesstoken", "refreshtoken", "idtoken", "clientsecret", "clientassertion", "password", "secrettext"),
    *("authorization", "proxyauthorization", "cookie", "setcookie", "xapikey"),
}
# What may stand in a secret's place.
REPLACED = re.compile(r"\*+|<[^<>]*>|replaced", re.IGNORECASE)
LOOKS_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|\bBearer\s+[\w.~+/-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:client_secret|client_assertion|access_token|refresh_token|password)=(?!\*|<|%2A|%3C|replaced)[^&\s\"]+",
    re.IGNORECASE,
)


def secrets(value: Any, where: str = "") -> Iterator[str]:
    """Where in a document something secret stands; pairs of header name and value count as a key and its value."""
    match value:
        case dict():
            for key, inner in value.items():
                plain = re.sub(r"[^a-z]", "", str(key).lower())
                if plain in SECRET and isinstance(inner, str) and not REPLACED.fullmatch(inner):
                    yield f"{where}/{key}"
                else:
                    yield from secrets(inner, f"{where}/{key}")
        case [str() as name, str() as inner] if re.sub(r"[^a-z]", "", name.lower()) in SECRET:
            yield from secrets({name: inner}, where)
        case list():
            for index, inner in enumerate(value):
                yield from secrets(inner, f"{where}/{index}")
        case str() if LOOKS_SECRET.search(value):
            yield where


def test_no_cassette_holds_a_secret() -> None:
    lines = [
        (f"{path.name}:{n}", line) for path in CASSETTES for n, line in enumerate(path.read_bytes().splitlines(), 1)
    ]
    assert [where + at for where, line in lines for at in secrets(json.loads(line))] == []


@pytest.mark.parametrize(
    "held",
    [
        {"access_token": "abc"},
        {"passwordProfile": {"password": "Correct-Horse-7"}},
        {"headers": {"Authorization": "Bearer abc"}},
        {"headers": [["set-cookie", "session=1"]]},
        {"note": "Bearer abcdefgh1234"},
        {"assertion": "eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"},
        {"key": "-----BEGIN PRIVATE KEY-----\nMII"},
        {"body": "grant_type=client_credentials&client_secret=hunter2"},
    ],
    ids=str,
)
def test_a_secret_is_seen_wherever_it_stands(held: Any) -> None:
    assert len(list(secrets({"request": [held]}))) == 1


def test_what_was_replaced_is_no_secret() -> None:
    text = "grant_type=client_credentials&client_secret=***"
    clean = [{"password": "***"}, {"Authorization": "<replaced>"}, {"body": text}, {"passwordPolicies": "None"}]
    assert list(secrets(clean)) == []
