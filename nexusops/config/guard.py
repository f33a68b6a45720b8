"""guard.toml: limits beyond D28's own, and who may override what (interface.md 4, D41)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from nexusops.config.strict import Setting, convert, unknown, wrong
from nexusops.model.changes import Kind
from nexusops.model.policy import GuardPolicy
from nexusops.plan.guard import DESTRUCTIVE, TAKEN_OVER, GuardLimits, Limit

_UNIT = re.compile(r"unit:[A-Z0-9]{2,8}")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
TABLES = ("limits", "roles", "approval")
ROLES = ("security", "postmaster", "desk", "auditor")
FOUND = 10
"""So many mailboxes may be there before the first run: a pilot's. More are somebody's work, or our own of before."""
EXPECTED = 'a count such as 10, a percentage such as "2%", or a table { count = 50, percent = 2.0 }'


def load_guard(table: Mapping[str, object], path: Path, policy: GuardPolicy) -> tuple[GuardLimits, list[Setting]]:
    """The guard's limits. Without a word of guard.toml, ``Destructive`` has the limit of policy.toml (D28)."""
    for key in table:
        if key not in TABLES:
            raise unknown(path, key, TABLES)
    limits = {DESTRUCTIVE: Limit(count=policy.minimum, percent=policy.percent), TAKEN_OVER: Limit(count=FOUND)}
    origins = {DESTRUCTIVE: "policy.toml guard.minimum and guard.percent", TAKEN_OVER: "default"}
    written = _table(table, "limits", path)
    for name, value in written.items():
        _check_name(name, path)
        limits[name] = _limit(value, f"limits.{name}", path)
    roles = _roles(table, path)
    approvers = _approvers(table, path)
    settings = [
        _setting(f"limits.{name}", _shown(limit), "guard.toml" if name in written else origins[name])
        for name, limit in limits.items()
    ]
    named = _table(table, "roles", path)
    settings += [_setting(f"roles.{role}", roles[role], "guard.toml" if role in named else "default") for role in ROLES]
    settings.append(_setting("approval.approvers", approvers, "guard.toml" if "approval" in table else "default"))
    return GuardLimits(limits=limits, approvers=approvers, **roles), settings


def _setting(key: str, value: object, origin: str) -> Setting:
    return Setting(file="guard.toml", key=key, value=value, origin=origin)


def _table(table: Mapping[str, object], key: str, path: Path) -> Mapping[str, object]:
    found = table.get(key, {})
    if not isinstance(found, Mapping):
        raise wrong(path, key, "a table", found)
    return found


def _roles(table: Mapping[str, object], path: Path) -> dict[str, tuple[str, ...]]:
    """Who has each role; nobody where it is not named."""
    roles = _table(table, "roles", path)
    for name in roles:
        if name not in ROLES:
            raise unknown(path, f"roles.{name}", [f"roles.{role}" for role in ROLES])
    return {
        role: cast(tuple[str, ...], convert(tuple[str, ...], roles.get(role, []), f"roles.{role}", path))
        for role in ROLES
    }


def _approvers(table: Mapping[str, object], path: Path) -> int:
    approval = _table(table, "approval", path)
    for name in approval:
        if name != "approvers":
            raise unknown(path, f"approval.{name}", ["approval.approvers"])
    found = approval.get("approvers", 1)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise wrong(path, "approval.approvers", "a whole number from 1", found)
    return found


def _check_name(name: str, path: Path) -> None:
    known = [DESTRUCTIVE, TAKEN_OVER, *Kind]
    if name not in known and not _UNIT.fullmatch(name):
        raise unknown(path, f"limits.{name}", [f"limits.{one}" for one in [*known, "unit:CHEM"]])


def _limit(value: object, key: str, path: Path) -> Limit:
    if isinstance(value, Mapping):
        for name in value:
            if name not in ("count", "percent"):
                raise unknown(path, f"{key}.{name}", [f"{key}.count", f"{key}.percent"])
        if not value:
            raise wrong(path, key, EXPECTED, dict(value))
        return Limit(
            count=_count(value["count"], f"{key}.count", path) if "count" in value else None,
            percent=_percent(value["percent"], f"{key}.percent", path) if "percent" in value else None,
        )
    if isinstance(value, str):
        return Limit(count=None, percent=_percent(value, key, path, EXPECTED))
    return Limit(count=_count(value, key, path), percent=None)


def _count(value: object, key: str, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong(path, key, EXPECTED if not key.endswith(".count") else "a whole number that is not negative", value)
    return value


def _percent(
    value: object, key: str, path: Path, expected: str = 'a percentage from 0 to 100, such as 2.0 or "2%"'
) -> float:
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    number = float(match[1]) if match else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 100:
        raise wrong(path, key, expected, value)
    return float(number)


def _shown(limit: Limit) -> str:
    parts = ([str(limit.count)] if limit.count is not None else []) + (
        [f"{limit.percent:g} %"] if limit.percent is not None else []
    )
    return " or ".join(parts) + (", whichever is more" if len(parts) == 2 else "")
