"""Takes secrets and people out of what passed between us and a tenant (interface.md 1: neither stands in a cassette).

One and the same datum gets the same stand-in everywhere, so that what belongs together stays together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

SECRETS = frozenset(
    {
        *("password", "secrettext", "clientsecret", "clientassertion", "assertion", "accesstoken", "refreshtoken"),
        *("idtoken", "authorization", "proxyauthorization", "cookie", "setcookie", "proof", "roommailboxpassword"),
        *("xapikey", "sig", "code", "privatekey"),
    }
)
_SECRET_IN_ERRORS = frozenset({"code"})
"""Words that are harmless where they name an error, and secret as an option of a URL or a form."""
PERSONAL = frozenset(
    {
        *("userprincipalname", "displayname", "mailnickname", "employeeid", "name", "alias", "givenname", "surname"),
        *("firstname", "lastname", "initials", "identity", "samaccountname", "onpremisessamaccountname"),
        *("onpremisesimmutableid", "onpremisesdistinguishedname", "distinguishedname", "legacyexchangedn"),
        *("forwardingaddress", "forwardingsmtpaddress", "manager", "jobtitle", "title", "department", "office"),
        *("officelocation", "streetaddress", "city", "postalcode", "mobilephone", "businessphones", "homephones"),
        *("phone", "faxnumber", "aboutme", "birthday", "notes", "mailtip", "subject", "content", "bodypreview"),
        *("internalmessage", "externalmessage", "internalreplymessage", "externalreplymessage", "user", "trustee"),
        *("grantsendonbehalfto", "acceptmessagesonlyfrom", "rejectmessagesfrom", "windowsliveid", "imaddresses"),
        *(f"customattribute{n}" for n in range(1, 16)),
        *(f"extensionattribute{n}" for n in range(1, 16)),
    }
)
# With a limit, or a long text without any would be gone through once for each of its letters.
_ADDRESS = re.compile(r"[\w+'-][\w.!#$%&'*+=?^`{|}~-]{0,127}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_QUOTED = re.compile(r"""(?<!\w)(["'])([^"'\n]{1,256})\1(?!\w)""")
_LEGACY = re.compile(r"(x500|eum|legacydn):.*", re.IGNORECASE)
_CMDLET = re.compile(r"(Get|Set|New|Add|Remove|Test|Enable|Disable|Rotate)-[A-Za-z]+")
_TOKEN = re.compile(r"eyJ[\w-]{8,8192}+\.[\w-]+\.[\w-]*")
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_PAIR = re.compile(r"(?<![\w$])([A-Za-z_]+)=([^&\s\"';]+)")
_WORD = re.compile(r"[\w-](?:[\w.'-]*[\w-])?")
SHORTEST = 3
"""A shorter name would stand in every other word."""
_PLAIN = "$,'()/:*"
_STAND_IN = "@example.ac.uk"
_FILTERS = frozenset({"filter", "recipientrestrictionfilter", "search"})
REPLACED = "***"


def plain(key: str) -> str:
    """A name without what its many spellings differ in: ``client_secret``, ``clientSecret``, ``Client-Secret``."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


class Scrubber:
    """Replaces secrets always, and personal data where ``people`` says so; ``known`` maps further strings."""

    def __init__(self, known: Mapping[str, str] | None = None, *, people: bool = False) -> None:
        self._known = dict(known or {})
        self._people = people

    def also(self, told: str, stands_for: str) -> None:
        self._known[told] = stands_for

    def exchange(self, line: dict[str, Any]) -> dict[str, Any]:
        """A whole line of a cassette; what the recorder itself wrote into it stays."""
        kept = ("provenance", "recorded_at", "method", "status", "source")
        return {key: value if key in kept else self.value(value, key) for key, value in line.items()}

    def value(self, value: Any, key: str = "") -> Any:
        """The same document, scrubbed."""
        name = plain(key)
        if isinstance(value, dict):
            return {inner: self.value(found, inner) for inner, found in value.items()}
        if isinstance(value, list):
            return self._items(value, key)
        if name in SECRETS - _SECRET_IN_ERRORS and value is not None:
            return REPLACED
        if self._people and name in PERSONAL and isinstance(value, int) and not isinstance(value, bool):
            return self._instead(str(value), name)
        return self._string(value, name, key) if isinstance(value, str) else value

    def _items(self, values: list[Any], key: str) -> list[Any]:
        """A list; a pair of a secret's name and a value is a header, or an option of a form."""
        if len(values) == 2 and isinstance(values[0], str) and plain(values[0]) in SECRETS - _SECRET_IN_ERRORS:
            return [values[0], REPLACED]
        return [self.value(inner, key) for inner in values]

    def _string(self, value: str, name: str, key: str) -> str:
        if key in ("url", "location") or name.endswith(("nextlink", "deltalink")):
            return self.url(value)
        if self._people and name in _FILTERS:
            return self.text(_LITERAL.sub(lambda found: f"'{self._instead(found[1], 'name')}'", value))
        if self._people and name == "message":
            return self.text(_QUOTED.sub(lambda found: f"{found[1]}{self._quoted(found[2])}{found[1]}", value))
        if self._people and (name in PERSONAL or key == "Id") and not _ADDRESS.search(value):
            return self._instead(value, name)
        return self._document(value) if value[:1] in "{[" else self.text(value)

    def _document(self, value: str) -> str:
        """A JSON document in a string, or a text that only begins like one."""
        try:
            return json.dumps(self.value(json.loads(value)), ensure_ascii=False)
        except ValueError:
            return self.text(value)

    def url(self, url: str) -> str:
        """Without escapes where that is possible; the literals of a filter, and who is asked about, name people."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            return self.text(url)
        pairs = [f"{k}={quote(self.text(self._option(k, v)), safe=_PLAIN)}" for k, v in parsed.params.multi_items()]
        place = f"{parsed.scheme}://{parsed.netloc.decode()}" if parsed.host else ""
        place = re.sub(r"//[^/@]*@", "//", place)
        path = "/".join(self._segments(parsed.path.split("/")))
        return place + quote(self.text(path), safe=_PLAIN + "@") + ("?" + "&".join(pairs) if pairs else "")

    def _segments(self, parts: list[str]) -> Iterator[str]:
        for before, part in zip(["", *parts], parts, strict=False):
            named = self._people and before.lower() in ("users", "deleteditems") and part[:1] not in ("$", "")
            special = part in ("delta", "microsoft.graph.user", "graph.user") or "@" in part
            yield self._instead(part, "name") if named and not special else part

    def _option(self, option: str, value: str) -> str:
        if plain(option) in SECRETS:
            return REPLACED
        if not self._people or plain(option) not in _FILTERS:
            return value
        return _LITERAL.sub(lambda found: f"'{self._instead(found[1], 'employeeid')}'", value)

    def text(self, text: str) -> str:
        text = _PRIVATE.sub(REPLACED, _TOKEN.sub(REPLACED, _BEARER.sub(rf"\1 {REPLACED}", text)))
        text = _PAIR.sub(lambda found: f"{found[1]}={REPLACED}" if plain(found[1]) in SECRETS else found[0], text)
        if self._people:
            text = _ADDRESS.sub(lambda found: self._address(found[0]), text)
            text = _LEGACY.sub(lambda found: f"{found[1]}:{REPLACED}", text)
        return self._known_replaced(text) if self._known else text

    def _known_replaced(self, text: str) -> str:
        """Names that are known by now, of up to four words, the longest first."""
        words = list(_WORD.finditer(text))
        parts, end, n = [], 0, 0
        while n < len(words):
            for last in range(min(n + 3, len(words) - 1), n - 1, -1):
                told = text[words[n].start() : words[last].end()]
                if told in self._known and len(told) >= SHORTEST:
                    parts += [text[end : words[n].start()], self._known[told]]
                    end, n = words[last].end(), last
                    break
            n += 1
        return "".join([*parts, text[end:]])

    def _quoted(self, value: str) -> str:
        """What a message quotes is a name, or may be one."""
        if _CMDLET.fullmatch(value) or _ADDRESS.search(value):
            return value
        return self._instead(value, "name")

    def _instead(self, value: str, kind: str) -> str:
        if not value or value == REPLACED or _ID.fullmatch(value) or value in self._known.values():
            return self.text(value)
        return self._known.setdefault(value, f"{kind}-{len(self._known) + 1}")

    def _address(self, address: str) -> str:
        if address.endswith(_STAND_IN) or address.startswith("SystemMailbox{"):
            return address
        return self._known.setdefault(address.lower(), f"address-{len(self._known) + 1}{_STAND_IN}")
