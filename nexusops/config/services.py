"""services/*.toml: one SaaS mail request each (interface.md 7); the file's stem is the request_id."""

from __future__ import annotations

import re
import typing
from dataclasses import MISSING, fields
from pathlib import Path

from nexusops.config.strict import convert, read_toml, unknown, wrong
from nexusops.errors import UsageError
from nexusops.model.services import ServiceRequest

CHOICES: dict[str, tuple[str, ...]] = {
    "direction": ("send", "send_receive"),
    "auth": ("oauth2", "basic"),
    "mode_wanted": ("auto", "mailbox", "service_domain", "dept_include"),
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def load_services(folder: Path) -> dict[str, ServiceRequest]:
    """All requests of the folder by request_id, in the order of their ids; none where there is no folder."""
    return {path.stem: load_service(path) for path in sorted(folder.glob("*.toml"))}


def load_service(path: Path) -> ServiceRequest:
    """One request. Raises UsageError naming the file and the key (SAAS_FIELD)."""
    if not _REQUEST_ID.fullmatch(path.stem):
        raise UsageError(
            f"{path}: SAAS_FIELD: the file's name is the request's id: letters, digits, - and _ only.",
            next_step="Rename the file.",
        )
    table = read_toml(path)
    hints = _hints()
    for key in table:
        if key not in hints:
            raise unknown(path, key, list(hints))
    missing = [key for key in _required() if key not in table]
    if missing:
        raise UsageError(
            f"{path}: SAAS_FIELD: {', '.join(missing)} missing.", next_step="Add what is missing, as the example shows."
        )
    values = {key: convert(hints[key], value, key, path) for key, value in table.items()}
    _check(values, path)
    values["owner_person_id"] = values.get("owner_person_id") or None
    return ServiceRequest(request_id=path.stem, **values)  # type: ignore[arg-type]  # converted to the hints just above


def _check(values: dict[str, object], path: Path) -> None:
    for key, words in CHOICES.items():
        if values.get(key, words[0]) not in words:
            raise wrong(path, key, " | ".join(words), values[key])
    volume = values.get("daily_volume", 0)
    if isinstance(volume, int) and volume < 0:
        raise wrong(path, "daily_volume", "a whole number that is not negative", volume)
    if not values["service_name"]:
        raise wrong(path, "service_name", "a name", values["service_name"])


def _hints() -> dict[str, object]:
    hints: dict[str, object] = dict(typing.get_type_hints(ServiceRequest))
    del hints["request_id"]
    return hints


def _required() -> list[str]:
    return [one.name for one in fields(ServiceRequest) if one.default is MISSING and one.name != "request_id"]
