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
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from nexusops.tenant.scrubbing import Scrubber

if TYPE_CHECKING:
    import respx

PROVENANCES = ("documentation", "emulator", "tenant")
REQUEST_HEADERS = ("content-type", "prefer", "x-anchormailbox", "x-cmdletname", "consistencylevel")
RESPONSE_HEADERS = ("content-type", "retry-after", "location")
Exchanged = dict[str, Any]


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
        self.finish()

    def finish(self) -> None:
        """Everything once more: a name may have stood in a text before it was known to be one."""
        lines = [self._scrubber.exchange(json.loads(line)) for line in lines_of(self._path)]
        write_lines(self._path, lines)


def lines_of(path: Path) -> list[str]:
    """One exchange each. Not splitlines: a body may hold what it takes for an end of line (U+2028)."""
    return [line for line in path.read_text("utf-8").split("\n") if line]


def write_lines(path: Path, lines: Iterable[Exchanged]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def scrubbed(path: Path) -> list[Exchanged]:
    """The exchanges of a recording from anywhere, secrets and personal data replaced."""
    scrubber = Scrubber(people=True)
    lines = [json.loads(line) for line in lines_of(path)]
    if not all(isinstance(line, dict) for line in lines):
        raise ValueError("a line is not an exchange")
    for _ in range(2):  # the second time all names are known
        lines = [scrubber.exchange(line) for line in lines]
    return lines


class Player:
    """Answers from a cassette: method, url and body must be those of the recording; the same request gets its
    answers in their order. ``transport`` goes into httpx's slot.
    """

    def __init__(self, path: Path, known: Mapping[str, str] | None = None) -> None:
        import respx

        self._scrubber = Scrubber(known)
        self._left: dict[str, deque[Exchanged]] = defaultdict(deque)
        for line in lines_of(path):
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
