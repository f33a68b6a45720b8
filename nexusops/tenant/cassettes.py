"""Recorded exchanges with a tenant, and their replay through respx (stack.md 4; architecture.md, Proof).

A cassette is JSON Lines, one exchange a line:

    {"provenance", "recorded_at", "method", "url", "request_headers", "request",
     "status", "response_headers", "response"}

``provenance``: documentation, emulator or tenant. Bodies are JSON where they are JSON, else text. Headers are kept by
allow list, so that no token is ever written; secrets in bodies become ``***``. What a real tenant says of people is
replaced as well, one and the same datum always by the same stand-in, so that what belongs together stays so.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    import respx

PROVENANCES = ("documentation", "emulator", "tenant")
REQUEST_HEADERS = ("content-type", "prefer", "x-anchormailbox", "x-cmdletname", "consistencylevel")
RESPONSE_HEADERS = ("content-type", "retry-after", "location")
SECRETS = frozenset(
    {"password", "secrettext", "clientsecret", "clientassertion", "accesstoken", "refreshtoken", "idtoken"}
)
PERSONAL = frozenset(
    {
        *("userprincipalname", "displayname", "mailnickname", "employeeid", "name", "alias", "givenname", "surname"),
        *("identity", "forwardingaddress", "subject", "content"),
    }
)
_ADDRESS = re.compile(r"[\w+-][\w.!#$%&'*+=?^`{|}~-]*@[\w-]+(?:\.[\w-]+)+")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_LEGACY = re.compile(r"(x500|eum|legacydn):.*", re.IGNORECASE)
_PLAIN = "$,'()/:"
_STAND_IN = "@example.ac.uk"
Exchanged = dict[str, Any]


class Scrubber:
    """Replaces secrets always, and personal data where ``people`` says so; ``known`` maps further strings."""

    def __init__(self, known: Mapping[str, str] | None = None, *, people: bool = False) -> None:
        self._known = dict(known or {})
        self._people = people

    def also(self, told: str, stands_for: str) -> None:
        self._known[told] = stands_for

    def value(self, value: Any, key: str = "") -> Any:
        """The same document, scrubbed."""
        plain = re.sub(r"[^a-z]", "", key.lower())
        match value:
            case dict():
                return {name: self.value(inner, name) for name, inner in value.items()}
            case list():
                return [self.value(inner, key) for inner in value]
            case str() if plain in SECRETS:
                return "***"
            case str() if key == "url":
                return self.url(value)
            case str() if self._people and plain in PERSONAL and not _ADDRESS.search(value):
                return self._instead(value, plain)
            case str():
                return self.text(value)
            case _:
                return value

    def url(self, url: str) -> str:
        """Without escapes where that is possible; the literals of a filter name people."""
        parsed = httpx.URL(url)
        pairs = [f"{k}={quote(self.text(self._literals(k, v)), safe=_PLAIN)}" for k, v in parsed.params.multi_items()]
        place = f"{parsed.scheme}://{parsed.netloc.decode()}" if parsed.host else ""
        return place + quote(self.text(parsed.path), safe=_PLAIN + "@") + ("?" + "&".join(pairs) if pairs else "")

    def _literals(self, option: str, value: str) -> str:
        if not self._people or option != "$filter":
            return value
        return _LITERAL.sub(lambda found: f"'{self._instead(found[1], 'employeeid')}'", value)

    def text(self, text: str) -> str:
        if self._people:
            text = _ADDRESS.sub(lambda found: self._address(found[0]), text)
            text = _LEGACY.sub(lambda found: f"{found[1]}:***", text)
        for told in sorted(self._known, key=len, reverse=True):
            if told in text:
                text = re.sub(rf"(?<!\w){re.escape(told)}(?!\w)", self._known[told], text)
        return text

    def _instead(self, value: str, kind: str) -> str:
        if not value or _ID.fullmatch(value) or value in self._known.values():
            return self.text(value)
        return self._known.setdefault(value, f"{kind}-{len(self._known) + 1}")

    def _address(self, address: str) -> str:
        if address.endswith(_STAND_IN) or address.startswith("SystemMailbox{"):
            return address
        return self._known.setdefault(address.lower(), f"address-{len(self._known) + 1}{_STAND_IN}")


class Recorder(httpx.AsyncBaseTransport):
    """Sits in front of a transport and writes down what passes. ``now`` gives the time of the recording."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        path: Path,
        *,
        provenance: str,
        now: Callable[[], datetime],
        known: Mapping[str, str] | None = None,
    ) -> None:
        if provenance not in PROVENANCES:
            raise ValueError(f"provenance is one of {', '.join(PROVENANCES)}")
        self._inner = inner
        self._path = path
        self._provenance = provenance
        self._now = now
        self._scrubber = Scrubber(known, people=provenance == "tenant")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")

    def also(self, told: str, stands_for: str) -> None:
        """Replaces this string too, wherever it stands from now on (the tenant's id)."""
        self._scrubber.also(told, stands_for)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = await request.aread()
        answer = await self._inner.handle_async_request(request)
        content = await answer.aread()
        line = {
            "provenance": self._provenance,
            "recorded_at": self._now().isoformat(),
            "method": request.method,
            "url": self._scrubber.url(str(request.url)),
            "request_headers": self._headers(request.headers, REQUEST_HEADERS),
            "request": self._scrubber.value(_document(sent)),
            "status": answer.status_code,
            "response_headers": self._headers(answer.headers, RESPONSE_HEADERS),
            "response": self._scrubber.value(_document(content)),
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        # What was decoded to be read is not encoded any more.
        headers = [
            (k, v) for k, v in answer.headers.multi_items() if k.lower() not in ("content-encoding", "content-length")
        ]
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)

    def _headers(self, headers: httpx.Headers, allowed: tuple[str, ...]) -> dict[str, str]:
        return {name: self._scrubber.text(headers[name]) for name in allowed if name in headers}

    async def aclose(self) -> None:
        await self._inner.aclose()


class Player:
    """Answers from a cassette: method, url and body must be those of the recording; the same request gets its
    answers in their order. ``transport`` goes into httpx's slot.
    """

    def __init__(self, path: Path, known: Mapping[str, str] | None = None) -> None:
        import respx

        self._scrubber = Scrubber(known)
        self._left: dict[str, deque[Exchanged]] = defaultdict(deque)
        # Not splitlines: a body may hold what it takes for an end of line (U+2028).
        for line in filter(None, path.read_text("utf-8").split("\n")):
            exchanged = json.loads(line)
            self._left[_key(exchanged["method"], exchanged["url"], exchanged["request"])].append(exchanged)
        self.router: respx.Router = respx.Router(assert_all_called=False)
        self.router.route().mock(side_effect=self._play)
        self.transport = httpx.MockTransport(self.router.async_handler)

    def _play(self, request: httpx.Request) -> httpx.Response:
        body = self._scrubber.value(_document(request.content))
        key = _key(request.method, self._scrubber.url(str(request.url)), body)
        if not self._left.get(key):
            start = key.partition("\n")[0]
            near = [other for other in self.unplayed() if other.partition("\n")[0] == start]
            raise LookupError(f"the cassette has no answer left to\n{key}\nnearest: {near or 'none with this url'}")
        found = self._left[key].popleft()
        document = found["response"]
        content = document if isinstance(document, str) else "" if document is None else json.dumps(document)
        return httpx.Response(found["status"], headers=found["response_headers"], content=content.encode())

    def unplayed(self) -> list[str]:
        """The requests that nobody has made."""
        return [key for key, exchanges in self._left.items() for _ in exchanges]


def _key(method: str, url: str, body: Any) -> str:
    """One request, whatever the order of its keys and query options."""
    parsed = httpx.URL(url)
    query = sorted(parsed.params.multi_items())
    bare = parsed.copy_with(query=None)
    return f"{method} {bare}\n{json.dumps(query)}\n{json.dumps(body, sort_keys=True)}"


def _document(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")
