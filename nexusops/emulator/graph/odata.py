"""Query options of Graph: $select, $top, $count, paging links with opaque tokens (tenant-api.md 4.1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from nexusops.emulator.book import Object
from nexusops.emulator.wire import Call, bad_request


def check_options(call: Call, allowed: Collection[str]) -> None:
    """Refuses query options that the surface does not have."""
    for name in call.query:
        if name == "$skip":
            raise bad_request("'$skip' is not supported by the service.")
        if name.startswith("$") and name not in allowed:
            raise bad_request(f"The query specified in the URI is not valid. Query option '{name}' is not allowed.")


def check_expanded(call: Call, kind: str, known: Iterable[str]) -> None:
    """Refuses to expand what the schema does not know; of what it knows nothing is kept that could be shown."""
    text = re.sub(r"\([^()]*\)", "", call.query.get("$expand", ""))
    spelt = speller("Parsing OData Select and Expand failed", kind, known)
    for part in text.split(",") if text else ():
        spelt(part.strip())


def select_of(
    call: Call, kind: str, known: Iterable[str], default: Iterable[str], *, extensions: re.Pattern[str] | None = None
) -> list[str]:
    """The properties to show, as the schema spells them; an unknown one in $select is refused with Graph's words."""
    text = call.query.get("$select")
    if not text:
        return list(default)
    spelt = speller("Parsing OData Select and Expand failed", kind, known, extensions)
    return [spelt(part.strip()) for part in text.split(",") if part.strip()]


def speller(
    where: str, kind: str, known: Iterable[str], extensions: re.Pattern[str] | None = None
) -> Callable[[str], str]:
    """Gives a property as the schema of ``kind`` spells it; one that it has not is refused with Graph's words."""
    spelt = {name.lower(): name for name in known}

    def spell(name: str) -> str:
        if name.lower() not in spelt and not (extensions and extensions.fullmatch(name)):
            raise bad_request(f"{where}: Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")
        return spelt.get(name.lower(), name)

    return spell


def shown(found: Object, names: Iterable[str]) -> Object:
    return {name: found.get(name) for name in names}


def counting(call: Call) -> bool:
    """Whether the advanced query capabilities are on: $count=true and the header (4.1)."""
    return call.query.get("$count") == "true" and call.headers.get("consistencylevel", "").lower() == "eventual"


def top_of(call: Call, *, most: int = 999, usual: int = 100) -> int:
    text = call.query.get("$top")
    if text is None:
        return usual
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive.")
    return int(text)


def sealed(call: Call, content: Any) -> str:
    """An opaque token; another tenant's, or one that was tampered with, does not open."""
    text = msgspec.json.encode(content)
    seal = _seal(call, text)
    return base64.urlsafe_b64encode(seal + text).rstrip(b"=").decode()


def opened(call: Call, token: str) -> Any:
    """The content of a token; raises ValueError for one that is not ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError) as error:
        raise ValueError("no token") from error
    if not hmac.compare_digest(raw[:12], _seal(call, raw[12:])):
        raise ValueError("not ours")
    return msgspec.json.decode(raw[12:])


def _seal(call: Call, text: bytes) -> bytes:
    return hmac.new(call.book.setting("signing_key").encode(), text, hashlib.sha256).digest()[:12]


def skipped_to(call: Call) -> str:
    """Where a page begins: the id before it."""
    token = call.query.get("$skiptoken")
    if token is None:
        return ""
    try:
        return str(opened(call, token))
    except ValueError as error:
        raise bad_request("Skip token is invalid, expired or does not belong to this query.") from error


def next_link(call: Call, path: str, after: str) -> str:
    """The same query, going on after an id."""
    kept = {name: value for name, value in call.query.items() if name != "$skiptoken"}
    return link(call, path, {**kept, "$skiptoken": sealed(call, after)})


def link(call: Call, path: str, query: dict[str, str]) -> str:
    pairs = "&".join(f"{name}={quote(value, safe=',')}" for name, value in query.items())
    return f"{call.origin}/v1.0{path}?{pairs}"


def context(call: Call, fragment: str) -> str:
    return f"{call.origin}/v1.0/$metadata#{fragment}"


def selected(call: Call, fragment: str, names: Iterable[str]) -> str:
    """A fragment that says which properties were asked for: ``users(id,mail)``."""
    return f"{fragment}({','.join(names)})" if call.query.get("$select") else fragment


def listed(call: Call, fragment: str, rows: list[Object]) -> Object:
    return {"@odata.context": context(call, fragment), "value": rows}
