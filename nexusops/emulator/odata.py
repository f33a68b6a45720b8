"""$select, $filter and paging, as far as Graph documents them for users (tenant-api.md 4.1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from nexusops.emulator.wire import Call, bad_request, refused

Test = Callable[[dict[str, Any]], bool]
_TERM = re.compile(
    r"""\s*(?:
        (?P<any>(\w+)/any\((\w+):\s*\3\s+eq\s+'((?:[^']|'')*)'\)) |
        (?P<starts>startswith\((\w+),\s*'((?:[^']|'')*)'\)) |
        (?P<in>(\w+)\s+in\s+\(([^)]*)\)) |
        (?P<eq>(\w+)\s+(eq|ne)\s+('(?:[^']|'')*'|true|false|null))
    )\s*""",
    re.VERBOSE,
)


def selected(found: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: found.get(name) for name in names}


def select_of(call: Call, default: tuple[str, ...], known: Callable[[str], bool]) -> list[str]:
    """The names in $select; an unknown one is refused with Graph's words."""
    text = call.query.get("$select")
    if not text:
        return list(default)
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not known(name) and not name.startswith("extension_"):
            raise bad_request(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
                "'microsoft.graph.user'."
            )
    return names if "id" in names else ["id", *names]


def filter_of(text: str, *, advanced: bool) -> tuple[Test, dict[str, list[str]]]:
    """A test, and the equalities in it (property -> values) that an index can answer when it is the only term."""
    tests: list[Test] = []
    equal: dict[str, list[str]] = {}
    for term in re.split(r"\s+and\s+", text):
        match = _TERM.fullmatch(term)
        if match is None:
            raise bad_request(f"Invalid filter clause: {term}")
        tests.append(_test(match, equal, advanced=advanced))
    return (lambda found: all(test(found) for test in tests)), equal if len(tests) == 1 else {}


def _test(match: re.Match[str], equal: dict[str, list[str]], *, advanced: bool) -> Test:
    if match["any"]:
        name, value = match[2], _unquoted(match[4])
        equal[name] = [value]
        return lambda found: any(value.lower() == item.lower() for item in found.get(name) or ())
    if match["starts"]:
        name, value = match[6], _unquoted(match[7])
        return lambda found: str(found.get(name) or "").lower().startswith(value.lower())
    if match["in"]:
        name = match[9]
        values = [_unquoted(item.strip().strip("'")) for item in match[10].split(",")]
        if len(values) > 15:
            raise bad_request(
                "Too many child clauses specified in search filter expression containing 'OR' operators: 16."
            )
        equal[name] = values
        lowered = {value.lower() for value in values}
        return lambda found: str(found.get(name) or "").lower() in lowered
    return _comparison(match, equal, advanced=advanced)


def _comparison(match: re.Match[str], equal: dict[str, list[str]], *, advanced: bool) -> Test:
    name, operator, raw = match[12], match[13], match[14]
    value: Any = {"true": True, "false": False, "null": None}.get(raw, raw)
    if raw.startswith("'"):
        value = _unquoted(raw[1:-1])
    if operator == "ne":
        if not advanced:
            raise refused(400, "Request_UnsupportedQuery", "Unsupported Query.")
        return lambda found: not _same(found.get(name), value)
    if isinstance(value, str):
        equal[name] = [value]
    return lambda found: _same(found.get(name), value)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return bool(left == right)


def _unquoted(text: str) -> str:
    return text.replace("''", "'")


def top_of(call: Call, *, most: int = 999, usual: int = 100) -> int:
    text = call.query.get("$top")
    if text is None:
        return usual
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive.")
    return int(text)


def token_of(call: Call, name: str = "$skiptoken") -> str:
    text = call.query.get(name, "")
    try:
        return base64.urlsafe_b64decode(text.encode()).decode()
    except ValueError as error:
        raise bad_request(f"The {name} is not valid.") from error


def link(call: Call, path: str, name: str, value: str) -> str:
    """The same query with an opaque token in place of an earlier one."""
    token = base64.urlsafe_b64encode(value.encode()).decode()
    kept = [(k, v) for k, v in call.query.items() if k not in ("$skiptoken", "$deltatoken", "$skip")]
    pairs = [*kept, (name, token)]
    return f"{call.base}{path}?" + "&".join(f"{k}={quote(v, safe=',')}" for k, v in pairs)
